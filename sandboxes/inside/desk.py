"""The desk between the supervisor, which forks and waits, and its clerk, which does neither."""

import select
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

FORK, REAP, LEAVE = b"F", b"R", b"L"
ENDED, REAPED, FAILED = b"E", b"R", b"X"

_ENDING = struct.Struct("=iq")
_NUMBER = struct.Struct("=q")
_DESCRIPTOR = struct.Struct("i")
_MOST_DESCRIPTORS = 8
_ROOM = socket.CMSG_SPACE(_MOST_DESCRIPTORS * _DESCRIPTOR.size)
_WORDS = 4096


class DeskError(Exception):
    """What was asked for cannot be done."""


@dataclass(frozen=True)
class Ending:
    """How a program ended: as `os.wait4` has it, and bytes that its largest process had."""

    status: int
    peak: int


class Desk:
    """The clerk's side: it asks, and hears how a program has ended.

    supervisor: the process on the other side.
    """

    def __init__(self, link: socket.socket, supervisor: int) -> None:
        self._link = link
        self.supervisor = supervisor

    def fileno(self) -> int:
        """What can be read when a program has ended."""
        return self._link.fileno()

    def fork(self, descriptors: Sequence[int]) -> None:
        """Have a program started with these, of which the first tells it what it is.

        One at a time: the next when this one's ending has been heard.
        """
        socket.send_fds(self._link, [FORK], list(descriptors))

    def ending(self) -> Ending:
        """How the program ended; waits for it.

        Raises:
            DeskError: it could not be started.
        """
        said = self._link.recv(_WORDS)
        if said[:1] != ENDED:
            raise DeskError(said[1:].decode(errors="replace") or "the supervisor is gone")
        return Ending(*_ENDING.unpack_from(said, 1))

    def has_news(self) -> bool:
        """Whether there is something to hear."""
        return bool(select.select([self._link], [], [], 0)[0])

    def reap(self) -> None:
        """Have the supervisor take note of whatever has ended."""
        self._link.send(REAP)
        if self._link.recv(_WORDS) != REAPED:
            raise DeskError("the supervisor does not reap")

    def leave(self, served: int) -> None:
        """Say that a successor is wanted, and how many leases are done."""
        self._link.send(LEAVE + _NUMBER.pack(served))


def heard(link: socket.socket) -> tuple[bytes, tuple[int, ...]]:
    """The supervisor's side: what the clerk asks for, and descriptors; nothing when it is gone.

    As little is done here as can be: what this writes to is copied for every program.
    """
    try:
        asked, attached, _, _ = link.recvmsg(1 + _NUMBER.size, _ROOM)
    except ConnectionError:
        return b"", ()
    if not attached:
        return asked, ()
    numbers = attached[0][2]
    return asked, struct.unpack(f"{len(numbers) // _DESCRIPTOR.size}i", numbers)


def leases(asked: bytes) -> int:
    """How many are done, as a clerk that leaves says it."""
    return int(_NUMBER.unpack_from(asked, 1)[0])


def tell_ending(link: socket.socket, status: int, kibibytes: int) -> None:
    """Tell the clerk how a program has ended."""
    link.send(ENDED + _ENDING.pack(status, kibibytes * 1024))
