"""Group commit: in order, durable when it says so, and silent after a failure."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from threading import Event, Thread

import pytest

from archive.commit import ROOM, GroupCommit
from archive.errors import ArchiveError

Write = Callable[[Sequence[int]], None]


class Disk:
    """Takes groups when it is let to, and fails once where it is asked to."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.begun = Event()
        self.free = Event()
        self.failing = False

    def write(self, group: Sequence[int]) -> None:
        self.begun.set()
        assert self.free.wait(10)
        if self.failing:
            self.failing = False
            raise OSError("disk full")
        self.groups.append(list(group))

    @property
    def items(self) -> list[int]:
        return [item for group in self.groups for item in group]


@pytest.fixture
def disk() -> Disk:
    """A disk that is free."""
    disk = Disk()
    disk.free.set()
    return disk


@pytest.fixture
def slow() -> Iterator[Disk]:
    """A disk that takes nothing before it is freed."""
    disk = Disk()
    yield disk
    disk.free.set()


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    """Threads beside the test's own."""
    with ThreadPoolExecutor(4) as threads:
        yield threads


def test_what_is_brought_is_written_in_order(disk: Disk) -> None:
    commit = GroupCommit(disk.write)

    for item in range(5000):
        commit.bring(item)
    commit.flush()

    assert disk.items == list(range(5000))
    commit.close()


def test_what_comes_while_a_group_is_written_is_the_next_group(slow: Disk) -> None:
    commit = GroupCommit(slow.write)
    commit.bring(0)
    assert slow.begun.wait(10)
    for item in range(1, 6):
        commit.bring(item)

    slow.free.set()
    commit.flush()

    assert slow.groups == [[0], [1, 2, 3, 4, 5]]
    commit.close()


def test_what_several_threads_bring_stays_in_the_order_of_each(
    disk: Disk, beside: ThreadPoolExecutor
) -> None:
    commit = GroupCommit(disk.write)

    def bring(first: int) -> None:
        for item in range(first, first + 500):
            commit.bring(item)

    list(beside.map(bring, (0, 1000, 2000, 3000)))
    commit.flush()

    for first in (0, 1000, 2000, 3000):
        mine = [item for item in disk.items if first <= item < first + 500]
        assert mine == list(range(first, first + 500))
    commit.close()


def test_flush_waits_until_all_is_durable(slow: Disk, beside: ThreadPoolExecutor) -> None:
    commit = GroupCommit(slow.write)
    commit.bring(1)

    flushed = beside.submit(commit.flush)
    with pytest.raises(TooLate):
        flushed.result(timeout=0.05)
    slow.free.set()
    flushed.result(timeout=10)

    assert slow.items == [1]
    commit.close()


def test_flush_of_nothing_returns(disk: Disk) -> None:
    commit = GroupCommit(disk.write)

    commit.flush()

    assert disk.groups == []
    commit.close()


def test_a_failure_is_raised_to_whoever_comes_next_and_nothing_more_is_written(disk: Disk) -> None:
    commit = GroupCommit(disk.write)
    commit.bring(1)
    commit.flush()
    disk.failing = True
    commit.bring(2)
    with pytest.raises(OSError, match="disk full"):
        commit.flush()

    with pytest.raises(OSError, match="disk full"):
        commit.bring(3)
    with pytest.raises(OSError, match="disk full"):
        commit.flush()
    commit.close()

    assert disk.items == [1]


def test_what_waits_behind_a_failure_is_not_written(slow: Disk) -> None:
    slow.failing = True
    commit = GroupCommit(slow.write)
    commit.bring(1)
    assert slow.begun.wait(10)
    commit.bring(2)

    slow.free.set()
    with pytest.raises(OSError, match="disk full"):
        commit.flush()
    commit.close()

    assert slow.items == []


def test_a_failure_is_raised_however_often_somebody_comes(disk: Disk) -> None:
    disk.failing = True
    commit = GroupCommit(disk.write)
    commit.bring(1)
    with pytest.raises(OSError, match="disk full"):
        commit.flush()

    raised: list[str] = []

    def bring_in_vain() -> None:
        for item in range(ROOM + 1):
            try:
                commit.bring(item)
            except OSError as error:
                raised.append(str(error))

    # A thread that nobody waits for, as it may wait forever.
    bringing = Thread(target=bring_in_vain, daemon=True)
    bringing.start()
    bringing.join(timeout=0.5)

    assert not bringing.is_alive()
    assert raised == ["disk full"] * (ROOM + 1)


def test_whoever_brings_more_than_there_is_room_for_waits(
    slow: Disk, beside: ThreadPoolExecutor
) -> None:
    commit = GroupCommit(slow.write)
    for item in range(ROOM):
        commit.bring(item)

    one_more = beside.submit(commit.bring, ROOM)
    with pytest.raises(TooLate):
        one_more.result(timeout=0.05)
    slow.free.set()
    one_more.result(timeout=10)
    commit.flush()

    assert slow.items == list(range(ROOM + 1))
    commit.close()


def test_close_writes_what_waits(slow: Disk, beside: ThreadPoolExecutor) -> None:
    commit = GroupCommit(slow.write)
    for item in range(10):
        commit.bring(item)

    closed = beside.submit(commit.close)
    slow.free.set()
    closed.result(timeout=10)

    assert slow.items == list(range(10))


def test_closing_twice_is_no_harm(disk: Disk) -> None:
    commit = GroupCommit(disk.write)

    commit.close()
    commit.close()

    assert disk.groups == []


@pytest.mark.parametrize("too_late", ["bring", "flush"])
def test_nobody_waits_for_what_was_closed(disk: Disk, too_late: str) -> None:
    commit = GroupCommit(disk.write)
    commit.close()

    with pytest.raises(ArchiveError, match="the archive has been closed"):
        commit.bring(1) if too_late == "bring" else commit.flush()
