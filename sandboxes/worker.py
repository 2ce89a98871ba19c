"""A warm sandbox seen from the host: its supervisor, and one lease after the other."""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from types import TracebackType
from typing import Self, cast

from sandboxes import paths
from sandboxes.base import (
    NO_ENVIRONMENT,
    Answer,
    Answered,
    Command,
    Completed,
    Confinement,
    Death,
    Exported,
    Function,
    Json,
    NoSandbox,
    Program,
    SandboxBroke,
    Script,
)
from sandboxes.inside.frames import ChannelClosed, Kind, packed, titled, untitled
from sandboxes.inside.settings import Order
from sandboxes.limits import MIB, ExportCaps, Limits, Room
from sandboxes.link import Line, PostMortem
from sandboxes.services import Service, Switchboard

_GRACE = 30.0
"""Seconds that a supervisor may be late: killing, counting and a busy machine take their time."""

_FELLED = 71
_MOST_CASE_BYTES = 32 * MIB
_SLACK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What is to be known of a worker.

    leases: how many it serves. patience: seconds that it takes to start.
    shares_user: candidates have the user id of what watches over them, so that one can kill it.
    metered: a control group limits memory and processes, so that its limits can be checked.
    offers: programs can reach services of ours.
    environment: variables that every program gets.
    services: what it offers in every lease.
    """

    confinement: Confinement
    room: Room
    leases: int
    shares_user: bool
    metered: bool
    offers: bool = True
    patience: float = 60.0
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    services: tuple[Service, ...] = ()


class Worker:
    """A supervisor and what it has in hand. One thread uses it at a time."""

    def __init__(self, line: Line, traits: Traits) -> None:
        self.traits = traits
        self.used_at = time.monotonic()
        self._line = line
        self._left = traits.leases
        self._unsettled = Kind.READY
        self._post_mortem: PostMortem | None = None
        self._spent = False
        self._ending = Lock()

    @property
    def line(self) -> Line:
        """The line to its supervisor."""
        return self._line

    @property
    def usable(self) -> bool:
        """Whether it can take another lease."""
        return self._left > 0 and not self._spent and self._post_mortem is None

    def settle(self) -> None:
        """Wait until it is ready for a lease: started, or clean again.

        Raises:
            SandboxBroke: it is not.
            NoSandbox: its limits are not those that were asked for.
        """
        if self._unsettled is Kind.END:
            return
        awaited = self._unsettled
        limit = self.traits.patience if awaited is Kind.READY else _GRACE
        kind, payload = self._await((awaited,), time.monotonic() + limit, None)
        self._unsettled = Kind.END
        if kind is Kind.READY and self.traits.metered:
            self._check_limits(untitled(payload)[0])

    def _check_limits(self, found: Mapping[str, object]) -> None:
        """Some engines without the right to set limits leave them out in silence."""
        room = self.traits.room
        asked = {"memory": room.memory, "processes": room.processes + _SLACK}
        for name, most in asked.items():
            held = found.get(name)
            if not isinstance(held, int) or not 0 < held <= most:
                self.end()
                raise NoSandbox(f"the engine does not limit {name}: {held!r} instead of {most}")

    def lease(self, services: Sequence[Service] = ()) -> "Lease":
        """A sandbox for one candidate, which may use some services.

        Raises:
            NoSandbox: there are services, and no way to them.
        """
        if services and not self.traits.offers:
            raise NoSandbox(f"{self.traits.confinement.name} code reaches no service of the host")
        self._left -= 1
        self._unsettled = Kind.CLEAN
        return Lease(self, [*self.traits.services, *services])

    def release(self) -> None:
        """Have it made clean; `settle` waits for that."""
        self.used_at = time.monotonic()
        if self._post_mortem is None:
            try:
                self._line.send(packed(Kind.END))
            except ChannelClosed:
                self.end()

    def retire(self) -> None:
        """Let it take no further lease."""
        self._spent = True

    def end(self) -> PostMortem:
        """End it, and all that is in it."""
        with self._ending:
            if self._post_mortem is None:
                self._post_mortem = self._line.end()
            return self._post_mortem

    def broken(self, why: str) -> SandboxBroke:
        """The error that it has broken; it is ended."""
        found = self.end()
        words = f"; its last words: {found.words.strip()[-800:]}" if found.words.strip() else ""
        return SandboxBroke(f"{self.traits.confinement.name} sandbox: {why}{words}")

    def _await(
        self, kinds: Collection[Kind], deadline: float, board: Switchboard | None
    ) -> tuple[Kind, bytes]:
        """The next frame of some kinds; connections are carried meanwhile."""
        try:
            while True:
                kind, channel, payload = self._line.receive(deadline)
                if kind in kinds:
                    return kind, payload
                if kind is Kind.BROKEN:
                    raise self.broken(payload.decode(errors="replace").strip()[-2000:])
                if board and kind in (Kind.OPEN, Kind.DATA, Kind.CLOSE):
                    board.happened(kind, channel, payload)
        except ChannelClosed as error:
            raise self.broken(str(error)) from error

    def awaited(
        self, kinds: Collection[Kind], seconds: float, board: Switchboard
    ) -> tuple[Kind, bytes]:
        """The next frame of some kinds, within some seconds and a time of grace.

        Raises:
            SandboxBroke: there is none.
        """
        return self._await(kinds, time.monotonic() + seconds + _GRACE, board)

    def blames(self) -> Death | None:
        """What a candidate did that took its worker down; `None` if that was no candidate's doing.

        Only what the candidate alone can have done counts: the memory of its control group was
        used up, or what watches over it was killed where the candidate has the right to do that.
        """
        found = self.end()
        if found.for_memory:
            return Death.MEMORY
        if found.status == _FELLED and self.traits.shares_user:
            return Death.SABOTAGE
        return None


class Lease:
    """A sandbox: a worker for the time of one candidate. See `sandboxes.base.Sandbox`."""

    def __init__(self, worker: Worker, services: Sequence[Service]) -> None:
        self._worker = worker
        self._board = Switchboard(services, worker.line.send)
        # Sent together, since each way through an engine costs.
        self._waiting: list[bytes] = []
        self._under_way = False
        offered = {name: word for each in services for name, word in each.environment.items()}
        self._environment = {**worker.traits.environment, **offered}

    @property
    def confinement(self) -> Confinement:
        """What holds a candidate here."""
        return self._worker.traits.confinement

    def write(
        self,
        files: Mapping[str, str | bytes],
        *,
        executable: Collection[str] = (),
        ours: bool = False,
    ) -> None:
        """Write files; see `Sandbox`."""
        for path, content in files.items():
            if fault := paths.flaw(path):
                raise ValueError(f"{path!r} cannot be written: {fault}")
            data = content.encode() if isinstance(content, str) else content
            title = {"path": path, "executable": path in executable, "ours": ours}
            self._waiting.append(packed(Kind.FILE, titled(title, data)))

    def run(
        self,
        program: Program,
        limits: Limits | None = None,
        environment: Mapping[str, str] = NO_ENVIRONMENT,
    ) -> Completed:
        """Run a program; see `Sandbox`."""
        return self._run(program, None, limits or Limits(), environment).completed

    def ask(
        self,
        program: Program,
        cases: Sequence[Json],
        limits: Limits | None = None,
        environment: Mapping[str, str] = NO_ENVIRONMENT,
    ) -> Answered:
        """Put cases to a program; see `Sandbox`."""
        lines = [json.dumps(case, allow_nan=False) for case in cases]
        return self._run(program, lines, limits or Limits(), environment)

    def read(self, paths: Sequence[str], caps: ExportCaps | None = None) -> Exported:
        """Read files by name; see `Sandbox`."""
        return self._get(list(paths), caps or ExportCaps())

    def export(self, caps: ExportCaps | None = None) -> Exported:
        """Read every file; see `Sandbox`."""
        return self._get(None, caps or ExportCaps())

    def __enter__(self) -> Self:
        """The sandbox."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Have the worker made clean; one that is left in the middle of a program is ended."""
        self._board.close()
        if self._under_way:
            self._worker.end()
        self._worker.release()

    def _send_all(self, *frames: bytes) -> None:
        """Send frames, after what has waited for them."""
        data = b"".join([*self._waiting, *frames])
        self._waiting.clear()
        try:
            self._worker.line.send(data)
        except ChannelClosed as error:
            raise self._worker.broken(str(error)) from error

    def _run(
        self,
        program: Program,
        lines: Sequence[str] | None,
        limits: Limits,
        environment: Mapping[str, str],
    ) -> Answered:
        variables = {**self._environment, **environment}
        cases = -1 if lines is None else len(lines)
        order = _order(program, cases, limits, self._worker.traits.room, variables)
        self._under_way = True
        run = packed(Kind.RUN, titled(order.as_title()))
        if lines is None:
            self._send_all(run)
        else:
            self._send_all(run, packed(Kind.CASES, _as_bytes(lines)))
        try:
            _, payload = self._worker.awaited((Kind.DONE,), limits.seconds, self._board)
        except SandboxBroke:
            if death := self._worker.blames():
                return _taken_down(death, limits.seconds)
            raise
        self._under_way = False
        answered = _answered(*untitled(payload))
        if answered.completed.death is Death.MEMORY:
            # Its count of kills is up, so that a later death could not be told from this one.
            self._worker.retire()
        return answered

    def _get(self, wanted: list[str] | None, caps: ExportCaps) -> Exported:
        bounds = f"{caps.file} {caps.total} {caps.count}"
        self._send_all(packed(Kind.GET, titled({"paths": wanted, "caps": bounds})))
        taking = _Taking(caps)
        while True:
            kind, payload = self._worker.awaited((Kind.FILE, Kind.GOT), 0, self._board)
            if kind is Kind.GOT:
                return taking.exported()
            if not taking.take(*untitled(payload)):
                raise self._worker.broken(f"more came back than {caps}")


