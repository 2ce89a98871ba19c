"""What a run has found, cell by cell."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from archive.admission import Better
from archive.entry import Admission, Candidate, Entry, EntryId, Evaluation, Status
from archive.library import Library
from goexplore.cells.base import CellError
from goexplore.cells.domain import FromDomain
from goexplore.cells.grid import Grid
from goexplore.cells.nearest import Nearest
from goexplore.cells.voronoi import Voronoi
from goexplore.overview import figure, overview, placed_again
from tests.goexplore.test_celled_runs import EMBEDDED, GRID, NEAR, VORONOI, explored

LINE = Grid(measures=("x",), ranges=((0, 10),), dims=(2,))


def entry(number: int, x: float, objective: float = 0.0, *, parent: int = 0) -> Entry:
    return Entry(
        id=EntryId(number),
        step=number - 1,
        parents=(EntryId(parent),) if parent else (),
        candidate=Candidate(tree={"main.py": f"{x}\n"}, mutator="test"),
        result=Evaluation(cell=f"at {x:g}", objective=objective, measures={"x": x}),
        admission=Admission(status=Status.NEW, why=""),
        depth=0,
    )


def became(entries: Sequence[Entry]) -> list[str]:
    found: list[str] = []
    for each in entries:
        assert isinstance(each.result, Evaluation)
        found.append(f"{each.result.cell} {each.admission.status.name} {each.admission.why}")
    return found


FOUR = [entry(1, 1.0), entry(2, 2.0, 1.0), entry(3, 8.0), entry(4, 3.0, 1.0)]


def test_entries_are_admitted_again_in_their_order() -> None:
    again = list(placed_again(FOUR, LINE, Better()))

    assert became(again) == [
        "0 NEW ",
        "0 IMPROVED better than #1",
        "1 NEW ",
        "0 REJECTED no better than #2",
    ]
    assert [each.result.domain_cell for each in again if isinstance(each.result, Evaluation)] == [
        "at 1",
        "at 2",
        "at 8",
        "at 3",
    ]


def test_the_cells_of_the_domain_can_be_had_again() -> None:
    moved = list(placed_again(FOUR, LINE, Better()))

    back = list(placed_again(moved, FromDomain(), Better()))

    assert [each.result for each in back] == [each.result for each in FOUR]
    assert [each.admission.status for each in back] == [Status.NEW] * 4


def test_cells_that_grow_are_found_again_in_order() -> None:
    again = placed_again(FOUR, Nearest(measures=("x",), novelty_threshold=1.5), Better())

    assert [line.split()[0] for line in became(list(again))] == ["1.0", "1.0", "8.0", "3.0"]


@pytest.mark.parametrize("cells", [GRID, VORONOI, NEAR, EMBEDDED])
def test_a_run_looks_the_same_when_it_is_placed_again_where_it_was(
    tmp_path: Path, cells: list[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'archive.db'}"
    explored(url, *cells, "run.horizon=2")
    kinds = {
        tuple(GRID): Grid(measures=("x", "y"), ranges=((0, 10), (0, 10)), dims=(5, 5)),
        tuple(VORONOI): Voronoi(measures=("x",), ranges=((0, 10),), cells=4),
        tuple(NEAR): Nearest(measures=("x", "y"), novelty_threshold=2.5),
        tuple(EMBEDDED): Nearest(novelty_threshold=0.8),
    }

    with Library(url) as library:
        entries = list(library.read("hills").entries())
    again = list(placed_again(entries, kinds[tuple(cells)], Better()))

    assert [each.result for each in again] == [each.result for each in entries]
    assert [each.admission for each in again] == [each.admission for each in entries]


def test_a_measure_that_the_root_lacks_is_an_error_and_elsewhere_a_place_in_no_cell() -> None:
    odd = replace(entry(2, 1.0), result=Evaluation(cell="b", objective=5.0))

    again = list(placed_again([entry(1, 1.0), odd], LINE, Better()))

    assert again[1].admission == Admission(
        status=Status.REJECTED, why="in no cell: a measure is missing"
    )
    with pytest.raises(CellError, match="no measure 'x'"):
        list(placed_again([odd], LINE, Better()))


def test_an_overview_counts_cells_children_and_what_was_outside() -> None:
    entries = [
        entry(1, 1.0, -4.0),
        entry(2, 99.0, 2.0, parent=1),
        entry(3, 7.0, 3.0, parent=2),
        entry(4, 2.0, -9.0, parent=1),
    ]

    found = overview(placed_again(entries, LINE, Better()), LINE, spent={1: 1, 2: 1, 3: 1})

    assert [(h.cell, h.entry, h.objective, h.children, h.seen) for h in found.held] == [
        ("1", 3, 3.0, 0, 2),
        ("0", 1, -4.0, 1, 2),
    ]
    assert (found.count, found.outside, found.children) == (2, 1, 0.5)
    assert (found.quality.coverage, found.quality.qd_score) == (1.0, -1.0 + 2 * 9.0)
    assert [each.quality.num_elites for each in found.history] == [1, 2, 2, 2]


def test_a_grid_of_two_measures_is_drawn_with_the_second_upwards() -> None:
    plane = Grid(measures=("x", "objective"), ranges=((0, 3), (0, 2)), dims=(3, 2))
    entries = [entry(1, 0.5, 0.0), entry(2, 2.5, 1.5), entry(3, 1.5, 0.75)]

    found = overview(placed_again(entries, plane, Better()), plane)
    drawn = figure(found.held, plane)

    assert drawn is not None
    assert drawn.lines == ("..9", "04.")
    assert drawn.names == ("x", "objective")
    assert figure(found.held, LINE) is None
