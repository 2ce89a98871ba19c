"""Weights against values that were computed by hand."""

from math import exp, nan, sqrt

import numpy as np
import pytest

from archive.elites import EliteArrays
from goexplore.selection.weights import (
    dgm,
    go_explore_2019,
    go_explore_2021,
    interest,
    softmax,
    uniform,
)


def elites(
    objective: list[float],
    *,
    seen: list[int] | None = None,
    chosen: list[int] | None = None,
    since_new: list[int] | None = None,
    children: list[int] | None = None,
    interest: list[float] | None = None,
    best: float | None = None,
) -> EliteArrays:
    """Arrays of elites, zeros where nothing is said."""
    zeros = [0] * len(objective)
    return EliteArrays(
        objective=np.array(objective, np.float64),
        promise=np.zeros(len(objective)),
        seen=np.array(seen or zeros, np.int64),
        chosen=np.array(chosen or zeros, np.int64),
        since_new=np.array(since_new or zeros, np.int64),
        children=np.array(children or zeros, np.int64),
        interest=np.array(interest or [nan] * len(objective)),
        explorable=np.ones(len(objective), np.bool_),
        best=max(objective, default=0.0) if best is None else best,
    )


def test_uniform_weighs_every_elite_alike() -> None:
    assert uniform(elites([3.0, -1.0, 0.0])).tolist() == [1.0, 1.0, 1.0]


def test_go_explore_2019_is_the_sum_of_its_count_scores_and_1() -> None:
    arrays = elites([0.0, 0.0], seen=[4, 1], chosen=[2, 0], since_new=[1, 0])

    weights = go_explore_2019(arrays, seen=0.3, chosen=0.1, since_new=0.2)

    # w / (v + 0.001)^0.5 + 0.00001 for each count, + 1
    first = 0.3 / sqrt(4.001) + 0.1 / sqrt(2.001) + 0.2 / sqrt(1.001) + 0.00003 + 1
    second = 0.3 / sqrt(1.001) + 0.1 / sqrt(0.001) + 0.2 / sqrt(0.001) + 0.00003 + 1
    assert weights.tolist() == pytest.approx([first, second], rel=1e-12)
    assert weights.tolist() == pytest.approx([1.420604, 10.786713], abs=1e-6)


def test_go_explore_2019_takes_the_weights_of_the_release() -> None:
    (weight,) = go_explore_2019(elites([0.0], seen=[9], chosen=[4], since_new=[1]))

    by_hand = 3 / sqrt(9.001) + 0.1 / sqrt(4.001) + 0 + 3 * 0.00001 + 1
    assert weight == pytest.approx(by_hand, rel=1e-12)
    assert weight == pytest.approx(2.049968, abs=1e-6)


def test_go_explore_2019_takes_another_power_and_base() -> None:
    (weight,) = go_explore_2019(
        elites([0.0], seen=[3]), seen=2.0, chosen=0.0, since_new=0.0, power=1.0, base=0.0
    )

    assert weight == pytest.approx(2 / 3.001 + 3 * 0.00001, rel=1e-12)
    assert weight == pytest.approx(0.666474, abs=1e-6)


def test_go_explore_2019_weighs_levels_by_their_distance_from_the_best() -> None:
    arrays = elites([2.0, 1.0, 0.0], seen=[1, 1, 1], best=2.0)

    weights = go_explore_2019(arrays, level=0.1)

    # 0.1^(best - objective) times the sum
    assert (weights / weights[0]).tolist() == pytest.approx([1.0, 0.1, 0.01])


def test_go_explore_2019_ignores_levels_unless_told() -> None:
    weights = go_explore_2019(elites([2.0, -50.0], seen=[1, 1]))

    assert weights[0] == weights[1]


def test_go_explore_2021_is_1_by_the_root_of_seen_plus_1() -> None:
    weights = go_explore_2021(elites([0.0] * 4, seen=[0, 3, 8, 99]))

    assert weights.tolist() == [1.0, 0.5, pytest.approx(1 / 3), 0.1]


def test_dgm_is_the_sigmoid_of_the_score_by_1_plus_children() -> None:
    weights = dgm(elites([0.5, 0.5, 0.8, 0.0], children=[0, 3, 1, 0]))

    # sigmoid of 10 times (score - 0.5), by 1 + children
    by_hand = [0.5, 0.125, 1 / (1 + exp(-3)) / 2, 1 / (1 + exp(5))]
    assert weights.tolist() == pytest.approx(by_hand, rel=1e-12)
    assert weights.tolist() == pytest.approx([0.5, 0.125, 0.476287, 0.006693], abs=1e-6)


def test_dgm_takes_another_steepness_and_midpoint() -> None:
    (weight,) = dgm(elites([3.0]), steepness=1.0, midpoint=2.0)

    assert weight == pytest.approx(0.731059, abs=1e-6)  # 1 / (1 + e^-1)


def test_dgm_takes_a_score_far_below_0() -> None:
    (weight,) = dgm(elites([-100.0]))

    assert 0.0 <= weight < 1e-200


def test_softmax_is_the_exponential_of_the_distance_from_the_best() -> None:
    weights = softmax(elites([3.0, 1.0, 2.0]), temperature=2.0)

    # the exponential of half the distance
    assert weights.tolist() == pytest.approx([1.0, 0.367879, 0.606531], abs=1e-6)


def test_softmax_takes_objectives_of_any_size() -> None:
    weights = softmax(elites([1e300, -1e300, 1e300]), temperature=0.01)

    assert weights.tolist() == [1.0, 0.0, 1.0]


def test_softmax_weighs_some_by_the_best_of_all() -> None:
    (weight,) = softmax(elites([1.0], best=3.0))

    assert weight == pytest.approx(0.135335, abs=1e-6)  # e^-2


def test_interest_is_an_exponential_by_the_root_of_1_plus_chosen() -> None:
    weights = interest(elites([9.0, 0.0, 0.0, 5.0], chosen=[0, 3, 0, 8], interest=[0, 1, 0.5, nan]))

    # e^(5 (interest - 1)) / sqrt(1 + chosen), where nobody's word counts as 0.5
    by_hand = [exp(-5), 1 / 2, exp(-2.5), exp(-2.5) / 3]
    assert weights.tolist() == pytest.approx(by_hand, rel=1e-12)
    assert weights.tolist() == pytest.approx([0.006738, 0.5, 0.082085, 0.027362], abs=1e-6)


def test_interest_takes_any_sharpness() -> None:
    arrays = elites([0.0, 0.0], interest=[0.5, 1.0])

    assert interest(arrays, sharpness=2.0).tolist() == pytest.approx([0.367879, 1.0], abs=1e-6)
    assert interest(arrays, sharpness=1e6).tolist() == [0.0, 1.0]
