"""What tests of selection share: a run of their own in a real database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.library import Library
from archive.sql import SqlArchive


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqlArchive]:
    """The archive of a new run in SQLite."""
    with (
        Library(f"sqlite:///{tmp_path / 'archive.db'}") as library,
        library.open("run", {}) as opened,
    ):
        yield opened
