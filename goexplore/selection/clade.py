"""Choosing by what has become of an entry's descendants."""

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from archive.elites import EliteArrays, Elites
from archive.entry import Selection
from goexplore.selection.base import Finding
from goexplore.selection.cases import no_cases
from goexplore.selection.selectors import Following
from goexplore.selection.thompson import Arms


class Clade(Following):
    """Chooses by Thompson sampling of how well an elite's whole clade does.

    Wang et al. 2025 (the Huxley-Gödel Machine, arXiv:2510.21614), section 3: the metaproductivity
    of a clade is estimated from the successes and failures, case by case, of an entry and all its
    descendants together; the elite with the highest draw from Beta(1 + successes, 1 + failures)
    is set out from. As in the configuration of the release there is no schedule that sharpens the
    draws towards the end; unlike there, an elite without any success can be chosen, too.

    An evaluated descendant counts whether it was admitted or not, and also when its cell has been
    taken by another; one that failed has no results and counts nothing. Where a child has two
    parents, it belongs to the clade of the one that it was made from, so that nothing is counted
    twice.

    Each elite takes part in each draw, but the cost of a step goes with how many different pairs
    of successes and failures there are (see `goexplore.selection.thompson`), and with how deep
    the new entries are. What is recorded as the probability is that of the last draw, among those
    of equal successes and failures.

    success: the score from which on a case counts as one.
    """

    _heeds_best: ClassVar[bool] = False

    def __init__(self, *, success: float = 1.0) -> None:
        super().__init__()
        self._success = success
        # By entry; numbers begin at 1.
        self._parents = [0]
        self._won = [0]
        self._lost = [0]
        self._has_cases = False
        self._forget()

    def _forget(self) -> None:
        self._arms = Arms()
        self._slots: dict[int, int] = {}
        self._entries: dict[int, int] = {}
        self._news: set[int] = set()

    def see(self, step: Sequence[Finding]) -> None:
        """See `Witness`."""
        for fact, tasks in step:
            self._parents.append(fact.parent)
            self._won.append(0)
            self._lost.append(0)
            won = sum(each.score >= self._success for each in tasks)
            if tasks:
                self._has_cases = True
                self._credit(fact.id, won, len(tasks) - won)

    def _credit(self, entry: int, won: int, lost: int) -> None:
        """Count results for an entry and all that it descends from."""
        while entry:
            self._won[entry] += won
            self._lost[entry] += lost
            self._news.add(entry)
            entry = self._parents[entry]

    def _look_again(self, slots: list[int], arrays: EliteArrays) -> None:
        if self._elites is None:
            return
        for slot, explorable in zip(slots, arrays.explorable.tolist(), strict=True):
            self._close(slot)
            if explorable:
                self._open(slot, self._elites.holder(slot))

    def _open(self, slot: int, entry: int) -> None:
        self._slots[entry], self._entries[slot] = slot, entry
        self._arms.put(slot, self._won[entry], self._lost[entry])

    def _close(self, slot: int) -> None:
        if slot in self._entries:
            del self._slots[self._entries.pop(slot)]
            self._arms.drop(slot)

    def _count_again(self) -> None:
        """Put elites of whose clade there is news where they belong."""
        for entry in self._news:
            if (slot := self._slots.get(entry)) is not None:
                self._arms.put(slot, self._won[entry], self._lost[entry])
        self._news.clear()

    def select(self, elites: Elites, random: Random) -> Selection | None:
        self._catch_up(elites)
        if len(elites) and not self._has_cases:
            raise no_cases("clade")
        self._count_again()
        if not len(self._arms):
            return None
        slot, alike = self._arms.draw(random)
        return Selection(
            chosen=elites.holder(slot),
            slot=slot,
            choices=len(self._arms),
            probability=1 / alike,
        )
