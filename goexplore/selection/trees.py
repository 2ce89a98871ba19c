"""Numbers by slot, with their sum or their maximum kept over all of them.

A binary tree in one array: node 1 is the root, the children of node i are 2i and 2i + 1, and the
slots are the leaves. Inner nodes are computed anew from their children, so that no rounding error
gathers; a change and a draw take a step a level.
"""

from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BULK = 8  # from an eighth of all slots on, building the tree anew is quicker


class SumTree:
    """Weights by slot: draw a slot in proportion, or find the first or last of positive weight."""

    def __init__(self) -> None:
        self._leaves = 1
        self._nodes = array("d", [0.0, 0.0])
        self.positive = 0

    @property
    def total(self) -> float:
        return self._nodes[1]

    def __getitem__(self, slot: int) -> float:
        return self._nodes[self._leaves + slot]

    def set(self, slots: Sequence[int], weights: Floats) -> None:
        """Give slots new weights, none of them negative."""
        needed = max(slots, default=-1) + 1
        if needed > self._leaves or len(slots) * _BULK > self._leaves:
            self._build(_merged(self._nodes[self._leaves :], needed, slots, weights, 0.0))
            return
        nodes = self._nodes
        for slot, weight in zip(slots, weights.tolist(), strict=True):
            node = self._leaves + slot
            self.positive += (weight > 0) - (nodes[node] > 0)
            nodes[node] = weight
            while node > 1:
                node >>= 1
                nodes[node] = nodes[2 * node] + nodes[2 * node + 1]

    def draw(self, share: float) -> int:
        """The slot at which the running sum of weights passes `share` of the total.

        share: from 0 up to, not including, 1. The total must be positive.
        """
        nodes, node, left_over = self._nodes, 1, share * self.total
        while node < self._leaves:
            node *= 2
            # Rounding may leave a little over at the end; a slot without weight is never drawn.
            if (left_over >= nodes[node] and nodes[node + 1] > 0) or nodes[node] <= 0:
                left_over -= nodes[node]
                node += 1
        return node - self._leaves

    def first(self) -> int:
        """The lowest slot of positive weight. The total must be positive."""
        return self._edge(0)

    def last(self) -> int:
        """The highest slot of positive weight. The total must be positive."""
        return self._edge(1)

    def _edge(self, side: int) -> int:
        node = 1
        while node < self._leaves:
            node = 2 * node + side
            if self._nodes[node] <= 0:
                node ^= 1
        return node - self._leaves

    def _build(self, leaves: Floats) -> None:
        self._leaves = len(leaves)
        self._nodes = _built(leaves, np.add)
        self.positive = int((leaves > 0).sum())


class MaxTree:
    """Keys by slot: find the slot of the highest. A key of -inf is a slot out of the question."""

    def __init__(self) -> None:
        self._leaves = 1
        self._nodes = array("d", [-np.inf, -np.inf])

    @property
    def highest(self) -> float:
        return self._nodes[1]

    def set(self, slots: Sequence[int], keys: Floats) -> None:
        """Give slots new keys."""
        needed = max(slots, default=-1) + 1
        if needed > self._leaves or len(slots) * _BULK > self._leaves:
            leaves = _merged(self._nodes[self._leaves :], needed, slots, keys, -np.inf)
            self._leaves, self._nodes = len(leaves), _built(leaves, np.maximum)
            return
        nodes = self._nodes
        for slot, key in zip(slots, keys.tolist(), strict=True):
            node = self._leaves + slot
            nodes[node] = key
            while node > 1:
                node >>= 1
                nodes[node] = max(nodes[2 * node], nodes[2 * node + 1])

    def first(self) -> int:
        """The lowest slot of the highest key."""
        return self._edge(0)

    def last(self) -> int:
        """The highest slot of the highest key."""
        return self._edge(1)

    def _edge(self, side: int) -> int:
        node = 1
        while node < self._leaves:
            node = 2 * node + side
            if self._nodes[node] < self.highest:
                node ^= 1
        return node - self._leaves


def _merged(
    old: Sequence[float], needed: int, slots: Sequence[int], new: Floats, empty: float
) -> Floats:
    """The leaves, a power of two of them, with new values in some slots."""
    leaves = np.full(max(len(old), 1 << max(needed - 1, 0).bit_length()), empty)
    leaves[: len(old)] = old
    leaves[np.asarray(slots, np.int64)] = new
    return leaves


def _built(leaves: Floats, combine: np.ufunc) -> "array[float]":
    levels = [leaves]
    while len(levels[-1]) > 1:
        levels.append(combine(levels[-1][0::2], levels[-1][1::2]))
    return array("d", np.concatenate([np.zeros(1), *reversed(levels)]).tobytes())
