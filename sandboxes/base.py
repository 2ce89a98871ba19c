"""Throw-away places in which untrusted code runs: the contract."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Literal, Protocol, Self

from sandboxes.limits import ExportCaps, Limits

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

Kind = Literal["strict", "networked", "gvisor", "bubblewrap", "unconfined"]
"""How candidates are held; `docs/sandboxes.md` says what each of them holds."""

NO_ENVIRONMENT: Mapping[str, str] = {}


class SandboxError(Exception):
    """A sandbox that cannot be had or has broken. It says nothing about a candidate."""


class NoSandbox(SandboxError):
    """A sandbox that cannot be had as it was set up; trying again would not help."""


class SandboxBroke(SandboxError):
    """A sandbox that broke under a candidate, through no fault of it; another may hold."""


class Death(StrEnum):
    """Which limit ended a program, or made it fail."""

    TIME = "time"
    MEMORY = "memory"
    PROCESSES = "processes"
    OUTPUT = "output"
    DISK = "disk"
    ANSWERS = "answers"
    SABOTAGE = "sabotage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program in any language: words, of which the first is found on the path inside."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A Python file, run in an interpreter that is ready: no start-up to wait for."""

    file: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of a Python file, called once for each case in an interpreter that is ready.

    The file is run under the name `candidate`. The function takes a case and returns its answer,
    both plain JSON.
    """

    file: str
    name: str


Program = Command | Script | Function


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a program ended, and all that it started with it.

    status: its exit status; 0, too, where a signal ended it. signal: that signal, or 0.
    death: the limit that ended it or that it met before it failed; `None` for none.
    seconds: from its start, by the clock of who watched it.
    peak_memory: bytes that its largest process had.
    stdout, stderr: the ends of what it wrote. stdout_bytes, stderr_bytes: how much it wrote.
    """

    status: int
    signal: int
    death: Death | None
    seconds: float
    peak_memory: int
    stdout: bytes
    stderr: bytes
    stdout_bytes: int
    stderr_bytes: int

    @property
    def ok(self) -> bool:
        """Whether it ended by itself, well."""
        return not (self.status or self.signal or self.death)

    @property
    def why(self) -> str:
        """How it ended, in a few words."""
        if self.death:
            return f"ended by its limit: {self.death}"
        if self.signal:
            return f"ended by signal {self.signal}"
        return f"exit status {self.status}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a program answered to a case, as it wrote it, and how long it took."""

    line: bytes
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a program that was asked answered. Nobody has judged it yet.

    answers: in the order of the cases; fewer where it ended early.
    fault: what was wrong with how it answered, or nothing.
    """

    completed: Completed
    answers: tuple[Answer, ...]
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Files that came back, and why others did not."""

    files: Mapping[str, bytes]
    refused: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What holds a candidate, to be kept with every result.

    confined: whether it keeps a candidate from what is the host's.
    image: the digest of the image; empty where there is none.
    detail: what is to be known of it, in a few words.
    """

    name: Kind
    confined: bool
    image: str
    detail: str


class Sandbox(Protocol):
    """A place for one candidate. Used in a `with`; afterwards nothing of it is left.

    One thread uses it. A program that fails is a value; when one has ended, so has everything
    that it started. Once a method has raised `SandboxBroke`, so does every later one.
    """

    @property
    def confinement(self) -> Confinement:
        """What holds a candidate here."""
        ...

    def write(
        self,
        files: Mapping[str, str | bytes],
        *,
        executable: Collection[str] = (),
        ours: bool = False,
    ) -> None:
        """Write files below the work folder. What there is no room for makes the next program fail.

        ours: the candidate can read the files and not change them, where users differ.

        Raises:
            ValueError: a path is absolute, leads out, or is oddly named.
            SandboxBroke: see above.
        """
        ...

    def run(
        self,
        program: Program,
        limits: Limits | None = None,
        environment: Mapping[str, str] = NO_ENVIRONMENT,
    ) -> Completed:
        """Run a program to its end, with nothing on its standard input.

        Raises:
            ValueError: a program that is none.
            SandboxBroke: see above.
        """
        ...

    def ask(
        self,
        program: Program,
        cases: Sequence[Json],
        limits: Limits | None = None,
        environment: Mapping[str, str] = NO_ENVIRONMENT,
    ) -> Answered:
        """Put cases to a program, one at a time, each when the one before has its answer.

        A case is a line of JSON on standard input, its answer a line on descriptor 3.

        Raises:
            ValueError: a case that is no JSON.
            SandboxBroke: see above.
        """
        ...

    def read(self, paths: Sequence[str], caps: ExportCaps | None = None) -> Exported:
        """Read files by name. What is no regular file is refused; what is not there is left out.

        Raises:
            SandboxBroke: see above.
        """
        ...

    def export(self, caps: ExportCaps | None = None) -> Exported:
        """Read every file below the work folder that is fit to leave it.

        Raises:
            SandboxBroke: see above.
        """
        ...

    def __enter__(self) -> Self:
        """The sandbox."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all that runs and leave nothing."""
        ...
