"""A process with eight leases under way, to be killed: prints the verdicts that it reaches."""

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

from sandboxes.base import Function
from sandboxes.docker import Containers, Engine
from sandboxes.judge import Case, Scored, judged
from sandboxes.limits import Limits
from sandboxes.pool import Pool
from sandboxes.worker import Lease

CODE = "import time\ndef solve(n):\n    time.sleep(0.2)\n    return n * n\n"
CASES = [Case(given=n, expected=n * n) for n in range(5)]


def verify(pool: Pool) -> str:
    """The verdict on a candidate that is right, or why there is none."""

    def work(sandbox: Lease) -> str:
        sandbox.write({"main.py": CODE})
        verdict = judged(sandbox, Function(file="main.py", name="solve"), CASES, Limits(seconds=30))
        return str(verdict.score) if isinstance(verdict, Scored) else verdict.why

    return pool.attempt(work)


def main(image: str, run: str) -> None:
    """Verify until killed."""
    with (
        Pool(Containers(engine=Engine(), image=image, run=run), size=8) as pool,
        ThreadPoolExecutor(8) as threads,
    ):
        print("ready", flush=True)  # noqa: T201  # tells how far it is
        for verdict in threads.map(verify, repeat(pool, 10_000)):
            print(verdict, flush=True)  # noqa: T201  # the same


if __name__ == "__main__":
    main(*sys.argv[1:])
