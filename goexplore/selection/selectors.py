"""Selectors: weights, orders, tournaments."""

from collections.abc import Callable
from random import Random

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


class _Changes:
    """Which slots a selector has yet to look at again."""

    def __init__(self) -> None:
        self._elites: Elites | None = None
        self._changed: set[int] = set()
        self._best = -np.inf

    def since_last(self, elites: Elites) -> list[int]:
        """Slots that have changed since the last call; all, where the best has.

        Weights may depend on the best of all; a new best is rare.
        """
        if elites is not self._elites:
            self._elites, self._changed = elites, elites.follow()
        if elites.best != self._best:
            self._best = elites.best
            self._changed.update(range(len(elites)))
        changed = sorted(self._changed)
        self._changed.clear()
        return changed


class Weighted:
    """Chooses in proportion to weights."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self._changes = _Changes()
        self._tree = SumTree()

    def select(self, elites: Elites, random: Random) -> Selection | None:
        if changed := self._changes.since_last(elites):
            arrays = elites.arrays(np.array(changed))
            weights = np.maximum(self._measure(arrays), _LEAST)
            self._tree.set(changed, np.where(arrays.explorable, weights, 0.0))
        if not self._tree.positive:
            return None
        return self._selection(elites, self._tree.draw(random.random()))

    def _selection(self, elites: Elites, slot: int) -> Selection:
        return Selection(
            chosen=elites.holder(slot),
            slot=slot,
            choices=self._tree.positive,
            probability=self._tree[slot] / self._tree.total,
        )


class Ordered:
    """The newest cell with something untried (depth-first), or the oldest (breadth-first)."""

    def __init__(self, *, newest: bool) -> None:
        self._newest = newest
        self._changes = _Changes()
        self._tree = SumTree()

    def select(self, elites: Elites, random: Random) -> Selection | None:
        del random
        if changed := self._changes.since_last(elites):
            self._tree.set(changed, elites.arrays(np.array(changed)).explorable.astype(float))
        if not self._tree.positive:
            return None
        slot = self._tree.last() if self._newest else self._tree.first()
        return Selection(
            chosen=elites.holder(slot), slot=slot, choices=self._tree.positive, probability=1.0
        )


class FromStart:
    """Always the first root, whether anything is untried there or not: no archive at all."""

    def select(self, elites: Elites, random: Random) -> Selection | None:
        del random
        return Selection(chosen=elites.holder(0), slot=0, choices=1, probability=1.0)


class Greedy:
    """The elite of the highest key, and with probability `epsilon` any.

    Among equals the newest cell, so that a search goes deep before it goes wide.
    """

    def __init__(self, key: Measure, epsilon: float = 0.0) -> None:
        self._key = key
        self._epsilon = epsilon
        self._changes = _Changes()
        self._keys = MaxTree()
        self._open = SumTree()

    def select(self, elites: Elites, random: Random) -> Selection | None:
        if changed := self._changes.since_last(elites):
            arrays = elites.arrays(np.array(changed))
            self._keys.set(changed, np.where(arrays.explorable, self._key(arrays), -np.inf))
            self._open.set(changed, arrays.explorable.astype(float))
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


class Tournament:
    """The best of `size` elites drawn alike, with replacement; the first drawn among equals."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._changes = _Changes()
        self._open = SumTree()
        self._entered: dict[int, float] = {}
        self._ranking: SortedList[float] = SortedList()

    def select(self, elites: Elites, random: Random) -> Selection | None:
        if changed := self._changes.since_last(elites):
            self._update(changed, elites.arrays(np.array(changed)))
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

    def _update(self, changed: list[int], arrays: EliteArrays) -> None:
        self._open.set(changed, arrays.explorable.astype(float))
        for slot in changed:
            if (before := self._entered.pop(slot, None)) is not None:
                self._ranking.remove(before)
        for slot, objective in zip(changed, arrays.objective.tolist(), strict=True):
            if self._open[slot]:
                self._entered[slot] = objective
                self._ranking.add(objective)

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
