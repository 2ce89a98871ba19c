"""What a verified candidate costs: a warm pool against the usual ways, side by side in one run.

Every way verifies the same trivial candidate: its file is written, six hidden cases are put to
it, its answers are judged on the host, and nothing of it is left. `docker run --rm` is the
reference that only starts Python and checks nothing.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sandboxes.base import Command, Function, Kind, Program, SandboxError
from sandboxes.docker import Containers, Engine
from sandboxes.images.build import Recipe, build
from sandboxes.judge import Case, Scored, judged
from sandboxes.limits import Room
from sandboxes.pool import Pool
from sandboxes.process import Bubblewrap, Unconfined
from sandboxes.worker import Lease

CASES = [Case(given=n, expected=n * n) for n in range(6)]
SOLVE = Function(file="main.py", name="solve")
CODE = "def solve(n):\n    return n * n\n"
LOOP = (
    "import json, sys\nwith open(3, 'w') as answers:\n    for line in sys.stdin:\n"
    "        answers.write(json.dumps(json.loads(line) ** 2) + '\\n'); answers.flush()\n"
)
EXECUTED = Command(words=("python3", "-I", "-S", "main.py"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to verify a candidate, and how often it is worth timing."""

    name: str
    verify: Callable[[], None]
    share: float


def verify(pool: Pool, *, program: Program = SOLVE, code: str = CODE, fresh: bool = False) -> None:
    """Verify the candidate once."""

    def work(sandbox: Lease) -> None:
        sandbox.write({"main.py": code})
        verdict = judged(sandbox, program, CASES)
        assert isinstance(verdict, Scored), verdict
        assert verdict.score == 1.0

    pool.attempt(work, fresh=fresh)


def docker_run(program: str, image: str, url: str) -> None:
    """What many do: a container by the command line."""
    words = [program, "-H", url, "run", "--rm", "--network", "none", image, "python3", "-c", "pass"]
    subprocess.run(words, check=True, capture_output=True)  # noqa: S603


def subprocess_alone() -> None:
    """The floor: a fresh interpreter that answers, and nothing that holds it."""
    with tempfile.TemporaryDirectory() as folder:
        main = Path(folder) / "main.py"
        main.write_text(LOOP.replace("open(3, 'w')", "open(1, 'w', closefd=False)"), "utf-8")
        cases = "".join(f"{case.given}\n" for case in CASES)
        words = [sys.executable, "-I", "-S", str(main)]
        done = subprocess.run(words, input=cases, capture_output=True, text=True, check=True)  # noqa: S603
        assert [json.loads(line) for line in done.stdout.split()] == [c.expected for c in CASES]


def ways(held: ExitStack, workers: int) -> Iterator[Way]:
    """All ways that this machine has."""
    yield Way(name="subprocess, nothing holds it (floor)", verify=subprocess_alone, share=1)
    kinds: tuple[Kind, ...] = ("unconfined", "bubblewrap")
    for kind in kinds:
        try:
            pool = held.enter_context(_pool(kind, workers))
            pool.warm()
        except SandboxError as error:
            print(f"without {kind}: {error}")
            continue
        yield Way(name=f"{kind}: pool, forked", verify=partial(verify, pool), share=1)
        fresh = partial(verify, pool, fresh=True)
        yield Way(name=f"{kind}: a sandbox each", verify=fresh, share=0.5)
    yield from engine_ways(held, workers)


def engine_ways(held: ExitStack, workers: int) -> Iterator[Way]:
    """The ways of a container engine."""
    try:
        engine = Engine()
        image = build(engine, Recipe()).name
        source = Containers(engine=engine, image=image, run="benchmark")
        pool = held.enter_context(Pool(source, size=workers))
        pool.warm()
    except SandboxError as error:
        print(f"without an engine: {error}")
        return
    yield Way(name="strict: pool, forked", verify=partial(verify, pool), share=1)
    executed = partial(verify, pool, program=EXECUTED, code=LOOP)
    yield Way(name="strict: pool, a fresh interpreter", verify=executed, share=1)
    yield Way(name="strict: a container each", verify=partial(verify, pool, fresh=True), share=0.1)
    if program := shutil.which("docker"):
        run = partial(docker_run, program, image, engine.url)
        yield Way(name="docker run --rm, Python and nothing else", verify=run, share=0.1)


def _pool(kind: Kind, workers: int) -> Pool:
    source = Unconfined(Room()) if kind == "unconfined" else Bubblewrap(Room())
    return Pool(source, size=workers)


def busy() -> float:
    """CPU seconds that the whole machine has spent, engine and containers included."""
    fields = Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:]
    idle = int(fields[3]) + int(fields[4])
    return (sum(map(int, fields[:8])) - idle) / os.sysconf("SC_CLK_TCK")


def timed(way: Way, seconds: float, workers: int) -> tuple[float, float, float]:
    """Wall milliseconds of one alone, CPU milliseconds each, and verifications a second."""
    alone = min(_once(way) for _ in range(5))
    count = max(2 * workers, int(seconds * way.share / max(alone, 1e-3) * min(workers, 2)))
    began, spent = time.perf_counter(), busy()
    with ThreadPoolExecutor(workers) as threads:
        under_way = [threads.submit(way.verify) for _ in range(count)]
        for each in under_way:
            each.result()
    took = time.perf_counter() - began
    return alone * 1000, (busy() - spent) / count * 1000, count / took


def _once(way: Way) -> float:
    began = time.perf_counter()
    way.verify()
    return time.perf_counter() - began


def main() -> None:
    """Time each way and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short look")
    parser.add_argument("--workers", type=int, default=3)
    options = parser.parse_args()
    seconds = 1.5 if options.quick else 8.0
    print(f"{options.workers} workers, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'':44}{'one alone':>10}{'CPU each':>10}{'a second':>10}")
    rates: dict[str, float] = {}
    with ExitStack() as held:
        for way in ways(held, options.workers):
            alone, cpu, rate = timed(way, seconds, options.workers)
            rates[way.name] = rate
            print(f"{way.name:44}{alone:7.1f} ms{cpu:7.1f} ms{rate:10.1f}", flush=True)
    pool, each = rates.get("strict: pool, forked"), rates.get("strict: a container each")
    if pool and each:
        print(f"the pool verifies {pool / each:.0f} times as many as a container each")


if __name__ == "__main__":
    main()
