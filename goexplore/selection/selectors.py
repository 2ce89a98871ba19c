"""Selectors: weights, orders, tournaments."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from random import Random
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sortedcontainers import SortedList

from archive.elites import EliteArrays, Elites
from archive.entry import Selection
from goexplore.selection.trees import MaxTree, SumTree

Floats = NDArray[np.float64]

_LEAST = 1e-280
"""The weight of what a rule finds next to impossible: it stays possible, as promised."""

Measure = Callable[[EliteArrays], Floats]


class Following(ABC):
    """A selector that looks at an elite again when it has changed, and only then."""

    _heeds_best: ClassVar[bool] = True
    """Whether what it makes of an elite depends on the best of all, which is a rare change."""

    def __init__(self) -> None:
        self._elites: Elites | None = None
        self._changed: set[int] = set()
        self._best = -np.inf

    def _catch_up(self, elites: Elites) -> None:
        if elites is not self._elites:
            self._elites, self._changed = elites, elites.follow()
            self._forget()
        if self._heeds_best and elites.best != self._best:
            self._best = elites.best
            self._changed.update(range(len(elites)))
        if self._changed:
            slots = sorted(self._changed)
            self._changed.clear()
            self._look_again(slots, elites.arrays(np.array(slots)))

    @abstractmethod
    def _forget(self) -> None:
        """Begin with elites that have not been seen."""

    @abstractmethod
    def _look_again(self, slots: list[int], arrays: EliteArrays) -> None:
        """Take in slots that have changed."""


class Weighted(Following):
    """Chooses in proportion to weights."""

    def __init__(self, measure: Measure) -> None:
        super().__init__()
        self._measure = measure
        self._tree = SumTree()

    def _forget(self) -> None:
        self._tree = SumTree()

    def _look_again(self, slots: list[int], arrays: EliteArrays) -> None:
        weights = np.maximum(self._measure(arrays), _LEAST)
        self._tree.set(slots, np.where(arrays.explorable, weights, 0.0))

    def select(self, elites: Elites, random: Random) -> Selection | None:
        self._catch_up(elites)
        if not self._tree.positive:
            return None
        slot = self._tree.draw(random.random())
        return Selection(
            chosen=elites.holder(slot),
            slot=slot,
            choices=self._tree.positive,
            probability=self._tree[slot] / self._tree.total,
        )


class Ordered(Following):
    """The newest cell with something untried (depth-first), or the oldest (breadth-first)."""

    def __init__(self, *, newest: bool) -> None:
        super().__init__()
        self._newest = newest
        self._open = SumTree()

    def _forget(self) -> None:
        self._open = SumTree()

    def _look_again(self, slots: list[int], arrays: EliteArrays) -> None:
        self._open.set(slots, arrays.explorable.astype(float))

    def select(self, elites: Elites, random: Random) -> Selection | None:
        del random
        self._catch_up(elites)
        if not self._open.positive:
            return None
        slot = self._open.last() if self._newest else self._open.first()
        return Selection(
            chosen=elites.holder(slot), slot=slot, choices=self._open.positive, probability=1.0
        )


class FromStart:
    """Always the first root, whether anything is untried there or not: no archive at all."""

    def select(self, elites: Elites, random: Random) -> Selection | None:
        del random
        if not len(elites):
            return None
        return Selection(chosen=elites.holder(0), slot=0, choices=1, probability=1.0)


class Greedy(Following):
    """The elite of the highest key, and with probability `epsilon` any.

    Among equals the newest cell, so that a search goes deep before it goes wide.
    """

    def __init__(self, key: Measure, epsilon: float = 0.0) -> None:
        super().__init__()
        self._key = key
        self._epsilon = epsilon
        self._forget()

    def _forget(self) -> None:
        self._keys = MaxTree()
        self._open = SumTree()

    def _look_again(self, slots: list[int], arrays: EliteArrays) -> None:
        self._keys.set(slots, np.where(arrays.explorable, self._key(arrays), -np.inf))
        self._open.set(slots, arrays.explorable.astype(float))

    def select(self, elites: Elites, random: Random) -> Selection | None:
        self._catch_up(elites)
        if not self._open.positive:
            return None
        best = self._keys.last()
        slot = self._open.draw(random.random()) if random.random() < self._epsilon else best
        any_one = self._epsilon / self._open.positive
        return Selection(
            chosen=elites.holder(slot),
            slot=slot,
            choices=self._open.positive,
            probability=any_one + (1.0 - self._epsilon if slot == best else 0.0),
        )


class Tournament(Following):
    """The best of `size` elites drawn alike, with replacement; the first drawn among equals."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._forget()

    def _forget(self) -> None:
        self._open = SumTree()
        self._entered: dict[int, float] = {}
        self._ranking: SortedList[float] = SortedList()

    def _look_again(self, slots: list[int], arrays: EliteArrays) -> None:
        self._open.set(slots, arrays.explorable.astype(float))
        for slot in slots:
            if (before := self._entered.pop(slot, None)) is not None:
                self._ranking.remove(before)
        for slot, objective in zip(slots, arrays.objective.tolist(), strict=True):
            if self._open[slot]:
                self._entered[slot] = objective
                self._ranking.add(objective)

    def select(self, elites: Elites, random: Random) -> Selection | None:
        self._catch_up(elites)
        if not self._open.positive:
            return None
        drawn = [self._open.draw(random.random()) for _ in range(self._size)]
        slot = max(drawn, key=self._entered.__getitem__)
        return Selection(
            chosen=elites.holder(slot),
            slot=slot,
            choices=self._open.positive,
            probability=self._probability(self._entered[slot]),
        )

    def _probability(self, objective: float) -> float:
        count = len(self._ranking)
        below = self._ranking.bisect_left(objective)
        upto = self._ranking.bisect_right(objective)
        wins = (upto / count) ** self._size - (below / count) ** self._size
        return wins / (upto - below)


def by_objective(elites: EliteArrays) -> Floats:
    """How good an elite is."""
    return elites.objective


def by_promise(elites: EliteArrays) -> Floats:
    """How promising its domain finds the best of what is untried from an elite."""
    return elites.promise
