"""Thompson sampling over many arms, of which it looks at few.

Arms of equal successes and failures are a group. The highest of n draws that are alike and
independent is the draw at the quantile U^(1/n), and belongs to each of the n alike; so there is one
draw a group. Of most groups it is enough to know that theirs cannot be the highest: once a good one
is known, a bound on the tail of the others says so, a few operations a group.

Draws are of the chance of a failure, and the lowest wins, since near a chance of success of 1 the
numbers would lie too close together.
"""

from bisect import insort
from collections.abc import Iterator
from math import exp, lgamma, log, log1p
from random import Random

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_TINY = 1e-290
_FAR = 50.0
_PRECISION = 1e-13
_CONVERGED = 1e-15


class Arms:
    """Arms by their numbers, in groups of as many successes and failures."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, int], int] = {}
        self._table = np.zeros((3, 64), np.int64)
        self._members: list[list[int]] = []
        self._vacant: list[int] = []
        self._of: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._of)

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self._rows)

    def put(self, arm: int, won: int, lost: int) -> None:
        """An arm has had so many successes and failures."""
        if self._of.get(arm) == (won, lost):
            return
        self.drop(arm)
        self._of[arm] = (won, lost)
        row = self._rows.get((won, lost))
        if row is None:
            row = self._rows[won, lost] = self._vacant.pop() if self._vacant else self._new_row()
            self._table[:2, row] = won, lost
        # In order, so that a draw does not depend on how the group came about.
        insort(self._members[row], arm)
        self._table[2, row] += 1

    def drop(self, arm: int) -> None:
        """An arm is out of the question; it need not have been in it."""
        if arm not in self._of:
            return
        pair = self._of.pop(arm)
        row = self._rows[pair]
        self._members[row].remove(arm)
        self._table[2, row] -= 1
        if not self._members[row]:
            del self._rows[pair]
            self._vacant.append(row)

    def _new_row(self) -> int:
        row = len(self._members)
        if row == self._table.shape[1]:
            self._table = np.pad(self._table, ((0, 0), (0, row)))
        self._members.append([])
        return row

    def draw(self, random: Random) -> tuple[int, int]:
        """The arm of the highest draw from Beta(1 + successes, 1 + failures), one draw an arm.

        With it comes how many are in its group. There must be one.
        """
        filled = np.flatnonzero(self._table[2, : len(self._members)])
        won, lost, count = self._table[:, filled]
        members = self._members[int(filled[winner(won, lost, count, random)])]
        return members[random.randrange(len(members))], len(members)


def winner(won: Ints, lost: Ints, count: Ints, random: Random) -> int:
    """The group in which the highest draw is: exact, see above."""
    share = _shares(won, lost, random.getrandbits(64))
    # How probable it is that the lowest chance of a failure in the group is lower still.
    tail = -np.expm1(np.log(share) / count)
    order = np.argsort(_roughly(won, lost, tail))
    best = int(order[0])
    lowest = quantile(float(tail[best]), int(lost[best]) + 1, int(won[best]) + 1)
    for group in order[_may_beat(won, lost, tail, lowest)[order]].tolist():
        a, b = int(lost[group]) + 1, int(won[group]) + 1
        if group != best and lower_tail(lowest, a, b) > tail[group]:
            best, lowest = group, quantile(float(tail[group]), a, b)
    return best


def _shares(won: Ints, lost: Ints, seed: int) -> Floats:
    """A number between 0 and 1 for each group that depends on nothing but it and the seed.

    A counter-based stream with the output function of SplitMix64: Steele et al. 2014
    (doi:10.1145/2660193.2660195), figure 16.
    """
    mixed = _mixed(_mixed(won.astype(np.uint64) + np.uint64(seed)) + lost.astype(np.uint64))
    return np.asarray(((mixed >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53)


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = state + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _roughly(won: Ints, lost: Ints, tail: Floats) -> Floats:
    """About where draws are; only what order groups are looked at in depends on it."""
    trials = won + lost + 2.0
    mean = (lost + 1) / trials
    spread = np.sqrt(mean * (1 - mean) / (trials + 1))
    return np.asarray(mean - spread * np.sqrt(-2 * np.log(tail)))


def _may_beat(won: Ints, lost: Ints, tail: Floats, lowest: float) -> NDArray[np.bool_]:
    """Groups whose draw may be below another; of the rest it is certain that it is not.

    A draw of Beta(a, b) in whole numbers is below y as often as a + b - 1 throws of probability y
    hit a times or more, which is bounded by Chernoff: exp(-(a + b - 1) KL(a / (a + b - 1), y)).
    """
    throws = won + lost + 1.0
    hits = lost + 1.0
    rate = hits / throws
    misses = np.maximum(throws - hits, 1.0)  # where there are none, the term below is 0
    gap = hits * np.log(rate / lowest)
    gap += (throws - hits) * (np.log(misses / throws) - log1p(-lowest))
    return np.asarray((rate <= lowest) | (-gap >= np.log(tail)))


def quantile(tail: float, a: int, b: int) -> float:
    """Below which y a draw of Beta(a, b) is with a probability of `tail`, from 0 to 1."""
    below, above = 0.0, 1.0
    # What is left of the series of the tail near 0: y^a / (a B(a, b)).
    y = min(exp((log(tail) + log(a) + _log_beta(a, b)) / a), a / (a + b))
    for _ in range(200):
        reached = lower_tail(y, a, b)
        below, above = (y, above) if reached < tail else (below, y)
        after = _newton(y, a, b, reached, tail)
        if not below < after < above:
            after = (below + above) / 2
        if abs(after - y) <= _PRECISION * y:
            return after
        y = after
    return y


def _newton(y: float, a: int, b: int, reached: float, tail: float) -> float:
    """A better y; 0 where the numbers are too small to tell.

    Newton's method on the logarithms of both, along which a tail bends but one way.
    """
    slope = exp(a * log(y) + b * log1p(-y) - _log_beta(a, b)) / (1.0 - y)
    if reached < _TINY or slope < _TINY:
        return 0.0
    step = log(reached / tail) * reached / slope
    return y * exp(-step) if abs(step) < _FAR else 0.0


def lower_tail(y: float, a: int, b: int) -> float:
    """The probability that a draw of Beta(a, b) is below y: DLMF 8.17.22, 8.17.4."""
    if not 0.0 < y < 1.0:
        return float(y >= 1.0)
    front = exp(a * log(y) + b * log1p(-y) - _log_beta(a, b))
    if y < (a + 1) / (a + b + 2):
        return front * _fraction(y, a, b) / a
    return 1.0 - front * _fraction(1.0 - y, b, a) / b


def _log_beta(a: int, b: int) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _fraction(y: float, a: int, b: int) -> float:
    """The continued fraction 1 / (1 + d1 / (1 + d2 / (1 + ..., by Lentz's method."""
    value, upper, lower = 1.0, 1.0, 0.0
    for term in _terms(y, a, b):
        lower = 1.0 / _not_zero(1.0 + term * lower)
        upper = _not_zero(1.0 + term / upper)
        value *= upper * lower
        if abs(upper * lower - 1.0) < _CONVERGED:
            break
    return 1.0 / value


def _terms(y: float, a: int, b: int) -> Iterator[float]:
    """DLMF 8.17.22: of as many as it takes, the odd ones first."""
    for m in range(100_000):
        yield -(a + m) * (a + b + m) * y / ((a + 2 * m) * (a + 2 * m + 1))
        k = m + 1
        yield k * (b - k) * y / ((a + 2 * k - 1) * (a + 2 * k))


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
