"""Ways to draw one of several arms by what came of them so far: bandits."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from random import Random
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What came of an arm.

    drawn: how often it was. fruitful: how often something was found. gain: by how much its
    children were better than their parents, in all; a worse one counts as none. cost: of all that
    it was drawn for, in a unit that is the same for all arms.
    """

    drawn: int = 0
    fruitful: int = 0
    gain: float = 0.0
    cost: float = 0.0


class Bandit(Protocol):
    """Draws an arm; several threads may ask."""

    def choose(self, arms: Sequence[Standing], random: Random) -> int:
        """The place of the arm that is drawn; there is at least one."""
        ...


class AsymmetricUcb:
    """Draws the arm with the highest upper bound of what it gains for its cost.

    After the bandit of ShinkaEvolve (Lange et al. 2025, arXiv:2509.19349): UCB1 (Auer et al.
    2002) whose reward is the improvement over the parent, clipped at zero, so that an arm that
    dares something loses nothing by a bad child. Theirs counts from the better of the parent and
    the initial program, and exponentiates. As the unit of an objective may be any, it is linear
    here: all that an arm has gained, for all that it has cost, as a share of the best arm's.

    exploration: what the bonus sqrt(2 ln(all draws) / draws) is multiplied with.
    """

    def __init__(self, exploration: float = 1.0) -> None:
        self._exploration = exploration

    def choose(self, arms: Sequence[Standing], random: Random) -> int:
        """An arm that was never drawn; else the best, of equals any."""
        if untried := [place for place, arm in enumerate(arms) if not arm.drawn]:
            return random.choice(untried)
        bounds = self.bounds(arms)
        return random.choice([n for n, bound in enumerate(bounds) if bound == max(bounds)])

    def bounds(self, arms: Sequence[Standing]) -> list[float]:
        """The upper bound of each arm; all have been drawn."""
        rates = [arm.gain / arm.cost for arm in arms]
        best = max(rates) or 1.0
        total = log(sum(arm.drawn for arm in arms))
        return [
            rate / best + self._exploration * sqrt(2 * total / arm.drawn)
            for rate, arm in zip(rates, arms, strict=True)
        ]


class Thompson:
    """Draws each arm as often as it is likely to find most for its cost.

    Thompson sampling (Thompson 1933): a chance to be fruitful is drawn from what is plausible of
    each arm, Beta(1 + fruitful, 1 + the others), and divided by the mean cost of a draw. How
    large an improvement is does not count, so no single leap decides. An arm that was never drawn
    costs what the others do on average.
    """

    def choose(self, arms: Sequence[Standing], random: Random) -> int:
        """The arm whose drawn chance is highest for its cost."""
        drawn = sum(arm.drawn for arm in arms)
        usual = sum(arm.cost for arm in arms) / drawn if drawn else 1.0
        worth = [_chance(arm, random) / _mean_cost(arm, usual) for arm in arms]
        return worth.index(max(worth))


class Uniform:
    """Draws all arms alike."""

    def choose(self, arms: Sequence[Standing], random: Random) -> int:
        """Any arm."""
        return random.randrange(len(arms))


class Weights:
    """Draws arms by fixed weights, a positive one for each, in their order."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = weights

    def choose(self, arms: Sequence[Standing], random: Random) -> int:
        """An arm, with a chance in proportion to its weight."""
        return random.choices(range(len(arms)), self._weights)[0]


class Floored:
    """Draws any arm with the chance `floor`, so that none starves; else as another bandit does."""

    def __init__(self, bandit: Bandit, floor: float) -> None:
        self._bandit = bandit
        self._floor = floor

    def choose(self, arms: Sequence[Standing], random: Random) -> int:
        """Any arm, or the one that the bandit draws."""
        if random.random() < self._floor:
            return random.randrange(len(arms))
        return self._bandit.choose(arms, random)


def _chance(arm: Standing, random: Random) -> float:
    return random.betavariate(1 + arm.fruitful, 1 + arm.drawn - arm.fruitful)


def _mean_cost(arm: Standing, usual: float) -> float:
    return arm.cost / arm.drawn if arm.drawn else usual
