"""A selector whose choice is made by a judge from a shortlist, and whose judges are judged."""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import sqrt
from random import Random
from typing import Protocol

import numpy as np

from archive.base import Archive
from archive.elites import Elites
from archive.entry import (
    Comparison,
    EntryId,
    Failure,
    Forecast,
    Glimpse,
    Shortlist,
    Shown,
    Verdict,
)
from goexplore.selection.balance import FLOOR, Tally, balanced
from goexplore.selection.base import Decision, Lesson
from goexplore.selection.shortlist import MOST, Shortlisting
from goexplore.selection.strengths import Strengths

COUNTS, THOMPSON = "counts", "thompson"
"""Judges that cost nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a scorer says of a shortlist.

    pick: the place of the entry that it would choose. chances: by place, how probable it finds
    that a step from there is fruitful; it need not speak of all.
    """

    pick: int
    chances: Mapping[int, float]
    comparisons: tuple[Comparison, ...] = ()


class Scorer(Protocol):
    """Says how interesting the entries of a shortlist are. Several threads may ask at once."""

    @property
    def name(self) -> str:
        """What forecasts say made them."""
        ...

    def score(
        self, shortlist: Shortlist, glimpses: Sequence[Glimpse], random: Random
    ) -> Opinion | Failure:
        """Its opinion, or why it has none.

        Raises:
            MutatorError: it cannot be asked.
        """
        ...


class Remover(Protocol):
    """Says which entries of a shortlist others on it have made pointless."""

    def pointless(
        self, shortlist: Shortlist, glimpses: Sequence[Glimpse]
    ) -> Sequence[tuple[int, int]]:
        """Places of pointless entries, each with the place of a better one that stays.

        Raises:
            MutatorError: it cannot be asked.
        """
        ...


@dataclass(slots=True)
class _Record:
    """How many steps were taken from something, and how many of them were fruitful."""

    steps: int = 0
    fruitful: int = 0

    def add(self, *, fruitful: bool) -> None:
        self.steps += 1
        self.fruitful += fruitful

    def rate(self, before: float) -> float:
        """The share of fruitful steps, with two more as they were `before`."""
        return (self.fruitful + 2 * before) / (self.steps + 2)


@dataclass(slots=True)
class _Pending:
    """A choice that has not been scored: by whom, and how many steps may still prove it right."""

    judge: str
    left: int


