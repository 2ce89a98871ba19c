"""What is explored: the contract between the loop and a world."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from archive.entry import Candidate, Evaluation, Failure, Tree
from mutators.base import Parent


class DomainError(Exception):
    """A world that cannot be explored as it was set up."""


class Domain(Protocol):
    """A world: where a search begins, what running a candidate shows, and when it is done.

    The loop may call it from several threads at once. The same candidate of the same parent
    gives the same result, or the domain says in its documentation that it is noisy.
    """

    @property
    def goal(self) -> float | None:
        """The objective at which the search has what it looks for; `None` for no such value."""
        ...

    def roots(self) -> Sequence[Tree]:
        """The trees that a search begins with, at least one.

        Raises:
            DomainError: there is nothing to begin with, or it is known that nothing can be found.
        """
        ...

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        """Run a candidate and say what it showed. A root has no parent.

        A candidate that does not run is a `Failure`; an exception of any kind but `DomainError`
        is recorded as one, with its traceback.

        Raises:
            DomainError: the world itself is broken, and every candidate would meet the same end.
        """
        ...


@runtime_checkable
class Briefed(Protocol):
    """A world that can be explained to a model.

    `brief` tells, to someone who has never seen the world, what can be done in it, what cannot,
    and what the goal is. It is the same for the whole run and holds nothing of where the search
    stands, so that it can open every prompt.
    """

    @property
    def brief(self) -> str:
        """The rules of the world and its goal, in plain words."""
        ...


@runtime_checkable
class HoldingOut(Protocol):
    """A world with cases that never steer a search, to see at its end what the best is worth."""

    def verify_held_out(self, tree: Tree) -> Evaluation | Failure | None:
        """Run a tree on the cases that are held out; `None` where there are none.

        Raises:
            DomainError: the world itself is broken.
        """
        ...


@runtime_checkable
class Confirming(Protocol):
    """A world whose first look at a candidate may flatter it.

    What is picked because it looks best has had luck on its side, the more candidates there were
    to pick from. So the loop has a candidate that would become the best of its run verified
    again, and what it records is what is seen then.
    """

    @property
    def confirmations(self) -> int:
        """How many further verifications of the budget it takes to confirm a candidate.

        With 0 none is ever confirmed. It is the same for the whole run.
        """
        ...

    def confirm(
        self, candidate: Candidate, parent: Parent | None, found: Evaluation
    ) -> Evaluation | Failure:
        """Verify a candidate again, with nothing that `found`, its evaluation, rested on.

        Raises:
            DomainError: the world itself is broken, and every candidate would meet the same end.
        """
        ...


def confirmations(domain: Domain) -> int:
    """How many verifications it takes to confirm a candidate of a domain; 0 for most domains."""
    return domain.confirmations if isinstance(domain, Confirming) else 0
