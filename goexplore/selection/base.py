"""Which entry to set out from next: the contracts."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, Protocol, runtime_checkable

from archive.base import Archive
from archive.elites import Elites
from archive.entry import EntryId, Selection, Shortlist, TaskResult, Verdict
from archive.facts import Fact


class SelectionError(Exception):
    """A selector that cannot choose, for a reason that no other archive would mend."""


class Selector(Protocol):
    """Chooses an elite. It sees counts and scores, never trees, and its cost stays flat.

    Calls come one at a time. Chance comes from `random` alone: the same elites and the same
    stream give the same choice.
    """

    def select(self, elites: Elites, random: Random) -> Selection | None:
        """An explorable elite with the probability that it had; `None` where there is none.

        Where steps are under way, `None` waits for one of them to be seen, and asks again.

        Raises:
            SelectionError: it can choose nothing in this world.
        """
        ...


class Finding(NamedTuple):
    """What selection is told of an entry: narrow facts, and scores by case if there are any."""

    fact: Fact
    tasks: tuple[TaskResult, ...]


@runtime_checkable
class Witness(Protocol):
    """A selector that looks at more of an entry than elites tell: where it is from, and its cases.

    `see` is called once for every step, in the order of their entries and those of earlier
    sessions first, as soon as the elites that `select` is given have taken it in. So a choice
    rests on the same entries as these, whatever else is recorded already. One that is told serves
    one run.
    """

    def see(self, step: Sequence[Finding]) -> None:
        """Take in the entries of a step; those of step 0 are the roots."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Which entry of a shortlist a step sets out from: its place there, and the verdict."""

    place: int
    probability: float
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a step has shown about the entry that it set out from.

    fruitful: see `archive.judging.fruitful`.
    """

    step: int
    chosen: EntryId
    fruitful: bool
    verdict: Verdict | None


@runtime_checkable
class Judge(Protocol):
    """Chooses an elite in two parts, of which the slow one keeps nobody waiting.

    `draw` and `learn` are called one at a time and cost nothing. `decide` may ask a model; several
    threads may be in it at once. It depends on its arguments alone, and on what models answer, so
    that a step that was killed is decided again as it was.
    """

    def draw(
        self, elites: Elites, random: Random, *, number: int, granted: int
    ) -> Shortlist | None:
        """What is shown for step `number`, all of it explorable; `None` where nothing is."""
        ...

    def decide(self, shortlist: Shortlist, archive: Archive, random: Random) -> Decision:
        """The entry to set out from.

        Raises:
            MutatorError: a model cannot be asked.
        """
        ...

    def learn(self, lesson: Lesson) -> None:
        """Take in what a step has shown; called for every step, those of earlier sessions first."""
        ...
