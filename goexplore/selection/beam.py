"""Beam search: level by level, and never back."""

from bisect import insort
from collections.abc import Iterator, Sequence
from random import Random

import numpy as np

from archive.elites import Elites
from archive.entry import EntryId, Selection, Status
from goexplore.selection.base import Finding


class Beam:
    """Sets out from the best of a level, each as often, and goes on to what came of them.

    Beam search (Lowerre 1976, The HARPY Speech Recognition System, chapter 3) over the depth of
    entries: of all that were admitted at a depth, the best `width` are set out from `breadth`
    times each, the best of them first, among equals the oldest; then those at the next depth,
    when all who have set out are back. What came of a level is everything admitted below it, so
    an entry whose cell has been taken by another keeps its place in the beam, but is passed over.
    Where a level brings forth nothing, the search is at its end.

    A choice costs as much as the beam is wide.
    """

    def __init__(self, *, width: int, breadth: int) -> None:
        self._width = width
        self._breadth = breadth
        self._depth = 0
        self._beams: dict[int, list[tuple[float, int]]] = {}

    def see(self, step: Sequence[Finding]) -> None:
        """See `Witness`."""
        for fact, _ in step:
            if fact.status >= Status.NEW:
                beam = self._beams.setdefault(fact.depth, [])
                insort(beam, (-fact.objective, fact.id))
                del beam[self._width :]
        # Who has been set out from has a beam behind it, to which there is no way back.
        self._depth = max(self._depth, step[0].fact.depth - 1)

    def select(self, elites: Elites, random: Random) -> Selection | None:
        del random
        for beam in self._from(self._depth):
            found = (elites.slot(EntryId(entry)) for _, entry in beam)
            slots = [slot for slot in found if slot is not None]
            arrays = elites.arrays(np.array(slots, np.int64))
            left = arrays.explorable & (arrays.chosen < self._breadth)
            if left.any():
                slot = slots[int(left.argmax())]
                return Selection(
                    chosen=elites.holder(slot), slot=slot, choices=int(left.sum()), probability=1.0
                )
            if any(elites.under_way(slot) for slot in slots):
                return None
        return None

    def _from(self, depth: int) -> Iterator[list[tuple[float, int]]]:
        """The beams from a depth on."""
        while beam := self._beams.get(depth):
            yield beam
            depth += 1
