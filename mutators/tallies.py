"""What came of mutators, as of any entry: how often each was drawn, what it found and cost.

All of it follows from what is recorded, from entries with their parents and from the calls in the
ledger, so a run that goes on or is replayed counts the same.
"""

from array import array
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan, nan
from threading import Lock
from typing import Literal, NamedTuple, Self

from archive.entry import Entry, EntryId, Evaluation, Status
from archive.ledger import Cost
from mutators.bandits import Standing
from mutators.llm.base import Role
from mutators.memory import WINDOW

Unit = Literal["dollars", "tokens", "calls"]

_LEAST: Mapping[Unit, float] = {"dollars": 1e-9, "tokens": 1.0, "calls": 1.0}
"""What a child costs at least: also one for which no model was asked takes time."""

_MOST_WAITING = 10 * WINDOW

_MAKING = (Role.MUTATE, Role.ACT)


class Child(NamedTuple):
    """What is counted of an entry. `objective`: `None` for a failure. `parent`: 0 for a root."""

    id: int
    parent: int
    mutator: str
    objective: float | None
    status: Status

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """What is counted of an entry."""
        result = entry.result
        return cls(
            id=entry.id,
            parent=entry.parents[0] if entry.parents else 0,
            mutator=entry.candidate.mutator,
            objective=result.objective if isinstance(result, Evaluation) else None,
            status=entry.admission.status,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What came of a mutator.

    drawn: children that it was to make, those that came to nothing included. failed: of these,
    how many did not run or were never made. fruitful, gain: see `mutators.bandits.Standing`; a
    child is fruitful if it is new or better in its cell, or where everything is kept, better than
    its parent. unpriced: calls whose price is not known.
    """

    drawn: int = 0
    failed: int = 0
    fruitful: int = 0
    gain: float = 0.0
    calls: int = 0
    tokens: int = 0
    dollars: float = 0.0
    unpriced: int = 0

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            drawn=self.drawn + other.drawn,
            failed=self.failed + other.failed,
            fruitful=self.fruitful + other.fruitful,
            gain=self.gain + other.gain,
            calls=self.calls + other.calls,
            tokens=self.tokens + other.tokens,
            dollars=self.dollars + other.dollars,
            unpriced=self.unpriced + other.unpriced,
        )

    def standing(self, unit: Unit) -> Standing:
        """The same as a bandit sees it."""
        spent: float = getattr(self, unit)
        cost = max(spent, _LEAST[unit] * self.drawn)
        return Standing(drawn=self.drawn, fruitful=self.fruitful, gain=self.gain, cost=cost)


NONE = Tally()


def unit_of(tallies: Iterable[Tally]) -> Unit:
    """What mutators can be compared by: the first of the units that all calls are known in.

    Dollars, if every call had a price and no mutator's calls were free; else tokens, if they were
    counted; else calls. Nothing is ever added up in two units.
    """
    asked = [tally for tally in tallies if tally.calls]
    if not asked or not all(tally.tokens for tally in asked):
        return "calls"
    if any(tally.unpriced or not tally.dollars for tally in asked):
        return "tokens"
    return "dollars"


@dataclass(frozen=True, slots=True)
class _History:
    """The tallies of a mutator after each of its newest entries."""

    ids: list[int] = field(default_factory=list[int])
    tallies: list[Tally] = field(default_factory=list[Tally])

    def add(self, entry: int, tally: Tally) -> None:
        self.ids.append(entry)
        self.tallies.append(self.tallies[-1].plus(tally) if self.tallies else tally)

    def as_of(self, entry: int) -> Tally:
        place = bisect_right(self.ids, entry)
        return self.tallies[place - 1] if place else NONE

    def forget(self, upto: int) -> None:
        """Forget the tallies before the newest of those up to an entry."""
        # Not at every entry, since what follows is moved.
        if (place := bisect_right(self.ids, upto) - 1) >= WINDOW:
            del self.ids[:place], self.tallies[:place]


class _Seen(NamedTuple):
    """A child that is yet to be counted: its place in its step is where its calls are found by."""

    id: int
    step: int
    place: int
    mutator: str
    tally: Tally


class Tallies:
    """What came of each mutator by its name; several threads may ask.

    It keeps eight bytes of an entry, and all else of the newest ones alone: asked as of an entry,
    it answers right as long as no more than `WINDOW` newer ones have been recorded.
    """

    def __init__(self, costs: Callable[[int, int], Iterable[Cost]]) -> None:
        """`costs`: what each call of the steps from one to another cost."""
        self._costs = costs
        self._objectives = array("d")
        self._waiting: deque[_Seen] = deque()
        self._histories: defaultdict[str, _History] = defaultdict(_History)
        self._lock = Lock()

    def take(self, step: int, children: Sequence[Child]) -> None:
        """Take in the children of a step; all calls that made them are in the ledger."""
        # What they cost is looked up when somebody asks: this is called while others wait.
        for place, child in enumerate(children):
            self._objectives.append(nan if child.objective is None else child.objective)
            if step:
                tally = self._tally(child)
                self._waiting.append(_Seen(child.id, step, place, child.mutator, tally))
        if len(self._waiting) > _MOST_WAITING:  # a long run is looked back on
            with self._lock:
                self._count()

    def as_of(self, newest: EntryId) -> dict[str, Tally]:
        """What had come of each mutator when an entry was the newest."""
        with self._lock:
            self._count()
            return {name: history.as_of(newest) for name, history in self._histories.items()}

    def _tally(self, child: Child) -> Tally:
        before, after = self._objectives[child.parent - 1], child.objective
        better = after is not None and not isnan(before) and after > before
        kept_better = child.status is Status.KEPT and better
        return Tally(
            drawn=1,
            failed=int(after is None),
            fruitful=int(child.status in (Status.NEW, Status.IMPROVED) or kept_better),
            gain=after - before if better and after is not None else 0.0,
        )

    def _count(self) -> None:
        waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not waiting:
            return
        steps = [seen.step for seen in waiting]
        costs = _by_child(self._costs(min(steps), max(steps)))
        for seen in waiting:
            cost = costs.get((seen.step, seen.place), NONE)
            self._histories[seen.mutator].add(seen.id, seen.tally.plus(cost))
        for history in self._histories.values():
            history.forget(waiting[-1].id - 2 * WINDOW)


def _by_child(costs: Iterable[Cost]) -> dict[tuple[int, int], Tally]:
    """What was spent to make each child, by its step and its place there."""
    found: dict[tuple[int, int], Tally] = {}
    for cost in costs:
        _, _, rest = cost.sample.partition(".")
        place = rest.partition(".")[0]
        if cost.role in _MAKING and place.isdecimal():
            key = (cost.step, int(place))
            found[key] = found.get(key, NONE).plus(_spent(cost))
    return found


def _spent(cost: Cost) -> Tally:
    return Tally(
        calls=1,
        tokens=cost.tokens,
        dollars=cost.dollars or 0.0,
        unpriced=int(cost.dollars is None),
    )
