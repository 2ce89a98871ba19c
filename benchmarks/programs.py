"""What the loop costs when a model edits programs, beside openevolve in the same run.

The model is a server on loopback in a process of its own, asked by each side's own client; it
answers with another whole program every time. Both evaluate the same trivial score: openevolve in
its worker processes, we in the loop (`in process`) or in sandboxes.

- overhead: the server answers at once. CPU and wall milliseconds an iteration, of all processes,
  once both are running: a short run is subtracted from a long one. `later` is from the end of that
  to the end of a much longer one.
- waiting: the server takes a second. Iterations a minute against the ideal, in which every worker
  always waits for the server, and the most memory that all processes had together.

    python benchmarks/programs.py --peer-python PEER/bin/python   # about fifteen minutes
    python benchmarks/programs.py --quick                         # about two

PEER is an environment with openevolve in it; without one, what it does is not measured.
"""

import argparse
import asyncio
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

# A benchmark beside this one is named like a package that it needs; the package comes first.
HOUSE = Path(__file__).resolve().parents[1]
sys.path[0] = str(HOUSE)

from archive.entry import Candidate, Cause, Evaluation, Failure, Tree
from mutators.base import Parent
from sandboxes.base import NoSandbox, SandboxError
from sandboxes.docker import Engine
from sandboxes.limits import Room
from sandboxes.process import Bubblewrap

MAIN = "initial_program.py"
PROGRAM = """\
# EVOLVE-BLOCK-START
def scaled(values, factor):
    return [value * factor for value in values]


def mean(values):
    return sum(values) / len(values) if values else 0.0


def spread(values):
    middle = mean(values)
    return max(abs(value - middle) for value in values)


def answer():
    value = {number}
    return value
# EVOLVE-BLOCK-END
"""
EVALUATOR = """\
from importlib.util import module_from_spec, spec_from_file_location


def evaluate(program_path):
    spec = spec_from_file_location("program", program_path)
    program = module_from_spec(spec)
    spec.loader.exec_module(program)
    return {"combined_score": program.answer() * 7919 % 10007 / 10007}
"""
WORKERS = 4
LATENCY = 1.0
SHORT = 20
"""Iterations of the run that shows what starting costs."""

_ADOPT = 36
"""PR_SET_CHILD_SUBREAPER."""


class Inline:
    """The same programs and the same score, in the process of the loop. It holds nothing."""

    goal: float | None = None
    brief: str = "Make the answer score more."

    def roots(self) -> Sequence[Tree]:
        """The initial program."""
        return ({MAIN: PROGRAM.format(number=0)},)

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        """Score a program."""
        del parent
        text = candidate.tree[MAIN]
        known: dict[str, Callable[[], int]] = {}
        try:
            exec(compile(text, MAIN, "exec"), known)  # noqa: S102  # ours, from the server below
            score = known["answer"]() * 7919 % 10007 / 10007
        except Exception as error:  # noqa: BLE001  # a program's crash is a result
            return Failure(cause=Cause.CRASHED, message=repr(error))
        return Evaluation(cell=text, objective=score)


# The server


@dataclass(slots=True)
class Desk:
    """A model that writes another program every time. `latency`: seconds."""

    latency: float
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    arrived: int = 0
    answered: int = 0

    async def reply(self) -> bytes:
        self.arrived += 1
        if self.latency:
            await asyncio.sleep(self.latency)
        self.answered += 1
        text = f"Another number.\n```python\n{PROGRAM.format(number=next(self.numbers))}```\n"
        return _http(_completion(text))

    def told(self) -> bytes:
        counts = {"arrived": self.arrived, "answered": self.answered}
        return _http(json.dumps(counts).encode())


def _completion(text: str) -> bytes:
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    usage = {"prompt_tokens": 900, "completion_tokens": 120, "total_tokens": 1020}
    said = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000}
    return json.dumps(said | {"model": "test", "choices": [choice], "usage": usage}).encode()


