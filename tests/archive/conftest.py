"""What tests of the archive share: a library to open runs in, and runs of their own."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from archive.library import Library
from archive.sql import SqlArchive
from tests.conftest import empty_database, postgres_server

# So that a failing promise says what was found instead.
pytest.register_assert_rewrite("tests.conformance.archive", "tests.conformance.soundness")

_numbers = count(1)

NewRun = Callable[[], SqlArchive]


@pytest.fixture(
    scope="session", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def library(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    """A library that many tests put runs of their own into, once of each kind."""
    if request.param == "sqlite":
        yield from opened(f"sqlite:///{tmp_path_factory.mktemp('library') / 'shared.db'}")
        return
    for url in empty_database(postgres_server()):
        yield from opened(url)


def opened(url: str) -> Iterator[Library]:
    with Library(url) as library:
        yield library


@pytest.fixture
def new_run(library: Library) -> Iterator[NewRun]:
    """Opens the archive of a new run at every call; all are closed after the test."""
    made: list[SqlArchive] = []

    def make() -> SqlArchive:
        made.append(library.open(f"run {next(_numbers)}", {}))
        return made[-1]

    yield make
    for archive in made:
        archive.close()


@pytest.fixture
def archive(new_run: NewRun) -> SqlArchive:
    """The archive of a new run."""
    return new_run()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Where an SQLite database may be made, for what does not depend on the kind."""
    return f"sqlite:///{tmp_path / 'archive.db'}"
