"""The words of a search: what a candidate is, what its evaluation says, and what an entry keeps.

Each value grows out of the one before: a `Candidate` has been written and nobody has run it; an
`Evaluation` (or a `Failure`) says what running it showed; an `Entry` is what the archive remembers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from math import isfinite
from typing import NewType

RunId = NewType("RunId", int)
"""The number of a run in its database, from 1."""

EntryId = NewType("EntryId", int)
"""The number of an entry in its run, from 1, in the order in which entries were recorded."""

NO_ENTRY = EntryId(0)
"""Comes before every entry."""

MIGRATION = "migration"
"""What is said to have made an entry that was copied from one island to another."""

Tree = Mapping[str, str]
"""A solution: relative POSIX paths to the text of each file."""


class Status(IntEnum):
    """What became of a candidate."""

    FAILED = 0
    REJECTED = 1
    NEW = 2
    IMPROVED = 3
    KEPT = 4

    @property
    def admitted(self) -> bool:
        """Whether the entry can be set out from."""
        return self >= Status.NEW


class Cause(StrEnum):
    """Why there is no evaluation of a candidate."""

    NO_EDIT = "no edit"
    TRUNCATED = "truncated answer"
    REFUSED = "refused"
    EMPTY = "empty answer"
    UNPARSABLE = "unparsable answer"
    IMPOSSIBLE = "impossible"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    INVALID_SCORE = "invalid score"
    GATE = "stopped at a gate"
    DUPLICATE = "already tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A child that nobody has run yet.

    `option` is the index of the parent's option that it takes, where the parent offered options.
    `other_parents` are the parents beside the one it was made from (crossover).
    """

    tree: Tree
    mutator: str
    rationale: str = ""
    option: int | None = None
    other_parents: tuple[EntryId, ...] = ()

    @property
    def copied(self) -> bool:
        """Whether it is its parent, brought to another island."""
        return self.mutator == MIGRATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing that can be tried from an entry, with how promising its domain finds it."""

    text: str
    promise: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """The score of a candidate on one task of several."""

    task: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Between which values an objective lies, two-sided, with a confidence of 95 %.

    trials: what that rests on: how often a noisy world was tried, or on how many cases.
    """

    low: float
    high: float
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What running a candidate showed.

    cell: where it counts as the same place as another.
    objective: how good it is; larger is better, and finite.
    measures: named behaviour values, finite.
    tasks: per-task scores behind the objective, if it has any.
    observation: what a reader, human or model, is shown of it.
    options: what can be tried from here; empty means that anything can be (unless terminal).
    terminal: nothing can follow.
    snapshot: bytes from which its domain can restore it faster than by running its tree.
    domain_cell: the cell that its domain named, where the run's cells are others; else `None`.
    interval: how sure the objective is; `None` where nobody says.
    first_seen: the objective at first sight of what was verified again before it could be called
        the best; `None` where it was not.
    """

    cell: str
    objective: float
    measures: Mapping[str, float] = field(default_factory=dict[str, float])
    tasks: tuple[TaskResult, ...] = ()
    observation: str = ""
    options: tuple[Option, ...] = ()
    terminal: bool = False
    snapshot: bytes | None = None
    domain_cell: str | None = None
    interval: Interval | None = None
    first_seen: float | None = None


def flaw(evaluation: Evaluation) -> str | None:
    """What is wrong with the scores of an evaluation; `None` for nothing.

    Scores are finite numbers; a bool is none.
    """
    tasks = {f"the score of task {result.task!r}": result.score for result in evaluation.tasks}
    measures = {f"measure {name!r}": value for name, value in evaluation.measures.items()}
    for name, score in {**_estimates(evaluation), **measures, **tasks}.items():
        if not _is_finite_number(score):
            return f"{name} is {score!r}; scores are finite numbers"
    return None


def _estimates(evaluation: Evaluation) -> dict[str, float]:
    found = {"the objective": evaluation.objective}
    if (between := evaluation.interval) is not None:
        found |= {
            "the low end of its interval": between.low,
            "the high end of its interval": between.high,
        }
    if evaluation.first_seen is not None:
        found["the objective at first sight"] = evaluation.first_seen
    return found


def _is_finite_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, float | int):
        return False
    try:
        return isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why running a candidate showed nothing: the cause, one line, and a log if there is one."""

    cause: Cause
    message: str
    log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """What was thought of an evaluated candidate before it was recorded.

    interest: how interesting it is, from 0 to 1; `None` where nobody said.
    refused: why it should not be kept; `""` where it may be, `None` where nobody was asked.
    anyway: it is kept although it was refused, to see whether that was right.
    vector: its embedding, as `mutators.llm` packs it; empty for none.
    """

    interest: float | None = None
    refused: str | None = None
    anyway: bool = False
    vector: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What became of a candidate, and why, in a few words."""

    status: Status
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A candidate as the archive remembers it: with its result, its parents and what became of it.

    parents: the entry it was made from, then those it was crossed with; empty for a root.
    step: the step of the search that made it; 0 for a root.
    depth: how many edits lie between it and its root.
    appraisal: what was thought of it; `None` where nobody was asked.
    island: that it belongs to; 0 where there are none.
    """

    id: EntryId
    step: int
    parents: tuple[EntryId, ...]
    candidate: Candidate
    result: Evaluation | Failure
    admission: Admission
    depth: int
    appraisal: Appraisal | None = None
    island: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """An evaluated entry in the words that a judge is shown. It carries no tree.

    tried: texts of its options that had been tried, in the domain's order; options: how many
    there were. rationale: what was meant by it.
    """

    id: EntryId
    cell: str
    objective: float
    observation: str
    depth: int
    options: int
    tried: tuple[str, ...]
    rationale: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A candidate and its result, on the way into the archive.

    parent: the entry it was made from; `None` for the attempt before it in the same step, whose
        id is not known yet (or for a root).
    verified: whether a verification was spent on it. confirmed: how many further ones were, so
        that it could be called the best.
    appraisal: what was thought of it; `None` where nobody was asked.
    island: that it is for; 0 where there are none.
    """

    parent: EntryId | None
    candidate: Candidate
    result: Evaluation | Failure
    verified: bool = True
    confirmed: int = 0
    appraisal: Appraisal | None = None
    island: int = 0

    @property
    def verifications(self) -> int:
        """How many verifications were spent on it."""
        return self.verified + self.confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which elite a step set out from, how many could have been chosen, and its probability.

    Where a judge chose from a shortlist, the probability is that of the choice given the list; a
    selector whose probabilities cannot be computed says given what it is.
    """

    chosen: EntryId
    slot: int
    choices: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRecord:
    """A step that was set out on; see `Selection` and `Step`.

    ahead: how many others had set out from the same elite and were not back.
    """

    number: int
    chosen: EntryId
    choices: int
    probability: float
    granted: int
    as_of: EntryId
    ahead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An entry on a shortlist, as it stood when the list was drawn.

    seen, chosen, children: as in `archive.elites.EliteArrays`. ahead: as in `TurnRecord`.
    fruitful: how many of the steps from it, as far as they are known, were fruitful.
    strength: what comparisons say of it so far, in the unit of the judge that compares.
    """

    entry: EntryId
    slot: int
    objective: float
    seen: int
    chosen: int
    children: int
    ahead: int
    fruitful: int = 0
    strength: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortlist:
    """A step that is about to be chosen: what a judge is shown, recorded before it costs anything.

    number, granted, as_of: as in `Step`. choices: how many elites could have been listed.
    judge: who is to choose. within: how many steps from an entry a forecast looks ahead.
    base_rate: share of known steps that were fruitful. weights: how probable it was that each
    judge is the one to choose. picks: places in `shown` of what the judges that cost nothing
    would choose.
    """

    number: int
    as_of: EntryId
    granted: int
    choices: int
    judge: str
    shown: tuple[Shown, ...]
    within: int = 1
    base_rate: float = 0.5
    weights: Mapping[str, float] = field(default_factory=dict[str, float])
    picks: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A judge's word on an entry: that one of the next steps from it will be fruitful.

    chance: how probable that is, from 0 to 1. pick: whether the judge would choose this entry.
    """

    judge: str
    entry: EntryId
    chance: float
    pick: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two entries, of which a judge was asked twice, in either order, which is better.

    outcome: 1 where the first was better both times, -1 where the second was, 0 where the judge
    changed its mind with the order.
    """

    first: EntryId
    second: EntryId
    outcome: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """How often it was asked whether to keep an entry, how often not, and what was kept anyway."""

    asked: int
    refused: int
    anyway: tuple[EntryId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a shortlist.

    judge: who chose. fell_back: why it was not the judge that was to choose; `""` where it was.
    retired: entries that are not to be set out from again, each with one that makes it pointless.
    """

    judge: str
    fell_back: str = ""
    forecasts: tuple[Forecast, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    retired: tuple[tuple[EntryId, EntryId], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One turn of the loop, to be recorded whole.

    number: from 1; step 0 holds the roots and has no selection.
    as_of: the newest entry that the selection could see.
    granted: how many verifications it might have spent. ahead: as in `TurnRecord`.
    elapsed: seconds that the run has taken so far, over all its sessions.
    verdict: what came of the shortlist from which it was chosen; `None` where there was none.
    """

    number: int
    attempts: tuple[Attempt, ...]
    selection: Selection | None = None
    as_of: EntryId = NO_ENTRY
    granted: int = 0
    ahead: int = 0
    elapsed: float = 0.0
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What is kept of a step beside its entries; see `Step` and `Selection`.

    finished_at: seconds since 1970. chosen: `None` for the step of the roots.
    """

    number: int
    chosen: EntryId | None
    choices: int
    probability: float
    granted: int
    as_of: EntryId
    ahead: int
    verifications: int
    elapsed: float
    finished_at: float
