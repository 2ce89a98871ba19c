"""A line to a supervisor: bytes both ways, each wait with a deadline."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from sandboxes.inside.frames import HEAD_BYTES, ChannelClosed, Kind, head

_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class PostMortem:
    """How a supervisor ended: its exit status, whether for want of memory, its last words."""

    status: int | None
    for_memory: bool
    words: str


class Line(Protocol):
    """A line to a supervisor that one thread reads and several write."""

    def send(self, frames: bytes) -> None:
        """Send frames, as `sandboxes.inside.frames.packed` makes them.

        Raises:
            ChannelClosed: there is nobody, or it takes too long.
        """
        ...

    def receive(self, deadline: float) -> tuple[Kind, int, bytes]:
        """The next frame. `deadline`: by the monotonic clock.

        Raises:
            ChannelClosed: there is nobody, or nothing has come by then.
        """
        ...

    def end(self) -> PostMortem:
        """End the supervisor and all with it, and leave nothing; how it had ended, if it had."""
        ...


class Frames:
    """Frames on a socket. `open`: nobody has hung up yet, as far as is known.

    unwrap: takes what came and gives what of it is the supervisor's.
    patience: seconds that sending a frame may take.
    """

    def __init__(
        self, link: socket.socket, unwrap: Callable[[bytes], bytes] = bytes, patience: float = 30.0
    ) -> None:
        self._link = link
        # A socket of its own, since each of the two has a time-out.
        self._out = link.dup()
        self._out.settimeout(patience)
        self._sending = Lock()
        self._unwrap = unwrap
        self._buffer = bytearray()
        self.open = True

    def send(self, frames: bytes) -> None:
        """Send frames; see `Line`."""
        try:
            with self._sending:
                self._out.sendall(frames)
        except (OSError, ValueError) as error:
            self.open = False
            raise ChannelClosed(f"the supervisor takes nothing: {error}") from error

    def receive(self, deadline: float) -> tuple[Kind, int, bytes]:
        """The next frame; see `Line`."""
        self._fill(HEAD_BYTES, deadline)
        kind, channel, length = head(bytes(self._buffer[:HEAD_BYTES]))
        self._fill(HEAD_BYTES + length, deadline)
        payload = bytes(self._buffer[HEAD_BYTES : HEAD_BYTES + length])
        del self._buffer[: HEAD_BYTES + length]
        return kind, channel, payload

    def _fill(self, wanted: int, deadline: float) -> None:
        while len(self._buffer) < wanted:
            left = deadline - time.monotonic()
            if left <= 0:
                raise ChannelClosed("the supervisor says nothing")
            self._buffer += self._unwrap(self._some(left))

    def _some(self, seconds: float) -> bytes:
        try:
            self._link.settimeout(seconds)
            data = self._link.recv(_CHUNK)
        except TimeoutError as error:
            raise ChannelClosed("the supervisor says nothing") from error
        except (OSError, ValueError) as error:
            self.open = False
            raise ChannelClosed(f"the line is cut: {error}") from error
        if not data:
            self.open = False
            raise ChannelClosed("the supervisor is gone")
        return data

    def close(self) -> None:
        """Hang up."""
        self._link.close()
        self._out.close()
