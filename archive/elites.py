"""What selection needs of each elite, as arrays beside the database.

A slot is a place in the arrays. It belongs to a cell for good; the entry that holds it may
change. The arrays are built once, from the rows of a run, and kept up to date by the same rows.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import repeat
from operator import itemgetter
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from archive.admission import Holder
from archive.entry import Entry, EntryId, Evaluation, Status, Verdict
from archive.facts import (
    COPY,
    NO_CELL,
    UNBOUNDED,
    Fact,
    Floats,
    Ints,
    Rows,
    cell_key,
    fact_of,
    promises_of,
)
from archive.openings import Openings

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class EliteArrays:
    """Some elites, or all, an element each; those who have set out count as back already.

    seen: evaluated candidates that fell into the cell. chosen: steps that set out from the
    holder. since_new: of those, the steps since one was admitted. children: admitted children
    of the holder. promise: of its most promising untried option, or its objective where options
    are unbounded. interest: as in `archive.entry.Appraisal`, NaN where nobody said. explorable:
    whether anything is left to try and it is not retired. best: the highest objective of all,
    these or not.
    """

    objective: Floats
    promise: Floats
    seen: Ints
    chosen: Ints
    since_new: Ints
    children: Ints
    interest: Floats
    explorable: Bools
    best: float


@dataclass(slots=True, kw_only=True)
class _Columns:
    """The arrays, an element a slot; `founder` is the entry that the slot was made for."""

    founder: NDArray[np.int64]
    objective: NDArray[np.float64]
    promise: NDArray[np.float64]
    size: NDArray[np.int32]
    seen: NDArray[np.int32]
    chosen: NDArray[np.int32]
    since_new: NDArray[np.int32]
    children: NDArray[np.int32]
    untried: NDArray[np.int32]
    under_way: NDArray[np.int16]
    interest: NDArray[np.float32]
    retired: NDArray[np.bool_]

    @classmethod
    def zeros(cls, capacity: int) -> Self:
        return cls(
            founder=np.zeros(capacity, np.int64),
            objective=np.zeros(capacity, np.float64),
            promise=np.zeros(capacity, np.float64),
            size=np.zeros(capacity, np.int32),
            seen=np.zeros(capacity, np.int32),
            chosen=np.zeros(capacity, np.int32),
            since_new=np.zeros(capacity, np.int32),
            children=np.zeros(capacity, np.int32),
            untried=np.zeros(capacity, np.int32),
            under_way=np.zeros(capacity, np.int16),
            interest=np.full(capacity, np.nan, np.float32),
            retired=np.zeros(capacity, np.bool_),
        )

    def resized(self, count: int, capacity: int) -> Self:
        """The first `count` slots, with room for more."""
        larger = self.zeros(capacity)
        for column in fields(self):
            getattr(larger, column.name)[:count] = getattr(self, column.name)[:count]
        return larger


class _Replaced(NamedTuple):
    """A holder that had to go, and the entry that took its slot."""

    slot: int
    holder: Holder
    by: int


MEMORY = 10_000
"""How many replaced holders are remembered: `standing` can look back as many entries at least."""

_GROWTH = 1.25


class Elites:
    """The elites of a run, in the order in which their cells were found.

    Not safe for use by several threads at once.
    """

    def __init__(self) -> None:
        self.newest = EntryId(0)
        self.best = -np.inf
        self.best_entry: EntryId | None = None
        self._rises: list[tuple[int, float]] = []
        self._count = 0
        self._columns = _Columns.zeros(256)
        self._slots: dict[int, int] = {}
        self._holders: dict[int, int] = {}
        self._moved: dict[int, int] = {}
        self._replaced: deque[_Replaced] = deque(maxlen=MEMORY)
        self._openings: dict[int, Openings] = {}
        self._refused: dict[int, int] = {}
        self._beside: dict[int, float] = {}
        self._followers: list[set[int]] = []

    def __len__(self) -> int:
        return self._count

    def follow(self) -> set[int]:
        """A set to which every slot is added when it changes; its owner empties it."""
        changed = set(range(self._count))
        self._followers.append(changed)
        return changed

    def arrays(self, slots: Ints | None = None) -> EliteArrays:
        """Copies of the arrays of some slots; of all without an argument."""
        at = slice(self._count) if slots is None else slots
        c = self._columns
        under_way = c.under_way[at].astype(np.int64)
        untried = c.untried[at]
        return EliteArrays(
            objective=c.objective[at].copy(),
            promise=c.promise[at].copy(),
            seen=c.seen[at].astype(np.int64),
            chosen=c.chosen[at] + under_way,
            since_new=c.since_new[at] + under_way,
            children=c.children[at].astype(np.int64),
            interest=c.interest[at].astype(np.float64),
            explorable=((untried == UNBOUNDED) | (untried > under_way)) & ~c.retired[at],
            best=self.best,
        )

    def holder(self, slot: int) -> EntryId:
        """The entry that holds a slot."""
        return EntryId(self._holders.get(slot) or int(self._columns.founder[slot]))

    def slot(self, entry: EntryId) -> int | None:
        """The slot that an entry holds; `None` if it holds none."""
        if (moved := self._moved.get(entry)) is not None:
            return moved
        slot = int(self._columns.founder[: self._count].searchsorted(entry))
        if slot < self._count and self.holder(slot) == entry:
            return slot
        return None

    def slot_of_place(self, entry: Entry) -> int:
        """The slot that an entry holds or held.

        Raises:
            KeyError: it has never held one.
        """
        slot = self.slot(entry.id)
        if slot is None and isinstance(entry.result, Evaluation):
            return self._slots[cell_key(entry.result.cell, entry.island)]
        if slot is None:
            raise KeyError(entry.id)
        return slot

    def leading(self, count: int) -> list[EntryId]:
        """The entries that hold the cells with the best, the best first; older cells win ties."""
        objective = self._columns.objective[: self._count]
        best = np.argsort(-objective, kind="stable")[:count]
        return [self.holder(slot) for slot in best.tolist()]

    def wants(self, entry: Entry, island: int) -> bool:
        """Whether an entry of another island is better than all that is in its cell on this one."""
        result = entry.result
        if not isinstance(result, Evaluation):
            return False
        holder = self.standing(result.cell, island=island)
        beside = self._beside.get(cell_key(result.cell, island), -np.inf)
        return holder is None or max(holder.objective, beside) < result.objective

    def standing(self, cell: str, as_of: EntryId | None = None, island: int = 0) -> Holder | None:
        """Who holds a cell, or held it when `as_of` was the newest entry."""
        slot = self._slots.get(cell_key(cell, island))
        if slot is None:
            return None
        now = self._standing(slot)
        if as_of is None or now.id <= as_of:
            return now
        earlier = (r.holder for r in reversed(self._replaced) if r.slot == slot)
        return next((holder for holder in earlier if holder.id <= as_of), None)

    def _standing(self, slot: int) -> Holder:
        c = self._columns
        return Holder(
            id=self.holder(slot), objective=float(c.objective[slot]), size=int(c.size[slot])
        )

    def best_at(self, as_of: EntryId) -> float:
        """The highest objective when `as_of` was the newest entry; minus infinity for none."""
        place = bisect_right(self._rises, as_of, key=itemgetter(0))
        return self._rises[place - 1][1] if place else -np.inf

    def untried(self, entry: EntryId, as_of: EntryId | None = None) -> tuple[int, ...]:
        """Options of an elite that no entry up to `as_of` has tried, most promising first."""
        openings = self._openings.get(entry)
        return openings.untried(self.newest if as_of is None else as_of) if openings else ()

    def under_way(self, slot: int) -> int:
        """How many have set out from a slot and are not back."""
        return int(self._columns.under_way[slot])

    def set_out(self, slot: int) -> None:
        """Somebody sets out from a slot; until they are `back`, they count as having chosen it."""
        self._columns.under_way[slot] += 1
        self._touch(slot)

    def back(self, slot: int) -> None:
        """Somebody who set out is back, with or without anything to show."""
        self._columns.under_way[slot] -= 1
        self._touch(slot)

    def see(self, newest: EntryId) -> None:
        """Know of newer entries, none of which has come into these cells."""
        self.newest = max(self.newest, newest)

    def rate(self, entry: EntryId, interest: float) -> None:
        """Say how interesting an entry is, if it holds a slot."""
        slot = self.slot(entry)
        if slot is not None:
            self._columns.interest[slot] = interest
            self._touch(slot)

    def retire(self, entries: Sequence[EntryId]) -> None:
        """From now on these are not explorable, where they hold a slot and as long as they do."""
        for entry in entries:
            slot = self.slot(entry)
            if slot is not None:
                self._columns.retired[slot] = True
                self._touch(slot)

    def refused(self, cell: str, as_of: EntryId, island: int = 0) -> EntryId | None:
        """The entry for which a cell that nobody held was refused, if that was up to `as_of`."""
        by = self._refused.get(cell_key(cell, island), as_of + 1)
        return EntryId(by) if by <= as_of else None

    def take(self, fact: Fact, promises: Sequence[float] = ()) -> None:
        """Take in an entry; `promises` are those of its options."""
        self._credit(fact)
        self.newest = EntryId(fact.id)
        if fact.key == NO_CELL:
            return
        if fact.status in (Status.NEW, Status.KEPT):
            self._found(fact, promises)
        elif fact.status == Status.IMPROVED:
            self._replace(fact, promises)
        if (slot := self._slots.get(fact.key)) is not None:
            self._columns.seen[slot] += 1
            self._touch(slot)
        else:
            # The rules admit whoever finds a cell; only an appraisal refuses one.
            self._refused.setdefault(fact.key, fact.id)

    def end_step(self, facts: Sequence[Fact]) -> None:
        """Count a step whose entries have been taken in for the elite that it set out from."""
        origin = self._slot_of(facts[0].parent)
        if origin is None:
            return
        self._columns.chosen[origin] += 1
        self._columns.since_new[origin] += 1
        if any(fact.status >= Status.NEW and fact.option != COPY for fact in facts):
            self._columns.since_new[origin] = 0
        self._touch(origin)

    def take_step(self, entries: Sequence[Entry], verdict: Verdict | None = None) -> None:
        """Take in the entries of a step, count it, and retire what its verdict says."""
        facts = [fact_of(entry, place) for place, entry in enumerate(entries)]
        for fact, entry in zip(facts, entries, strict=True):
            self.take(fact, promises_of(entry.result))
            if entry.appraisal and entry.appraisal.interest is not None:
                self.rate(entry.id, entry.appraisal.interest)
        self.end_step(facts)
        if verdict:
            self.retire([entry for entry, _ in verdict.retired])

    def _slot_of(self, entry: int) -> int | None:
        return self.slot(EntryId(entry)) if entry else None

    def _credit(self, fact: Fact) -> None:
        parent = self._slot_of(fact.parent)
        if parent is None:
            return
        if fact.status >= Status.NEW and fact.option != COPY:
            self._columns.children[parent] += 1
        openings = self._openings.get(fact.parent)
        if openings and fact.option >= 0 and openings.mark(fact.option, fact.id):
            self._columns.untried[parent] -= 1
        self._touch(parent)

    def _keep_beside(self, key: int, objective: float) -> None:
        """Know the best of those in a cell that somebody held already."""
        self._beside[key] = max(objective, self._beside.get(key, objective))

    def _found(self, fact: Fact, promises: Sequence[float]) -> None:
        if fact.status == Status.KEPT:
            self._keep_beside(fact.key, fact.objective)
        slot = self._count
        if slot == len(self._columns.founder):
            self._columns = self._columns.resized(slot, int(slot * _GROWTH))
        self._count += 1
        self._columns.founder[slot] = fact.id
        self._slots.setdefault(fact.key, slot)
        self._hold(slot, fact, promises)

    def _replace(self, fact: Fact, promises: Sequence[float]) -> None:
        slot = self._slots[fact.key]
        before = self._standing(slot)
        if len(self._replaced) == MEMORY:
            self._openings.pop(self._replaced[0].holder.id, None)
        self._replaced.append(_Replaced(slot, before, fact.id))
        self._moved.pop(before.id, None)
        self._moved[fact.id] = slot
        self._holders[slot] = fact.id
        self._hold(slot, fact, promises)

    def _hold(self, slot: int, fact: Fact, promises: Sequence[float]) -> None:
        c = self._columns
        c.objective[slot] = fact.objective
        c.size[slot] = fact.size
        c.untried[slot] = fact.options
        # A better way to a place is a new stepping stone, so its counts begin again
        # (Ecoffet et al. 2019, appendix A.5).
        c.chosen[slot] = c.since_new[slot] = c.children[slot] = 0
        c.interest[slot], c.retired[slot] = np.nan, False
        if promises and fact.options > 0:
            self._openings[fact.id] = Openings(promises)
        if fact.objective > self.best:
            self._rise(fact.id, fact.objective)
        self._touch(slot)

    def _rise(self, entry: int, objective: float) -> None:
        self.best, self.best_entry = objective, EntryId(entry)
        self._rises.append((entry, objective))

    def _touch(self, slot: int) -> None:
        self._columns.promise[slot] = self._promise(slot)
        for follower in self._followers:
            follower.add(slot)

    def _promise(self, slot: int) -> float:
        openings = self._openings.get(self.holder(slot)) if self._openings else None
        if openings is None:
            return float(self._columns.objective[slot])
        return openings.promise(self.under_way(slot))

    @classmethod
    def load(cls, rows: "Rows", promises: Mapping[int, Sequence[float]]) -> Self:
        """The elites that `take` and `end_step` make of all rows of a run, at once.

        `promises`: of the options of each admitted entry that has some.
        """
        elites = cls()
        if len(rows.id):
            elites._load(rows)
            elites._load_openings(rows, promises)
        return elites

    def _load(self, rows: "Rows") -> None:
        founding = (rows.status == Status.NEW) | (rows.status == Status.KEPT)
        keys = rows.key[founding].tolist()
        self._count = n = len(keys)
        self._columns = c = _Columns.zeros(max(256, int(n * 1.05)))
        c.founder[:n] = rows.id[founding]
        self._slots = dict(zip(reversed(keys), range(n - 1, -1, -1), strict=True))
        slots = np.fromiter(map(self._slots.get, rows.key.tolist(), repeat(-1)), np.int64)
        held = np.flatnonzero(founding)
        self._load_replaced(rows, slots, held)
        c.objective[:n] = rows.objective[held]
        c.promise[:n] = rows.objective[held]
        c.size[:n] = rows.size[held]
        c.untried[:n] = rows.options[held]
        self._load_refused(rows, slots)
        kept = rows.status == Status.KEPT
        beside = zip(rows.key[kept].tolist(), rows.objective[kept].tolist(), strict=True)
        for key, objective in beside:
            self._keep_beside(key, objective)
        # What fell into a cell before anyone held it was not seen there.
        seen = slots[(slots >= 0) & (rows.id >= c.founder[slots])] if n else slots[:0]
        c.seen[:n] = np.bincount(seen, minlength=n)
        self._load_counts(rows, rows.id[held])
        admitted = np.flatnonzero(rows.status >= Status.NEW)
        for row in admitted[_rising(rows.objective[admitted])].tolist():
            self._rise(int(rows.id[row]), float(rows.objective[row]))
        self.newest = EntryId(int(rows.id[-1]))

    def _load_refused(self, rows: "Rows", slots: Ints) -> None:
        """Remember the cells for which an entry was turned away while nobody held them."""
        founder = np.where(slots >= 0, self._columns.founder[slots], np.iinfo(np.int64).max)
        early = np.flatnonzero((rows.status == Status.REJECTED) & (rows.id < founder))
        for row in early.tolist():
            self._refused.setdefault(int(rows.key[row]), int(rows.id[row]))

    def _load_replaced(self, rows: "Rows", slots: Ints, held: Ints) -> None:
        """Set `held`, the row of the entry that holds each slot, and what was there before."""
        improved = np.flatnonzero(rows.status == Status.IMPROVED)
        if not len(improved):
            return
        chain = np.unique(np.concatenate([held[slots[improved]], improved]))
        chain = chain[np.argsort(slots[chain], kind="stable")]
        follows = np.flatnonzero(slots[chain][1:] == slots[chain][:-1]) + 1
        pairs = sorted(zip(chain[follows].tolist(), chain[follows - 1].tolist(), strict=True))
        for by, before in pairs[-MEMORY:]:
            holder = Holder(
                id=EntryId(int(rows.id[before])),
                objective=float(rows.objective[before]),
                size=int(rows.size[before]),
            )
            self._replaced.append(_Replaced(int(slots[by]), holder, int(rows.id[by])))
        held[slots[improved]] = improved
        moved = np.unique(slots[improved])
        self._holders = dict(zip(moved.tolist(), rows.id[held[moved]].tolist(), strict=True))
        self._moved = {entry: slot for slot, entry in self._holders.items()}

    def _load_counts(self, rows: "Rows", holders: Ints) -> None:
        n, c = self._count, self._columns
        if not n:
            return
        parent_slots = _positions(holders, rows.parent)
        admitted = (rows.status >= Status.NEW) & (rows.option != COPY)
        of_elite = parent_slots >= 0
        c.children[:n] = np.bincount(parent_slots[of_elite & admitted], minlength=n)
        starts = np.flatnonzero(rows.place == 0)
        origins = parent_slots[starts]
        fruitful = np.logical_or.reduceat(admitted, starts)
        steps = np.arange(len(starts))
        last = np.full(n, -1, np.int64)
        counted = origins >= 0
        np.maximum.at(last, origins[counted & fruitful], steps[counted & fruitful])
        c.chosen[:n] = np.bincount(origins[counted], minlength=n)
        since = counted & (steps > last[origins])
        c.since_new[:n] = np.bincount(origins[since], minlength=n)

    def _load_openings(self, rows: Rows, promises: Mapping[int, Sequence[float]]) -> None:
        if not promises:
            return
        until = {r.holder.id: r.by for r in self._replaced}
        holders = {self.holder(slot) for slot in range(self._count)}
        offering = set(rows.id[rows.options > 0].tolist())
        for entry in promises.keys() & offering & (holders | until.keys()):
            self._openings[entry] = Openings(promises[entry])
        for row in np.flatnonzero(rows.option >= 0).tolist():
            self._load_try(int(rows.parent[row]), int(rows.option[row]), int(rows.id[row]), until)
        for slot in range(self._count):
            self._touch(slot)

    def _load_try(self, parent: int, option: int, by: int, until: Mapping[EntryId, int]) -> None:
        openings = self._openings.get(parent)
        if openings is None or by > until.get(EntryId(parent), by):
            return
        fresh = openings.mark(option, by)
        slot = self.slot(EntryId(parent))
        if fresh and slot is not None:
            self._columns.untried[slot] -= 1


def _rising(values: Floats) -> Bools:
    """Which values are higher than all before them."""
    before = np.maximum.accumulate(np.concatenate([[-np.inf], values]))[:-1]
    return values > before


def _positions(values: Ints, wanted: Ints) -> Ints:
    """Where each wanted number stands in `values`; -1 for nowhere."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    at = np.minimum(np.searchsorted(ordered, wanted), len(values) - 1)
    return np.where(ordered[at] == wanted, order[at], -1)
