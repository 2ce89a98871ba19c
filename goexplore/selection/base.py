"""Which entry to set out from next: the contracts."""

from dataclasses import dataclass
from random import Random
from typing import Protocol, runtime_checkable

from archive.base import Archive
from archive.elites import Elites
from archive.entry import EntryId, Selection, Shortlist, Verdict


class Selector(Protocol):
    """Chooses an elite. It sees counts and scores, never trees, and its cost stays flat.

    Calls come one at a time. Chance comes from `random` alone: the same elites and the same
    stream give the same choice.
    """

    def select(self, elites: Elites, random: Random) -> Selection | None:
        """An explorable elite with the probability that it had; `None` where there is none."""
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
