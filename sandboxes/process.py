"""Sandboxes without an engine: a process with limits, in namespaces of its own if it can be.

With bubblewrap around it, it sees no network, no process and no file of the host's but the
programs under /usr, read-only. Without, nothing keeps a candidate from what the user may do: it is
named `unconfined` and must be asked for.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from sandboxes import inside
from sandboxes.base import Confinement, NoSandbox, SandboxBroke
from sandboxes.inside.frames import Kind
from sandboxes.inside.settings import Settings
from sandboxes.limits import Room
from sandboxes.link import Frames, PostMortem
from sandboxes.pool import IDLE_SECONDS
from sandboxes.services import PORTS
from sandboxes.worker import Traits, Worker

LEASES = 500
LEASE_SECONDS = 4 * 3600.0
INSIDE = "/opt/goexplore"

START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from sandboxes.inside.supervisor import main; main(sys.argv[2])"
)
"""What an interpreter is told so that it becomes a supervisor."""

_WORDS = 4000
_CAPABILITIES = ("SETUID", "SETGID", "KILL", "CHOWN", "DAC_OVERRIDE", "FOWNER")
_PLACES = ("/work", "/tmp", "/dev/shm")  # noqa: S108  # of the sandbox


def first_uid() -> int:
    """The first of a range of user ids that nobody else has.

    A range at random, since the kernel counts a user's processes across all containers.
    """
    return 100_000_000 + secrets.randbelow(1_000_000) * (2 * LEASES)


class Unconfined:
    """Starts workers that are mere processes, each in a session and a folder of its own."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def start(self) -> Worker:
        """A worker; see `Source`."""
        home = tempfile.mkdtemp(prefix="goexplore-")
        try:
            return self._started(Path(home))
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise

    def sweep(self) -> int:
        """Nothing outlives our process: a supervisor ends with it."""
        return 0

    def close(self) -> None:
        """Nothing is left to remove."""

    def _started(self, home: Path) -> Worker:
        work, scratch = home / "work", home / "tmp"
        work.mkdir()
        scratch.mkdir()
        python = _python_for_all() if os.geteuid() == 0 else None
        own_user = python is not None
        if own_user:
            home.chmod(0o755)
            for folder in (work, scratch):
                folder.chmod(0o1777)
        settings = Settings(
            work=str(work),
            scratch=(str(scratch),),
            first_uid=first_uid() if own_user else 0,
            alone=False,
            metered=False,
            inodes=self._room.inodes,
            leases=LEASES,
            idle_seconds=IDLE_SECONDS,
            lease_seconds=LEASE_SECONDS,
            ports=(),
        )
        command = [python or _python(), "-I", "-c", START, str(_house()), settings.as_text()]
        detail = "limits of a process; it reads what its user may read, and has the network"
        confinement = Confinement(name="unconfined", confined=False, image="", detail=detail)
        traits = Traits(
            confinement=confinement,
            room=self._room,
            leases=LEASES,
            shares_user=not own_user,
            metered=False,
            offers=False,
        )
        return Worker(_Process(command, home), traits)


