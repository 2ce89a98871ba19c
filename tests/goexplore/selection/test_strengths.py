"""Strengths by comparisons, against values that were found in other ways."""

from collections.abc import Sequence
from math import exp, log, log1p, sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from archive.entry import Comparison, EntryId
from goexplore.selection.strengths import Strengths, logistic

ONE, TWO, THREE = EntryId(1), EntryId(2), EntryId(3)


def compared(first: int, second: int, outcome: int) -> Comparison:
    return Comparison(first=EntryId(first), second=EntryId(second), outcome=outcome)


def settled(*comparisons: Comparison) -> Strengths:
    strengths = Strengths()
    strengths.add(comparisons)
    strengths.settle(sweeps=200)
    return strengths


def climbed(comparisons: Sequence[Comparison], count: int) -> NDArray[np.float64]:
    """The strengths of the highest posterior, found by small steps up its slope."""
    strengths = np.zeros(count)
    for _ in range(4000):
        slope = -strengths
        for each in comparisons:
            first, second = each.first - 1, each.second - 1
            miss = (each.outcome + 1) / 2 - 1 / (1 + exp(strengths[second] - strengths[first]))
            slope[first] += miss
            slope[second] -= miss
        strengths = strengths + 0.05 * slope
    return strengths


def test_what_was_never_compared_has_strength_0_with_the_error_of_the_prior() -> None:
    strengths = Strengths()

    assert len(strengths) == 0
    assert strengths.of(ONE) == 0.0
    assert strengths.error(ONE) == 1.0
    assert strengths.best(3) == []


def test_one_comparison_moves_both_as_the_closed_form_says() -> None:
    strengths = settled(compared(1, 2, 1))

    # By symmetry s and -s, where s = 1 / (1 + e^(2 s)).
    s = strengths.of(ONE)
    assert strengths.of(TWO) == pytest.approx(-s)
    assert s == pytest.approx(1 / (1 + exp(2 * s)), abs=1e-9)
    assert s == pytest.approx(0.3374, abs=1e-4)


def test_the_standard_error_is_that_of_the_curvature() -> None:
    strengths = settled(compared(1, 2, 1))

    p = logistic(2 * strengths.of(ONE))
    assert strengths.error(ONE) == pytest.approx(1 / sqrt(1 + p * (1 - p)))
    assert strengths.error(ONE) == pytest.approx(strengths.error(TWO))


@pytest.mark.parametrize(
    "comparisons",
    [
        [compared(1, 2, 1), compared(2, 3, 1)],
        [compared(1, 2, 1), compared(2, 3, 1), compared(3, 1, 1)],
        [compared(1, 2, 1)] * 6 + [compared(2, 1, 1), compared(3, 2, -1), compared(1, 3, 0)],
        [compared(1, 2, 0), compared(2, 3, -1), compared(2, 3, -1)],
    ],
)
def test_settled_strengths_are_where_the_posterior_is_highest(
    comparisons: list[Comparison],
) -> None:
    strengths = settled(*comparisons)

    found = [strengths.of(EntryId(n)) for n in (1, 2, 3)]
    assert found == pytest.approx(climbed(comparisons, 3).tolist(), abs=1e-6)


def test_strengths_are_nearly_right_before_they_are_settled() -> None:
    comparisons = [compared(1, 2, 1), compared(2, 3, 1), compared(1, 3, 1), compared(1, 2, 0)] * 5
    strengths = Strengths()

    for each in comparisons:
        strengths.add([each])

    found = [strengths.of(EntryId(n)) for n in (1, 2, 3)]
    assert found == pytest.approx(climbed(comparisons, 3).tolist(), abs=0.1)


def test_the_order_of_two_in_a_comparison_says_nothing() -> None:
    one, other = settled(compared(1, 2, 1)), settled(compared(2, 1, -1))

    assert one.of(ONE) == pytest.approx(other.of(ONE))


def test_a_flip_is_counted_and_moves_nobody() -> None:
    strengths = settled(compared(1, 2, 0), compared(2, 3, 0))

    assert (strengths.asked, strengths.flipped) == (2, 2)
    assert [strengths.of(each) for each in (ONE, TWO, THREE)] == [0.0, 0.0, 0.0]
    assert strengths.error(ONE) == pytest.approx(1 / sqrt(1.25))


def test_flips_are_told_from_what_was_decided() -> None:
    strengths = settled(compared(1, 2, 1), compared(1, 2, 0), compared(1, 2, -1))

    assert (strengths.asked, strengths.flipped) == (3, 1)


def test_the_strongest_come_first_and_among_equals_the_oldest() -> None:
    strengths = settled(compared(4, 3, 1), compared(2, 1, 0))

    assert strengths.best(3) == [4, 1, 2]
    assert strengths.best(9) == [4, 1, 2, 3]


def test_who_always_wins_is_not_infinitely_strong() -> None:
    strengths = settled(*[compared(1, 2, 1)] * 1000)

    assert 2 < strengths.of(ONE) < 4


@pytest.mark.parametrize("logit", [-1e9, -600.0, -1.0, 0.0, 2.0, 600.0, 1e9])
def test_logistic_takes_any_number(logit: float) -> None:
    p = logistic(logit)

    assert 0 <= p <= 1
    if abs(logit) < 10:
        assert log(p) - log1p(-p) == pytest.approx(logit)
