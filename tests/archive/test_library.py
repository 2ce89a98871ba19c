"""The runs of one database: found, opened, told apart, and kept to one process at a time."""

import gc
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from archive.admission import Better
from archive.errors import ArchiveError, NewerSchema, RunInUse, UnknownRun
from archive.library import Library
from tests.conformance.making import CRASHED, attempt, found, roots, step
from tests.conformance.soundness import assert_sound, rows_in

BETTER = Better()


def execute(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


# Runs


def test_a_new_database_has_no_runs(database_url: str) -> None:
    with Library(database_url) as library:
        assert library.runs() == []


def test_a_new_run_is_all_zeros(database_url: str) -> None:
    with Library(database_url) as library:
        library.open("first", {"seed": 1}, version="0.1").close()

        run = library.find("first")

        assert (run.id, run.name, run.spec, run.version) == (1, "first", {"seed": 1}, "0.1")
        assert (run.steps, run.entries, run.verifications, run.elapsed) == (0, 0, 0, 0.0)
        assert (run.best, run.best_entry, run.last_event, run.last_detail) == (None, None, "", "")
        assert 1.7e9 < run.created_at <= time.time()


def test_a_run_that_was_begun_is_known_by_its_name_and_its_spec(database_url: str) -> None:
    with Library(database_url) as library:
        library.open("first", {"seed": 1}).close()

        begun = library.begun("first", {"seed": 1})

        assert begun == library.find("first")
        assert library.begun("second", {"seed": 1}) is None
        with pytest.raises(ArchiveError, match="seed was 1 and is now 2"):
            library.begun("first", {"seed": 2})


def test_a_run_is_summed_up(database_url: str) -> None:
    with Library(database_url) as library:
        library.open("other", {}).close()
        archive = library.open("this", {})
        archive.add(roots(found("a", 1.0), found("b", 0.5)), BETTER)
        archive.add(step(1, attempt(found("c", 2.0), 1), elapsed=1.5), BETTER)
        archive.add(step(2, attempt(found("d", 2.0), 1), attempt(CRASHED), elapsed=2.5), BETTER)
        archive.note("ended", "goal: reached")
        archive.close()

        run = library.find("this")

        assert (run.steps, run.entries, run.verifications, run.elapsed) == (2, 5, 3, 2.5)
        assert (run.best, run.best_entry) == (2.0, 3)
        assert (run.last_event, run.last_detail) == ("ended", "goal: reached")
        assert [summary.name for summary in library.runs()] == ["other", "this"]


def test_what_was_rejected_is_never_the_best_of_a_run(database_url: str) -> None:
    with Library(database_url) as library:
        archive = library.open("run", {})
        archive.add(roots(found("a", -1.0)), BETTER)
        archive.add(step(1, attempt(found("a", -2.0), 1), attempt(CRASHED, 1)), BETTER)
        archive.close()

        run = library.find("run")

        assert (run.best, run.best_entry) == (-1.0, 1)


def test_runs_in_one_database_know_nothing_of_each_other(database_url: str) -> None:
    with Library(database_url) as library:
        one, other = library.open("one", {}), library.open("other", {})
        one.add(roots(found("a"), found("b")), BETTER)
        other.add(roots(found("c")), BETTER)
        one.close()
        other.close()

        assert [entry.id for entry in library.read("one").entries()] == [1, 2]
        assert [entry.id for entry in library.read("other").entries()] == [1]
    assert_sound(database_url)


def test_an_unknown_run_is_an_error_that_names_known_ones(sqlite_url: str) -> None:
    with Library(sqlite_url) as library:
        for n in range(7):
            library.open(f"run-{n}", {}).close()

        with pytest.raises(UnknownRun) as caught:
            library.find("runn")

    assert str(caught.value) == (
        "no run named 'runn'; the newest are run-6, run-5, run-4, run-3, run-2"
    )


def test_an_unknown_run_where_there_is_none_is_an_error_that_says_so(sqlite_url: str) -> None:
    with Library(sqlite_url) as library, pytest.raises(UnknownRun, match="there is no run yet"):
        library.read("any")


def test_a_run_goes_on_where_it_stopped(database_url: str) -> None:
    with Library(database_url) as library:
        archive = library.open("run", {"seed": 1, "domain": "game24"})
        archive.add(roots(found("a")), BETTER)
        archive.close()
    with Library(database_url) as library:
        archive = library.open("run", {"domain": "game24", "seed": 1})
        archive.add(step(1, attempt(found("b"), 1)), BETTER)
        archive.close()

    assert_sound(database_url)
    assert rows_in(database_url)["entries"] == 2


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        ({"seed": 1}, {"seed": 2}, "seed was 1 and is now 2"),
        ({"seed": 1}, {}, "seed was 1 and is now nothing"),
        ({}, {"horizon": 4}, "horizon was nothing and is now 4"),
        (
            {"a": 1, "selection": {"kind": "dgm"}},
            {"a": 1, "selection": {"kind": "uniform"}},
            'selection.kind was "dgm" and is now "uniform"',
        ),
        ({"range": [1, 2]}, {"range": [1, 3]}, "range was [1, 2] and is now [1, 3]"),
    ],
)
def test_a_run_with_another_spec_is_an_error_that_names_the_key(
    sqlite_url: str, before: dict[str, int], now: dict[str, int], change: str
) -> None:
    with Library(sqlite_url) as library:
        library.open("run", before).close()

        with pytest.raises(ArchiveError, match="begun with other settings") as caught:
            library.open("run", now)

    assert f"settings: {change}; give this one another name" in str(caught.value)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"seed": None}, {}),
        ({"noisy": True}, {"noisy": 1}),
        ({"level": 1}, {"level": 1.0}),
    ],
)
def test_a_change_that_python_takes_for_none_is_named_too(
    sqlite_url: str, before: dict[str, int], now: dict[str, int]
) -> None:
    with Library(sqlite_url) as library:
        library.open("run", before).close()

        with pytest.raises(ArchiveError, match="begun with other settings") as caught:
            library.open("run", now)

    assert f"settings: {next(iter(before))} was" in str(caught.value)


