"""Where an evaluated candidate counts as the same place as another: the contracts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from archive.entry import Attempt, Candidate, Entry, EntryId, Evaluation
from goexplore.domain import DomainError


class CellError(DomainError):
    """A candidate that cannot be placed, since what would place it was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A cell, with the embedding by which it was found, as `mutators.llm` packs it, if any."""

    cell: str
    vector: bytes = b""


class Cells(Protocol):
    """Says in which cell an evaluated candidate is, before selection ever hears of it.

    It may be called from several threads at once. The same candidate with the same evaluation is
    in the same cell whenever it is asked for, unless the cells are `Growing`.
    """

    def place(
        self, candidate: Candidate, evaluation: Evaluation, *, step: int, as_of: EntryId
    ) -> Place:
        """Where a candidate is, as far as a step may know that saw no entry after `as_of`.

        Raises:
            CellError: something that it needs to know was not measured.
            MutatorError: a model that embeds texts cannot be asked.
        """
        ...


@runtime_checkable
class Growing(Protocol):
    """Cells that are found as the search goes on: where one is depends on who came before.

    So what `place` says is for the step alone, and `settle` has the last word, when the step is
    about to be recorded. It is told of every recorded step, also those of earlier sessions, before
    the next is settled; of nothing else may it depend, so that a run that is resumed goes on alike.
    """

    def settle(self, attempts: Sequence[Attempt], as_of: EntryId) -> tuple[Attempt, ...]:
        """The attempts of a step that saw no entry after `as_of`, each in its final cell."""
        ...

    def remember(self, entries: Sequence[Entry]) -> None:
        """Take in the entries of a step; see `mutators.base.Remembering`."""
        ...


@runtime_checkable
class Structured(Protocol):
    """Cells of which it is known how many there are, so that it can be said how many are filled.

    names: of the measures that they are made of.
    """

    @property
    def count(self) -> int:
        """How many cells there are."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """The measures by which a candidate is placed."""
        ...

    def outside(self, candidate: Candidate, evaluation: Evaluation) -> bool:
        """Whether a measure lies outside of its range, so that the nearest cell has to do."""
        ...
