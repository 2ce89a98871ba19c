"""`goexplore runs`."""

from dataclasses import asdict
from datetime import UTC, datetime

import typer
from rich.table import Table
from rich.text import Text

from archive.library import RunSummary
from goexplore.cli import options
from goexplore.cli.opening import library
from goexplore.cli.terminal import Terminal, safe, show_json

_NUMBERS = ("steps", "entries", "best", "seconds")


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("runs")(runs)


def runs(
    *,
    archive: options.Archive = None,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """List the runs of an archive, the oldest first.

    \b
    goexplore runs
    goexplore runs --archive sqlite:///goexplore-demo.db --json
    """
    with library(archive) as opened:
        found = opened.runs()
    if json:
        show_json([asdict(summary) for summary in found])
        return
    Terminal.of(no_color=no_color).show(_table(found))


def _table(found: list[RunSummary]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("run", overflow="fold")
    table.add_column("begun")
    table.add_column("state")
    for name in _NUMBERS:
        table.add_column(name, justify="right")
    for summary in found:
        table.add_row(*_row(summary))
    return table


def _row(summary: RunSummary) -> list[str | Text]:
    begun = datetime.fromtimestamp(summary.created_at, UTC).astimezone()
    return [
        safe(summary.name),
        begun.strftime("%Y-%m-%d %H:%M"),
        safe(_state(summary)),
        str(summary.steps),
        str(summary.entries),
        "" if summary.best is None else f"{summary.best:g}",
        f"{summary.elapsed:.2f}",
    ]


def _state(summary: RunSummary) -> str:
    """How the run stands; one that was opened and has not ended goes on, or was killed."""
    if summary.last_event == "ended":
        ending, _, detail = summary.last_detail.partition(": ")
        return f"out of {detail}" if ending == "budget" else ending
    return {"opened": "going on, or killed", "": "not begun"}.get(
        summary.last_event, summary.last_event
    )