# One process at a time

HOLD = """
import sys
from archive.library import Library
library = Library(sys.argv[1])
archive = library.open("run", {})
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def process(code: str, url: str) -> Generator["subprocess.Popen[str]"]:
    """Another process that runs code with a URL; gone at the end."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    child = subprocess.Popen(  # noqa: S603  # our own code
        [sys.executable, "-c", code, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    with child:
        try:
            yield child
        finally:
            child.kill()


def said(child: "subprocess.Popen[str]") -> str:
    assert child.stdout
    return child.stdout.readline()


def test_a_run_belongs_to_one_process_until_that_is_gone(database_url: str) -> None:
    with Library(database_url) as library, process(HOLD, database_url) as other:
        assert said(other) == "open\n"

        with pytest.raises(RunInUse, match="is being explored by another process"):
            library.open("run", {})
        library.open("another run", {}).close()
        assert list(library.read("run").entries()) == []

        other.kill()
        other.wait()
        opened_soon(library, "run")


def opened_soon(library: Library, name: str) -> None:
    """Open a run and close it, as soon as the server has seen that its owner is gone."""
    until = time.monotonic() + 10
    while True:
        try:
            library.open(name, {}).close()
        except RunInUse:
            assert time.monotonic() < until, "the run of a killed process stays locked"
            time.sleep(0.02)
        else:
            return


def test_a_run_is_opened_once_in_one_process_too(database_url: str) -> None:
    with Library(database_url) as library:
        archive = library.open("run", {})

        with pytest.raises(RunInUse):
            library.open("run", {})

        archive.close()


# A server may take its time to notice that a connection is gone, about once in a hundred times.
def test_a_closed_run_can_be_opened_at_once(library: Library) -> None:
    for _ in range(100):
        library.open("again and again", {}).close()


TWO_AT_ONCE = """
import sys
from archive.library import Library
print("ready", flush=True)
sys.stdin.readline()
with Library(sys.argv[1]) as library:
    print(len(library.runs()), flush=True)
"""


def test_several_processes_may_open_a_new_database_at_once(
    database_url: str,
) -> None:
    with (
        process(TWO_AT_ONCE, database_url) as one,
        process(TWO_AT_ONCE, database_url) as two,
        process(TWO_AT_ONCE, database_url) as three,
    ):
        children = (one, two, three)
        assert [said(child) for child in children] == ["ready\n"] * 3

        for child in children:
            assert child.stdin
            child.stdin.write("go\n")
            child.stdin.flush()

        assert [said(child) for child in children] == ["0\n"] * 3


# What is no archive


def test_a_library_that_cannot_be_opened_leaves_nothing_open(database_url: str) -> None:
    Library(database_url).close()
    execute(database_url, "UPDATE alembic_version SET version_num = '0999'")

    with pytest.raises(NewerSchema):
        Library(database_url)

    left_open = connections(database_url)
    gc.collect()
    assert left_open == 0


def connections(url: str) -> int:
    """How many connections there are to a database, all of them this process's own."""
    if url.startswith("sqlite"):
        names = [os.path.realpath(fd) for fd in Path("/proc/self/fd").iterdir()]
        return names.count(url.removeprefix("sqlite:///"))
    engine = create_engine(url)
    with engine.connect() as connection:
        others = connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        ).scalar_one()
    engine.dispose()
    return int(others)


