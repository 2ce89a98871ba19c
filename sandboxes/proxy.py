"""A door to named hosts, for code inside that has no network of its own.

Only CONNECT is understood, which is what clients use for https. The host looks names up and
connects; an address of the host itself or of its own network is reached only if it is named.
"""

import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address
from threading import Thread

from sandboxes import hypertext
from sandboxes.hypertext import Response
from sandboxes.services import PORTS

_HTTPS = 443
_SECONDS = 30.0
_CHUNK = 1 << 15


class Proxy:
    """Connects to the hosts of a list. A `sandboxes.services.Service`.

    hosts: such as `pypi.org`, or with a port other than 443, `example.org:8443`.
    """

    port = PORTS[1]

    def __init__(self, hosts: Sequence[str]) -> None:
        """Take a list.

        Raises:
            ValueError: an entry is no host.
        """
        self._allowed = {_place(host) for host in hosts}

    @property
    def environment(self) -> Mapping[str, str]:
        """What tells programs where the door is."""
        home = f"http://127.0.0.1:{self.port}"
        return {"HTTPS_PROXY": home, "https_proxy": home, "NO_PROXY": "127.0.0.1,localhost"}

    def serve(self, link: socket.socket) -> None:
        """Connect what comes, if it may."""
        with hypertext.reader(link) as file:
            request = hypertext.read(file, 0)
            if request is None:
                return
            if request.method != "CONNECT":
                link.sendall(_refusal(405, "only CONNECT, which is for https").packed())
                return
            try:
                far = _connected(*self._named(request.path))
            except (ValueError, PermissionError) as error:
                link.sendall(_refusal(403, str(error)).packed())
                return
            except OSError as error:
                link.sendall(_refusal(502, f"{request.path}: {error}").packed())
                return
            with far:
                link.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _carry(link, far)

    def _named(self, text: str) -> tuple[str, int]:
        place = _place(text)
        if place not in self._allowed:
            raise PermissionError(f"{text[:200]} is not on the list of hosts")
        return place


def _place(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, str(_HTTPS)
    host = host.strip("[]").rstrip(".").lower()
    if not host or not port.isdigit() or not host.isascii() or "/" in host:
        raise ValueError(f"{text[:200]!r} is no host; write example.org or example.org:8443")
    return host, int(port)


def _connected(host: str, port: int) -> socket.socket:
    """A connection; the address that was looked at is the one that is used."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, address = found[0]
    number = str(address[0]).partition("%")[0]
    if number != host and not ip_address(number).is_global:
        raise PermissionError(f"{host} leads to {number}, which is not named")
    far = socket.socket(family, kind, protocol)
    try:
        far.settimeout(_SECONDS)
        far.connect(address)
    except BaseException:
        far.close()
        raise
    far.settimeout(hypertext.IDLE_SECONDS)
    return far


def _carry(near: socket.socket, far: socket.socket) -> None:
    back = Thread(target=_pour, args=(far, near), daemon=True)
    back.start()
    _pour(near, far)
    back.join()


def _pour(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    for link in (source, target):
        with suppress(OSError):
            link.shutdown(socket.SHUT_RDWR)


def _refusal(status: int, why: str) -> Response:
    return Response(status=status, body=f"{why}\n".encode(), kind="text/plain")
