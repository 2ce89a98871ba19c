"""What runs will cost, foretold from what others measured: a bootstrap with a fixed seed.

A run is imagined many times. How long it is: each step is as likely to be its last as the steps
of the measured runs were, so that runs that were cut short count for as long as they went on. What
its steps cost: they are drawn from those of about the same number in a measured run, and in
another, longer one where that ended sooner. Where its budget runs out it stops.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from math import ceil, inf, log

import numpy as np
from numpy.typing import NDArray

from goexplore.budget import Budget, Spent
from goexplore.history import (
    CACHED,
    CALLS,
    COMPLETION,
    PROMPT,
    History,
    Line,
    Measured,
    Numbers,
    Source,
)
from mutators.llm.base import Prices

OWN_END = "own end"
"""What stops a run that reaches its goal, or where nothing is left to try."""

ASSUMED_STEPS = 100
"""How many steps are reckoned with where nothing says when a run would end."""

LOW, HIGH = 5.0, 95.0
"""Percentiles: between them lie nine of ten."""

_DRAWS = 4000
_FEWEST_DRAWS = 200
_BLOCKS = 500
_MOST_STEPS = 10_000_000
_COSTS = 4
_TOKENS = (0.0, 1.0, 0.0, 1.0)
_STEPS, _VERIFICATIONS, _SECONDS, _FIRST_COST = range(4)
_UNITS = tuple(field.name for field in fields(Budget))

Factors = tuple[float, float]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """By what factors a run may differ from those it is foretold from, beside chance."""

    length: Factors = (1.0, 1.0)
    calls: Factors = (1.0, 1.0)
    prompt: Factors = (1.0, 1.0)
    completion: Factors = (1.0, 1.0)


DOUBTS: Mapping[Source, Doubt] = {
    "runs": Doubt(),
    # Another tokenizer, another way to talk, better or worse choices.
    "other models": Doubt(
        length=(1 / 2, 2.0), calls=(4 / 5, 5 / 4), prompt=(4 / 5, 5 / 4), completion=(1 / 2, 2.0)
    ),
    # The answers that were made up are as long as they may be, and never had to be repaired.
    "rehearsal": Doubt(
        length=(1 / 3, 3.0), calls=(1.0, 3 / 2), prompt=(2 / 3, 4 / 3), completion=(1 / 32, 1.0)
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run to come. `before`: what it has spent already. `ended`: it has reached its own end."""

    budget: Budget
    before: Spent
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Nine of ten times between `low` and `high`; `expected` on average."""

    low: float
    expected: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCost:
    """What the calls of a model in a role will come to. `dollars`: `None` for no known price."""

    role: str
    model: str
    calls: Range
    prompt_tokens: Range
    cached_tokens: Range
    completion_tokens: Range
    dollars: Range | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What runs will cost together.

    tokens: of prompts and answers. dollars: of the models whose price is known. stops: what ends
    a run, a unit of its budget or `OWN_END`, with how likely that is. assumed_steps: of a run,
    where nothing says when it would end; `None` where something does.
    """

    lines: tuple[LineCost, ...]
    steps: Range
    verifications: Range
    calls: Range
    tokens: Range
    dollars: Range
    stops: Mapping[str, float]
    assumed_steps: int | None


def estimate(
    plans: Sequence[Plan], history: History, prices: Mapping[str, Prices | None]
) -> Estimate:
    """What runs will cost, foretold from a history that holds at least one run.

    prices: of all models of the history; `None` where one is not known.
    """
    to_come = [_foreseeable(plan, history) for plan in plans if not plan.ended]
    endless = not any(run.ended for run in history.runs)
    assumed = endless and any(_unlimited(plan.budget) for plan in to_come)
    if assumed:
        to_come = [_limited(plan) for plan in to_come]
    lines = sorted({line for run in history.runs for line in run.costs})
    search = _Search(history, lines, prices)
    totals, weights, stops = search.imagine(to_come, _draws(to_come, history))
    spent = totals @ search.units
    told = partial(_range, weights=weights)
    return Estimate(
        lines=tuple(
            _line_cost(line, totals[:, _columns(n)], prices, told) for n, line in enumerate(lines)
        ),
        steps=told(totals[:, _STEPS]),
        verifications=told(totals[:, _VERIFICATIONS]),
        calls=told(totals[:, _FIRST_COST + CALLS :: _COSTS].sum(axis=1)),
        tokens=told(spent[:, _UNITS.index("tokens")]),
        dollars=told(spent[:, _UNITS.index("dollars")]),
        stops={unit: count / stops.total() for unit, count in stops.most_common()},
        assumed_steps=ASSUMED_STEPS if assumed else None,
    )


