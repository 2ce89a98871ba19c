"""Children by one of several mutators, drawn by what came of each so far."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Annotated, Literal

from pydantic import Field

from archive.entry import Candidate, Entry, Failure
from archive.ledger import Cost
from mutators.bandits import AsymmetricUcb, Bandit, Floored, Thompson, Uniform, Weights
from mutators.base import Arm, Mutator, Parent, Past, Remembering
from mutators.tallies import NONE, Child, Tallies, unit_of

BanditName = Literal["asymmetric-ucb", "thompson", "uniform", "weights"]
_FLOOR = 0.1

Share = Annotated[float, Field(ge=0, le=1)]
Bonus = Annotated[float, Field(ge=0)]
Weight = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A mutator under another name."""

    name: str
    mutator: Mutator

    def can_propose(self, parent: Parent) -> bool:
        return self.mutator.can_propose(parent)

    def propose(self, parent: Parent, random: Random) -> Candidate | Failure:
        child = self.mutator.propose(parent, random)
        return child if isinstance(child, Failure) else replace(child, mutator=self.name)


class Mixture:
    """Leaves each child to one of several mutators, drawn by a bandit; see `mutators.bandits`.

    What a bandit goes by is how much better children were than their parents, or how many were
    fruitful, for what they cost; see `mutators.tallies`. A failure costs what was paid for it.
    Costs are found in the ledger by the sample of the calls, which begins with the number of the
    step and the place of the child, as in `17.2`.
    """

    def __init__(
        self,
        arms: Sequence[Arm],
        *,
        bandit: BanditName = "asymmetric-ucb",
        floor: Share | None = None,
        exploration: Bonus | None = None,
        weights: tuple[Weight, ...] = (),
        past: Past | None = None,
    ) -> None:
        """Set it up.

        floor: how often an arm is drawn that may be any, whatever came of it; for
            `asymmetric-ucb` and `thompson`, 0.1 by default.
        exploration: of `asymmetric-ucb`; 1 by default.
        weights: how often each arm is drawn, in proportion; for `weights`.
        past: the run, to look up what was paid; without it each child counts as one call.

        Raises:
            ValueError: there are fewer than two arms, two of one name, or the bandit does not
                take what it is given.
        """
        self._arms = _named(arms)
        self._bandit = _bandit(bandit, len(arms), floor, exploration, weights)
        self._tallies = Tallies(past.costs if past else _nothing)
        self._remembering = [a.mutator for a in arms if isinstance(a.mutator, Remembering)]

    @property
    def name(self) -> str:
        return "mixture"

    def can_propose(self, parent: Parent) -> bool:
        return any(arm.can_propose(parent) for arm in self._arms)

    def draw(self, parent: Parent, random: Random) -> Mutator:
        """See `Drawing`."""
        tallies = self._tallies.as_of(parent.as_of)
        known = [tallies.get(arm.name, NONE) for arm in self._arms]
        unit = unit_of(known)
        place = self._bandit.choose([tally.standing(unit) for tally in known], random)
        if self._arms[place].can_propose(parent):
            return self._arms[place]
        # One that has nothing left to make here stands back for any that has.
        return random.choice([arm for arm in self._arms if arm.can_propose(parent)])

    def propose(self, parent: Parent, random: Random) -> Candidate | Failure:
        """See `Mutator`.

        Raises:
            MutatorError: the arm that was drawn cannot go on.
        """
        return self.draw(parent, random).propose(parent, random)

    def remember(self, entries: Sequence[Entry]) -> None:
        """See `Remembering`."""
        self._tallies.take(entries[0].step, [Child.of(entry) for entry in entries])
        for part in self._remembering:
            part.remember(entries)


def _named(arms: Sequence[Arm]) -> list[_Named]:
    """Arms, each with a name of its own."""
    if len(arms) < 2:  # noqa: PLR2004  # what makes it a mixture
        raise ValueError("a mixture draws among two arms or more")
    own = [arm.name or arm.mutator.name for arm in arms]
    often = Counter(own)
    names = [
        f"{name} {arm.model}" if often[name] > 1 and arm.model and not arm.name else name
        for name, arm in zip(own, arms, strict=True)
    ]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"two arms are named {twice[0]!r}; give each a 'name' of its own")
    return [_Named(name=name, mutator=a.mutator) for name, a in zip(names, arms, strict=True)]


def _bandit(
    name: BanditName,
    arms: int,
    floor: float | None,
    exploration: float | None,
    weights: Sequence[float],
) -> Bandit:
    if floor is not None and name in ("uniform", "weights"):
        raise ValueError(f"floor is for the bandits that learn, not for {name!r}")
    if exploration is not None and name != "asymmetric-ucb":
        raise ValueError(f"exploration is for the bandit 'asymmetric-ucb', not for {name!r}")
    if (name == "weights") != bool(weights):
        raise ValueError("weights are for the bandit 'weights', which needs them")
    if name == "weights":
        if len(weights) != arms:
            raise ValueError(f"there are {arms} arms and {len(weights)} weights")
        return Weights(weights)
    if name == "uniform":
        return Uniform()
    learning = (
        Thompson()
        if name == "thompson"
        else AsymmetricUcb(1.0 if exploration is None else exploration)
    )
    return Floored(learning, _FLOOR if floor is None else floor)


def _nothing(first: int, last: int) -> Iterable[Cost]:
    """No call is known of."""
    del first, last
    return ()
