"""`goexplore doctor`."""

import os
import platform
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import typer
from rich.table import Table

from archive.errors import ArchiveError
from archive.library import Library
from goexplore.cli import options
from goexplore.cli.house import PACKAGES, strangers
from goexplore.cli.opening import file_of, url_of
from goexplore.cli.status import FAILURE
from goexplore.cli.terminal import Terminal, safe, show_json
from sandboxes.base import SandboxError
from sandboxes.docker import Engine
from sandboxes.images import build as images
from sandboxes.images.build import Recipe
from sandboxes.limits import Room
from sandboxes.pool import Pool
from sandboxes.process import Bubblewrap

_OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a run needs, whether it is there, and what to do if not."""

    what: str
    ok: bool
    detail: str


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    *,
    archive: options.Archive = None,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """Check that all a run needs is there, and say what to do where it is not.

    \b
    goexplore doctor
    goexplore doctor --archive postgresql+psycopg://me@localhost/search
    """
    findings = [_python(), _house(), *_database(url_of(archive)), _postgres(), *_sandboxes()]
    if json:
        show_json([asdict(finding) for finding in findings])
    else:
        Terminal.of(no_color=no_color).show(_table(findings))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(FAILURE)


def _table(findings: list[Finding]) -> Table:
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        sign = safe("ok", "green") if finding.ok else safe("no", "bold red")
        table.add_row(sign, safe(finding.what, "bold"), safe(finding.detail))
    return table


def _python() -> Finding:
    new_enough = sys.version_info >= _OLDEST_PYTHON
    advice = "" if new_enough else "; goexplore needs 3.11 or newer"
    return Finding(what="Python", ok=new_enough, detail=platform.python_version() + advice)


def _house() -> Finding:
    complaints = strangers()
    well = f"{', '.join(PACKAGES)} are ours, beside goexplore"
    return Finding(what="packages", ok=not complaints, detail="; ".join(complaints) or well)


def _database(url: str) -> Iterator[Finding]:
    file = file_of(url)
    if file is not None:
        yield _sqlite(file.absolute().parent)
    if file is None or file.exists():
        yield _archive(url)
    else:
        yield Finding(what="archive", ok=True, detail=f"{file} is not there; a run makes it")


def _sqlite(folder: Path) -> Finding:
    """Whether SQLite can write in a folder, in the mode that the archive uses."""
    version = f"SQLite {sqlite3.sqlite_version}"
    try:
        mode = _write(folder)
    except (OSError, sqlite3.Error) as error:
        advice = f"cannot write in {folder}: {error}; name another with --archive sqlite:///FILE"
        return Finding(what="database", ok=False, detail=f"{version} {advice}")
    if mode != "wal":
        advice = f"no write-ahead log in {folder}; choose a folder on a local disk"
        return Finding(what="database", ok=False, detail=f"{version}: {advice}")
    return Finding(what="database", ok=True, detail=f"{version} writes in {folder}")


def _write(folder: Path) -> str:
    with (
        TemporaryDirectory(prefix=".goexplore-doctor-", dir=folder) as room,
        closing(sqlite3.connect(Path(room) / "probe.db")) as connection,
    ):
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("CREATE TABLE probe (number INTEGER)")
        connection.commit()
    return str(mode)


def _archive(url: str) -> Finding:
    try:
        with Library(url) as library:
            detail = f"{library.name} holds {len(library.runs())} runs"
    except ArchiveError as error:
        return Finding(what="archive", ok=False, detail=str(error))
    file = file_of(url)
    if file is not None and not os.access(file, os.W_OK):
        return Finding(what="archive", ok=False, detail=f"{file} cannot be written; change that")
    return Finding(what="archive", ok=True, detail=detail)


def _postgres() -> Finding:
    if find_spec("psycopg"):
        return Finding(what="PostgreSQL", ok=True, detail="the driver is there, if you want it")
    advice = "no driver, which only archives on a server need: pip install 'goexplore[postgres]'"
    return Finding(what="PostgreSQL", ok=True, detail=advice)


def _sandboxes() -> Iterator[Finding]:
    """Where code that a model wrote could run on this machine, the safest first."""
    try:
        yield from _engine(Engine())
    except SandboxError as error:
        advice = f"{error}; only programs that a model wrote need one"
        yield Finding(what="containers", ok=True, detail=advice)
    yield _bubblewrap()


def _engine(engine: Engine) -> Iterator[Finding]:
    built = images.find(engine, Recipe())
    detail = f"Docker {engine.version} at {engine.url}; " + (
        f"the image {built.name} is there" if built else "goexplore sandbox build makes the image"
    )
    if engine.lacks:
        detail = f"Docker {engine.version} cannot limit {', '.join(engine.lacks)}"
    yield Finding(what="containers", ok=not engine.lacks, detail=detail)
    there = "runsc" in engine.runtimes
    gvisor = "the engine has the runtime runsc" if there else "no runtime runsc, if you want it"
    yield Finding(what="gVisor", ok=True, detail=gvisor)


def _bubblewrap() -> Finding:
    """Whether a sandbox by bubblewrap starts: it may be there and not be allowed to."""
    try:
        with Pool(Bubblewrap(Room()), size=1, attempts=1) as pool:
            pool.warm()
    except SandboxError as error:
        why = str(error).splitlines()[0][:200]
        return Finding(what="bubblewrap", ok=True, detail=f"{why}; only for want of an engine")
    return Finding(what="bubblewrap", ok=True, detail="works; memory is watched, not limited")