def _draws(plans: Sequence[Plan], history: History) -> int:
    """How often the runs are imagined: fewer times where that takes long."""
    longest = max(run.steps for run in history.runs)
    return max(_FEWEST_DRAWS, _DRAWS // max(len(plans), longest // 100, 1))


def _foreseeable(plan: Plan, history: History) -> Plan:
    """The plan without a budget in seconds where it is not known how fast its models answer."""
    if history.source == "runs":
        return plan
    return replace(plan, budget=replace(plan.budget, seconds=inf))


def _unlimited(budget: Budget) -> bool:
    return all(getattr(budget, unit) == inf for unit in _UNITS)


def _limited(plan: Plan) -> Plan:
    most = min(plan.budget.steps, plan.before.steps + ASSUMED_STEPS)
    return replace(plan, budget=replace(plan.budget, steps=most))


class _Search:
    """Imagines runs like those of a history.

    units: what a row of a table counts for in each unit of a budget, one column each.
    """

    def __init__(
        self, history: History, lines: Sequence[Line], prices: Mapping[str, Prices | None]
    ) -> None:
        self._tables = [_table(run, lines) for run in history.runs]
        self._doubt = DOUBTS[history.source]
        self._random = np.random.default_rng(0)
        self._longest = max(run.steps for run in history.runs)
        after = 2 * self._longest // 3
        self._late = np.vstack([table[1 + after :] for table in self._tables])
        self._ended = sum(run.ended for run in history.runs)
        # A step that ends a run is half a step on average where time is continuous.
        self._watched = sum(run.steps for run in history.runs) - self._ended / 2
        self.units = _units(lines, prices)
        self._most = _most(history, prices)

    def imagine(self, plans: Sequence[Plan], draws: int) -> tuple[Numbers, Numbers, Counter[str]]:
        """What they come to together, a row for each draw; its weight in means; what stopped each.

        Bounds hold as often as they say where all draws count the same (the prior of the rate is
        then 1 / rate). But after a single run that has no mean, so in means each draw is weighed
        by its rate: a flat prior, with which the mean is the steps watched by the ends seen.
        """
        totals = np.zeros((draws, len(self.units)))
        weights = np.ones(draws)
        stops: Counter[str] = Counter()
        for draw in range(draws):
            # What is not known is the same for all of them.
            factors, rate = self._factors(), self._rate()
            weights[draw] = rate if self._ended else 1.0
            mean = self._between(self._doubt.length) / rate if rate else inf
            for plan in plans:
                spent, stop = self._run(plan, factors, mean)
                totals[draw] += spent
                stops[stop] += 1
        return totals, weights, stops

    def _rate(self) -> float:
        """How often a step ends a run, drawn from all that is plausible by what was measured.

        Where no end was seen there may never be one: half of the time there is none.
        """
        if not self._ended and self._random.random() < 1 / 2:
            return 0.0
        return float(self._random.gamma(max(self._ended, 1)) / self._watched)

    def _factors(self) -> Numbers:
        doubt, each = self._doubt, np.ones(len(self.units))
        calls, prompt = self._between(doubt.calls), self._between(doubt.prompt)
        completion = self._between(doubt.completion)
        each[_FIRST_COST + CALLS :: _COSTS] = calls
        each[_FIRST_COST + PROMPT :: _COSTS] = calls * prompt
        each[_FIRST_COST + CACHED :: _COSTS] = calls * prompt
        each[_FIRST_COST + COMPLETION :: _COSTS] = calls * completion
        return each

    def _between(self, factors: Factors) -> float:
        low, high = factors
        return float(np.exp(self._random.uniform(log(low), log(high))))

    def _run(self, plan: Plan, factors: Numbers, mean: float) -> tuple[Numbers, str]:
        """What a run comes to, and what stopped it."""
        # A call is made only if the most that it may take is left.
        left = np.maximum(_left(plan) - self._random.random() * self._most, 0.0)
        length = ceil(min(self._random.exponential() * mean, _MOST_STEPS))
        steps = self._about(left, factors)
        while True:
            last = plan.before.steps + max(min(length, steps), 1)
            rows = factors * self._rows(plan.before.steps, last)
            spent, stop = _until(rows, rows @ self.units, left)
            if stop != OWN_END or steps >= length:
                return spent, stop
            steps *= 4

    def _about(self, left: Numbers, factors: Numbers) -> int:
        """Rather more steps than are left; so that no more need be drawn."""
        pace = np.maximum((factors * self._late).mean(axis=0) @ self.units, 1e-12)
        return int(min(2 * (left / pace).min(), _MOST_STEPS)) + 10

    def _rows(self, before: int, last: int) -> Numbers:
        """Rows for the steps after `before` up to the last; for all of them from the roots on."""
        found: list[Numbers] = [] if before else [self._one(0)[:1]]
        at = before
        while at < min(last, self._longest):
            table = self._one(at + 1)
            upto = min(last, len(table) - 1)
            found.append(table[self._near(np.arange(at + 1, upto + 1), len(table) - 1)])
            at = upto
        if at < last:
            found.append(self._later(last - at))
        return np.vstack(found)

    def _one(self, reaching: int) -> Numbers:
        """The table of any run that took so many steps."""
        tables = [table for table in self._tables if len(table) > reaching]
        return tables[self._random.integers(len(tables))]

    def _near(self, steps: Indices, most: int) -> Indices:
        """Steps of about the same numbers."""
        reach = steps // 4
        return np.clip(self._random.integers(steps - reach, steps + reach + 1), 1, most)

    def _later(self, count: int) -> Numbers:
        """Rows for so many steps beyond all that was measured; for very many in blocks."""
        blocks = min(count, _BLOCKS)
        return self._late[self._random.integers(len(self._late), size=blocks)] * (count / blocks)


def _table(run: Measured, lines: Sequence[Line]) -> Numbers:
    """A row for each step of a run, with the columns `_STEPS` to `_FIRST_COST` and all costs."""
    steps = np.ones(run.steps + 1)
    steps[0] = 0.0
    nothing = np.zeros((run.steps + 1, _COSTS))
    costs = [run.costs.get(line, nothing) for line in lines]
    return np.column_stack([steps, run.verifications, run.seconds, *costs])


def _units(lines: Sequence[Line], prices: Mapping[str, Prices | None]) -> Numbers:
    found = np.zeros((_FIRST_COST + _COSTS * len(lines), len(_UNITS)))
    for column, unit in ((_STEPS, "steps"), (_VERIFICATIONS, "verifications")):
        found[column, _UNITS.index(unit)] = 1.0
    found[_SECONDS, _UNITS.index("seconds")] = 1.0
    for place, line in enumerate(lines):
        found[_columns(place), _UNITS.index("tokens")] = _TOKENS
        found[_columns(place), _UNITS.index("dollars")] = _dollars(prices[line.model])
    return found


def _dollars(prices: Prices | None) -> Numbers:
    """What calls, prompt, cached and answer tokens cost each."""
    if prices is None:
        return np.zeros(_COSTS)
    per_million = (0.0, prices.prompt, prices.cached - prices.prompt, prices.completion)
    return np.array(per_million) / 1e6


def _most(history: History, prices: Mapping[str, Prices | None]) -> Numbers:
    """The most that a call may take, by unit."""
    most = np.zeros(len(_UNITS))
    for line, usage in (item for run in history.runs for item in run.most.items()):
        price = prices[line.model]
        tokens, dollars = usage.prompt + usage.completion, usage.dollars(price) if price else 0.0
        most[_UNITS.index("tokens")] = max(most[_UNITS.index("tokens")], tokens)
        most[_UNITS.index("dollars")] = max(most[_UNITS.index("dollars")], dollars)
    return most


def _left(plan: Plan) -> Numbers:
    """What a plan may still spend, by unit."""
    left = [getattr(plan.budget, unit) - getattr(plan.before, unit) for unit in _UNITS]
    return np.array(left, dtype=np.float64)


def _until(rows: Numbers, spent: Numbers, left: Numbers) -> tuple[Numbers, str]:
    """The sum of rows up to where something is used up, a part of the last one, and what that is.

    spent: what each row takes, by unit. left: how much there is.
    """
    ends = [_reached(spent[:, unit].cumsum(), left[unit]) for unit in range(len(_UNITS))]
    end = min(ends)
    if end >= len(rows):
        return rows.sum(axis=0), OWN_END
    whole = int(end)
    return rows[:whole].sum(axis=0) + (end - whole) * rows[whole], _UNITS[ends.index(end)]


def _reached(sums: Numbers, limit: float) -> float:
    """After how many rows, and which part of the next, a growing sum reaches a limit."""
    place = int(np.searchsorted(sums, limit))
    if place == len(sums):
        return inf
    before = float(sums[place - 1]) if place else 0.0
    return place + (limit - before) / max(float(sums[place]) - before, 1e-12)


def _columns(place: int) -> slice:
    """Where the costs of a line stand."""
    first = _FIRST_COST + _COSTS * place
    return slice(first, first + _COSTS)


def _line_cost(
    line: Line,
    costs: Numbers,
    prices: Mapping[str, Prices | None],
    told: Callable[[Numbers], Range],
) -> LineCost:
    price = prices[line.model]
    return LineCost(
        role=line.role,
        model=line.model,
        calls=told(costs[:, CALLS]),
        prompt_tokens=told(costs[:, PROMPT]),
        cached_tokens=told(costs[:, CACHED]),
        completion_tokens=told(costs[:, COMPLETION]),
        dollars=None if price is None else told(costs @ _dollars(price)),
    )


def _range(values: Numbers, *, weights: Numbers) -> Range:
    low, high = np.percentile(values, (LOW, HIGH))
    expected = float(np.average(values, weights=weights))
    return Range(low=float(low), expected=expected, high=float(high))
