"""`goexplore costs`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from archive.ledger import Spending
from goexplore.cli import options
from goexplore.cli.opening import reading
from goexplore.cli.terminal import Terminal, safe, show_json

_Run = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="Its name; the newest by default.")
]


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("costs")(costs)


def costs(
    run: _Run = None,
    *,
    archive: options.Archive = None,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """Say what the models of a run cost, by what they were asked for.

    \b
    goexplore costs
    goexplore costs game24-4-4-6-8-bbdfcd --json
    """
    with reading(archive, run) as (_, reader):
        found = reader.spending()
    if json:
        show_json([asdict(spending) for spending in found])
        return
    terminal = Terminal.of(no_color=no_color)
    if not found:
        terminal.say("This run has asked no model.")
        return
    terminal.show(_table(found))


def _table(found: Sequence[Spending]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("role")
    table.add_column("model", overflow="fold")
    for name in ("calls", "prompt tokens", "of them cached", "answer tokens", "dollars", "seconds"):
        table.add_column(name, justify="right")
    for each in found:
        dollars = f"{each.dollars:.6f}"
        table.add_row(
            each.role,
            safe(each.model),
            str(each.calls),
            f"{each.prompt_tokens:,}",
            f"{each.cached_tokens:,}",
            f"{each.completion_tokens:,}",
            f"{dollars} + {each.unpriced} calls of unknown price" if each.unpriced else dollars,
            f"{each.seconds:.1f}",
        )
    return table
