"""Choosing by how interesting entries were found when they were admitted."""

from dataclasses import dataclass, field
from math import exp
from random import Random

import pytest

from archive.entry import Appraisal, Candidate, EntryId
from goexplore.appraisal import Appraiser, Child
from goexplore.selection.base import Selector
from goexplore.selection.interest import ByInterest
from tests.conformance.making import found
from tests.goexplore.selection.making import assert_fits, elites_of


@dataclass
class Scripted:
    """An appraiser of one opinion, which remembers of whom it was asked."""

    said: Appraisal | None
    asked: list[Child] = field(default_factory=list[Child])

    def appraise(self, child: Child, random: Random) -> Appraisal | None:
        del random
        self.asked.append(child)
        return self.said


def test_the_interesting_are_chosen_more_often_and_the_unrated_as_if_of_interest_one_half() -> None:
    elites = elites_of(0.0, 9.0, 0.0, 0.0, closed=[3])
    for entry, interest in ((1, 1.0), (2, 0.25), (4, 1.0)):
        elites.rate(EntryId(entry), interest)
    selector: Selector = ByInterest(Scripted(None), sharpness=2.0)
    random = Random(3)

    drawn = [selector.select(elites, random) for _ in range(4000)]

    weights = (exp(2.0), exp(0.5), exp(1.0))
    expected = {slot: weight / sum(weights) for slot, weight in enumerate(weights)}
    assert_fits([each.slot for each in drawn if each], expected)
    assert {each.slot: each.probability for each in drawn if each} == pytest.approx(expected)


def test_a_rating_that_comes_later_is_taken_in() -> None:
    elites = elites_of(0.0, 0.0)
    selector = ByInterest(Scripted(None), sharpness=1000.0)
    selector.select(elites, Random(1))

    elites.rate(EntryId(1), 0.75)

    selection = selector.select(elites, Random(1))
    assert selection
    assert (selection.chosen, selection.probability) == (1, pytest.approx(1.0))


def test_a_favourite_loses_weight_as_it_is_chosen() -> None:
    elites = elites_of(0.0, 0.0)
    selector = ByInterest(Scripted(None), sharpness=5.0)
    for _ in range(3):
        elites.set_out(0)

    selection = selector.select(elites, Random(1))

    # 1 / sqrt(1 + chosen): a half and one
    assert selection
    assert selection.probability == pytest.approx(1 / 3 if selection.slot == 0 else 2 / 3)


def test_an_appraiser_says_what_each_is_worth() -> None:
    scripted = Scripted(Appraisal(interest=0.5))
    selector: Appraiser = ByInterest(scripted, sharpness=5.0)
    child = Child(
        candidate=Candidate(tree={}, mutator="m"),
        evaluation=found("a"),
        parent=None,
        step=0,
        place=0,
        as_of=EntryId(0),
        founds=True,
        refused=None,
        final=False,
    )

    assert selector.appraise(child, Random(1)) == Appraisal(interest=0.5)
    assert scripted.asked == [child]