def test_a_database_of_a_newer_goexplore_is_an_error(database_url: str) -> None:
    Library(database_url).close()
    execute(database_url, "UPDATE alembic_version SET version_num = '0999'")

    with pytest.raises(NewerSchema, match=r"schema 0999.* upgrade goexplore, or name another"):
        Library(database_url)

    gc.collect()


def test_a_database_of_something_else_is_an_error_and_stays_as_it_was(database_url: str) -> None:
    execute(database_url, "CREATE TABLE customers (id INTEGER)")

    with pytest.raises(ArchiveError, match=r"tables of something else \(customers\)"):
        Library(database_url)

    gc.collect()
    execute(database_url, "DROP TABLE customers")
    with Library(database_url) as library:
        assert library.runs() == []


def test_a_file_that_is_no_database_is_an_error_and_stays_as_it_was(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("dear diary, " * 100)

    with pytest.raises(ArchiveError, match="is no SQLite database; name another one"):
        Library(f"sqlite:///{notes}")

    assert notes.read_text() == "dear diary, " * 100


def test_a_damaged_database_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "archive.db"
    with Library(f"sqlite:///{file}") as library:
        archive = library.open("run", {})
        archive.add(roots(*(found(f"{n}") for n in range(200))), BETTER)
        archive.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = file.read_bytes()
    file.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))

    with pytest.raises(ArchiveError, match="the file is damaged; restore it from a copy"):
        Library(f"sqlite:///{file}")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_in_memory_is_an_error(url: str) -> None:
    with pytest.raises(ArchiveError, match="is no file; an archive outlives its process"):
        Library(url)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_database_in_memory_by_another_name_is_an_error() -> None:
    with pytest.raises(ArchiveError, match="is no file"):
        Library("sqlite:///file:name?mode=memory&cache=shared&uri=true").close()


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("archive.db", "Could not parse"),
        ("", "Could not parse"),
        ("nosuch://host/name", "Can't load plugin"),
        ("mysql://user@host/name", "No module named 'MySQLdb'"),
        ("postgresql+asyncpg://user@host/name", "No module named 'asyncpg'"),
    ],
)
def test_a_url_that_cannot_be_used_is_an_error_that_shows_a_good_one(
    url: str, complaint: str
) -> None:
    with pytest.raises(ArchiveError, match=complaint) as caught:
        Library(url)

    assert "write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME" in str(caught.value)


def test_a_port_that_is_no_number_is_an_error() -> None:
    with pytest.raises(ArchiveError, match="postgresql"):
        Library("postgresql+psycopg://user@host:port/name")


def test_a_folder_that_there_is_not_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="it cannot be opened; is the folder there"):
        Library(f"sqlite:///{tmp_path / 'nowhere' / 'archive.db'}")


def test_a_server_that_does_not_answer_is_an_error_without_the_password() -> None:
    with pytest.raises(ArchiveError, match="no server answers there; start it") as caught:
        Library("postgresql+psycopg://user:secret@127.0.0.1:1/name")

    assert "secret" not in str(caught.value)


def test_the_name_of_a_library_hides_the_password(sqlite_url: str) -> None:
    with Library(sqlite_url) as library:
        assert library.name == sqlite_url
