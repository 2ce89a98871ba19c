"""A coding task: files, what is to be done to them in words, and tests that nobody is shown."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from archive.entry import Tree
from goexplore.domain import DomainError
from sandboxes.judge import Case
from sandboxes.paths import flaw

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class UnfitTask(DomainError):
    """A coding task that is none; the message says what is wrong with it, and where."""


class Difficulty(StrEnum):
    """How much is to be thought of: one function, a few rules that meet, or a design."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Questions to the files, judged when these are gone. Their answers cannot be forged.

    asks: whether functions are called or commands run; `goexplore.domains.agent.collection` has
    the forms of questions and answers.
    """

    asks: Literal["calls", "commands"]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Tests in Python, run in the sandbox of what they test: weaker than cases.

    runs: `check`, a function `check(candidate)` in a process of its own, to which the function
        `calls` (FILE.py:NAME) answers with plain Python values from another process; or
        `unittest`, in the process of what it tests, which can forge what it says.
    tests: the names of all that must pass. beside: files that the tests need.
    """

    runs: Literal["check", "unittest"]
    text: str
    tests: tuple[str, ...]
    calls: str = ""
    beside: Tree = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class CodingTask:
    """What a coding agent is given, and what is held against what it makes of it.

    start: the files that it is given. solution: those of them that a right answer changes or adds.
    seconds: that the hidden tests may take. held_out: it never steers a search.
    """

    name: str
    statement: str
    start: Tree
    solution: Tree
    hidden: Cases | Script
    difficulty: Difficulty
    held_out: bool
    seconds: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what cannot be tried.

        Raises:
            UnfitTask: a part of it is missing, or a path cannot enter a sandbox.
        """
        if not _NAME.fullmatch(self.name):
            raise UnfitTask(f"a task is named in letters, digits, dots and dashes: {self.name!r}")
        if not self.statement.strip():
            raise UnfitTask(f"task {self.name}: no statement")
        if not self.start or not self.solution:
            raise UnfitTask(f"task {self.name}: it needs files to begin with and a solution")
        for path in (*self.start, *self.solution):
            if fault := flaw(path):
                raise UnfitTask(f"task {self.name}: {path!r} cannot enter a sandbox: {fault}")

    @property
    def solved(self) -> Tree:
        """The files when the task is solved as its author did."""
        return {**self.start, **self.solution}

    @property
    def count(self) -> int:
        """How many hidden cases or tests there are."""
        return len(self.hidden.cases if isinstance(self.hidden, Cases) else self.hidden.tests)


def counted(tasks: Sequence[CodingTask]) -> Mapping[tuple[Difficulty, bool], int]:
    """How many tasks there are of a difficulty, held out or not."""
    return Counter((task.difficulty, task.held_out) for task in tasks)


def distinct(tasks: Sequence[CodingTask]) -> tuple[CodingTask, ...]:
    """The same tasks.

    Raises:
        UnfitTask: there is none, or two have one name.
    """
    if not tasks:
        raise UnfitTask("no tasks")
    name, often = Counter(task.name for task in tasks).most_common(1)[0]
    if often > 1:
        raise UnfitTask(f"{often} tasks are named {name}")
    return tuple(tasks)
