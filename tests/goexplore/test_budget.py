"""When to stop."""

from math import inf, nan

import pytest

from goexplore.budget import Budget, Spent


def test_a_budget_of_nothing_said_is_never_used_up() -> None:
    assert Spent(steps=10**9, verifications=10**9, seconds=1e9).used_up(Budget()) is None


@pytest.mark.parametrize(
    ("spent", "unit"),
    [
        (Spent(), None),
        (Spent(steps=9, verifications=99, seconds=0.9), None),
        (Spent(steps=10), "steps"),
        (Spent(steps=11), "steps"),
        (Spent(verifications=100), "verifications"),
        (Spent(seconds=1.0), "seconds"),
        (Spent(steps=10, verifications=100, seconds=1.0), "steps"),
        (Spent(verifications=100, seconds=1.0), "verifications"),
    ],
)
def test_the_first_unit_of_which_nothing_is_left_is_named(spent: Spent, unit: str | None) -> None:
    budget = Budget(steps=10, verifications=100, seconds=1.0)

    assert spent.used_up(budget) == unit


def test_a_budget_of_0_is_used_up_at_once() -> None:
    assert Spent().used_up(Budget(steps=0)) == "steps"


@pytest.mark.parametrize("wrong", [-1, -0.5, -inf, nan])
def test_a_budget_below_0_is_an_error_that_names_its_unit(wrong: float) -> None:
    with pytest.raises(ValueError, match="verifications is below 0"):
        Budget(verifications=wrong)