def _http(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


async def _serve(desk: Desk) -> None:
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
def serving(latency: float = 0.0) -> Generator[str]:
    """The URL of a server in a process of its own."""
    asked = [sys.executable, __file__, "--serve", str(latency)]
    with subprocess.Popen(asked, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.kill()


def answered(url: str) -> int:
    """How many answers the server has given."""
    connection = HTTPConnection(urlsplit(url).netloc)
    connection.request("GET", "/")
    counts: dict[str, int] = json.loads(connection.getresponse().read())
    connection.close()
    return counts["answered"]


# The sides


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A way to search, as a command that it writes into a folder: of iterations, workers, a URL."""

    name: str
    command: Callable[[Path, int, int, str], list[str]]


def ours(kind: str, folder: Path, iterations: int, workers: int, url: str) -> list[str]:
    """Our command line, as a user would say it."""
    task = folder / "task"
    domain = f'kind = "program"\nfolder = "{task}"'
    if kind == "in process":
        domain, kind = 'kind = "benchmarks.programs:Inline"', "strict"
    text = (
        f'[run]\nworkers = {workers}\nmodel = "openai:test@{url}"\n[domain]\n{domain}\n'
        '[selection]\nkind = "tournament"\n[mutation]\nkind = "rewrite"\n'
        f'[admission]\nkind = "keep-all"\n[budget]\nsteps = {iterations}\n'
        f'[sandbox]\nkind = "{kind}"\n[archive]\nurl = "sqlite:///{folder}/archive.db"\n'
    )
    (folder / "run.toml").write_text(text, "utf-8")
    program = Path(sys.executable).with_name("goexplore")
    return [str(program), "run", str(folder / "run.toml"), "--quiet"]


def theirs(python: str, folder: Path, iterations: int, workers: int, url: str) -> list[str]:
    """openevolve's command line, with its defaults, but for one stage and whole programs."""
    settings = {
        "diff_based_evolution": False,
        "llm": {"api_base": url, "api_key": "none", "primary_model": "test"},
        "evaluator": {"parallel_evaluations": workers, "cascade_evaluation": False},
    }
    (folder / "config.yaml").write_text(json.dumps(settings), "utf-8")
    task, config = folder / "task", folder / "config.yaml"
    asked = ["--config", str(config), "--output", str(folder), "--iterations", str(iterations)]
    words = [str(task / MAIN), str(task / "evaluator.py"), *asked]
    return [python, "-m", "openevolve.cli", *words]


def sides(peer: str) -> list[Side]:
    """All that this machine has."""
    found = [Side(name="in process", command=partial(ours, "in process"))]
    try:
        Bubblewrap(Room()).start().end()
        found.append(Side(name="bubblewrap", command=partial(ours, "bubblewrap")))
    except SandboxError as error:
        print(f"without bubblewrap: {error}")
    try:
        Engine()
        found.append(Side(name="strict", command=partial(ours, "strict")))
    except NoSandbox as error:
        print(f"without strict: {error}")
    if peer:
        found.append(Side(name="openevolve", command=partial(theirs, peer)))
    return found


# Measuring


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What all processes of a side have spent, in seconds, and had of memory at most, in MiB."""

    cpu: float
    wall: float
    memory: float


@contextmanager
def started(side: Side, iterations: int, workers: int, url: str) -> Generator["Watched"]:
    """A side that searches, in a folder of its own; all of it is gone afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "task").mkdir()
        (folder / "task" / MAIN).write_text(PROGRAM.format(number=0), "utf-8")
        (folder / "task" / "evaluator.py").write_text(EVALUATOR, "utf-8")
        watched = Watched(side.command(folder, iterations, workers, url), folder / "said.log")
        try:
            yield watched
        finally:
            watched.kill()


class Watched:
    """A process whose descendants' memory is added up five times a second."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._log = log
        self._others = set(children(os.getpid()))
        self._began = time.perf_counter()
        self._memory = 0.0
        self._gone = Event()
        with log.open("wb") as said:
            self._process = subprocess.Popen(  # noqa: S603
                command, stdout=said, stderr=said, cwd=HOUSE, start_new_session=True
            )
        self._looking = Thread(target=self._look, daemon=True)
        self._looking.start()

    def spent(self) -> Spent:
        """What it spent, when it has ended, with those that it left to us."""
        _, status, usage = os.wait4(self._process.pid, 0)
        wall = time.perf_counter() - self._began
        self._gone.set()
        self._process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            raise SystemExit(f"{self._process.args!r}: {self._log.read_text('utf-8')[-2000:]}")
        used = [usage, *(os.wait4(orphan, 0)[2] for orphan in self._orphans())]
        cpu = sum(each.ru_utime + each.ru_stime for each in used)
        return Spent(cpu=cpu, wall=wall, memory=self.memory)

    @property
    def memory(self) -> float:
        """The most memory so far, in MiB, shared pages counted once."""
        return self._memory

    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it, with all that it started."""
        self._gone.set()
        self._looking.join()
        for process in reversed(tree(self._process.pid)):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        if self._process.returncode is None:
            self._process.wait()

    def _orphans(self) -> set[int]:
        return set(children(os.getpid())) - self._others

    def _look(self) -> None:
        while not self._gone.wait(0.2):
            self._memory = max(self._memory, sum(map(_share, tree(self._process.pid))) / 1024)


def tree(root: int) -> list[int]:
    """A process and its descendants, parents first."""
    found = [root]
    for process in found:
        found += children(process)
    return found


def children(process: int) -> list[int]:
    """The processes that a process has started or adopted."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            found += map(int, (task / "children").read_text("ascii").split())
    return found


def adopt_orphans() -> None:
    """Have descendants whose parent ends become our children, so that we learn what they spent."""
    if ctypes.CDLL(None).prctl(_ADOPT, 1, 0, 0, 0):
        raise SystemExit("this kernel does not let a process adopt its orphans")


def _share(process: int) -> int:
    """KiB that are a process's own, and its share of what it has in common with others."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """Milliseconds an iteration: over the first ones, and over those that come later."""

    name: str
    cpu: float
    wall: float
    later_cpu: float
    later_wall: float
    memory: float


def overhead(side: Side, first: int, later: int) -> Overhead:
    """Run it three times: for a moment, for a while, for long."""
    begun, done, more = (_run(side, n) for n in (SHORT, first, later))
    return Overhead(
        name=side.name,
        cpu=(done.cpu - begun.cpu) / (first - SHORT) * 1e3,
        wall=(done.wall - begun.wall) / (first - SHORT) * 1e3,
        later_cpu=(more.cpu - done.cpu) / (later - first) * 1e3,
        later_wall=(more.wall - done.wall) / (later - first) * 1e3,
        memory=more.memory,
    )


def _run(side: Side, iterations: int) -> Spent:
    with serving() as url, started(side, iterations, WORKERS, url) as watched:
        return watched.spent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Iterations a minute while every call takes a second, and their share of the ideal."""

    name: str
    workers: int
    a_minute: float
    share: float
    memory: float


def waiting(side: Side, workers: int, seconds: float) -> Waiting:
    """Count for so long, from when as many calls are answered as there are workers."""
    with serving(LATENCY) as url, started(side, 1_000_000, workers, url) as watched:
        began = time.monotonic()
        while answered(url) < workers and time.monotonic() - began < 300 and watched.running():
            time.sleep(0.05)
        before, since = answered(url), time.monotonic()
        time.sleep(seconds)
        after, took = answered(url), time.monotonic() - since
        rate = (after - before) / took * 60
    return Waiting(
        name=side.name,
        workers=workers,
        a_minute=rate,
        share=rate / (workers / LATENCY * 60),
        memory=watched.memory,
    )


# The tables


def show_overhead(rows: Sequence[Overhead], first: int, later: int) -> None:
    peer = next((row for row in rows if row.name == "openevolve"), None)
    print(f"\nmilliseconds an iteration, {WORKERS} workers; iterations to {first}, then to {later}\n")
    print(f"{'':>12}      CPU     wall   later CPU    wall    MiB   CPU of theirs   later")
    for row in rows:
        shares = "" if not peer else f"{row.cpu / peer.cpu:15.3f} {row.later_cpu / peer.later_cpu:7.3f}"
        print(
            f"{row.name:>12} {row.cpu:8.1f} {row.wall:8.1f} {row.later_cpu:11.1f} "
            f"{row.later_wall:7.1f} {row.memory:6.0f} {shares}"
        )
    if not peer:
        print(f"{'openevolve':>12} not measured; see --peer-python")
    print("CPU of strict is that of the search alone, not of its containers")


def show_waiting(rows: Sequence[Waiting]) -> None:
    print(f"\n{LATENCY:g} s a call\n")
    print(f"{'':>12}  workers  a minute   share    MiB")
    for row in rows:
        print(
            f"{row.name:>12} {row.workers:8} {row.a_minute:9.0f} {row.share:7.3f} {row.memory:6.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="for a shorter time")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--peer-python", default="", help="a Python that has openevolve")
    parser.add_argument("--serve", type=float, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve is not None:
        asyncio.run(_serve(Desk(asked.serve)))
        return
    if asked.peer_python and not shutil.which(asked.peer_python):
        raise SystemExit(f"{asked.peer_python}: no such program")
    adopt_orphans()
    first, later = (120, 320) if asked.quick else (200, 1500)
    each = (1, 32) if asked.quick else (1, 8, 32, 64)
    seconds = 10.0 if asked.quick else 30.0
    if not asked.json:
        print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    found = sides(asked.peer_python)
    costs = [overhead(side, first, later) for side in found]
    if not asked.json:
        show_overhead(costs, first, later)
    compared = [side for side in found if side.name != "bubblewrap"]
    waits = [waiting(side, workers, seconds) for workers in each for side in compared]
    if asked.json:
        told = {"overhead": list(map(asdict, costs)), "waiting": list(map(asdict, waits))}
        print(json.dumps(told))
        return
    show_waiting(waits)


if __name__ == "__main__":
    main()
