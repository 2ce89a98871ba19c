"""Ways to make a child of a parent: the contract."""

from dataclasses import dataclass
from random import Random
from typing import Protocol

from archive.entry import Candidate, Evaluation, Failure, Tree


class MutatorError(Exception):
    """A mutator that cannot go on, for a reason that another attempt would not mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """An entry to set out from, as a mutator sees it.

    untried: indices into `evaluation.options` that nobody has tried yet, most promising first;
        among equals in the domain's order. Empty where the domain offers no options.
    under_way: how many other workers have set out from here and are not back; each took the
        first of `untried` that was left, so the first `under_way` of them are spoken for.
    step, place: which step of the search asks, and how many children it has made before.
    """

    tree: Tree
    evaluation: Evaluation
    step: int = 0
    place: int = 0
    untried: tuple[int, ...] = ()
    under_way: int = 0


class Mutator(Protocol):
    """Makes a child of a parent.

    It may be called from several threads at once and draws chance from `random` alone, so that
    the same parent and the same stream give the same child.
    """

    @property
    def name(self) -> str:
        """What entries say made them."""
        ...

    def can_propose(self, parent: Parent) -> bool:
        """Whether there is anything left to make of a parent."""
        ...

    def propose(self, parent: Parent, random: Random) -> Candidate | Failure:
        """A child that differs from its parent by one edit, or why there is none.

        Raises:
            MutatorError: nothing that it could be asked again would help.
        """
        ...
