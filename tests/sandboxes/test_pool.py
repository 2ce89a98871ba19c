"""A pool lends sandboxes that are warm, or fresh ones to who asks for them."""

from sandboxes.base import Command
from sandboxes.pool import Pool, Source
from sandboxes.process import Unconfined
from sandboxes.worker import Lease, Worker
from tests.sandboxes.conftest import SMALL


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
