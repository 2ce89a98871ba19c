"""A server on loopback in a process of its own, for benchmarks that stand in for a model's."""

import asyncio
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol


class Desk(Protocol):
    """What a server answers."""

    async def reply(self) -> bytes:
        """The response to a question."""
        ...

    def told(self) -> bytes:
        """The response to a GET: what has been counted."""
        ...


def http(body: bytes, status: str = "200 OK") -> bytes:
    """A response of JSON."""
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


async def serve(desk: Desk) -> None:
    """Answer for ever, at a port that is printed first."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                if head.startswith(b"get"):
                    writer.write(desk.told())
                    continue
                length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length))
                writer.write(await desk.reply())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def serving(file: str, *words: float) -> Generator[str]:
    """The URL of the server that a benchmark is, asked to `--serve` with these words."""
    asked = [sys.executable, file, "--serve", *map(str, words)]
    with subprocess.Popen(asked, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.kill()
