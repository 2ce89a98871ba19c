"""Ports on loopback whose connections are carried to the host, where somebody answers."""

import select
import socket
from contextlib import suppress

from sandboxes.inside import frames
from sandboxes.inside.frames import Kind

_HOST_OUT = 1
_CHUNK = 1 << 16
_MOST_CONNECTIONS = 64
_MOST_WAITING = 1 << 26


class _Connection:
    """A connection of the candidate's, and what is still to be written to it."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self.waiting = b""
        self.ending = False


class Ports:
    """The listening ports, and the connections that are open."""

    def __init__(self, ports: tuple[int, ...]) -> None:
        self._listeners = {each.fileno(): (n, each) for n, each in enumerate(map(_listen, ports))}
        self._connections: dict[int, _Connection] = {}
        self._channels: dict[int, int] = {}
        self._next = 1
        self._poll: select.poll | None = None

    def watch(self, poll: select.poll) -> None:
        """Have a poll tell of what happens here."""
        self._poll = poll
        for fd in self._listeners:
            poll.register(fd, select.POLLIN)

    def happened(self, fd: int, event: int) -> None:
        """Something can be accepted, read or written."""
        if fd in self._listeners:
            self._accept(fd)
        elif fd in self._channels:
            channel = self._channels[fd]
            if event & select.POLLOUT:
                self._flush(channel)
            if event & ~select.POLLOUT and channel in self._connections:
                self._read(channel)

    def from_host(self, kind: Kind, channel: int, payload: bytes) -> None:
        """Carry what the host says to its connection."""
        found = self._connections.get(channel)
        if found is None:
            return
        if kind is Kind.CLOSE:
            found.ending = True
        else:
            found.waiting += payload
        if len(found.waiting) > _MOST_WAITING:
            self._close(channel)
            return
        self._flush(channel)

    def close_connections(self) -> None:
        """Close what is open; the ports stay."""
        for channel in list(self._connections):
            self._close(channel)
        self._poll = None
        # What still waits to be accepted was a dead candidate's.
        for _, listener in self._listeners.values():
            with suppress(BlockingIOError):
                while True:
                    listener.accept()[0].close()

    def _accept(self, fd: int) -> None:
        number, listener = self._listeners[fd]
        with suppress(OSError):
            link, _ = listener.accept()
            if len(self._connections) >= _MOST_CONNECTIONS:
                link.close()
                return
            link.settimeout(0)
            channel = self._next
            self._next = self._next % 0xFFFF + 1
            self._connections[channel] = _Connection(link)
            self._channels[link.fileno()] = channel
            self._register(link.fileno(), select.POLLIN)
            frames.send(_HOST_OUT, Kind.OPEN, bytes([number]), channel)

    def _read(self, channel: int) -> None:
        link = self._connections[channel].link
        try:
            data = link.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(channel)
            return
        frames.send(_HOST_OUT, Kind.DATA, data, channel)

    def _flush(self, channel: int) -> None:
        found = self._connections[channel]
        try:
            while found.waiting:
                found.waiting = found.waiting[found.link.send(found.waiting[:_CHUNK]) :]
        except BlockingIOError:
            pass
        except OSError:
            self._close(channel)
            return
        if not found.waiting and found.ending:
            self._close(channel)
            return
        writing = select.POLLOUT if found.waiting else 0
        self._register(found.link.fileno(), select.POLLIN | writing)

    def _close(self, channel: int) -> None:
        found = self._connections.pop(channel)
        fd = found.link.fileno()
        del self._channels[fd]
        if self._poll:
            with suppress(KeyError):
                self._poll.unregister(fd)
        found.link.close()
        frames.send(_HOST_OUT, Kind.CLOSE, b"", channel)

    def _register(self, fd: int, events: int) -> None:
        if self._poll:
            self._poll.register(fd, events)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(_MOST_CONNECTIONS)
    listener.settimeout(0)
    return listener
