"""How strong entries are, by comparisons of two: the model of Bradley and Terry.

Entry i is better than entry j with probability 1 / (1 + exp(s_j - s_i)) (Bradley and Terry 1952,
Biometrika 39). Each strength has a normal prior of mean 0 and variance 1, so that one comparison
makes nobody infinitely strong; a judge that changed its mind counts half for either.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import exp, sqrt

from archive.entry import Comparison, EntryId

_SWEEPS = 3
_PRECISION = 1.0


class Strengths:
    """Strengths that are kept up to date, a few entries at a time."""

    def __init__(self) -> None:
        self._strength: dict[EntryId, float] = {}
        self._against: defaultdict[EntryId, list[tuple[EntryId, float]]] = defaultdict(list)
        self.asked = self.flipped = 0

    def __len__(self) -> int:
        return len(self._strength)

    def of(self, entry: EntryId) -> float:
        """The strength of an entry, in logits; 0 for one that was never compared."""
        return self._strength.get(entry, 0.0)

    def best(self, count: int) -> list[EntryId]:
        """The strongest entries, the strongest first."""
        ranked = sorted(self._strength, key=lambda entry: (-self._strength[entry], entry))
        return ranked[:count]

    def error(self, entry: EntryId) -> float:
        """The standard error of a strength: the curvature of the posterior at its mode."""
        return 1 / sqrt(self._slopes(entry)[1])

    def add(self, comparisons: Sequence[Comparison]) -> None:
        """Take in comparisons: Newton's steps for the entries that they are about."""
        for each in comparisons:
            share = (each.outcome + 1) / 2
            self._against[each.first].append((each.second, share))
            self._against[each.second].append((each.first, 1 - share))
            self.asked += 1
            self.flipped += each.outcome == 0
        self.settle({entry for each in comparisons for entry in (each.first, each.second)})

    def settle(self, entries: Iterable[EntryId] | None = None, sweeps: int = _SWEEPS) -> None:
        """Bring some strengths into balance with the others; all of them by default."""
        chosen = sorted(self._against if entries is None else entries)
        for _ in range(sweeps):
            for entry in chosen:
                slope, curvature = self._slopes(entry)
                self._strength[entry] = self.of(entry) + slope / curvature

    def _slopes(self, entry: EntryId) -> tuple[float, float]:
        """First and negative second derivative of the log posterior by one strength."""
        own = self.of(entry)
        slope, curvature = -own * _PRECISION, _PRECISION
        for other, share in self._against.get(entry, ()):
            wins = logistic(own - self.of(other))
            slope += share - wins
            curvature += wins * (1 - wins)
        return slope, curvature


def logistic(logit: float) -> float:
    """1 / (1 + exp(-logit))."""
    return 1 / (1 + exp(-max(-500.0, min(500.0, logit))))
