"""The channel between the host and the inside: frames of a kind, a channel and some bytes."""

import json
import os
import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import cast

_HEAD = struct.Struct(">BHI")
MOST = 1 << 26
"""Bytes that a frame may hold. More is no frame but noise."""


class Kind(IntEnum):
    """What a frame is."""

    # To the inside.
    FILE = 1
    RUN = 2
    CASES = 3
    GET = 4
    END = 5
    # To the host.
    READY = 10
    DONE = 11
    GOT = 12
    CLEAN = 13
    BROKEN = 14
    # Both ways: connections to what the host offers.
    OPEN = 20
    DATA = 21
    CLOSE = 22


class ChannelClosed(Exception):
    """The other side is gone, or speaks nonsense."""


def packed(kind: Kind, payload: bytes = b"", channel: int = 0) -> bytes:
    """A frame as bytes."""
    return _HEAD.pack(kind, channel, len(payload)) + payload


def titled(title: Mapping[str, object], body: bytes = b"") -> bytes:
    """A payload: a line of JSON, then bytes."""
    return json.dumps(title).encode() + b"\n" + body


def untitled(payload: bytes) -> tuple[dict[str, object], bytes]:
    """The line and the bytes of a payload.

    Raises:
        ChannelClosed: it is none.
    """
    line, _, body = payload.partition(b"\n")
    try:
        title: object = json.loads(line)
    except ValueError as error:
        raise ChannelClosed(f"no payload: {line[:80]!r}") from error
    if not isinstance(title, dict):
        raise ChannelClosed(f"no payload: {line[:80]!r}")
    return cast("dict[str, object]", title), body


HEAD_BYTES = _HEAD.size


def head(data: bytes) -> tuple[Kind, int, int]:
    """Kind, channel and length of the frame that begins with these bytes.

    Raises:
        ChannelClosed: none does.
    """
    number, channel, length = _HEAD.unpack(data)
    try:
        kind = Kind(number)
    except ValueError as error:
        raise ChannelClosed(f"no frame: {data!r}") from error
    if length > MOST:
        raise ChannelClosed(f"a frame of {length} bytes; {MOST} are the most")
    return kind, channel, length


def send(fd: int, kind: Kind, payload: bytes = b"", channel: int = 0) -> None:
    """Write a frame, whole."""
    left = memoryview(packed(kind, payload, channel))
    while left:
        left = left[os.write(fd, left) :]


def receive(fd: int) -> tuple[Kind, int, bytes]:
    """Read a frame and not a byte more.

    Raises:
        ChannelClosed: there is none.
    """
    kind, channel, length = head(exactly(fd, HEAD_BYTES))
    return kind, channel, exactly(fd, length)


def exactly(fd: int, length: int) -> bytes:
    """Read so many bytes.

    Raises:
        ChannelClosed: there are fewer.
    """
    parts: list[bytes] = []
    while length:
        part = os.read(fd, min(length, 1 << 20))
        if not part:
            raise ChannelClosed("the other side has closed the channel")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
