"""Candidates run in processes of their own, for worlds that keep a CPU busy.

The threads of one process run Python one at a time; processes run it side by side.
"""

import os
import pickle
import signal
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context, parent_process
from queue import LifoQueue
from threading import Lock, Thread
from typing import ParamSpec, TypeVar

from archive.closing import Closing
from archive.entry import Candidate, Cause, Evaluation, Failure, Tree
from goexplore.domain import Confirming, Domain, DomainError, confirmations
from mutators.base import Parent

P = ParamSpec("P")
T = TypeVar("T")

Result = Evaluation | Failure

_CLOSED = "its worker processes have been closed"


class InProcesses(Closing):
    """A domain whose candidates are run in worker processes. Close it, or use it in a `with`.

    Each process has a copy of the domain as it was when it was handed over, and runs one
    candidate at a time. A process that ends under its candidate is that candidate's crash; the
    others go on, and the next candidate finds a new one.

    processes: how many there are at most; each starts when it is first needed.
    """

    def __init__(self, domain: Domain, processes: int) -> None:
        """Hand a domain over.

        Raises:
            DomainError: it cannot be pickled.
        """
        self._domain = domain
        world = _pickled(domain)
        self._workers = [_Worker(world) for _ in range(processes)]
        # Last in, first out: a process that runs is taken before one that is still to start.
        self._idle = LifoQueue[_Worker]()
        for worker in self._workers:
            self._idle.put(worker)

    @property
    def goal(self) -> float | None:
        """The goal of the domain."""
        return self._domain.goal

    def roots(self) -> Sequence[Tree]:
        """The roots of the domain.

        Raises:
            DomainError: as the domain does.
        """
        return self._domain.roots()

    def verify(self, candidate: Candidate, parent: Parent | None) -> Result:
        """Run a candidate in a process, as soon as one is free.

        Raises:
            DomainError: the domain says so, or no process starts, or all have been closed.
        """
        return self._in_one(lambda worker: worker.do(_verify, candidate, parent))

    @property
    def confirmations(self) -> int:
        """Those of the domain."""
        return confirmations(self._domain)

    def confirm(self, candidate: Candidate, parent: Parent | None, found: Evaluation) -> Result:
        """Verify a candidate again in a process, as soon as one is free.

        Raises:
            DomainError: as `verify` does.
        """
        return self._in_one(lambda worker: worker.do(_confirm, candidate, parent, found))

    def _in_one(self, work: "Callable[[_Worker], Result]") -> Result:
        worker = self._idle.get()
        try:
            return work(worker)
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End the processes, and with them what they have under way."""
        with ThreadPoolExecutor(len(self._workers)) as closers:
            list(closers.map(_Worker.close, self._workers))


def _pickled(domain: Domain) -> bytes:
    try:
        return pickle.dumps(domain)
    except (pickle.PicklingError, TypeError, AttributeError, RuntimeError) as error:
        name = type(domain).__name__
        raise DomainError(f"{name} cannot be pickled for worker processes: {error}") from error


class _Worker:
    """A process, or the place of one that is still to start.

    It is a pool of one: a larger one breaks as a whole when one of its processes ends, and does
    not tell under which candidate.
    """

    def __init__(self, world: bytes) -> None:
        self._world = world
        self._lock = Lock()
        self._closed = False
        self._pool: ProcessPoolExecutor | None = None
        # 0 until the process has its copy of the domain.
        self._pid = 0
        self._done: Callable[[], bool] = lambda: True

    def do(self, function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        under_way = self._begun(function, *args, **kwargs)
        try:
            return under_way.result()
        except BrokenProcessPool as end:
            if self._closed:
                raise DomainError(_CLOSED) from end
            # A cause is there only where the process went on and its answer could not be read.
            return Failure(
                cause=Cause.CRASHED,
                message="the process that ran it ended, or was killed",
                log=str(end.__cause__ or ""),
            )

    def _begun(
        self, function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs
    ) -> Future[Result]:
        if self._pool and self._pid:
            # If it has ended, then after its last candidate, and not by the fault of this one.
            with suppress(BrokenProcessPool):
                return self._submit(self._pool, function, *args, **kwargs)
        return self._submit(self._start(), function, *args, **kwargs)

    def _start(self) -> ProcessPoolExecutor:
        self._pid = 0
        self._pool = pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        try:
            self._pid = self._submit(pool, _settle, self._world).result()
        except BrokenProcessPool as end:
            raise DomainError(
                "a worker process ended before it ran anything; a script begins its run under "
                "if __name__ == '__main__'"
            ) from end
        except DomainError:
            pool.shutdown()
            raise
        return pool

    def _submit(
        self,
        pool: ProcessPoolExecutor,
        function: Callable[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Future[T]:
        with self._lock:
            if self._closed:
                raise DomainError(_CLOSED)
            future = pool.submit(function, *args, **kwargs)
            self._done = future.done
            return future

    def close(self) -> None:
        with self._lock:
            self._closed = True
        if self._pid and not self._done():
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)
        if self._pool:
            self._pool.shutdown()


# In the process

# The calls of a process have nothing in common but its globals.
_worlds: list[Domain] = []


def _settle(world: bytes) -> int:
    """Make a process ready to verify; its id."""
    # Ctrl-C reaches all processes of a terminal; the run finishes what is under way by itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    try:
        _worlds.append(pickle.loads(world))  # noqa: S301  # our own parent pickled it
    except Exception as error:
        raise DomainError(f"no copy of the domain in a worker process: {error!r}") from error
    return os.getpid()


def _end_with_parent() -> None:
    """End when the parent does, however it does: a killed one closes nothing."""
    if parent := parent_process():
        parent.join()
        os._exit(1)


def _verify(candidate: Candidate, parent: Parent | None) -> Result:
    return _guarded(lambda: _worlds[0].verify(candidate, parent))


def _confirm(candidate: Candidate, parent: Parent | None, found: Evaluation) -> Result:
    world = _worlds[0]
    if not isinstance(world, Confirming):
        raise DomainError(f"{type(world).__name__} confirms nothing")
    return _guarded(lambda: world.confirm(candidate, parent, found))


def _guarded(work: Callable[[], Result]) -> Result:
    try:
        return work()
    except DomainError:
        raise
    # A crash becomes an answer here already: not every exception survives the way back.
    except (Exception, SystemExit) as crash:  # noqa: BLE001  # a candidate's crash is an answer
        message = f"{type(crash).__name__}: {crash}"
        return Failure(cause=Cause.CRASHED, message=message, log=traceback.format_exc())
