from archive.admission import AdmissionRule, Better, BetterOrShorter, Holder, KeepAll
from archive.base import Archive
from archive.elites import EliteArrays, Elites
from archive.entry import (
    Admission,
    Candidate,
    Cause,
    Entry,
    EntryId,
    Evaluation,
    Failure,
    Interval,
    Option,
    Selection,
    Status,
    TaskResult,
    Tree,
)
from archive.errors import ArchiveError
from archive.library import Library, RunSummary
from goexplore.budget import Budget, Spent
from goexplore.domain import Confirming, Domain, DomainError
from goexplore.engine import Engine
from goexplore.events import Ending, Event, Observer, Outcome, RunEnded, RunOpened, StepRecorded
from goexplore.selection.base import Selector
from mutators.actions import AppendAction
from mutators.base import Mutator, MutatorError, Parent

__all__ = [
    "Admission",
    "AdmissionRule",
    "AppendAction",
    "Archive",
    "ArchiveError",
    "Better",
    "BetterOrShorter",
    "Budget",
    "Candidate",
    "Cause",
    "Confirming",
    "Domain",
    "DomainError",
    "EliteArrays",
    "Elites",
    "Ending",
    "Engine",
    "Entry",
    "EntryId",
    "Evaluation",
    "Event",
    "Failure",
    "Holder",
    "Interval",
    "KeepAll",
    "Library",
    "Mutator",
    "MutatorError",
    "Observer",
    "Option",
    "Outcome",
    "Parent",
    "RunEnded",
    "RunOpened",
    "RunSummary",
    "Selection",
    "Selector",
    "Spent",
    "Status",
    "StepRecorded",
    "TaskResult",
    "Tree",
    "__version__",
]

__version__: str
