"""The battery: each attack tried in a sandbox, with a host beside it that could be harmed."""

import secrets
import socket
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from sandboxes.attacks import exhaustion, files, forgery, host
from sandboxes.attacks.base import Attack, Tried
from sandboxes.base import Completed, Function, SandboxBroke, Script
from sandboxes.judge import CandidateFailed, Scored, judged
from sandboxes.limits import MIB, Room
from sandboxes.pool import Pool
from sandboxes.worker import Lease

ATTACKS: Sequence[Attack] = (
    *exhaustion.ATTACKS,
    *host.ATTACKS,
    *files.ATTACKS,
    *forgery.ATTACKS,
)

ROOM = Room(memory=160 * MIB, processes=32, disk=16 * MIB, inodes=512)
"""What attacks are tried in: small, so that its bounds are soon met."""

_PATIENCE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an attack. `broke`: how it succeeded; nothing if the sandbox held."""

    attack: Attack
    broke: str
    seconds: float

    @property
    def held(self) -> bool:
        """Whether the sandbox held."""
        return not self.broke


def run(pool: Pool, attacks: Sequence[Attack] = ATTACKS) -> Iterator[Outcome]:
    """Try attacks, one after the other.

    pool: of one sandbox, in a room such as `ROOM`; a second candidate finds what the first left.

    Raises:
        NoSandbox: there can be none.
        SandboxBroke: it breaks again and again without an attack, or does not let honest code
            work, so that its holding would mean nothing.
    """
    with _bystanders() as host_side:
        pool.attempt(lambda sandbox: _control(sandbox, host_side))
        for attack in attacks:
            began = monotonic()
            broke = _tried(pool, attack, host_side)
            yield Outcome(attack=attack, broke=broke, seconds=monotonic() - began)


_HONEST = """
import os, subprocess, tempfile
os.mkdir('folder'); open('folder/file', 'w').write('x' * 100000)
tempfile.NamedTemporaryFile().write(b'x')
print(subprocess.run(['sh', '-c', 'echo well'], capture_output=True, text=True).stdout, end='')
"""


def _control(sandbox: Lease, host_side: "_Host") -> None:
    """See that code without bad intentions can work."""
    sandbox.write({"main.py": _HONEST})
    done = sandbox.run(Script(file="main.py"), None, host_side.environment)
    if done.stdout != b"well\n":
        raise SandboxBroke(f"honest code does not run: {done.why}: {done.stderr.decode()[-300:]}")


def _tried(pool: Pool, attack: Attack, host_side: "_Host") -> str:
    try:
        tried = pool.attempt(lambda sandbox: _attacked(sandbox, attack, host_side))
    except SandboxBroke as error:
        return f"the sandbox broke, again and again: {str(error)[:200]}"
    after = _second(pool, attack, host_side) if attack.then else None
    whole = Tried(
        completed=tried.completed,
        after=after,
        exported=tried.exported,
        verdict=tried.verdict,
        harm=host_side.harm(),
    )
    return whole.harm or attack.check(whole)


def _attacked(sandbox: Lease, attack: Attack, host_side: "_Host") -> Tried:
    sandbox.write(attack.files)
    verdict: Scored | CandidateFailed | None = None
    if attack.cases:
        solve = Function(file="main.py", name="solve")
        verdict = judged(sandbox, solve, attack.cases, attack.limits)
        completed = verdict.completed
    else:
        completed = sandbox.run(attack.program, attack.limits, host_side.environment)
    exported = sandbox.export() if attack.export else None
    return Tried(completed=completed, after=None, exported=exported, verdict=verdict, harm="")


def _second(pool: Pool, attack: Attack, host_side: "_Host") -> Completed:
    def work(sandbox: Lease) -> Completed:
        sandbox.write(attack.then)
        return sandbox.run(Script(file="main.py"), attack.limits, host_side.environment)

    return pool.attempt(work)


class _Host:
    """What an attack could reach on the host: a file, a process, a server, other processes."""

    def __init__(
        self, folder: Path, victim: "subprocess.Popen[bytes]", port: int, mark: str
    ) -> None:
        self._secret = folder / "secret"
        self._content = secrets.token_hex(8)
        self._secret.write_text(self._content, "utf-8")
        self._secret.chmod(0o644)
        self._victim = victim
        self._mark = mark
        self.environment = {
            "SECRET_FILE": str(self._secret),
            "VICTIM": str(victim.pid),
            "PORT": str(port),
            "MARK": mark,
        }

    def harm(self) -> str:
        """What has been harmed, or nothing."""
        if self._victim.poll() is not None:
            return "a process of the host was killed"
        if self._secret.read_text("utf-8") != self._content:
            return "a file of the host was changed"
        if pid := self._outlived():
            return f"its process {pid} lives on"
        return ""

    def _outlived(self) -> int:
        """A process that an attack has left; 0 for none. Being made clean takes a moment."""
        deadline = monotonic() + _PATIENCE
        while (pid := self._marked()) and monotonic() < deadline:
            sleep(0.05)
        return pid

    def _marked(self) -> int:
        wanted = self._mark.encode()
        for path in Path("/proc").iterdir():
            if path.name.isdigit() and int(path.name) != self._victim.pid:
                with suppress(OSError):
                    if wanted in (path / "cmdline").read_bytes():
                        return int(path.name)
        return 0


@contextmanager
def _bystanders() -> Generator[_Host]:
    mark = f"goexplore-attack-{secrets.token_hex(6)}"
    with (
        TemporaryDirectory(prefix="goexplore-host-") as folder,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        Path(folder).chmod(0o755)
        words = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(3600)"]
        victim = subprocess.Popen([*words, "goexplore-victim", mark])  # noqa: S603  # our own words
        try:
            yield _Host(Path(folder), victim, server.getsockname()[1], mark)
        finally:
            victim.kill()
            victim.wait()
