"""What the loop costs when a model edits programs, beside openevolve in the same run.

The model is a server on loopback in a process of its own, asked by each side's own client; it
answers with another whole program every time. Both evaluate the same trivial score: openevolve in
its worker processes, we in the loop (`in process`) or in sandboxes.

- overhead: the server answers at once. CPU and wall milliseconds an iteration, of all processes,
  from the 20th answer to the 200th, and `later` from there to the 1,500th.
- waiting: the server takes a second. Iterations a minute against the ideal, in which every worker
  always waits for the server, and the most memory that all processes had together.

    python benchmarks/programs.py --peer-python PEER/bin/python   # about fifteen minutes
    python benchmarks/programs.py --quick                         # about two

PEER is an environment with openevolve in it; without one, what it does is not measured.
"""

import argparse
import asyncio
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
from benchmarks._loopback import http, serve, serving
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
BEGUN = 20
"""Answers after which a side is under way; starting is not counted."""
SPARE = 200
"""Iterations that nobody waits for, so that a side has not ended when it is looked at."""


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
        return http(_completion(text))

    def told(self) -> bytes:
        counts = {"arrived": self.arrived, "answered": self.answered}
        return http(json.dumps(counts).encode())


def _completion(text: str) -> bytes:
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    usage = {"prompt_tokens": 900, "completion_tokens": 120, "total_tokens": 1020}
    said = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000}
    return json.dumps(said | {"model": "test", "choices": [choice], "usage": usage}).encode()


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
class Mark:
    """How far a side has come: answers, CPU seconds of all its processes, and the time."""

    answered: int
    cpu: float
    at: float

    def milliseconds_to(self, later: "Mark") -> tuple[float, float]:
        """CPU and wall milliseconds an answer, from here to a later mark."""
        answers = (later.answered - self.answered) / 1e3
        return (later.cpu - self.cpu) / answers, (later.at - self.at) / answers


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
        self.memory = 0.0
        """The most memory so far, in MiB, shared pages counted once."""
        self._log = log
        self._gone = Event()
        with log.open("wb") as said:
            self._process = subprocess.Popen(  # noqa: S603
                command, stdout=said, stderr=said, cwd=HOUSE, start_new_session=True
            )
        self._looking = Thread(target=self._look, daemon=True)
        self._looking.start()

    def at(self, url: str, answers: int) -> Mark:
        """The mark of when the server has given so many answers."""
        while (found := answered(url)) < answers:
            if self._process.poll() is not None:
                raise SystemExit(f"{self._process.args!r}: {self._log.read_text('utf-8')[-2000:]}")
            time.sleep(0.02)
        cpu = sum(map(_ticks, tree(self._process.pid))) / os.sysconf("SC_CLK_TCK")
        return Mark(answered=found, cpu=cpu, at=time.perf_counter())

    def kill(self) -> None:
        """End it, with all that it started."""
        self._gone.set()
        self._looking.join()
        for process in reversed(tree(self._process.pid)):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.wait()

    def _look(self) -> None:
        while not self._gone.wait(0.2):
            self.memory = max(self.memory, sum(map(_share, tree(self._process.pid))) / 1024)


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


def _ticks(process: int) -> int:
    """CPU of a process and of those descendants that have ended."""
    with suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
        return sum(map(int, fields[11:15]))
    return 0


def _share(process: int) -> int:
    """KiB that are a process's own, and its share of what it has in common with others."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """Milliseconds an iteration: of the first ones, and of those that come later."""

    name: str
    cpu: float
    wall: float
    later_cpu: float
    later_wall: float
    memory: float


def overhead(side: Side, first: int, later: int) -> Overhead:
    """Search for so long, and look at what it has spent meanwhile."""
    with serving(__file__, 0.0) as url, started(side, later + SPARE, WORKERS, url) as watched:
        begun, done, ended = (watched.at(url, answers) for answers in (BEGUN, first, later))
        cpu, wall = begun.milliseconds_to(done)
        later_cpu, later_wall = done.milliseconds_to(ended)
    return Overhead(
        name=side.name,
        cpu=cpu,
        wall=wall,
        later_cpu=later_cpu,
        later_wall=later_wall,
        memory=watched.memory,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Iterations a minute while every call takes a second, and their share of the ideal."""

    name: str
    workers: int
    a_minute: float
    share: float
    memory: float


def waiting(side: Side, workers: int, seconds: float) -> Waiting:
    """From when each worker has an answer, until as many more as are ideal in so many seconds."""
    with serving(__file__, LATENCY) as url, started(side, 1_000_000, workers, url) as watched:
        begun = watched.at(url, workers)
        ended = watched.at(url, begun.answered + int(workers * seconds / LATENCY))
        rate = 60e3 / begun.milliseconds_to(ended)[1]
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
    print(
        f"\nmilliseconds an iteration, {WORKERS} workers; iterations to {first}, then to {later}\n"
    )
    print(f"{'':>12}      CPU     wall   later CPU    wall    MiB   CPU of theirs   later")
    for row in rows:
        shares = (
            "" if not peer else f"{row.cpu / peer.cpu:15.3f} {row.later_cpu / peer.later_cpu:7.3f}"
        )
        print(
            f"{row.name:>12} {row.cpu:8.1f} {row.wall:8.1f} {row.later_cpu:11.1f} "
            f"{row.later_wall:7.1f} {row.memory:6.0f} {shares or ''}"
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
        asyncio.run(serve(Desk(asked.serve)))
        return
    if asked.peer_python and not shutil.which(asked.peer_python):
        raise SystemExit(f"{asked.peer_python}: no such program")
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
