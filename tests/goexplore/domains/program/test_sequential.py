"""Tests that end early: their verdicts, and how often those are wrong."""

from random import Random

import pytest
from pydantic import ValidationError

from goexplore.domains.program.sequential import RatioTest, Sequential, Verdict, bounds

RUNS = 2000


def ended(test: RatioTest, passing: int, batch: int, random: Random) -> tuple[Verdict, int]:
    """The verdict on a program with that many passing cases, and how many were asked for it."""
    order = random.sample([1] * passing + [0] * (test.cases - passing), test.cases)
    for asked in range(batch, test.cases + 1, batch):
        verdict = test.verdict(sum(order[:asked]), asked)
        if verdict is not Verdict.OPEN:
            return verdict, asked
    return Verdict.OPEN, test.cases


def share(test: RatioTest, passing: int, verdict: Verdict, batch: int = 1) -> float:
    """How often a program with that many passing cases meets a verdict."""
    random = Random(f"{passing} {batch}")
    return sum(ended(test, passing, batch, random)[0] is verdict for _ in range(RUNS)) / RUNS


def test_a_share_becomes_the_number_that_is_enough_and_one_that_falls_short() -> None:
    test = RatioTest.of(200, needed=0.6, margin=0.1, errors=(0.05, 0.05))

    assert (test.enough, test.short) == (120, 100)


def test_what_can_no_longer_change_is_known() -> None:
    test = RatioTest.of(10, needed=0.5, margin=0.1, errors=(0.05, 0.05))

    assert test.verdict(5, 7) is Verdict.ABOVE
    assert test.verdict(0, 6) is Verdict.BELOW
    assert test.verdict(2, 4) is Verdict.OPEN


def test_nobody_falls_short_by_more_than_there_is() -> None:
    test = RatioTest.of(10, needed=0.1, margin=0.5, errors=(0.4, 0.4))

    assert test.verdict(0, 9) is Verdict.OPEN
    assert test.verdict(0, 10) is Verdict.BELOW


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize(
    ("cases", "needed", "margin", "errors"),
    [
        (60, 0.5, 0.2, (0.1, 0.1)),
        (200, 0.6, 0.1, (0.05, 0.05)),
        (200, 0.9, 0.1, (0.02, 0.2)),
        (30, 0.4, 0.3, (0.2, 0.05)),
    ],
)
def test_no_error_is_more_frequent_than_stated(
    cases: int, needed: float, margin: float, errors: tuple[float, float], batch: int
) -> None:
    test = RatioTest.of(cases, needed, margin, errors)

    stopped = share(test, test.enough, Verdict.BELOW, batch)
    through = share(test, test.short, Verdict.ABOVE, batch)

    # Three standard errors of a count above what is stated.
    assert stopped <= errors[0] + 3 * (errors[0] / RUNS) ** 0.5
    assert through <= errors[1] + 3 * (errors[1] / RUNS) ** 0.5


def test_errors_are_rarer_where_the_truth_is_further_away() -> None:
    test = RatioTest.of(100, needed=0.6, margin=0.2, errors=(0.1, 0.1))

    assert share(test, 75, Verdict.BELOW) < share(test, 60, Verdict.BELOW)
    assert share(test, 25, Verdict.ABOVE) < share(test, 40, Verdict.ABOVE)


def test_a_bad_program_is_known_after_few_cases() -> None:
    test = RatioTest.of(200, needed=0.7, margin=0.1, errors=(0.05, 0.05))
    random = Random(1)

    asked = [ended(test, 40, 1, random)[1] for _ in range(200)]

    assert sum(asked) / len(asked) < 15


def test_bounds_hold_though_one_looks_again_and_again() -> None:
    random = Random(5)
    missed = 0
    for _ in range(RUNS):
        order = random.sample([1] * 30 + [0] * 70, 100)
        looks = [bounds(sum(order[:asked]), asked, 100) for asked in range(5, 100, 5)]
        missed += any(not low <= 0.3 <= high for low, high in looks)

    assert 0 < missed / RUNS <= 0.05


def test_bounds_close_on_the_truth() -> None:
    assert bounds(0, 0, 50) == (0.0, 1.0)
    assert bounds(24, 48, 50) == (0.48, 0.52)
    assert bounds(25, 50, 50) == (0.5, 0.5)


@pytest.mark.parametrize(
    "said",
    [
        {"needed": 0.5, "margin": 0.0},
        {"needed": 1.5},
        {"needed": "grandparent"},
        {"needed": 0.5, "errors": (0.05, 0.5)},
        {"needed": 0.5, "batch": 0},
        {"needed": 0.5, "marign": 0.1},
        {},
    ],
)
def test_a_test_that_is_none_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Sequential.model_validate(said)
