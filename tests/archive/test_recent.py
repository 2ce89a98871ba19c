"""The entries asked for most recently."""

from archive.admission import KeepAll
from archive.entry import Entry, EntryId
from archive.recent import Kept, Recent
from tests.conformance.making import attempt, found


def kept(number: int) -> Kept:
    entry = Entry(
        id=EntryId(number),
        step=0,
        parents=(),
        candidate=attempt(found("a")).candidate,
        result=found("a"),
        admission=KeepAll().judge(found("a"), 1, None),
        depth=0,
    )
    return Kept(entry=entry, hops=0)


def known(recent: Recent, *numbers: int) -> list[int]:
    return [number for number in numbers if recent.get(EntryId(number))]


def test_an_entry_is_remembered() -> None:
    recent = Recent(2)

    recent.put(kept(1))

    assert recent.get(EntryId(1)) == kept(1)
    assert recent.get(EntryId(2)) is None


def test_the_one_that_was_asked_for_longest_ago_goes_first() -> None:
    recent = Recent(2)
    recent.put(kept(1))
    recent.put(kept(2))
    recent.get(EntryId(1))

    recent.put(kept(3))

    assert known(recent, 1, 2, 3) == [1, 3]


def test_what_is_pinned_stays_however_many_come() -> None:
    recent = Recent(2)
    recent.pin(kept(1))

    for number in range(2, 9):
        recent.put(kept(number))

    assert known(recent, *range(1, 9)) == [1, 7, 8]


def test_what_was_pinned_goes_when_its_time_comes() -> None:
    recent = Recent(2)
    recent.pin(kept(1))
    recent.put(kept(2))

    recent.release(EntryId(1))
    at_first = known(recent, 1, 2)
    recent.put(kept(3))
    recent.put(kept(4))

    assert at_first == [1, 2]
    assert known(recent, 1, 2, 3, 4) == [3, 4]
