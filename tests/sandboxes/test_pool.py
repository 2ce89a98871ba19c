"""A pool lends sandboxes that are warm, or fresh ones to who asks for them."""

from sandboxes.base import Command, Function, Script
from sandboxes.limits import MIB
from sandboxes.pool import Pool, Source
from sandboxes.process import Unconfined
from sandboxes.worker import Lease, Worker
from tests.sandboxes.conftest import SMALL

# The other child of who forked this program.
CLERKS = """
import os
def parent(pid):
    try:
        return int(open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()[1])
    except OSError:
        return 0
others = [p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()]
print(*[p for p in others if parent(p) == os.getppid()], end='')
"""


class Noting:
    """A source that keeps what it has started. breaks: how many break before they are used."""

    def __init__(self, *, breaks: int = 0) -> None:
        self._source: Source = Unconfined(SMALL)
        self._breaks = breaks
        self.started: list[Worker] = []

    def start(self) -> Worker:
        self.started.append(self._source.start())
        if len(self.started) <= self._breaks:
            self.started[-1].end()
        return self.started[-1]

    def sweep(self) -> int:
        return 0

    def close(self) -> None:
        pass


def works(sandbox: Lease) -> bool:
    """Whether a program runs."""
    return sandbox.run(Command(words=("true",))).ok


def test_a_warm_sandbox_serves_one_candidate_after_the_other() -> None:
    source = Noting()
    with Pool(source, size=1) as pool:
        assert all(pool.attempt(works) for _ in range(3))

    assert len(source.started) == 1


def test_a_fresh_sandbox_is_nobodys_before_and_nobodys_after() -> None:
    source = Noting()
    with Pool(source, size=1) as pool:
        pool.attempt(works)

        assert pool.attempt(works, fresh=True)
        assert pool.attempt(works, fresh=True)

        warm, *fresh = source.started
        assert len(fresh) == 2
        assert warm.usable
        assert not any(each.usable for each in fresh)
        assert pool.attempt(works)
    assert len(source.started) == 3


def test_work_that_wants_a_fresh_sandbox_is_done_again_in_another_fresh_one() -> None:
    source = Noting(breaks=1)
    with Pool(source, size=1) as pool:
        assert pool.attempt(works, fresh=True)

    assert len(source.started) == 2
    assert not any(each.usable for each in source.started)


def test_a_clerk_that_has_grown_by_its_candidates_cases_is_replaced() -> None:
    def clerks(sandbox: Lease) -> bytes:
        sandbox.write({"main.py": CLERKS})
        return sandbox.run(Script(file="main.py")).stdout

    def swallow(sandbox: Lease) -> int:
        sandbox.write({"main.py": "def solve(case):\n    return len(case)\n"})
        answered = sandbox.ask(Function(file="main.py", name="solve"), ["x" * (30 * MIB)])
        return int(answered.answers[0].line)

    with Pool(Unconfined(SMALL), size=1) as pool:
        first, second = pool.attempt(clerks), pool.attempt(clerks)
        heavy = pool.attempt(swallow)
        third = pool.attempt(clerks)

    assert first.isdigit()
    assert first == second
    assert heavy == 30 * MIB
    assert third.isdigit()
    assert third != first
