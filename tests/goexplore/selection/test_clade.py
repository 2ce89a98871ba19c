"""Choosing by what has become of an entry's descendants."""

from random import Random

import pytest

from archive.entry import Selection, Status
from archive.facts import NO_CELL
from goexplore.selection.base import SelectionError
from goexplore.selection.clade import Clade
from tests.goexplore.selection.making import Told, assert_fits, new_cell
from tests.goexplore.selection.test_thompson import probabilities

DRAWS = 4000


def grown(success: float = 1.0) -> Told:
    """1 has the children 2 and 3, and 2 has the child 4."""
    told = Told(Clade(success=success))
    told.cells((1.0, 0.0))
    told.child(2, 1, 0.5, 0.0, depth=1)
    told.child(3, 1, 1.0, 1.0, depth=1)
    told.child(4, 2, 1.0, 1.0, depth=2)
    return told


def test_an_elite_is_drawn_by_the_results_of_its_whole_clade() -> None:
    told = grown()

    drawn = told.draws(DRAWS)

    # slot 0: (1, 1) and what came of it, (0, 2) (2, 0) (2, 0); slot 1: (0, 2) and (2, 0)
    expected = probabilities({0: (5, 3), 1: (2, 2), 2: (2, 0), 3: (2, 0)})
    assert_fits([each.slot for each in drawn], expected)
    assert {each.slot: each.probability for each in drawn} == {0: 1.0, 1: 1.0, 2: 0.5, 3: 0.5}
    assert {each.choices for each in drawn} == {4}


def test_what_counts_as_a_success_can_be_said() -> None:
    told = grown(success=0.5)

    drawn = told.draws(DRAWS)

    expected = probabilities({0: (6, 2), 1: (3, 1), 2: (2, 0), 3: (2, 0)})
    assert_fits([each.slot for each in drawn], expected)


def test_what_was_not_admitted_counts_and_what_failed_does_not() -> None:
    told = grown()
    rejected = new_cell(5, 0.0, parent=4)._replace(key=3, status=Status.REJECTED)
    told.step((rejected, (0.0, 0.0)))
    told.step((new_cell(6, 0.0, parent=4)._replace(key=NO_CELL, status=Status.FAILED), ()))

    drawn = told.draws(DRAWS)

    expected = probabilities({0: (5, 5), 1: (2, 4), 2: (2, 0), 3: (2, 2)})
    assert_fits([each.slot for each in drawn], expected)


def test_who_takes_a_cell_brings_its_own_clade_and_stays_in_that_of_its_forebears() -> None:
    told = grown()
    better = new_cell(5, 9.0, parent=3)._replace(key=2, status=Status.IMPROVED)
    told.step((better, (1.0, 1.0)))

    drawn = told.draws(DRAWS)

    # what 2 and 4 had stays with 1; slot 1 is 5's now
    expected = probabilities({0: (7, 3), 1: (2, 0), 2: (4, 0), 3: (2, 0)})
    assert_fits([each.slot for each in drawn], expected)
    assert {each.chosen for each in drawn if each.slot == 1} == {5}


def test_who_is_not_explorable_takes_no_part() -> None:
    told = Told(Clade())
    told.cells((1.0,), (0.0,), closed=[0])

    assert told.draws(1) == [
        Selection(chosen=told.elites.holder(1), slot=1, choices=1, probability=1)
    ]


def test_without_scores_by_case_the_first_choice_says_what_is_wrong() -> None:
    told = Told(Clade())
    told.cells(())

    with pytest.raises(SelectionError, match="clade goes by the scores of single cases"):
        told.draws(1)


def test_being_told_all_at_once_gives_the_same_choices() -> None:
    bit_by_bit, at_once = Told(Clade()), Told(Clade())
    for told in (bit_by_bit, at_once):
        random = Random(1)
        told.cells((1.0, 0.0))
        for number in range(2, 150):
            told.child(number, random.randrange(1, number), *(random.randrange(2) for _ in "ab"))
            if told is bit_by_bit:
                told.draws(1)

    assert bit_by_bit.draws(300) == at_once.draws(300)