@dataclass(slots=True)
class _Memory:
    """What a run has shown so far."""

    all: _Record = field(default_factory=_Record)
    entries: defaultdict[EntryId, _Record] = field(default_factory=lambda: defaultdict(_Record))
    tallies: dict[str, Tally] = field(default_factory=dict[str, Tally])
    pending: defaultdict[EntryId, deque[_Pending]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    strengths: Strengths = field(default_factory=Strengths)

    @property
    def base_rate(self) -> float:
        return self.all.rate(0.5)


class Judged:
    """Draws a shortlist, has a judge choose from it, and keeps a record of all judges.

    scorer: the judge that asks a model; without one, counts choose.
    mixed: weigh the scorer, counts and Thompson sampling by what came of their choices, as
        `goexplore.selection.balance` says; else the scorer always chooses.
    size: of the shortlist, up to 30.
    within: how many steps from an entry a forecast looks ahead.
    remover: with `every`, asked at every so-manieth step which entries are pointless.

    A scorer that has no usable opinion is replaced by counts for that step, on the record.
    """

    def __init__(
        self,
        scorer: Scorer | None,
        *,
        mixed: bool = False,
        size: int = MOST,
        within: int = 1,
        remover: Remover | None = None,
        every: int = 0,
    ) -> None:
        self._scorer = scorer
        self._mixed = mixed
        self._size = min(size, MOST)
        self._within = within
        self._remover = remover
        self._every = every
        self._list = Shortlisting()
        self._memory = _Memory()
        if mixed and scorer:
            self._memory.tallies = dict.fromkeys((scorer.name, COUNTS, THOMPSON), Tally())

    def draw(
        self, elites: Elites, random: Random, *, number: int, granted: int
    ) -> Shortlist | None:
        """See `Judge`."""
        choices = self._list.choices(elites)
        shown = self._shown(elites, self._list.slots(elites, self._size, random))
        if not shown:
            return None
        weights = self._weights(random) if len(shown) > 1 else {COUNTS: 1.0}
        return Shortlist(
            number=number,
            as_of=elites.newest,
            granted=granted,
            choices=choices,
            judge=random.choices(list(weights), list(weights.values()))[0],
            shown=tuple(shown),
            within=self._within,
            base_rate=self._memory.base_rate,
            weights=weights,
            picks={COUNTS: _by_counts(shown, random), THOMPSON: self._by_thompson(shown, random)},
        )

    def _shown(self, elites: Elites, slots: Sequence[int]) -> list[Shown]:
        arrays = elites.arrays(np.array(slots, np.int64))
        entries = [elites.holder(slot) for slot in slots]
        return [
            Shown(
                entry=entry,
                slot=slot,
                objective=float(arrays.objective[n]),
                seen=int(arrays.seen[n]),
                chosen=int(arrays.chosen[n]),
                children=int(arrays.children[n]),
                ahead=elites.under_way(slot),
                fruitful=self._record(entry).fruitful,
                strength=self._memory.strengths.of(entry),
            )
            for n, (entry, slot) in enumerate(zip(entries, slots, strict=True))
        ]

    def _record(self, entry: EntryId) -> _Record:
        return self._memory.entries.get(entry, _Record())

    def _weights(self, random: Random) -> dict[str, float]:
        if self._scorer is None:
            return {COUNTS: 1.0}
        if not self._mixed:
            return {self._scorer.name: 1.0}
        return balanced(self._memory.tallies, self._scorer.name, random)[0]

    def _by_thompson(self, shown: Sequence[Shown], random: Random) -> int:
        """The place of the entry with the highest of draws from what its steps have shown."""
        records = [self._record(each.entry) for each in shown]
        draws = [
            random.betavariate(1 + each.fruitful, 1 + each.steps - each.fruitful)
            for each in records
        ]
        return max(range(len(shown)), key=draws.__getitem__)

    def decide(self, shortlist: Shortlist, archive: Archive, random: Random) -> Decision:
        """See `Judge`."""
        wanted = [each.entry for each in shortlist.shown]
        asks = self._asks(shortlist) or self._clears(shortlist)
        glimpses = archive.glimpses(wanted, shortlist.as_of) if asks else ()
        opinion = self._opinion(shortlist, glimpses, random)
        verdict = self._verdict(shortlist, opinion)
        place = opinion.pick if isinstance(opinion, Opinion) else shortlist.picks[verdict.judge]
        return Decision(
            place=place,
            probability=_probability(shortlist, verdict.judge, place),
            verdict=replace(verdict, retired=self._retired(shortlist, glimpses, place)),
        )

    def _asks(self, shortlist: Shortlist) -> bool:
        return self._scorer is not None and shortlist.judge == self._scorer.name

    def _clears(self, shortlist: Shortlist) -> bool:
        if not self._remover or not self._every or len(shortlist.shown) == 1:
            return False
        return shortlist.number % self._every == 0

    def _opinion(
        self, shortlist: Shortlist, glimpses: Sequence[Glimpse], random: Random
    ) -> Opinion | Failure | None:
        if self._scorer is None or not self._asks(shortlist):
            return None
        return self._scorer.score(shortlist, glimpses, random)

    def _verdict(self, shortlist: Shortlist, opinion: Opinion | Failure | None) -> Verdict:
        free = tuple(_forecast(shortlist, name, place) for name, place in shortlist.picks.items())
        if isinstance(opinion, Opinion):
            foretold = tuple(
                Forecast(
                    judge=shortlist.judge,
                    entry=shortlist.shown[place].entry,
                    chance=chance,
                    pick=place == opinion.pick,
                )
                for place, chance in opinion.chances.items()
            )
            return Verdict(
                judge=shortlist.judge,
                forecasts=(*foretold, *free),
                comparisons=opinion.comparisons,
            )
        if isinstance(opinion, Failure):
            why = f"{opinion.cause}: {opinion.message}"
            return Verdict(judge=COUNTS, fell_back=why, forecasts=free)
        return Verdict(judge=shortlist.judge, forecasts=free)

    def _retired(
        self, shortlist: Shortlist, glimpses: Sequence[Glimpse], chosen: int
    ) -> tuple[tuple[EntryId, EntryId], ...]:
        if self._remover is None or not self._clears(shortlist):
            return ()
        shown = shortlist.shown
        return tuple(
            (shown[place].entry, shown[better].entry)
            for place, better in self._remover.pointless(shortlist, glimpses)
            if place != chosen
        )

    def learn(self, lesson: Lesson) -> None:
        """See `Judge`."""
        memory = self._memory
        memory.all.add(fruitful=lesson.fruitful)
        memory.entries[lesson.chosen].add(fruitful=lesson.fruitful)
        if lesson.verdict:
            memory.strengths.add(lesson.verdict.comparisons)
            waiting = _Pending(judge=lesson.verdict.judge, left=self._within)
            memory.pending[lesson.chosen].append(waiting)
        self._score(lesson.chosen, fruitful=lesson.fruitful)

    def _score(self, entry: EntryId, *, fruitful: bool) -> None:
        """Score the choices of an entry that a step from it proves right or ends."""
        waiting = self._memory.pending.pop(entry, deque())
        for each in waiting:
            each.left -= 1
        for each in waiting:
            if (fruitful or not each.left) and each.judge in self._memory.tallies:
                before = self._memory.tallies[each.judge]
                self._memory.tallies[each.judge] = before.after(good=fruitful)
        if left := [each for each in waiting if each.left and not fruitful]:
            self._memory.pending[entry].extend(left)


def fallen(shortlist: Shortlist, judge: str) -> bool:
    """Whether a judge was left next to nothing but the floor when a shortlist was drawn."""
    return len(shortlist.weights) > 1 and shortlist.weights.get(judge, 1.0) < 1.2 * FLOOR


def _by_counts(shown: Sequence[Shown], random: Random) -> int:
    """A place, drawn as Go-Explore draws; see `goexplore.selection.weights.go_explore_2021`."""
    weights = [1 / sqrt(each.seen + 1) for each in shown]
    return random.choices(range(len(shown)), weights)[0]


def _probability(shortlist: Shortlist, judge: str, place: int) -> float:
    """How probable the choice was, given the list: all who would have chosen it add up."""
    weights, picks = shortlist.weights, shortlist.picks
    if judge not in weights:  # counts stepped in
        return 1.0
    agreeing = (w for name, w in weights.items() if name != judge and picks.get(name) == place)
    return min(1.0, weights[judge] + sum(agreeing))


def _forecast(shortlist: Shortlist, judge: str, place: int) -> Forecast:
    """What a judge without an opinion of its own foretells: what has been is what will be."""
    shown = shortlist.shown[place]
    record = _Record(steps=shown.chosen, fruitful=min(shown.fruitful, shown.chosen))
    chance = 1 - (1 - record.rate(shortlist.base_rate)) ** shortlist.within
    return Forecast(judge=judge, entry=shown.entry, chance=chance, pick=True)