class Bubblewrap:
    """Starts workers in namespaces of their own, by bubblewrap.

    No control group limits their memory and no file system their files: the supervisor looks
    every few hundredths of a second and ends what has grown too large.
    """

    def __init__(self, room: Room) -> None:
        """Look for bubblewrap.

        Raises:
            NoSandbox: it is not there, or this machine does not let it work.
        """
        found = shutil.which("bwrap")
        if found is None:
            raise NoSandbox("no bubblewrap; on Debian or Ubuntu: apt-get install bubblewrap")
        self._room = room
        self._program = found
        self._own_user = os.geteuid() == 0
        # To the kernel, the parent that a sandbox dies with is the thread that started it.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="sandboxes")

    def start(self) -> Worker:
        """A worker; see `Source`."""
        settings = Settings(
            work=_PLACES[0],
            scratch=_PLACES[1:],
            first_uid=first_uid() if self._own_user else 0,
            alone=True,
            metered=False,
            inodes=self._room.inodes,
            leases=LEASES,
            idle_seconds=IDLE_SECONDS,
            lease_seconds=LEASE_SECONDS,
            ports=PORTS,
        )
        interpreter = [_python(), "-I", "-c", START, INSIDE, settings.as_text()]
        user = "a user of its own" if self._own_user else "the user's own id, without its rights"
        detail = f"namespaces, {user}; no control group: memory is watched, not limited"
        traits = Traits(
            confinement=Confinement(name="bubblewrap", confined=True, image="", detail=detail),
            room=self._room,
            leases=LEASES,
            shares_user=not self._own_user,
            metered=False,
        )
        command = [self._program, *self._walls(), *interpreter]
        return Worker(_Process(command, None, self._starter), traits)

    def sweep(self) -> int:
        """Nothing outlives our process: a supervisor ends with it, and the kernel with that."""
        return 0

    def close(self) -> None:
        """Start no more; those that run have been ended before."""
        self._starter.shutdown()

    def _walls(self) -> list[str]:
        return [
            *self._user(),
            *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
            *("--unshare-cgroup-try", "--as-pid-1", "--die-with-parent", "--new-session"),
            *("--hostname", "sandbox", "--clearenv", "--chdir", "/"),
            *("--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"),
            *_links(),
            *_programs(),
            *_open(Path(INSIDE) / "sandboxes"),
            *("--ro-bind", str(_house() / "sandboxes"), f"{INSIDE}/sandboxes"),
            *self._folders(),
            *("--remount-ro", "/dev", "--remount-ro", "/", "--"),
        ]

    def _user(self) -> list[str]:
        if not self._own_user:
            return ["--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]
        given = [word for name in _CAPABILITIES for word in ("--cap-add", f"CAP_{name}")]
        return ["--cap-drop", "ALL", *given]

    def _folders(self) -> list[str]:
        size = str(self._room.disk)
        return [
            word
            for place in _PLACES
            for word in ("--perms", "1777", "--size", size, "--tmpfs", place)
        ]


def _links() -> list[str]:
    """What of the root folder leads into /usr, or is a folder of programs itself."""
    words: list[str] = []
    for name in ("/bin", "/sbin", "/lib", "/lib64"):
        path = Path(name)
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), name]
        elif path.is_dir():
            words += ["--ro-bind", name, name]
    for name in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/etc/ssl/certs"):
        words += ["--ro-bind-try", name, name]
    return words


def _programs() -> list[str]:
    """The running Python, where it does not lie under /usr."""
    prefix = Path(sys.base_prefix).resolve()
    if prefix.is_relative_to("/usr"):
        return []
    return [*_open(prefix), "--ro-bind", str(prefix), str(prefix)]


def _open(path: Path) -> list[str]:
    """Folders above a path, for every user; bubblewrap itself would make them for one."""
    above = [str(each) for each in reversed(path.parents) if str(each) != "/"]
    return [word for each in above for word in ("--perms", "0755", "--dir", each)]


def _python_for_all() -> str | None:
    """An interpreter that every user can reach; `None` for none."""
    prefix = Path(sys.base_prefix).resolve()
    if all(each.stat().st_mode & 0o001 for each in (prefix, *prefix.parents)):
        return _python()
    return shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin")


def _python() -> str:
    """The interpreter itself, outside of any virtual environment."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = Path(sys.base_prefix).resolve() / "bin" / version
    return str(found if found.exists() else Path(sys.executable).resolve())


def _house() -> Path:
    """The folder that our packages lie in."""
    return Path(inside.__file__ or "").resolve().parents[2]


def _started(command: list[str], line: int, words: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603  # our own words
        command,
        stdin=line,
        stdout=line,
        stderr=words,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"},
        start_new_session=True,
        close_fds=True,
    )


class _Process:
    """A supervisor that is a child of ours.

    home: its folder, removed when it ends. starter: where it is started, if not here; kept as long.
    """

    def __init__(
        self, command: list[str], home: Path | None, starter: Executor | None = None
    ) -> None:
        ours, theirs = socket.socketpair()
        self._home = home
        self._starter = starter
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  # closed when it ends
        try:
            start = partial(_started, command, theirs.fileno(), self._words.fileno())
            self._process = starter.submit(start).result() if starter else start()
        except OSError as error:
            ours.close()
            self._words.close()
            raise SandboxBroke(f"{command[0]} does not start: {error}") from error
        finally:
            theirs.close()
        self._frames = Frames(ours)

    def send(self, frames: bytes) -> None:
        """Send frames; see `Line`."""
        self._frames.send(frames)

    def receive(self, deadline: float) -> tuple[Kind, int, bytes]:
        """The next frame; see `Line`."""
        return self._frames.receive(deadline)

    def end(self) -> PostMortem:
        """Hang up, which ends a supervisor; kill it if it does not go."""
        self._frames.close()
        status = self._waited(3.0)
        if status is None:
            self._kill()
            status = self._waited(10.0)
        if self._home:
            shutil.rmtree(self._home, ignore_errors=True)
        self._words.seek(0, os.SEEK_END)
        self._words.seek(max(0, self._words.tell() - _WORDS))
        words = self._words.read().decode(errors="replace")
        self._words.close()
        return PostMortem(status=status, for_memory=False, words=words)

    def _waited(self, seconds: float) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
