"""Student's intervals of a mean."""

from random import Random

import pytest

from archive.entry import Interval
from goexplore.domains.program.intervals import enough, of_mean, probability_within, student


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    # The 0.975 quantiles of the NIST/SEMATECH e-handbook, section 1.3.6.7.2.
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (9, 2.262), (10, 2.228), (100, 1.984)],
)
def test_quantiles_are_those_of_the_tables(freedom: int, quantile: float) -> None:
    assert round(student(freedom), 3) == quantile


def test_so_are_those_of_other_probabilities() -> None:
    assert round(student(5, 0.99), 3) == 4.032
    assert round(student(8, 0.90), 3) == 1.860
    assert probability_within(0.0, 7) == 0.0


def test_an_interval_lies_around_its_mean() -> None:
    found = of_mean([1.0, 2.0, 3.0])

    # The mean, 2, and on either side 4.303 standard errors of 0.577.
    assert found is not None
    assert (round(found.low, 3), round(found.high, 3), found.trials) == (-0.484, 4.484, 3)


def test_one_value_has_no_interval_and_equal_ones_an_empty_one() -> None:
    assert of_mean([0.7]) is None
    assert of_mean([0.5, 0.5]) == Interval(low=0.5, high=0.5, trials=2)


def test_of_a_hundred_intervals_95_hold_the_truth() -> None:
    random = Random(3)
    held = 0
    for _ in range(4000):
        found = of_mean([random.gauss(1.0, 2.0) for _ in range(4)])
        held += found is not None and found.low <= 1.0 <= found.high

    assert 0.94 < held / 4000 < 0.96


def test_as_many_values_are_enough_as_make_an_interval_short() -> None:
    assert enough([1.0, 1.0, 1.0], within=0.0, most=100) == 1
    assert enough([0.9, 1.0, 1.1], within=0.25, most=100) == 1
    assert enough([0.9, 1.0, 1.1], within=0.1, most=100) == 7
    assert enough([0.9, 1.0, 1.1], within=0.001, most=100) == 100
