"""Bins along measures."""

import pytest

from archive.entry import EntryId
from goexplore.cells.base import CellError
from goexplore.cells.grid import Grid
from tests.goexplore.cells.making import cell_of, measured, program

SQUARE = Grid(measures=("x", "y"), ranges=((0.0, 1.0), (-1.0, 1.0)), dims=(4, 5))


# The bins that pyribs 0.12 has for them: GridArchive(dims=[4, 5], ranges=[(0, 1), (-1, 1)]).
@pytest.mark.parametrize(
    ("x", "y", "bins"),
    [
        (0.0, -1.0, [0, 0]),
        (0.25, -0.6, [1, 1]),
        (0.2499999, 0.0, [1, 2]),
        (0.999, 1.0, [3, 4]),
        (1.0, 0.2, [3, 3]),
        (7.0, -9.0, [3, 0]),
        (0.75 - 1e-12, 0.6 - 1e-12, [3, 4]),
        (0.5, 0.59, [2, 3]),
    ],
)
def test_a_value_is_in_the_bin_that_pyribs_has_for_it(x: float, y: float, bins: list[int]) -> None:
    assert SQUARE.bins([x, y]) == bins


def test_a_cell_is_called_by_its_bins() -> None:
    assert cell_of(SQUARE, x=0.5, y=0.59) == "2,3"
    assert SQUARE.count == 20


@pytest.mark.parametrize(("x", "y", "outside"), [(0.0, 1.0, False), (1.1, 0, True), (0, -2, True)])
def test_what_is_outside_is_told(x: float, y: float, outside: bool) -> None:
    assert SQUARE.outside(program(), measured(x=x, y=y)) is outside


def test_the_objective_and_the_size_of_a_program_are_measures_too() -> None:
    grid = Grid(
        measures=("objective", "lines", "characters", "files"),
        ranges=((0, 10), (0, 10), (0, 10), (0, 10)),
        dims=(10, 10, 10, 10),
    )

    place = grid.place(program("a\nbc\n"), measured(7.5), step=1, as_of=EntryId(0))

    assert place.cell == "7,2,5,1"


def test_a_measure_of_the_domain_goes_before_one_of_the_tree() -> None:
    grid = Grid(measures=("lines",), ranges=((0, 10),), dims=(10,))

    assert cell_of(grid, "a\nb\n", lines=9.0) == "9"


def test_a_measure_that_there_is_not_is_an_error_that_names_those_that_there_are() -> None:
    grid = Grid(measures=("lenght",), ranges=((0, 10),), dims=(10,))
    known = "the domain measures length, time, and there are objective, characters, files, lines"

    with pytest.raises(CellError, match=f"no measure 'lenght'; {known}"):
        cell_of(grid, length=1.0, time=2.0)


@pytest.mark.parametrize(
    ("measures", "ranges", "dims", "message"),
    [
        ((), (), (), "measures names none"),
        (("x", "x"), ((0, 1), (0, 1)), (2, 2), "measures names 'x' twice"),
        (("x", "y"), ((0, 1),), (2, 2), "2 measures need as many ranges, not 1"),
        (("x",), ((0, 1),), (2, 2), "1 measures need as many dims, not 2"),
        (("x",), ((1, 1),), (2,), r"the range of 'x' is \[1, 1\]; it should ascend"),
    ],
)
def test_what_makes_no_grid_is_refused(
    measures: tuple[str, ...],
    ranges: tuple[tuple[float, float], ...],
    dims: tuple[int, ...],
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        Grid(measures=measures, ranges=ranges, dims=dims)
