"""Cells that are founded by whatever is far from all of them."""

import pytest

from goexplore.cells.nearest import Nearest
from mutators.llm.ngrams import HashedNgrams
from tests.goexplore.cells.making import cell_of, placed, record

LOOP = "for number in range(10):\n    total += number\nprint(total)\n"
OTHER_LOOP = "for number in range(10):\n    total += number\nprint(total, 1)\n"
RECURSION = "def f(n):\n    return n * f(n - 1) if n else 1\n\nassert f(3) == 6\n"


def by_measures(reach: float = 0.5) -> Nearest:
    return Nearest(measures=("x", "y"), novelty_threshold=reach)


def test_what_is_within_reach_of_a_cell_is_in_it_and_else_founds_one() -> None:
    cells = by_measures()

    first = record(cells, 1, placed(cells, x=0.0, y=0.0))
    near = record(cells, 2, placed(cells, x=0.3, y=0.4))
    far = record(cells, 3, placed(cells, x=0.31, y=0.4))

    assert near == first == ["0.0,0.0"]
    assert far == ["0.31,0.4"]


def test_a_cell_stays_where_its_founder_was() -> None:
    cells = by_measures()

    record(cells, 1, placed(cells, x=0.0, y=0.0))
    record(cells, 2, placed(cells, x=0.4, y=0.0))

    assert cell_of(cells, x=0.6, y=0.0, as_of=2) == "0.6,0.0"


def test_of_two_cells_the_nearer_counts() -> None:
    cells = by_measures()
    record(cells, 1, placed(cells, x=0.0, y=0.0))
    record(cells, 2, placed(cells, x=0.6, y=0.0))

    assert cell_of(cells, x=0.2, y=0.0, as_of=2) == "0.0,0.0"
    assert cell_of(cells, x=0.4, y=0.0, as_of=2) == "0.6,0.0"


def test_a_step_knows_only_the_cells_that_it_saw() -> None:
    cells = by_measures()
    record(cells, 1, placed(cells, x=0.0, y=0.0))
    record(cells, 2, placed(cells, x=1.0, y=0.0))

    assert cell_of(cells, x=0.9, y=0.0, as_of=1) == "0.9,0.0"
    assert cell_of(cells, x=0.9, y=0.0, as_of=2) == "1.0,0.0"


def test_a_cell_that_was_found_meanwhile_counts_when_a_step_is_recorded() -> None:
    cells = by_measures()
    record(cells, 1, placed(cells, x=0.0, y=0.0))
    two_at_once = placed(cells, x=0.4, y=0.0, as_of=1), placed(cells, x=0.9, y=0.0, as_of=1)
    record(cells, 2, placed(cells, x=0.6, y=0.0, as_of=1))

    settled = record(cells, 3, *two_at_once, as_of=1)

    assert settled == ["0.6,0.0", "0.6,0.0"]


def test_within_a_step_the_first_to_be_somewhere_founds_the_cell() -> None:
    cells = by_measures()

    attempts = placed(cells, x=0.0, y=0.0), placed(cells, x=0.1, y=0.0), placed(cells, x=1.0, y=0)

    assert record(cells, 1, *attempts) == ["0.0,0.0", "0.0,0.0", "1.0,0.0"]


def test_programs_that_read_alike_are_in_one_cell() -> None:
    cells = Nearest(novelty_threshold=0.2)

    first = record(cells, 1, placed(cells, LOOP))
    alike = record(cells, 2, placed(cells, OTHER_LOOP, as_of=1), as_of=1)
    other = record(cells, 3, placed(cells, RECURSION, as_of=2), as_of=2)

    assert first == alike != other


def test_what_was_recorded_is_enough_to_know_the_cells_again() -> None:
    first, again = Nearest(HashedNgrams()), Nearest(HashedNgrams())
    kept = [placed(first, LOOP), placed(first, RECURSION)]

    record(first, 1, *kept)
    record(again, 1, *kept)

    assert cell_of(again, RECURSION, as_of=2) == cell_of(first, RECURSION, as_of=2)
    assert cell_of(again, OTHER_LOOP, as_of=2) == cell_of(first, OTHER_LOOP, as_of=2)


def test_there_may_be_many_cells() -> None:
    cells = Nearest(measures=("x",), novelty_threshold=0.5)

    for number in range(1, 601):
        record(cells, number, placed(cells, x=float(number)))

    assert cell_of(cells, x=599.6, as_of=600) == "600.0"
    assert cell_of(cells, x=300.2, as_of=600) == "300.0"


def test_measures_and_an_embedder_are_too_much() -> None:
    with pytest.raises(ValueError, match="name measures or an embedder, not both"):
        Nearest(HashedNgrams(), measures=("x",))
