"""What runs will cost, foretold from literals."""

from collections.abc import Sequence

import numpy as np
import pytest

from goexplore.budget import Budget, Spent
from goexplore.estimate import ASSUMED_STEPS, OWN_END, Estimate, Plan, estimate
from goexplore.history import History, Line, Measured, Source
from mutators.llm.base import Prices, Usage

ACT = Line("act", "openai:some")
PRICES = {"openai:some": Prices(prompt=1.0, cached=0.5, completion=2.0)}
NO_BUDGET = Budget()


def run(steps: int, *, ended: bool = True, prompt: float = 100.0, most: int = 0) -> Measured:
    """A run with one verification and one call a step: 40 of its tokens cached, 10 answered."""
    costs = np.array([[0.0] * 4, *[[1.0, prompt, 40.0, 10.0]] * steps])
    return Measured(
        name=f"of-{steps}",
        ended=ended,
        verifications=np.array([0.0, *[1.0] * steps]),
        seconds=np.array([0.0, *[0.5] * steps]),
        costs={ACT: costs},
        most={ACT: Usage(prompt=most)},
    )


def foretold(
    runs: Sequence[Measured],
    budget: Budget = NO_BUDGET,
    *,
    plans: int = 1,
    before: Spent | None = None,
    source: Source = "runs",
    prices: dict[str, Prices | None] | None = None,
) -> Estimate:
    plan = Plan(budget=budget, before=before or Spent())
    history = History(source=source, runs=tuple(runs))
    return estimate([plan] * plans, history, prices or {**PRICES})


def test_a_run_is_as_long_as_others_were_on_average() -> None:
    told = foretold([run(10), run(20), run(30)])

    assert told.steps.expected == pytest.approx(20, rel=0.1)
    assert told.steps.low < 5
    assert told.steps.high > 50
    assert told.stops == {OWN_END: 1.0}


def test_a_run_that_was_cut_short_counts_for_as_long_as_it_went_on() -> None:
    told = foretold([run(10), run(10), run(40, ended=False)])

    assert told.steps.expected == pytest.approx(30, rel=0.1)


def test_the_more_runs_were_measured_the_less_is_left_open() -> None:
    few, many = foretold([run(20)]), foretold([run(20)] * 50)

    assert few.steps.high > 1.1 * many.steps.high


def test_steps_verifications_and_calls_stop_where_the_budget_does() -> None:
    by_steps = foretold([run(1000)], Budget(steps=7))
    by_verifications = foretold([run(1000)], Budget(verifications=7))

    assert by_steps.calls.high == by_verifications.calls.high == 7
    assert by_steps.stops["steps"] > 0.9
    assert by_verifications.stops["verifications"] > 0.9


def test_tokens_are_those_of_prompts_and_answers_and_stay_within_their_budget() -> None:
    told = foretold([run(10)], Budget(tokens=1000))

    (line,) = told.lines
    whole = line.prompt_tokens.expected + line.completion_tokens.expected
    assert told.tokens.expected == pytest.approx(whole)
    assert told.tokens.high == 1000


def test_cached_tokens_cost_their_own_price() -> None:
    (line,) = foretold([run(10)], Budget(steps=1)).lines

    assert line.dollars
    assert line.dollars.expected == pytest.approx((60 * 1.0 + 40 * 0.5 + 10 * 2.0) / 1e6)


def test_a_budget_in_dollars_caps_the_dollars() -> None:
    told = foretold([run(1000)], Budget(dollars=0.002))

    assert told.dollars.high == pytest.approx(0.002)
    assert told.stops["dollars"] > 0.9


def test_what_the_next_call_might_cost_is_left_over() -> None:
    told = foretold([run(100_000, most=400)], Budget(tokens=1000))

    assert told.tokens.low == pytest.approx(620, abs=15)
    assert told.tokens.high == pytest.approx(980, abs=15)


def test_an_unknown_price_leaves_the_tokens_and_no_dollars() -> None:
    told = foretold([run(10)], prices={"openai:some": None})

    (line,) = told.lines
    assert line.dollars is None
    assert told.dollars.high == 0
    assert told.tokens.expected > 0


def test_many_runs_add_up_and_their_chances_even_out() -> None:
    runs = [run(20)] * 50
    one, many = foretold(runs), foretold(runs, plans=100)

    assert many.steps.expected == pytest.approx(100 * one.steps.expected, rel=0.1)
    assert many.steps.low > 50 * one.steps.expected
    assert many.steps.high < 150 * one.steps.expected


def test_a_run_that_has_begun_has_the_rest_of_its_budget_left() -> None:
    told = foretold([run(1000)], Budget(steps=10), before=Spent(steps=6))

    assert told.steps.high == 4


def test_a_run_that_has_ended_costs_nothing_more() -> None:
    plan = Plan(budget=Budget(), before=Spent(steps=9), ended=True)

    told = estimate([plan], History(source="runs", runs=(run(10),)), {**PRICES})

    assert told.calls.high == told.dollars.high == 0


def test_without_any_end_in_sight_a_hundred_steps_are_told() -> None:
    told = foretold([run(10, ended=False)])

    assert told.assumed_steps == ASSUMED_STEPS
    assert told.steps.high == ASSUMED_STEPS
    assert foretold([run(10, ended=False)], Budget(steps=5)).assumed_steps is None


def test_later_steps_cost_what_later_steps_did() -> None:
    growing = run(30, ended=False)
    growing.costs[ACT][:, 1] = np.arange(31) * 10.0

    told = foretold([growing], Budget(steps=300))

    # At least two thirds of 300 per step, where the mean of all that was measured is 150.
    assert told.lines[0].prompt_tokens.high / 300 > 200


def test_seconds_end_a_run_only_where_they_were_measured_with_its_models() -> None:
    budget = Budget(seconds=2.0, steps=50)
    long = [run(100_000)]

    assert foretold(long, budget).steps.high == 4
    assert foretold(long, budget, source="other models").steps.high == 50


def test_what_was_not_measured_leaves_more_open() -> None:
    runs, budget = [run(1000)], Budget(steps=10)

    widths = [
        told.tokens.high / told.tokens.low
        for told in (
            foretold(runs, budget),
            foretold(runs, budget, source="other models"),
            foretold(runs, budget, source="rehearsal"),
        )
    ]

    assert widths[0] < widths[1]
    assert widths[0] < widths[2]


def test_the_same_question_gets_the_same_answer() -> None:
    assert foretold([run(10), run(20)]) == foretold([run(10), run(20)])


def test_a_run_of_a_million_steps_is_reckoned_with_at_once() -> None:
    told = foretold([run(10, ended=False)], Budget(steps=1_000_000))

    assert told.calls.high == pytest.approx(1_000_000)
