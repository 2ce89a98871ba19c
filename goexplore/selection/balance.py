"""Who is to choose: judges weighed by what came of their choices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

FLOOR = 0.05
"""The least weight of a judge: as often is it tried again, whatever its record."""

MEMORY = 0.99
"""What a choice counts after another one by the same judge: the last hundred weigh most."""

ENOUGH = 10
"""Choices of a judge that must have been scored before its right to choose is questioned."""

SURE = 0.8
"""How probable it must be then that the judge does better than the others."""

_DRAWS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What came of a judge's choices: discounted successes and failures, and how many in all."""

    good: float = 0.0
    bad: float = 0.0
    scored: int = 0

    def after(self, *, good: bool) -> "Tally":
        """The tally with one more choice."""
        return Tally(
            good=self.good * MEMORY + good,
            bad=self.bad * MEMORY + (not good),
            scored=self.scored + 1,
        )


def balanced(
    tallies: Mapping[str, Tally], costly: str, random: Random
) -> tuple[dict[str, float], bool]:
    """How probable each judge's choice should be, and whether the costly one has lost its right.

    Each weighs as much as it is probable that it is the best, under a Beta(1 + good, 1 + bad) for
    the rate of its success (Thompson 1933), and `FLOOR` at least. A judge that costs something is
    in its right as long as nobody knows better: once `ENOUGH` of its choices have been scored it
    must be better than the others together with a probability of `SURE`, or it is left the floor.
    """
    names = list(tallies)
    draws = _draws([tallies[name] for name in names], random)
    best = np.bincount(draws.argmax(axis=0), minlength=len(names)) / draws.shape[1]
    fallen = tallies[costly].scored >= ENOUGH and _surpasses(tallies, costly, random) < SURE
    if fallen:
        best[names.index(costly)] = 0.0
    shares = best / best.sum() if best.sum() else np.full(len(names), 1 / len(names))
    kept = FLOOR + (1 - FLOOR * len(names)) * shares
    return {name: float(weight) for name, weight in zip(names, kept, strict=True)}, fallen


def _surpasses(tallies: Mapping[str, Tally], costly: str, random: Random) -> float:
    """How probable it is that one judge's rate is above that of all others together."""
    others = [tally for name, tally in tallies.items() if name != costly]
    together = Tally(good=sum(t.good for t in others), bad=sum(t.bad for t in others))
    own, rest = _draws([tallies[costly], together], random)
    return float((own > rest).mean())


def _draws(tallies: Sequence[Tally], random: Random) -> NDArray[np.float64]:
    chance = np.random.default_rng(random.getrandbits(64))
    return np.stack([chance.beta(1 + t.good, 1 + t.bad, _DRAWS) for t in tallies])
