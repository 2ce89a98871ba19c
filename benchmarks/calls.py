"""What it costs to ask a model through us: throughput under limits, and CPU a call.

Everything is real but the model: the client, the limiter, retries, and the ledger in a SQLite
file, against a server on loopback in a process of its own.

- refusals: 64 workers, a second a call, every fifth call refused with 429. Ideal is a worker that
  is always waiting for the server: 64 calls a second, 80 % of them answered.
- a limit: as before, and the server allows so many calls in any sixty seconds and counts those
  beyond. Ideal is as soon as that allows: the whole allowance at the beginning of each minute.
- overhead: CPU of the process a call, the SDK alone and then all of ours, turn by turn.

    python benchmarks/calls.py                    # about four minutes
    python benchmarks/calls.py --quick            # about two
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from itertools import count
from math import inf
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

# A benchmark beside this one is named like a package that it needs; the package comes first.
sys.path[0] = str(Path(__file__).parents[1])

from openai import OpenAI

from archive.library import Library
from benchmarks._loopback import http, serve, serving
from mutators.llm.base import Message, Request, Role
from mutators.llm.connect import connect
from mutators.llm.ledgered import Ledgered
from mutators.llm.limiter import Limits
from mutators.llm.models import parse
from mutators.llm.purse import Purse
from mutators.llm.stopping import StopSign

WORKERS = 64
LATENCY = 1.0
REFUSED = 5
"""One call in so many is turned away."""
MINUTE = 60.0
ROUND = 100
"""Calls of one side before the other has its turn."""

ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "some-model",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": '{"choice": 1}', "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 300, "completion_tokens": 6, "total_tokens": 306},
    }
).encode()
BUSY = b'{"error": {"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}}'


# The server


@dataclass(slots=True)
class Desk:
    """What the server answers, and what it has counted.

    latency: seconds. refused: each so-manieth call is turned away; 0 for none. a_minute: calls
    that are allowed in any sixty seconds.
    """

    latency: float
    refused: int
    a_minute: float
    calls: Counter[str] = field(default_factory=Counter[str])
    begun: deque[float] = field(default_factory=deque[float])

    async def reply(self) -> bytes:
        within = self._within(time.monotonic())
        self.calls["arrived"] += 1
        turned_away = self.refused and self.calls["arrived"] % self.refused == 0
        await asyncio.sleep(self.latency)
        if not within or turned_away:
            self.calls["refused" if within else "beyond the limit"] += 1
            return http(BUSY, "429 Too Many Requests")
        self.calls["answered"] += 1
        return http(ANSWER)

    def told(self) -> bytes:
        return http(json.dumps(self.calls).encode())

    def _within(self, now: float) -> bool:
        """Whether a call that arrives now is one of those that a minute allows."""
        while self.begun and self.begun[0] + MINUTE <= now:
            self.begun.popleft()
        self.begun.append(now)
        return len(self.begun) <= self.a_minute


def counted(url: str) -> Counter[str]:
    """What the server has counted."""
    connection = HTTPConnection(urlsplit(url).netloc)
    connection.request("GET", "/")
    counts: dict[str, int] = json.loads(connection.getresponse().read())
    connection.close()
    return Counter(counts)


# Throughput


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """How many calls were answered in so many seconds, and how many could have been."""

    name: str
    seconds: float
    answered: int
    ideal: float
    refused: int
    beyond: int

    @property
    def share(self) -> float:
        """Of the ideal throughput."""
        return self.answered / self.ideal


@contextmanager
def asking(url: str, limits: Limits) -> Generator[Ledgered]:
    """The whole stack, with a ledger in a file."""
    llm = connect(parse(f"openai:test@{url}"), keys={}, limits=limits).llm(StopSign())
    with (
        tempfile.TemporaryDirectory() as folder,
        Library(f"sqlite:///{folder}/archive.db") as library,
        library.open("run", {}) as archive,
    ):
        yield Ledgered(llm, ledger=archive.ledger, purse=Purse(dollars=1e9))


def request(number: int) -> Request:
    text = f"Question {number}. " + "Which of these do you choose? " * 30
    said = (Message(speaker="user", text=text),)
    return Request(system="You choose.", messages=said, max_tokens=20)


def throughput(name: str, seconds: float, a_minute: float = inf) -> Throughput:
    """Ask for so long, with all workers."""
    limits = Limits() if a_minute == inf else Limits(requests_per_minute=a_minute)
    with serving(__file__, LATENCY, REFUSED, a_minute) as url, asking(url, limits) as model:
        numbers, answered = count(), list[float]()
        until = time.monotonic() + seconds

        def work() -> None:
            while time.monotonic() < until:
                number = next(numbers)
                model.ask(request(number), role=Role.ACT, step=number, sample=str(number))
                answered.append(time.monotonic())

        workers = [Thread(target=work) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        counts = counted(url)
    return Throughput(
        name=name,
        seconds=seconds,
        answered=sum(at <= until for at in answered),
        ideal=ideal(seconds, a_minute),
        refused=counts["refused"],
        beyond=counts["beyond the limit"],
    )


def ideal(seconds: float, a_minute: float) -> float:
    """How many calls can be answered in so many seconds, the first after one latency."""
    minutes, rest = divmod(seconds - LATENCY, MINUTE)
    as_fast_as_may_be = WORKERS / LATENCY
    whole, part = (min(a_minute, as_fast_as_may_be * each) for each in (MINUTE, rest + LATENCY))
    return (minutes * whole + part) * (REFUSED - 1) / REFUSED


# Overhead


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """CPU milliseconds a call, medians of rounds. `more`: of ours in the same round."""

    sdk: float
    ours: float
    more: float
    ratio: float


def overhead(rounds: int) -> Overhead:
    """Ask by the SDK alone and through all of ours, round after round."""
    with serving(__file__, 0.0, 0, inf) as url, asking(url, Limits()) as model:
        client = OpenAI(api_key="none", base_url=url, max_retries=0)

        def bare(number: int) -> None:
            asked = request(number)
            client.chat.completions.create(
                model="test",
                messages=[
                    {"role": "system", "content": asked.system},
                    {"role": "user", "content": asked.messages[0].text},
                ],
                max_tokens=asked.max_tokens,
            )

        def ours(number: int) -> None:
            model.ask(request(number), role=Role.ACT, step=number, sample=str(number))

        bare(0)
        ours(0)
        pairs: list[tuple[float, float]] = []
        for first in range(1, rounds * ROUND, ROUND):
            numbers = range(first, first + ROUND)
            pairs.append((cpu_of(bare, numbers), cpu_of(ours, numbers)))
        client.close()
    return Overhead(
        sdk=statistics.median(sdk for sdk, _ in pairs),
        ours=statistics.median(all_of_ours for _, all_of_ours in pairs),
        more=statistics.median(all_of_ours - sdk for sdk, all_of_ours in pairs),
        ratio=statistics.median(all_of_ours / sdk for sdk, all_of_ours in pairs),
    )


def cpu_of(ask: Callable[[int], None], numbers: Sequence[int]) -> float:
    """CPU milliseconds a call, all threads."""
    began = time.process_time()
    for number in numbers:
        ask(number)
    return (time.process_time() - began) / len(numbers) * 1e3


def show(rows: Sequence[Throughput], cost: Overhead) -> None:
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print(f"{WORKERS} workers, {LATENCY:g} s a call, {100 / REFUSED:g} % refused\n")
    print(f"{'':>12}  seconds answered    ideal   share  refused  beyond the limit")
    for row in rows:
        print(
            f"{row.name:>12} {row.seconds:8.0f} {row.answered:8} {row.ideal:8.0f} {row.share:7.3f} "
            f"{row.refused:8} {row.beyond:17}"
        )
    print("\nCPU milliseconds a call\n")
    print("   SDK alone     ours     more   ratio")
    print(f"{cost.sdk:12.2f} {cost.ours:8.2f} {cost.more:8.2f} {cost.ratio:7.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="for a shorter time")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        latency, refused, a_minute = asked.serve
        desk = Desk(float(latency), int(refused), float(a_minute))
        asyncio.run(serve(desk))
        return
    cost = overhead(5 if asked.quick else 20)
    rows = [
        throughput("refusals", 20 if asked.quick else 60),
        throughput("and a limit", 75 if asked.quick else 140, 1_500),
    ]
    if asked.json:
        print(json.dumps({"throughput": [asdict(r) for r in rows], "overhead": asdict(cost)}))
    else:
        show(rows, cost)


if __name__ == "__main__":
    main()
