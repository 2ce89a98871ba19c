"""Ways to make a child of a parent: the contract."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol, runtime_checkable

from archive.entry import NO_ENTRY, Candidate, Entry, EntryId, Evaluation, Failure, Tree
from archive.ledger import Call, Cost


class MutatorError(Exception):
    """A mutator that cannot go on, for a reason that another attempt would not mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a step did before: an action, the thought behind it, and what was seen then."""

    action: str
    thought: str
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """An entry to set out from, as a mutator sees it.

    untried: indices into `evaluation.options` that nobody has tried yet, most promising first;
        among equals in the domain's order. Empty where the domain offers no options.
    under_way: how many other workers have set out from here and are not back; each took the
        first of `untried` that was left, so the first `under_way` of them are spoken for.
    step, place: which step of the search asks, and how many children it has made before.
    as_of: the newest entry that the step can see.
    taken: what the step has done since it set out, where that was to take options.
    id: its number; `NO_ENTRY` for a child of the same step, which has none yet.
    island: that it is on; 0 where there are none.
    origin: the newest entry that such a child comes from; `NO_ENTRY` for an entry.
    """

    tree: Tree
    evaluation: Evaluation
    step: int = 0
    place: int = 0
    untried: tuple[int, ...] = ()
    under_way: int = 0
    as_of: EntryId = NO_ENTRY
    taken: tuple[Taken, ...] = ()
    id: EntryId = NO_ENTRY
    island: int = 0
    origin: EntryId = NO_ENTRY


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One of several mutators that are drawn from.

    name: what its entries say made them; the mutator's own if empty. model: which one it asks, by
    name; empty for none.
    """

    mutator: Mutator
    name: str = ""
    model: str = ""


@runtime_checkable
class Drawing(Protocol):
    """A mutator that leaves each child to one of several, whose name its entry bears."""

    def draw(self, parent: Parent, random: Random) -> Mutator:
        """The one that makes the next child of a parent."""
        ...


class Past(Protocol):
    """What can be looked up of a run. May be asked by any thread."""

    def entry(self, entry: EntryId) -> Entry:
        """An entry, whole.

        Raises:
            UnknownEntry: there is none of that number.
        """
        ...

    def costs(self, first: int, last: int) -> Iterable[Cost]:
        """What each call of the steps from one to another cost."""
        ...

    def answered(self, step: int, role: str) -> Sequence[Call]:
        """The calls of a step in a role."""
        ...


class Notebook(Protocol):
    """What a model has noted down of a run: what worked so far, and what did not."""

    def note(self, as_of: EntryId) -> str:
        """The newest note that a step may know of; empty for none yet.

        Raises:
            LLMError: one is due, and the model cannot be asked.
            BudgetSpent: one is due, and the budget does not allow to ask for it.
        """
        ...


@runtime_checkable
class Remembering(Protocol):
    """A part that looks back on what a run has found.

    It is told of every recorded step, also those of earlier sessions, in their order and before
    any later step is explored. For a search that is to be deterministic it may use no entry after
    `Parent.as_of`.
    """

    def remember(self, entries: Sequence[Entry]) -> None:
        """Take in the entries of a step."""
        ...