class _Taking:
    """Files on their way out, checked once more where they arrive."""

    def __init__(self, caps: ExportCaps) -> None:
        self._caps = caps
        self._files: dict[str, bytes] = {}
        self._refused: dict[str, str] = {}
        self._bytes = 0

    def take(self, title: Mapping[str, object], content: bytes) -> bool:
        """Take a file; false if there are more of them than was agreed."""
        path, refused = str(title["path"]), str(title["refused"])
        self._bytes += len(content)
        if fault := refused or paths.flaw(path):
            self._refused[path[:512]] = fault
        else:
            self._files[path] = content
        count = len(self._files) + len(self._refused)
        return self._bytes <= self._caps.total and count <= self._caps.count + 1

    def exported(self) -> Exported:
        """What is fit to be used."""
        git = paths.git_shaped(self._files)
        files = {path: content for path, content in self._files.items() if path not in git}
        return Exported(files=files, refused={**self._refused, **git})


def _order(
    program: Program, cases: int, limits: Limits, room: Room, environment: Mapping[str, str]
) -> Order:
    kind, words = _words(program)
    if not words or not all(words[:1]) or any("\0" in word for word in words):
        raise ValueError(f"{program} is no program")
    return Order(
        kind=kind,
        words=words,
        environment=dict(environment),
        cases=cases,
        seconds=limits.seconds,
        memory=room.memory,
        # One more than the control group allows, where there is one: that can say that it was met.
        processes=room.processes + _SLACK,
        open_files=limits.open_files,
        file_size=limits.file_size,
        output=limits.output,
        kept=limits.kept,
        answer=limits.answer,
    )


