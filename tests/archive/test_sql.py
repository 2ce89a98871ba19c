"""The archive in a SQL database: the contract, what it costs, what it tells of itself."""

from collections.abc import Iterator
from itertools import count
from types import MappingProxyType

import pytest
from sqlalchemy import func, select

from archive.admission import Better
from archive.base import Archive
from archive.entry import Attempt, Candidate, EntryId, Evaluation
from archive.errors import ArchiveError
from archive.library import Library
from archive.sql import SqlArchive
from archive.tables import blobs, bodies
from tests.conformance.archive import ArchiveContract, Opens
from tests.conformance.making import CRASHED, attempt, found, roots, step
from tests.conformance.soundness import assert_sound

BETTER = Better()

_numbers = count(1)


class TestSqlArchive(ArchiveContract):
    """The contract, on both kinds of database."""

    @pytest.fixture
    def opens(self, library: Library) -> Iterator[Opens]:
        name = f"contract {next(_numbers)}"
        opened: list[SqlArchive] = []

        def close() -> None:
            for archive in opened:
                archive.close()

        def opens() -> Archive:
            close()
            opened[:] = [library.open(name, {})]
            return opened[0]

        yield opens
        close()


def test_a_tree_is_stored_as_a_change_of_its_parents(archive: SqlArchive) -> None:
    program = "".join(f"line {n * 7919 % 9973}\n" for n in range(400))
    archive.add(roots(found("0")), BETTER)
    archive.add(step(1, attempt(found("1"), 1, text=program)), BETTER)
    archive.add(step(2, attempt(found("2"), 2, text=program + "more\n")), BETTER)
    archive.flush()

    with archive.look() as connection:
        sizes = connection.execute(
            select(bodies.c.base, func.length(bodies.c.tree))
            .where(bodies.c.run == archive.run)
            .order_by(bodies.c.id)
        ).all()

    assert [base for base, _ in sizes] == [None, 1, 2]
    assert sizes[1][1] > 800
    assert sizes[2][1] < 100


def test_a_whole_tree_comes_now_and_then(archive: SqlArchive) -> None:
    archive.add(roots(found("0")), BETTER)
    for n in range(1, 40):
        archive.add(step(n, attempt(found(f"{n}"), n)), BETTER)
    archive.flush()

    with archive.look() as connection:
        whole = connection.execute(
            select(bodies.c.id).where(bodies.c.run == archive.run, bodies.c.base.is_(None))
        ).scalars()

        assert list(whole) == [1, 18, 35]


def test_a_large_thing_is_stored_once(archive: SqlArchive) -> None:
    snapshot = b"the same room, over and over " * 40
    here = Evaluation(cell="a", objective=0.0, snapshot=snapshot)
    archive.add(roots(here), BETTER)
    archive.flush()
    archive.add(step(1, attempt(here, 1), attempt(here, 1)), BETTER)
    archive.flush()

    with archive.look() as connection:
        digests = select(bodies.c.snapshot).where(bodies.c.run == archive.run)
        kept = connection.execute(
            select(func.length(blobs.c.data)).where(blobs.c.digest.in_(digests))
        )

        assert len(sizes := list(kept.scalars())) == 1
        assert sizes[0] < 100


def test_measures_may_be_any_mapping(archive: SqlArchive) -> None:
    archive.add(
        roots(Evaluation(cell="a", objective=0.0, measures=MappingProxyType({"speed": 1.0}))),
        BETTER,
    )

    archive.flush()


def test_the_parent_of_a_child_may_have_been_forgotten(archive: SqlArchive) -> None:
    archive.add(roots(found("0")), BETTER)
    for n in range(1, 1200):
        archive.add(step(n, attempt(found(f"{n}"), n if n < 30 else 1, text=f"{n}\n")), BETTER)
    archive.flush()

    (child,) = archive.add(step(1200, attempt(found("x"), 29, text="29\n30\n")), BETTER)
    archive.flush()

    assert child.depth == 29
    assert archive.entry(EntryId(29)).candidate.tree == {"main.py": "28\n"}


def test_a_step_that_there_is_not_is_an_error(archive: SqlArchive) -> None:
    with pytest.raises(ArchiveError, match="has no step 3"):
        archive.step(3)


def test_step_records_come_in_order(archive: SqlArchive) -> None:
    archive.add(roots(found("a")), BETTER)
    archive.add(step(2, attempt(CRASHED, 1)), BETTER)
    archive.add(step(1, attempt(CRASHED, 1)), BETTER)
    archive.flush()

    assert [record.number for record in archive.step_records()] == [0, 1, 2]


def test_events_are_kept_in_order(archive: SqlArchive) -> None:
    archive.note("opened")
    archive.note("ended", "budget: steps")

    events = archive.events()

    assert [(e.number, e.kind, e.detail) for e in events] == [
        (1, "opened", ""),
        (2, "ended", "budget: steps"),
    ]
    assert 1.7e9 < events[0].at <= events[1].at


def test_a_note_comes_after_every_step_that_was_added(archive: SqlArchive) -> None:
    archive.add(roots(*(found(f"{n}") for n in range(50))), BETTER)

    archive.note("ended")

    assert len(list(archive.entries())) == 50


def test_a_closed_archive_has_written_everything(library: Library) -> None:
    archive = library.open("closed", {})
    archive.add(roots(*(found(f"{n}") for n in range(50))), BETTER)

    archive.close()

    assert len(list(library.read("closed").entries())) == 50


def test_what_was_written_is_sound(database_url: str) -> None:
    with Library(database_url) as library:
        for name in ("one", "two"):
            archive = library.open(name, {})
            archive.add(roots(found("a", options=[1.0, 2.0]), found("b")), BETTER)
            archive.add(step(1, attempt(found("c"), 1, option=1), attempt(found("d"))), BETTER)
            archive.add(step(2, attempt(CRASHED, 2), as_of=4), BETTER)
            archive.add(step(3, attempt(found("b", 1.0), 2, others=(3, 4)), as_of=5), BETTER)
            crossed = Candidate(tree={"x": "1"}, mutator="m", rationale="why")
            evaluation = Evaluation(cell="e", objective=1.0, snapshot=b"here", measures={"m": 1.0})
            child = Attempt(parent=EntryId(1), candidate=crossed, result=evaluation)
            archive.add(step(4, child, as_of=6), BETTER)
            archive.close()

    assert_sound(database_url)
