"""One program of a candidate's, from its first to its last process."""

import os
import select
import socket
import time
from collections import deque
from contextlib import suppress

from sandboxes.inside import candidate, cleaning, frames, meters
from sandboxes.inside.desk import Desk
from sandboxes.inside.frames import Kind
from sandboxes.inside.ports import Ports
from sandboxes.inside.settings import Order, Settings

_HOST_IN = 0
_CHUNK = 1 << 16
_WATCH = 0.01
"""Seconds between looks at what no control group counts."""

_DRAIN = 64
"""Chunks that are read of a pipe when all who could write to it are gone."""


class Tail:
    """The last bytes of a stream, and how many there were."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._parts = deque[bytes]()
        self._held = 0
        self.total = 0

    def add(self, data: bytes) -> None:
        """Take what came."""
        self.total += len(data)
        self._parts.append(data)
        self._held += len(data)
        while self._parts and self._held - len(self._parts[0]) >= self._kept:
            self._held -= len(self._parts.popleft())

    @property
    def end(self) -> bytes:
        """The last of it."""
        return b"".join(self._parts)[-self._kept :] if self._kept else b""


class Conversation:
    """Cases that go in one at a time, each when the one before has its answer."""

    def __init__(self, order: Order) -> None:
        self._most = order.answer
        self._left = deque[bytes]()
        self._awaited = 0
        self._began = 0.0
        self._partial = b""
        self._unsent = b""
        self.answers: list[bytes] = []
        self.seconds: list[float] = []
        self.fault = ""

    def begin(self, cases: list[bytes]) -> None:
        """Put the first case."""
        self._left.extend(cases)
        self._next()

    def _next(self) -> None:
        if self._left:
            self._unsent = self._left.popleft()
            self._awaited = 1
            self._began = time.monotonic()

    def feed(self, fd: int) -> bool:
        """Write what can be written of a case; whether some is left."""
        with suppress(BlockingIOError):
            self._unsent = self._unsent[os.write(fd, self._unsent) :]
        return bool(self._unsent)

    @property
    def unsent(self) -> bool:
        """Whether there is something to write."""
        return bool(self._unsent)

    @property
    def over(self) -> bool:
        """Whether every case has its answer."""
        return not self._left and not self._awaited

    def hear(self, data: bytes) -> None:
        """Take what a program wrote to its answers."""
        line, newline, rest = (self._partial + data).partition(b"\n")
        self._partial = b"" if newline else line
        if len(line) > self._most:
            self.fault = f"an answer of more than {self._most} bytes"
        elif not self._awaited or (newline and rest):
            self.fault = "an answer to a case that had not been put"
        elif newline:
            self.seconds.append(time.monotonic() - self._began)
            self.answers.append(line)
            self._awaited = 0
            self._next()


class Running:
    """A program that was started, watched until it and all that it started are gone."""

    def __init__(
        self, order: Order, settings: Settings, uid: int, ports: Ports, desk: Desk
    ) -> None:
        self._order = order
        self._settings = settings
        self._uid = uid
        self._ports = ports
        self._desk = desk
        self._out = Tail(order.kept)
        self._err = Tail(order.kept)
        self._talk = Conversation(order)
        self._counts = meters.Counts.now()
        self._death = ""
        self._status: int | None = None
        self._peak = 0

    def to_the_end(self) -> bytes:
        """Run it; what became of it, as a payload.

        Raises:
            ChannelClosed: the host is gone.
            Unclean: what it started does not end.
        """
        self._start()
        began = time.monotonic()
        deadline = began + self._order.seconds
        try:
            if self._order.cases >= 0:
                self._talk.begin(self._cases())
            self._watch(deadline)
            seconds = time.monotonic() - began
            self._end_all()
            self._check_start()
            self._drain()
        finally:
            self._ports.close_connections()
            for fd in self._ends:
                os.close(fd)
            self._link.close()
        return self._report(seconds)

    def _cases(self) -> list[bytes]:
        kind, _, payload = frames.receive(_HOST_IN)
        if kind is not Kind.CASES:
            raise frames.ChannelClosed(f"{kind.name} where cases were due")
        return payload.splitlines(keepends=True)

    def _start(self) -> None:
        given = self._pipes()
        self._link, theirs = socket.socketpair()
        with theirs:
            self._desk.fork((theirs.fileno(), *given))
        for fd in given:
            os.close(fd)
        if self._order.cases < 0:
            self._stop_putting()
        # One that is killed at once does not hear what it was to be.
        with suppress(ConnectionError):
            candidate.tell(self._link.fileno(), self._order, self._uid)

    def _pipes(self) -> tuple[int, ...]:
        """Make what it is heard by; the other ends, which are to be its descriptors."""
        (zero, self._put), (self._said, one), (erred, two) = os.pipe(), os.pipe(), os.pipe()
        self._heard, three = os.pipe() if self._order.cases >= 0 else (-1, -1)
        self._ends = [fd for fd in (self._said, erred, self._heard) if fd >= 0]
        for fd in (self._put, *self._ends):
            os.set_blocking(fd, False)
        given = tuple(fd for fd in (zero, one, two, three) if fd >= 0)
        if self._uid:
            for fd in given:
                # So that /dev/stdout can be opened; not every kernel gives a pipe away.
                with suppress(PermissionError):
                    os.fchown(fd, self._uid, self._uid)
        return given

    def _stop_putting(self) -> None:
        if self._put >= 0:
            os.close(self._put)
            self._put = -1

    # Watching

    def _watch(self, deadline: float) -> None:
        """Carry what is said until the program ends or there is a reason to end it."""
        poll = select.poll()
        poll.register(_HOST_IN, select.POLLIN)
        for fd in self._ends:
            poll.register(fd, select.POLLIN)
        poll.register(self._desk, select.POLLIN)
        self._ports.watch(poll)
        wait = 3600.0 if self._settings.metered else _WATCH
        while not self._death and self._status is None:
            left = deadline - time.monotonic()
            if left <= 0:
                self._death = "time"
                break
            self._write_case(poll)
            for fd, event in poll.poll(1000 * min(left, wait)):
                self._happened(poll, fd, event)
            self._look_around()
        self._stop_putting()

    def _write_case(self, poll: select.poll) -> None:
        if self._put < 0:
            return
        if self._talk.over:
            self._stop_watching_put(poll)
            self._stop_putting()
            return
        try:
            if self._talk.unsent and self._talk.feed(self._put):
                poll.register(self._put, select.POLLOUT)
                return
        except BrokenPipeError:
            # It reads no more; whether it has answered enough is seen when it ends.
            self._stop_watching_put(poll)
            self._stop_putting()
            return
        self._stop_watching_put(poll)

    def _stop_watching_put(self, poll: select.poll) -> None:
        with suppress(KeyError):
            poll.unregister(self._put)

    def _happened(self, poll: select.poll, fd: int, event: int) -> None:
        if fd == _HOST_IN:
            kind, channel, payload = frames.receive(_HOST_IN)
            self._ports.from_host(kind, channel, payload)
        elif fd in self._ends:
            self._hear(poll, fd)
        elif fd == self._desk.fileno():
            self._note_end()
        elif fd != self._put:
            self._ports.happened(fd, event)

    def _hear(self, poll: select.poll, fd: int) -> None:
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            poll.unregister(fd)
            return
        self._take(fd, data)

    def _take(self, fd: int, data: bytes) -> None:
        if fd == self._heard:
            self._talk.hear(data)
            self._death = self._death or ("answers" if self._talk.fault else "")
            return
        (self._out if fd == self._said else self._err).add(data)
        if self._out.total + self._err.total > self._order.output:
            self._death = self._death or "output"

    def _look_around(self) -> None:
        """What no control group and no file system holds, we do."""
        if self._settings.metered or self._death:
            return
        supervisor = self._desk.supervisor
        found = cleaning.processes() if self._settings.alone else cleaning.offspring(supervisor)
        if meters.resident(found - {os.getpid(), supervisor}) > self._order.memory:
            self._death = "memory"
        elif self._settings.alone and meters.files_in(self._settings.work) > self._settings.inodes:
            self._death = "disk"

    # The end

    def _note_end(self) -> None:
        ending = self._desk.ending()
        self._status, self._peak = ending.status, ending.peak

    def _end_all(self) -> None:
        """Nothing of a program outlives it."""
        mine = {os.getpid(), self._desk.supervisor}
        cleaning.end_all(self._settings, mine, self._desk.supervisor, self._reap)
        if self._status is None:
            self._note_end()

    def _reap(self) -> None:
        """Have taken note of what has ended: by who waits for the program, until that has."""
        if self._status is not None:
            self._desk.reap()
        elif self._desk.has_news():
            self._note_end()

    def _check_start(self) -> None:
        """See that the process became the candidate; if not, that is no fault of the latter's."""
        with suppress(ConnectionError):
            if fault := self._link.recv(_CHUNK):
                raise RuntimeError(fault.decode(errors="replace"))

    def _drain(self) -> None:
        for fd in self._ends:
            for _ in range(_DRAIN):
                with suppress(BlockingIOError):
                    if data := os.read(fd, _CHUNK):
                        self._take(fd, data)
                        continue
                break

    def _report(self, seconds: float) -> bytes:
        status = self._status or 0
        signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        failed = bool(status) or bool(self._death)
        out, err = self._out.end, self._err.end
        title = {
            "status": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
            "signal": signal,
            "death": self._death or (self._cause(signal) if failed else ""),
            "fault": self._talk.fault,
            "seconds": seconds,
            "peak": self._peak,
            "out": len(out),
            "out_total": self._out.total,
            "err": len(err),
            "err_total": self._err.total,
            "answers": [len(answer) for answer in self._talk.answers],
            "answer_seconds": self._talk.seconds,
        }
        return frames.titled(title, out + err + b"".join(self._talk.answers))

    def _cause(self, signal: int) -> str:
        """Which limit a program that failed had met."""
        now = meters.Counts.now()
        outgrown = not self._settings.metered and self._peak > self._order.memory
        if outgrown or now.kills > self._counts.kills:
            return "memory"
        if now.refusals > self._counts.refusals:
            return "processes"
        if signal == _SIGXFSZ or any(map(meters.full, self._places())):
            return "disk"
        return ""

    def _places(self) -> tuple[str, ...]:
        return (self._settings.work, *self._settings.scratch) if self._settings.alone else ()


_SIGXFSZ = 25
