"""As much of HTTP/1.1 as the code inside needs to speak with the host. It may be hostile."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.client import HTTPException, parse_headers
from io import BufferedIOBase

_LONGEST_LINE = 8192
IDLE_SECONDS = 600.0

_SPILLED = 1 << 24
"""Bytes that are read and dropped of a body that is too long.

Who is cut off while sending hears no refusal.
"""

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked. `flaw`: the status with which it is refused, and why; or nothing."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
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

    most: bytes that its body may have; a longer one is dropped, and flawed.
    """
    try:
        line = file.readline(_LONGEST_LINE).decode("ascii")
        method, path, version = line.split()
        headers = {name.lower(): value for name, value in parse_headers(file).items()}
        length = int(headers.get("content-length", "0"))
        if not version.startswith("HTTP/1.") or length < 0:
            return None
    except (OSError, ValueError, HTTPException):
        return None
    request = Request(method=method, path=path.partition("?")[0], headers=headers)
    return _with_body(file, most, length, request)


def _with_body(file: BufferedIOBase, most: int, length: int, request: Request) -> Request | None:
    if "transfer-encoding" in request.headers:
        flaw = (HTTPStatus.LENGTH_REQUIRED, "say how long the request is")
        return replace(request, flaw=flaw)
    if length > most:
        why = f"a request of {length} bytes; {most} are the most"
        _drop(file, min(length, _SPILLED))
        return replace(request, flaw=(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, why))
    with suppress(OSError):
        if len(body := file.read(length)) == length:
            return replace(request, body=body)
    return None


def _drop(file: BufferedIOBase, length: int) -> None:
    with suppress(OSError):
        while length > 0 and (data := file.read(min(length, _CHUNK))):
            length -= len(data)


def reader(link: socket.socket) -> BufferedIOBase:
    """What comes on a connection, as a file."""
    link.settimeout(IDLE_SECONDS)
    return link.makefile("rb")
