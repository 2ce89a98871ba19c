"""What a mutator remembers of a run: what was tried lately, and the best of each cell.

It is bounded. What it tells a step depends on the entries alone that the step may know of, as long
as no more than `WINDOW` newer ones have been recorded meanwhile.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from threading import Lock

from sortedcontainers import SortedSet

from archive.entry import Entry, EntryId, Evaluation, Failure
from mutators.base import Parent

WINDOW = 1000
"""How many of the newest entries are looked back on."""

CELLS = 500
"""Of how many cells the best is remembered; those with the best entries stay."""


_Where = tuple[int, str]
"""An island and a cell there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An entry that holds its cell, or did, with its evaluation."""

    entry: Entry
    evaluation: Evaluation


class Memory:
    """Entries by what they were made from and where they came to; several threads may ask."""

    def __init__(self) -> None:
        self._recent: deque[Entry] = deque()
        self._made_of: dict[EntryId, deque[Entry]] = {}
        self._holders: dict[_Where, list[Held]] = {}
        self._worst_first: SortedSet[tuple[float, int, _Where]] = SortedSet()
        self._lock = Lock()

    def remember(self, entries: Sequence[Entry]) -> None:
        """Take in the entries of a step."""
        with self._lock:
            for entry in entries:
                self._recent.append(entry)
                for parent in entry.parents[:1]:
                    self._made_of.setdefault(parent, deque()).append(entry)
                self._hold(entry)
            while self._recent[0].id <= entries[-1].id - 2 * WINDOW:
                self._forget(self._recent.popleft())

    def children(self, parent: Parent) -> list[Entry]:
        """What was made of a parent lately, the oldest first."""
        with self._lock:
            made = [each for each in self._made_of.get(parent.id, ()) if not each.candidate.copied]
        return list(_known(made, parent.as_of))

    def mended(self, as_of: EntryId) -> set[EntryId]:
        """Entries of which something was made as a second parent."""
        with self._lock:
            recent = list(self._recent)
        known = _known(recent, as_of)
        return {other for entry in known for other in entry.candidate.other_parents}

    def best(self, parent: Parent) -> list[Held]:
        """The best of each cell of its island but a parent's own, the best first."""
        with self._lock:
            there = [each for (island, _), each in self._holders.items() if island == parent.island]
            held = [_holder(holders, parent.as_of) for holders in there]
        others = [each for each in held if each and each.evaluation.cell != parent.evaluation.cell]
        return sorted(others, key=lambda each: (-each.evaluation.objective, each.entry.id))

    def _forget(self, entry: Entry) -> None:
        for parent in entry.parents[:1]:
            made = self._made_of[parent]
            made.popleft()
            if not made:
                del self._made_of[parent]

    def _hold(self, entry: Entry) -> None:
        result = entry.result
        if isinstance(result, Failure) or not entry.admission.status.admitted:
            return
        holders = self._holders.setdefault((entry.island, result.cell), [])
        if holders and holders[-1].evaluation.objective > result.objective:
            return
        if holders:
            self._worst_first.remove(_worth(holders[-1]))
        holders.append(Held(entry=entry, evaluation=result))
        self._worst_first.add(_worth(holders[-1]))
        while len(holders) > 1 and holders[1].entry.id <= entry.id - WINDOW:
            holders.pop(0)
        if len(self._holders) > CELLS:
            _, _, where = self._worst_first.pop(0)
            del self._holders[where]


def _known(entries: Iterable[Entry], as_of: EntryId) -> Iterator[Entry]:
    known = takewhile(lambda entry: entry.id <= as_of, entries)
    return (entry for entry in known if entry.id > as_of - WINDOW)


def _worth(held: Held) -> tuple[float, int, _Where]:
    return held.evaluation.objective, -held.entry.id, (held.entry.island, held.evaluation.cell)


def _holder(holders: Sequence[Held], as_of: EntryId) -> Held | None:
    return next((each for each in reversed(holders) if each.entry.id <= as_of), None)
