"""A few elites that are worth a look, drawn at a cost that stays flat."""

from collections.abc import Callable
from random import Random

import numpy as np

from archive.elites import EliteArrays, Elites
from goexplore.selection import weights
from goexplore.selection.selectors import Following
from goexplore.selection.trees import MaxTree, SumTree

MOST = 30
"""How many a judge is shown at most: more, and a model loses sight of the middle."""


class Shortlisting(Following):
    """Draws elites without replacement: a third by counts, a third by score, a third the newest.

    By counts as Go-Explore does, in proportion to 1 / sqrt(seen + 1); by score the best, and by
    interest instead where entries are rated.
    """

    def __init__(self) -> None:
        super().__init__()
        self._forget()

    def _forget(self) -> None:
        self._counts = SumTree()
        self._open = SumTree()
        self._scores = MaxTree()

    def _look_again(self, slots: list[int], arrays: EliteArrays) -> None:
        counts = weights.go_explore_2021(arrays)
        scores = np.where(np.isnan(arrays.interest), arrays.objective, arrays.interest)
        self._counts.set(slots, np.where(arrays.explorable, counts, 0.0))
        self._open.set(slots, arrays.explorable.astype(float))
        self._scores.set(slots, np.where(arrays.explorable, scores, -np.inf))

    def choices(self, elites: Elites) -> int:
        """How many elites could be drawn."""
        self._catch_up(elites)
        return self._open.positive

    def slots(self, elites: Elites, size: int, random: Random) -> list[int]:
        """Up to `size` explorable slots, in random order."""
        self._catch_up(elites)
        ways: tuple[Callable[[], int], ...] = (
            lambda: self._counts.draw(random.random()),
            self._scores.last,
            self._open.last,
        )
        found: list[int] = []
        while len(found) < size and self._open.positive:
            found.append(ways[len(found) % len(ways)]())
            self._hide(found[-1])
        if found:
            self._look_again(found, elites.arrays(np.array(found)))
        random.shuffle(found)
        return found

    def _hide(self, slot: int) -> None:
        self._counts.set([slot], np.zeros(1))
        self._open.set([slot], np.zeros(1))
        self._scores.set([slot], np.full(1, -np.inf))
