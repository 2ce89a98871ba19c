"""What is wrong with a score."""

from typing import cast

import pytest

from archive.entry import Evaluation, Interval, TaskResult, flaw

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("score", [0, 0.0, -1.5, 10**18, 1e308])
def test_finite_numbers_are_scores(score: float) -> None:
    evaluation = Evaluation(
        cell="",
        objective=score,
        measures={"speed": score},
        tasks=(TaskResult(task="a", score=score),),
    )

    assert flaw(evaluation) is None


@pytest.mark.parametrize("score", [NAN, INF, -INF, True, False, None, "1", [1.0], 1j])
def test_nothing_else_is_an_objective(score: object) -> None:
    fault = flaw(Evaluation(cell="", objective=cast("float", score)))

    assert fault == f"the objective is {score!r}; scores are finite numbers"


def test_a_whole_number_beyond_any_float_is_no_score() -> None:
    assert flaw(Evaluation(cell="", objective=10**400)) is not None


def test_a_measure_that_is_no_number_is_named() -> None:
    fault = flaw(Evaluation(cell="", objective=1.0, measures={"speed": 1.0, "size": NAN}))

    assert fault == "measure 'size' is nan; scores are finite numbers"


def test_a_task_whose_score_is_no_number_is_named() -> None:
    tasks = (TaskResult(task="first", score=1.0), TaskResult(task="second", score=INF))

    fault = flaw(Evaluation(cell="", objective=1.0, tasks=tasks))

    assert fault == "the score of task 'second' is inf; scores are finite numbers"


def test_an_interval_whose_end_is_no_number_is_named() -> None:
    interval = Interval(low=0.5, high=INF, trials=2)

    fault = flaw(Evaluation(cell="", objective=1.0, interval=interval))

    assert fault == "the high end of its interval is inf; scores are finite numbers"


def test_an_objective_at_first_sight_that_is_no_number_is_named() -> None:
    fault = flaw(Evaluation(cell="", objective=1.0, first_seen=NAN))

    assert fault == "the objective at first sight is nan; scores are finite numbers"
