"""The memory of one search: the contract."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from archive.admission import AdmissionRule
from archive.elites import Elites
from archive.entry import (
    NO_ENTRY,
    Entry,
    EntryId,
    Glimpse,
    Shortlist,
    Step,
    StepRecord,
    TaskResult,
    TurnRecord,
    Verdict,
)
from archive.facts import Fact


class Archive(Protocol):
    """The entries of one run, and what selection needs of its elites.

    Entries are only ever inserted. `add` and whatever asks `elites` are called by one thread at
    a time; everything else may be called by any thread.
    """

    @property
    def elites(self) -> Elites:
        """The elites, up to date with every step that was added."""
        ...

    @property
    def step_count(self) -> int:
        """Steps recorded, the roots' not counted."""
        ...

    @property
    def last_step(self) -> int:
        """The highest number of a recorded step; -1 before the roots."""
        ...

    @property
    def verifications(self) -> int:
        """Verifications spent by all recorded steps."""
        ...

    @property
    def elapsed(self) -> float:
        """Seconds that the run had taken when its newest step was recorded."""
        ...

    def add(self, step: Step, rule: AdmissionRule) -> Sequence[Entry]:
        """Admit the attempts of a step, one after the other, and record them.

        The step is recorded whole or not at all, soon; `flush` waits for it.

        Raises:
            ArchiveError: this step or an earlier one could not be recorded.
            ValueError: a score is no finite number; see `archive.entry.flaw`.
        """
        ...

    def set_out(self, turn: TurnRecord) -> None:
        """Record that a step is about to be taken, before it costs anything.

        Raises:
            ArchiveError: this step or an earlier one could not be recorded.
        """
        ...

    def unfinished(self) -> Sequence[TurnRecord]:
        """Steps that were set out on and never recorded, in order."""
        ...

    def consider(self, shortlist: Shortlist) -> None:
        """Record what a step is about to be chosen from, before that costs anything.

        Raises:
            ArchiveError: this step or an earlier one could not be recorded.
        """
        ...

    def undecided(self) -> Sequence[Shortlist]:
        """The shortlists of steps that were never recorded, in order."""
        ...

    def glimpses(self, wanted: Sequence[EntryId], as_of: EntryId) -> Sequence[Glimpse]:
        """Entries as a judge is shown them, in the order wanted, with what was tried by `as_of`.

        Raises:
            UnknownEntry: there is none of that number, or it is a failure.
        """
        ...

    def verdicts(self) -> Iterator[tuple[int, EntryId, Verdict]]:
        """What came of all shortlists, each with its step and that step's first entry."""
        ...

    def facts(self) -> Iterator[Fact]:
        """The narrow facts of all recorded entries, in order of their ids."""
        ...

    def scores(self) -> Iterator[tuple[EntryId, tuple[TaskResult, ...]]]:
        """The scores by task of all recorded entries that have some, in order of their ids."""
        ...

    def flush(self) -> None:
        """Wait until every added step would survive the loss of power.

        Raises:
            ArchiveError: one could not be recorded.
        """
        ...

    def entry(self, entry: EntryId) -> Entry:
        """An entry, whole.

        Raises:
            UnknownEntry: there is none of that number.
        """
        ...

    def entries(self, after: EntryId = NO_ENTRY) -> Iterator[Entry]:
        """All recorded entries after one, in order of their ids, a few in memory at a time."""
        ...

    def step(self, number: int) -> StepRecord:
        """What was recorded of a step beside its entries."""
        ...

    def elites_at(self, newest: EntryId | None, island: int | None = None) -> Elites:
        """The elites as they stood when an entry was the newest; as they stand for `None`.

        island: of which alone they are to be; of all without one.
        """
        ...

    def note(self, kind: str, detail: str = "") -> None:
        """Record that something happened to the run as a whole.

        Raises:
            ArchiveError: it could not be recorded.
        """
        ...
