"""A container engine of a test's own, which may be killed, frozen and starved of disk."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Protocol, cast

from sandboxes.docker import Engine

_PATIENCE = 60.0
_DISK = "size=1500m"


class Images(Protocol):
    """As much of the SDK as carries images from one engine to another."""

    def get_image(self, image: str) -> Iterable[bytes]: ...
    def load_image(self, data: Iterable[bytes]) -> object: ...


class OwnEngine:
    """A dockerd in a room of its own, its data on a disk in memory."""

    def __init__(self, room: Path) -> None:
        self._room = room
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{room}/socket"

    @property
    def data(self) -> Path:
        """Where it keeps images and containers."""
        return self._room / "data"

    def start(self) -> None:
        """Start it; once may not be enough after it was killed, while what it left still ends."""
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process is None or self._process.poll() is not None:
                self._process = self._started()
            assert time.monotonic() < deadline, self._log.read_text("utf-8")[-2000:]
            time.sleep(0.1)

    @property
    def _log(self) -> Path:
        return self._room / "log"

    def _started(self) -> "subprocess.Popen[bytes]":
        room = self._room
        (room / "config.json").write_text("{}", "utf-8")
        words = ["dockerd", "--config-file", f"{room}/config.json", "--data-root", f"{self.data}"]
        words += ["--exec-root", f"{room}/exec", "--pidfile", f"{room}/pid", "-H", self.url]
        words += ["--iptables=false", "--bridge=none", "--shutdown-timeout=1"]
        with self._log.open("ab") as log:
            return subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)  # noqa: S603

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            return False
        with suppress(Exception):
            return bool(Engine(self.url).version)
        return False

    def kill(self) -> None:
        """Kill it, and leave its containers."""
        self._signalled(signal.SIGKILL).wait()
        # The kernel ends its containerd then; one that starts too soon waits for that in vain.
        deadline = time.monotonic() + 5
        while self._containerd().exists() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _containerd(self) -> Path:
        """Where the kernel tells of its containerd, as long as that lives."""
        file = self._room / "exec" / "containerd" / "containerd.pid"
        pid = file.read_text("ascii").strip() if file.exists() else "none"
        return Path("/proc") / pid

    def freeze(self) -> None:
        """Have it stand still."""
        self._signalled(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signalled(signal.SIGCONT)

    def _signalled(self, number: signal.Signals) -> "subprocess.Popen[bytes]":
        assert self._process
        self._process.send_signal(number)
        return self._process

    @contextmanager
    def disk_full(self) -> Generator[Callable[[], None]]:
        """Leave no room where it keeps its data; what is given takes what has become free."""
        ballast = self.data / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                _fill(file)
                yield lambda: _fill(file)
            finally:
                ballast.unlink()

    def end(self) -> None:
        """End it and all that is left of it."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(_PATIENCE)
        with suppress(OSError, ValueError):
            os.kill(int(self._containerd().name), signal.SIGTERM)


def _fill(file: FileIO) -> None:
    for size in (1 << 20, 1 << 12):
        with suppress(OSError):
            while file.write(b"x" * size):
                pass


@contextmanager
def own_engine() -> Generator[OwnEngine]:
    """An engine of one's own, with no image.

    Raises:
        OSError: there can be none here.
    """
    if os.geteuid():
        raise OSError("an engine of one's own needs root")
    if not shutil.which("dockerd"):
        raise OSError("no dockerd")
    # A short path, since that of a socket may have 107 bytes at most.
    room = Path(mkdtemp(prefix="goexplore-", dir="/tmp"))
    engine = OwnEngine(room)
    engine.data.mkdir()
    _run("mount", "-t", "tmpfs", "-o", _DISK, "goexplore-tests", str(engine.data))
    try:
        engine.start()
        yield engine
    finally:
        engine.end()
        _unmount(room)
        shutil.rmtree(room, ignore_errors=True)


def _unmount(room: Path) -> None:
    """Unmount all below a folder, what was mounted last at first."""
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text("utf-8").splitlines()]
    for place in reversed(mounted):
        if Path(place).is_relative_to(room):
            with suppress(OSError):
                _run("umount", "-l", place)


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise OSError(f"{words[0]}: {done.stderr.strip()}")


def carry(image: str, source: Engine, target: Engine) -> None:
    """Give an engine an image that another one has."""
    data = cast("Images", source.api).get_image(image)
    cast("Images", target.api).load_image(data)
