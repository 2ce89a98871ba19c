"""Scores by case, and the selectors that choose by them: Pareto frontiers and lexicase."""

from collections.abc import Sequence
from random import Random
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sortedcontainers import SortedList

from archive.elites import EliteArrays, Elites
from archive.entry import Selection, Status
from goexplore.selection.base import Finding, SelectionError
from goexplore.selection.selectors import Following
from goexplore.selection.trees import SumTree

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_BULK = 64
"""From so many slots on that change at once, beginning anew is quicker than one by one."""


class CaseScores:
    """The scores of elites by case, 8 bytes for each case of each slot.

    A case in which an elite has no score counts as minus infinity: nothing is known to be worse.
    """

    def __init__(self) -> None:
        self._cases: dict[str, int] = {}
        self._told: dict[int, Floats] = {}
        self._holders = np.zeros(0, np.int64)
        self._open = np.zeros(0, np.bool_)
        self._table = np.full((0, 0), -np.inf)

    def __len__(self) -> int:
        """How many cases there are."""
        return len(self._cases)

    def tell(self, step: Sequence[Finding]) -> None:
        """Take in the scores of a step's entries, of which some may hold slots from now on."""
        for fact, tasks in step:
            if fact.status >= Status.NEW:
                rows = [self._cases.setdefault(each.task, len(self._cases)) for each in tasks]
                scores = np.full(len(self._cases), -np.inf)
                scores[rows] = [each.score for each in tasks]
                self._told[fact.id] = scores

    def take(self, elites: Elites, slots: Sequence[int], explorable: Bools) -> list[int]:
        """The slots of some whose holder is another now, or that are open or closed now."""
        self._make_room(len(elites))
        changed: list[int] = []
        for slot, is_open in zip(slots, explorable.tolist(), strict=True):
            holder = elites.holder(slot)
            if self._holders[slot] != holder:
                scores = self._told[holder]
                self._table[: len(scores), slot] = scores
                self._table[len(scores) :, slot] = -np.inf
            elif self._open[slot] == is_open:
                continue
            self._holders[slot], self._open[slot] = holder, is_open
            changed.append(slot)
        # Who holds no slot by now was replaced before anyone could set out from there.
        self._told.clear()
        return changed

    def _make_room(self, slots: int) -> None:
        cases, capacity = self._table.shape
        if slots > capacity or len(self) > cases:
            table = np.full((max(len(self), cases), max(slots * 5 // 4, capacity)), -np.inf)
            table[:cases, :capacity] = self._table
            more = table.shape[1] - capacity
            self._table = table
            self._holders = np.pad(self._holders, (0, more))
            self._open = np.pad(self._open, (0, more))

    def is_open(self, slot: int) -> bool:
        """Whether a slot can be set out from."""
        return bool(self._open[slot])

    @property
    def open(self) -> NDArray[np.int64]:
        """All slots that can be set out from, in order."""
        return np.flatnonzero(self._open)

    def of(self, slot: int) -> Floats:
        """The scores of a slot, one a case."""
        return self._table[: len(self), slot]

    def of_all(self, slots: NDArray[np.int64]) -> Floats:
        """The scores of slots, a row a case."""
        return self._table[: len(self), slots]

    def on(self, case: int, slots: NDArray[np.int64]) -> Floats:
        """The scores of slots in one case."""
        return np.asarray(self._table[case, slots])


class ByCase(Following):
    """A selector that looks at the scores of elites in each case."""

    _heeds_best: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self._scores = CaseScores()

    def see(self, step: Sequence[Finding]) -> None:
        """See `Witness`."""
        self._scores.tell(step)

    def _catch_up(self, elites: Elites) -> None:
        super()._catch_up(elites)
        if len(elites) and not len(self._scores):
            raise no_cases(type(self).__name__.lower())

    def _changed_of(self, slots: list[int], arrays: EliteArrays) -> list[int]:
        if self._elites is None:
            return []
        return self._scores.take(self._elites, slots, arrays.explorable)


def no_cases(name: str) -> SelectionError:
    """What is wrong where a selector needs results by case and a domain reports none."""
    return SelectionError(
        f"[selection] {name} goes by the scores of single cases, and the domain reports none; "
        "choose another kind, such as tournament, or let its evaluation say a score by case"
    )


class Pareto(ByCase):
    """Chooses an elite in proportion to the number of cases in which no other is better.

    Agrawal et al. 2025 (GEPA, arXiv:2507.19457), algorithm 2: for each case the best score so far
    and the candidates that reach it; those that are dominated are left out; a candidate is drawn
    in proportion to how many cases it is still among the best of. Dominated is who is among the
    best in some cases, while another is in all of these and in more. Two that are among the best
    in the same cases both stay.

    What is not explorable takes no part. A step costs the same in an archive of any size, but
    where a best score is beaten, or an elite that shared one with nobody is no longer there, all
    elites are looked through anew.
    """

    def __init__(self) -> None:
        super().__init__()
        self._forget()

    def _forget(self) -> None:
        self._record = np.zeros(0)
        self._weights = SumTree()
        self._wins: dict[int, int] = {}  # slot to the set of its cases, as bits
        self._groups: dict[int, set[int]] = {}  # and back
        self._kept: set[int] = set()

    def _look_again(self, slots: list[int], arrays: EliteArrays) -> None:
        changed = self._changed_of(slots, arrays)
        if len(changed) > _BULK or not all(self._moved(slot) for slot in changed):
            self._begin_anew()

    def _moved(self, slot: int) -> bool:
        """Put a slot where it belongs now; false where that is not all that changes."""
        stays = self._leave(slot)
        return stays and (not self._scores.is_open(slot) or self._enter(slot))

    def _leave(self, slot: int) -> bool:
        wins = self._wins.pop(slot, 0)
        if not wins:
            return True
        self._groups[wins].remove(slot)
        self._weigh([slot], 0)
        return bool(self._groups[wins])

    def _enter(self, slot: int) -> bool:
        scores = self._scores.of(slot)
        if len(scores) > len(self._record) or (scores > self._record).any():
            return False
        (wins,) = _as_bits(_best(scores, self._record)[:, np.newaxis])
        if wins:
            self._join(wins, {slot})
        return True

    def _join(self, wins: int, slots: set[int]) -> None:
        if wins not in self._groups:
            self._groups[wins] = set()
            self._found(wins)
        self._groups[wins] |= slots
        self._wins |= dict.fromkeys(slots, wins)
        if wins in self._kept:
            self._weigh(sorted(slots), wins.bit_count())

    def _found(self, wins: int) -> None:
        """Keep a set of cases that is in no other, and no other that is in it."""
        if any(wins & kept == wins for kept in self._kept):
            return
        beaten = {kept for kept in self._kept if wins & kept == kept}
        for each in beaten:
            self._weigh(sorted(self._groups[each]), 0)
        self._kept = (self._kept - beaten) | {wins}

    def _weigh(self, slots: Sequence[int], weight: int) -> None:
        self._weights.set(slots, np.full(len(slots), float(weight)))

    def _begin_anew(self) -> None:
        self._forget()
        slots = self._scores.open
        if not len(slots):
            return
        scores = self._scores.of_all(slots)
        self._record = scores.max(axis=1)
        won = _best(scores, self._record[:, np.newaxis])
        frontier = np.flatnonzero(won.any(axis=0))
        groups: dict[int, set[int]] = {}
        for slot, wins in zip(slots[frontier].tolist(), _as_bits(won[:, frontier]), strict=True):
            groups.setdefault(wins, set()).add(slot)
        # The largest first, so that few that are dominated are ever kept.
        for wins in sorted(groups, key=int.bit_count, reverse=True):
            self._join(wins, groups[wins])

    def select(self, elites: Elites, random: Random) -> Selection | None:
        self._catch_up(elites)
        if not self._weights.positive:
            return None
        slot = self._weights.draw(random.random())
        return Selection(
            chosen=elites.holder(slot),
            slot=slot,
            choices=self._weights.positive,
            probability=self._weights[slot] / self._weights.total,
        )


def _best(scores: Floats, record: Floats) -> Bools:
    return np.asarray((scores == record) & (scores > -np.inf))


def _as_bits(columns: Bools) -> list[int]:
    """A number for each column, whose bits are its rows."""
    packed = np.packbits(columns, axis=0).T
    return [int.from_bytes(column.tobytes(), "big") for column in packed]


class Lexicase(ByCase):
    """Chooses who is best in the first of the cases, shuffled anew; among equals, in the second...

    Spector 2012 (doi:10.1145/2330784.2330846); who is left after the last case is drawn alike.

    tolerant: epsilon-lexicase: who is worse than the best of those left by no more than epsilon
        stays, too. Epsilon is, case by case, the median absolute deviation of the scores from
        their median, over all that take part: La Cava et al. 2016 (arXiv:1905.13266), "automatic"
        epsilon; that the best is that of those left, while epsilon stays as it is, is the
        semi-dynamic variant of La Cava et al. 2019 (arXiv:1709.05394).
    pool: how many elites take part at most, drawn alike, which bounds what a step costs. The
        published populations are of about 1000.

    Probabilities cannot be had in reasonable time (Dolson 2023, arXiv:2301.06724). What is
    recorded is that of the last draw, given who took part and in which order the cases came.
    """

    def __init__(self, *, tolerant: bool, pool: int) -> None:
        super().__init__()
        self._tolerant = tolerant
        self._pool = pool
        self._forget()

    def _forget(self) -> None:
        self._ranked: SortedList[int] = SortedList()

    def _look_again(self, slots: list[int], arrays: EliteArrays) -> None:
        changed = self._changed_of(slots, arrays)
        if len(changed) > _BULK:
            self._ranked = SortedList(self._scores.open.tolist())
            return
        for slot in changed:
            self._ranked.discard(slot)
            if self._scores.is_open(slot):
                self._ranked.add(slot)

    def select(self, elites: Elites, random: Random) -> Selection | None:
        self._catch_up(elites)
        if not self._ranked:
            return None
        left = self._left(self._taking_part(random), random)
        slot = int(left[random.randrange(len(left))])
        return Selection(
            chosen=elites.holder(slot),
            slot=slot,
            choices=len(self._ranked),
            probability=1 / len(left),
        )

    def _taking_part(self, random: Random) -> NDArray[np.int64]:
        count = len(self._ranked)
        if count <= self._pool:
            return np.array(self._ranked, np.int64)
        places = random.sample(range(count), self._pool)
        return np.array([self._ranked[place] for place in places], np.int64)

    def _left(self, slots: NDArray[np.int64], random: Random) -> NDArray[np.int64]:
        """Who is left after all cases."""
        cases = list(range(len(self._scores)))
        random.shuffle(cases)
        left = slots
        for case in cases:
            if len(left) == 1:
                break
            scores = self._scores.on(case, left)
            least = scores.max()
            if self._tolerant:
                least -= deviation(self._scores.on(case, slots))
            left = left[scores >= least]
        return left


def deviation(scores: Floats) -> float:
    """The median absolute deviation of the scores that there are; 0 for none."""
    known = scores[scores > -np.inf]
    if not len(known):
        return 0.0
    return float(np.median(np.abs(known - np.median(known))))
