"""Bandits, each with a few literals."""

from collections import Counter
from math import log, sqrt
from random import Random

import pytest

from mutators.bandits import AsymmetricUcb, Bandit, Floored, Standing, Thompson, Uniform, Weights

NEVER = Standing()


def draws(bandit: Bandit, arms: list[Standing], times: int = 2000) -> Counter[int]:
    random = Random(0)
    return Counter(bandit.choose(arms, random) for _ in range(times))


def test_the_bound_of_an_arm_is_its_share_of_the_best_rate_and_a_bonus() -> None:
    arms = [
        Standing(drawn=4, gain=8.0, cost=2.0),
        Standing(drawn=1, gain=1.0, cost=1.0),
    ]

    bounds = AsymmetricUcb(exploration=0.5).bounds(arms)

    assert bounds == pytest.approx(
        [1.0 + 0.5 * sqrt(2 * log(5) / 4), 0.25 + 0.5 * sqrt(2 * log(5) / 1)]
    )


def test_arms_that_were_never_drawn_come_first_all_alike() -> None:
    arms = [Standing(drawn=3, gain=9.0, cost=1.0), NEVER, NEVER]

    often = draws(AsymmetricUcb(), arms)

    assert often[0] == 0
    assert 900 < often[1] < 1100


def test_what_an_arm_gains_counts_for_what_it_costs() -> None:
    dear = Standing(drawn=100, gain=20.0, cost=100.0)
    cheap = Standing(drawn=100, gain=10.0, cost=5.0)

    assert draws(AsymmetricUcb(), [dear, cheap]) == {1: 2000}


def test_where_nothing_was_gained_the_arm_drawn_least_is_drawn() -> None:
    arms = [Standing(drawn=5, cost=5.0), Standing(drawn=4, cost=4.0)]

    assert draws(AsymmetricUcb(), arms) == {1: 2000}


def test_thompson_draws_by_how_probable_an_arm_is_to_be_the_best() -> None:
    good = Standing(drawn=10, fruitful=8, cost=10.0)
    bad = Standing(drawn=10, fruitful=2, cost=10.0)

    often = draws(Thompson(), [good, bad])

    assert 1950 < often[0] < 2000


def test_thompson_prefers_the_cheaper_of_two_that_find_alike() -> None:
    dear = Standing(drawn=50, fruitful=25, cost=500.0)
    cheap = Standing(drawn=50, fruitful=25, cost=50.0)

    assert draws(Thompson(), [dear, cheap])[1] == 2000


def test_thompson_tries_an_arm_that_was_never_drawn_at_the_usual_cost() -> None:
    often = draws(Thompson(), [Standing(drawn=20, fruitful=10, cost=0.02), NEVER])

    assert 900 < often[1] < 1100


def test_uniform_draws_all_alike_and_weights_in_proportion() -> None:
    arms = [Standing(drawn=9, gain=9.0, cost=1.0), NEVER]

    assert 900 < draws(Uniform(), arms)[0] < 1100
    assert 450 < draws(Weights([1.0, 3.0]), arms)[0] < 550


def test_a_floor_is_drawn_from_by_all_alike() -> None:
    good = Standing(drawn=100, gain=100.0, cost=100.0)
    bad = Standing(drawn=100, gain=0.0, cost=100.0)

    often = draws(Floored(AsymmetricUcb(), 0.2), [good, bad])

    assert 160 < often[1] < 240
