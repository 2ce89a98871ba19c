"""What is thought of a candidate between running and recording it: the contract."""

from dataclasses import dataclass
from random import Random
from typing import Protocol, runtime_checkable

from archive.entry import Appraisal, Candidate, EntryId, Evaluation
from mutators.base import Parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """An evaluated candidate that is about to be admitted.

    parent: `None` for a root. step, place: which step made it, and as its how-manieth child.
    as_of: the newest entry that the step can see.
    founds: whether nobody holds its cell, and no child of the same step that may be kept is in it.
    refused: how its cell was refused before, if it was. final: whether nothing is to be explored
    from it: it is terminal, or has reached the goal.
    """

    candidate: Candidate
    evaluation: Evaluation
    parent: Parent | None
    step: int
    place: int
    as_of: EntryId
    founds: bool
    refused: str | None
    final: bool


@runtime_checkable
class Appraiser(Protocol):
    """Thinks about candidates that a rule would admit, before they are recorded.

    It may be called from several threads at once and draws chance from `random` alone.
    """

    def appraise(self, child: Child, random: Random) -> Appraisal | None:
        """What it thinks of a candidate; `None` for nothing.

        Raises:
            MutatorError: it cannot be asked.
        """
        ...


def merged(said: list[Appraisal]) -> Appraisal | None:
    """What several have said, as one: the first to say a thing is heard."""
    if not said:
        return None
    refusal = next((each for each in said if each.refused is not None), Appraisal())
    return Appraisal(
        interest=next((each.interest for each in said if each.interest is not None), None),
        refused=refusal.refused,
        anyway=refusal.anyway,
        vector=next((each.vector for each in said if each.vector), b""),
    )
