"""A door to named hosts, and to no others."""

import socket
from threading import Thread

import pytest

from sandboxes.base import Script
from sandboxes.docker import Containers, Engine
from sandboxes.pool import Pool
from sandboxes.proxy import Proxy


def said(proxy: Proxy, request: bytes) -> bytes:
    """What a proxy says to a request, to the end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        thread = Thread(target=proxy.serve, args=(theirs,), daemon=True)
        thread.start()
        ours.sendall(request)
        ours.shutdown(socket.SHUT_WR)
        thread.join(10)
        theirs.shutdown(socket.SHUT_RDWR)
        return b"".join(iter(lambda: ours.recv(4096), b""))


def connect(to: str) -> bytes:
    """A request to connect."""
    return f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (connect("example.com:443"), b"403"),
        (connect("example.org:80"), b"403"),
        (connect("localhost:443"), b"403"),
        (connect("127.0.0.1:22"), b"403"),
        (connect("::::"), b"403"),
        (b"GET http://example.org/ HTTP/1.1\r\n\r\n", b"405"),
        (b"\xff\xff\r\n\r\n", b""),
    ],
)
def test_what_is_not_named_is_not_reached(request_: bytes, status: bytes) -> None:
    answer = said(Proxy(["example.org", "localhost"]), request_)

    assert answer.split(b" ")[1 if status else 0] == status


@pytest.mark.parametrize("host", ["http://example.org", "example.org:https", "", ":443"])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="is no host"):
        Proxy([host])


CALL = """
import os, socket, urllib.parse
home = urllib.parse.urlparse(os.environ["HTTPS_PROXY"])
for to in ("127.0.0.1:{port}", "192.0.2.1:443"):
    link = socket.create_connection((home.hostname, home.port), 5)
    link.sendall(f"CONNECT {{to}} HTTP/1.1\\r\\n\\r\\n".encode())
    said = b""
    while data := link.recv(100):
        said += data
    print(said.split(b" ")[1].decode(), said.endswith(b"\\r\\nhello"))
    link.close()
"""


@pytest.mark.docker
def test_code_inside_reaches_a_named_host_and_no_other(engine: Engine, image: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def greet() -> None:
            link, _ = server.accept()
            with link:
                link.sendall(b"hello")

        Thread(target=greet, daemon=True).start()
        source = Containers(
            engine=engine,
            image=image,
            profile="networked",
            services=(Proxy([f"127.0.0.1:{port}"]),),
        )
        with Pool(source, size=1) as pool, pool.lease() as sandbox:
            sandbox.write({"main.py": CALL.format(port=port)})
            done = sandbox.run(Script(file="main.py"))

    assert done.stdout.split(b"\n")[:2] == [b"200 True", b"403 False"], done.stderr
