"""As much of HTTP/1.1 as the code inside needs to speak with the host. It may be hostile."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException, parse_headers
from io import BufferedIOBase

_LONGEST_LINE = 8192
IDLE_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked. `flaw`: the status with which it is refused, and why; or nothing."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    flaw: tuple[HTTPStatus, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What is answered."""

    status: int
    body: bytes
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def packed(self) -> bytes:
        """The response as bytes."""
        status = HTTPStatus(self.status)
        titles = {
            "Content-Type": self.kind,
            "Content-Length": str(len(self.body)),
            **self.headers,
        }
        lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
        lines += [f"{name}: {value}" for name, value in titles.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


def read(file: BufferedIOBase, most: int) -> Request | None:
    """The next request on a connection; `None` where there is none or it cannot be read.

    most: bytes that its body may have; a longer one is not read, and flawed.
    """
    try:
        line = file.readline(_LONGEST_LINE).decode("ascii")
        method, path, version = line.split()
        headers = {name.lower(): value for name, value in parse_headers(file).items()}
        length = int(headers.get("content-length", "0"))
    except (OSError, ValueError, HTTPException):
        return None
    if not version.startswith("HTTP/1.") or length < 0:
        return None
    if "transfer-encoding" in headers:
        return _flawed(method, path, HTTPStatus.LENGTH_REQUIRED, "say how long the request is")
    if length > most:
        why = f"a request of {length} bytes; {most} are the most"
        return _flawed(method, path, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, why)
    try:
        body = file.read(length)
    except OSError:
        return None
    if len(body) < length:
        return None
    return Request(method=method, path=path.partition("?")[0], headers=headers, body=body)


def _flawed(method: str, path: str, status: HTTPStatus, why: str) -> Request:
    return Request(method=method, path=path, headers={}, body=b"", flaw=(status, why))


def reader(link: socket.socket) -> BufferedIOBase:
    """What comes on a connection, as a file."""
    link.settimeout(IDLE_SECONDS)
    return link.makefile("rb")