def _words(program: Program) -> tuple[str, tuple[str, ...]]:
    match program:
        case Command():
            return "command", program.words
        case Script():
            return "script", (program.file, *program.arguments)
        case Function():
            return "function", (program.file, program.name)


def _as_bytes(lines: Sequence[str]) -> bytes:
    data = "".join(f"{line}\n" for line in lines).encode()
    if len(data) > _MOST_CASE_BYTES:
        raise ValueError(f"cases of {len(data)} bytes; {_MOST_CASE_BYTES} are the most")
    return data


def _answered(title: Mapping[str, object], body: bytes) -> Answered:
    out, err = _count(title, "out"), _count(title, "err")
    completed = Completed(
        status=_count(title, "status"),
        signal=_count(title, "signal"),
        death=Death(str(title["death"])) if title["death"] else None,
        seconds=_number(title["seconds"]),
        peak_memory=_count(title, "peak"),
        stdout=body[:out],
        stderr=body[out : out + err],
        stdout_bytes=_count(title, "out_total"),
        stderr_bytes=_count(title, "err_total"),
    )
    answers = tuple(_answers(title, body[out + err :]))
    return Answered(completed=completed, answers=answers, fault=str(title["fault"]))


def _answers(title: Mapping[str, object], body: bytes) -> Sequence[Answer]:
    # The supervisor is ours, and no candidate can speak in its place.
    lengths = cast("list[int]", title["answers"])
    seconds = cast("list[float]", title["answer_seconds"])
    found: list[Answer] = []
    at = 0
    for length, took in zip(lengths, seconds, strict=True):
        found.append(Answer(line=body[at : at + length], seconds=took))
        at += length
    return found


def _count(title: Mapping[str, object], name: str) -> int:
    return int(_number(title[name]))


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0.0


def _taken_down(death: Death, seconds: float) -> Answered:
    completed = Completed(
        status=0,
        signal=9,
        death=death,
        seconds=seconds,
        peak_memory=0,
        stdout=b"",
        stderr=b"",
        stdout_bytes=0,
        stderr_bytes=0,
    )
    return Answered(completed=completed, answers=(), fault="")
