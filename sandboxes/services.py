"""What the host offers to the code inside: connections that end in a thread of ours."""

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

from sandboxes.inside.frames import ChannelClosed, Kind, packed

PORTS = (4141, 4142)
"""Inside, where the ports can be ours: a gateway to models, and a proxy."""

_CHUNK = 1 << 15
_MOST_WAITING = 1 << 23


class Service(Protocol):
    """Answers one connection after the other, each in a thread of its own."""

    @property
    def port(self) -> int:
        """Where inside it is found: one of `PORTS`, and no other service's."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that tell programs inside of it."""
        ...

    def serve(self, link: socket.socket) -> None:
        """Talk until the other side hangs up. Whatever it says may be hostile."""
        ...


Send = Callable[[bytes], None]


class Switchboard:
    """Connects what comes from inside with the services of a lease."""

    def __init__(self, services: Sequence[Service], send: Send) -> None:
        self._services = {PORTS.index(service.port): service for service in services}
        self._send = send
        self._calls: dict[int, _Call] = {}

    def happened(self, kind: Kind, channel: int, payload: bytes) -> None:
        """Take a frame of a connection."""
        if kind is Kind.OPEN:
            self._open(payload[0] if payload else -1, channel)
        elif kind is Kind.DATA and channel in self._calls:
            self._calls[channel].hear(payload)
        elif kind is Kind.CLOSE and channel in self._calls:
            self._calls.pop(channel).hang_up()

    def close(self) -> None:
        """Hang up on all."""
        for call in self._calls.values():
            call.hang_up()
        self._calls.clear()

    def _open(self, port: int, channel: int) -> None:
        service = self._services.get(port)
        if service is None:
            self._send(packed(Kind.CLOSE, b"", channel))
            return
        self._calls[channel] = _Call(service, channel, self._send)


class _Call:
    """One connection: two threads that carry, one that answers."""

    def __init__(self, service: Service, channel: int, send: Send) -> None:
        self._channel = channel
        self._send = send
        self._ours, theirs = socket.socketpair()
        self._waiting = SimpleQueue[bytes | None]()
        self._bytes = 0
        self._carrier = Thread(target=self._carry_in, daemon=True)
        self._carrier.start()
        Thread(target=self._carry_out, daemon=True).start()
        Thread(target=_answer, args=(service, theirs), daemon=True).start()

    def hear(self, data: bytes) -> None:
        """Pass on what was said inside; what says more than is read is cut off."""
        self._bytes += len(data)
        if self._bytes > _MOST_WAITING:
            self.hang_up()
            return
        self._waiting.put(data)

    def hang_up(self) -> None:
        """End it."""
        self._waiting.put(None)
        with suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)

    def _carry_in(self) -> None:
        with suppress(OSError):
            while data := self._waiting.get():
                self._ours.sendall(data)
                self._bytes -= len(data)

    def _carry_out(self) -> None:
        with suppress(OSError, ChannelClosed):
            while data := self._ours.recv(_CHUNK):
                self._send(packed(Kind.DATA, data, self._channel))
        with suppress(ChannelClosed):
            self._send(packed(Kind.CLOSE, b"", self._channel))
        self.hang_up()
        self._carrier.join()
        self._ours.close()


def _answer(service: Service, link: socket.socket) -> None:
    with link, suppress(OSError):
        service.serve(link)
