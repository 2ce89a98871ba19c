"""Warm sandboxes, lent to one candidate after the other."""

import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from threading import BoundedSemaphore, Lock
from types import TracebackType
from typing import Protocol, Self, TypeVar

from sandboxes.base import SandboxBroke
from sandboxes.services import Service
from sandboxes.worker import Lease, Worker

IDLE_SECONDS = 600.0
"""How long a supervisor waits for its next lease before it ends itself."""

_BACKOFF = (0.2, 1.0, 4.0, 10.0)

T = TypeVar("T")


class Source(Protocol):
    """Starts workers of a kind, and sweeps up after them."""

    def start(self) -> Worker:
        """A worker that has been started and is not yet settled.

        Raises:
            NoSandbox: there can be none.
            SandboxBroke: this once there is none.
        """
        ...

    def sweep(self) -> int:
        """Remove what ended processes of ours have left; how much that was.

        Raises:
            SandboxError: it cannot be looked for.
        """
        ...

    def close(self) -> None:
        """Remove whatever this source has started and is still there."""
        ...


class Pool:
    """Sandboxes of one kind. Close it, or use it in a `with`; several threads may lease at once.

    size: how many there are at most at the same time, beside fresh ones.
    attempts: how often a piece of work is tried when its sandbox breaks.
    """

    def __init__(self, source: Source, *, size: int, attempts: int = 6) -> None:
        self._source = source
        self._attempts = attempts
        self._size = size
        self._places = BoundedSemaphore(size)
        self._idle = deque[Worker]()
        self._all = set[Worker]()
        self._lock = Lock()
        self._closed = False
        source.sweep()

    @contextmanager
    def lease(self, *, fresh: bool = False, services: Sequence[Service] = ()) -> Generator[Lease]:
        """A sandbox, as soon as there is one.

        fresh: one that nobody has used before and nobody will again, for what must not rest on
            how clean a used one is.
        services: what its programs may ask, and learn of by their environment.

        Raises:
            NoSandbox: there can be none.
            SandboxBroke: the one that was to be lent has broken, or breaks while it is lent.
        """
        with self._places:
            worker = self._started() if fresh else self._warm()
            try:
                with worker.lease(services) as sandbox:
                    yield sandbox
            finally:
                if fresh:
                    worker.retire()
                self._give_back(worker)

    def attempt(
        self,
        work: Callable[[Lease], T],
        *,
        fresh: bool = False,
        services: Sequence[Service] = (),
    ) -> T:
        """Do a piece of work in a sandbox, and again in another if the sandbox breaks.

        Raises:
            NoSandbox: there can be none.
            SandboxBroke: it broke at every attempt; the last one's error.
        """
        for pause in self._pauses():
            try:
                with self.lease(fresh=fresh, services=services) as sandbox:
                    return work(sandbox)
            except SandboxBroke:
                if pause is None:
                    raise
                time.sleep(pause)
        raise SandboxBroke("no attempt was made")

    def _pauses(self) -> list[float | None]:
        again = [_BACKOFF[min(n, len(_BACKOFF) - 1)] for n in range(self._attempts - 1)]
        return [*again, None]

    def warm(self) -> None:
        """Start all sandboxes ahead of their first use, which also shows that there can be any.

        Raises:
            NoSandbox: there can be none.
            SandboxBroke: it broke.
        """
        with ExitStack() as held:
            for _ in range(self._size):
                held.enter_context(self.lease())

    def _warm(self) -> Worker:
        while worker := self._taken():
            try:
                worker.settle()
            except SandboxBroke:
                # It broke while nobody had it: no candidate is the worse for that.
                self._drop(worker)
            else:
                return worker
        return self._started()

    def _taken(self) -> Worker | None:
        with self._lock:
            worker = self._idle.popleft() if self._idle else None
        if worker and time.monotonic() - worker.used_at > IDLE_SECONDS / 2:
            self._drop(worker)
            return self._taken()
        return worker

    def _started(self) -> Worker:
        if self._closed:
            raise SandboxBroke("the pool has been closed")
        worker = self._source.start()
        with self._lock:
            self._all.add(worker)
        try:
            worker.settle()
        except BaseException:
            self._drop(worker)
            raise
        return worker

    def _give_back(self, worker: Worker) -> None:
        if not worker.usable or self._closed:
            self._drop(worker)
            return
        with self._lock:
            self._idle.append(worker)

    def _drop(self, worker: Worker) -> None:
        worker.end()
        with self._lock:
            self._all.discard(worker)

    def close(self) -> None:
        """End all sandboxes, also such as are lent."""
        self._closed = True
        with self._lock:
            left = list(self._all)
        for worker in left:
            self._drop(worker)
        self._source.close()

    def __enter__(self) -> Self:
        """The pool."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
