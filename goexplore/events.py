"""What happened, as values, for whoever watches: progress, logs, a browser."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from archive.entry import Entry, EntryId
from goexplore.budget import Budget, Spent


class Ending(StrEnum):
    """Why a run ended."""

    GOAL = "goal"
    BUDGET = "budget"
    EXHAUSTED = "exhausted"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended. `best`: its best entry, the first among equals, if it has one."""

    ending: Ending
    detail: str
    spent: Spent
    elites: int
    best: EntryId | None
    objective: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOpened:
    """A run is about to begin, or to go on with what it has spent before."""

    budget: Budget
    spent: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecorded:
    """A step was recorded. `spent`, `elites` and `best` include it."""

    number: int
    entries: tuple[Entry, ...]
    spent: Spent
    elites: int
    best: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """A run ended, its last step recorded."""

    outcome: Outcome


Event = RunOpened | StepRecorded | RunEnded
Observer = Callable[[Event], None]
