"""Which archive and which run a command reads."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from archive.errors import ArchiveError
from archive.library import Library, RunSummary
from archive.reading import RunReader
from goexplore.config import checked_url, environment, options

_FILE = "sqlite:///"


def url_of(archive: str | None) -> str:
    """The URL of the archive: as given, or the environment's, or the default."""
    return checked_url([environment(os.environ), options({"archive": {"url": archive}})])


def file_of(url: str) -> Path | None:
    """The file that a URL stands for; `None` for anything else."""
    path = url.removeprefix(_FILE).partition("?")[0]
    return Path(path) if url.startswith(_FILE) and not path.startswith("file:") else None


@contextmanager
def library(archive: str | None) -> Generator[Library]:
    """The runs of an archive that is there already.

    Raises:
        ArchiveError: there is none.
    """
    url = url_of(archive)
    file = file_of(url)
    if file is not None and not file.exists():
        raise ArchiveError(
            f"{file}: there is no archive; 'goexplore run' makes one, --archive URL names another"
        )
    with Library(url) as opened:
        yield opened


def chosen(opened: Library, run: str | None) -> RunSummary:
    """The run of a name, or the newest.

    Raises:
        ArchiveError: there is none.
    """
    if run:
        return opened.find(run)
    if newest := opened.newest():
        return newest
    raise ArchiveError(f"{opened.name}: there is no run yet")


@contextmanager
def reading(archive: str | None, run: str | None) -> Generator[tuple[RunSummary, RunReader]]:
    """A run of an archive, to read from."""
    with library(archive) as opened:
        summary = chosen(opened, run)
        yield summary, opened.read(summary.name)
