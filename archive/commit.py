"""Group commit: one transaction for all that has come in since the last one."""

from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Event, Thread
from typing import Generic, TypeVar

from archive.errors import ArchiveError

Item = TypeVar("Item")

LINGER = 0.005
"""Seconds that a group waits for more, unless somebody waits for it."""

ROOM = 1024
"""How many items may wait before whoever brings the next one waits, too."""


class GroupCommit(Generic[Item]):
    """A thread that writes what others bring, as many as there are at a time, in their order.

    `write` gets a group and returns when it is durable. After its first failure nothing more is
    written, and the failure is raised to everyone who brings an item or waits.
    """

    def __init__(self, write: Callable[[Sequence[Item]], None]) -> None:
        self._write = write
        self._waiting: SimpleQueue[Item | Event | None] = SimpleQueue()
        self._room = BoundedSemaphore(ROOM)
        self._hurry = Event()
        self._failure: Exception | None = None
        self._thread = Thread(target=self._work, name="group-commit", daemon=True)
        self._thread.start()

    def bring(self, item: Item) -> None:
        """Have an item written soon."""
        self._check()
        self._room.acquire()
        try:
            self._check()
        except Exception:
            self._room.release()
            raise
        self._waiting.put(item)

    def flush(self) -> None:
        """Wait until everything that was brought is durable."""
        self._check()
        written = Event()
        self._waiting.put(written)
        self._hurry.set()
        written.wait()
        self._check()

    def close(self) -> None:
        """Write what waits and end the thread; failures were or will be raised by `flush`."""
        self._waiting.put(None)
        self._hurry.set()
        self._thread.join()
        self._failure = self._failure or ArchiveError("the archive has been closed")

    def _check(self) -> None:
        if self._failure:
            raise self._failure

    def _work(self) -> None:
        going_on = True
        while going_on:
            group, flushed, going_on = self._next_group()
            self._write_group(group)
            for written in flushed:
                written.set()

    def _next_group(self) -> tuple[list[Item], list[Event], bool]:
        group: list[Item] = []
        flushed: list[Event] = []
        item = self._waiting.get()
        self._hurry.wait(LINGER)
        self._hurry.clear()
        while item is not None:
            if isinstance(item, Event):
                flushed.append(item)
            else:
                group.append(item)
            try:
                item = self._waiting.get_nowait()
            except Empty:
                return group, flushed, True
        return group, flushed, False

    def _write_group(self, group: Sequence[Item]) -> None:
        try:
            if group and not self._failure:
                self._write(group)
        except Exception as failure:  # noqa: BLE001  # the edge of a worker; raised to its callers
            self._failure = failure
        for _ in group:
            self._room.release()
