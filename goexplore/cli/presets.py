"""`goexplore presets`."""

import typer
from rich.table import Table

from goexplore.cli import options
from goexplore.cli.terminal import Terminal, safe, show_json
from goexplore.config import presets as all_presets


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("presets")(presets)


def presets(*, json: options.Json = False, no_color: options.NoColor = False) -> None:
    """List the named settings that come along, and where they are from.

    \b
    goexplore run game24 4 4 6 8 --preset breadth-first
    """
    found = all_presets()
    if json:
        show_json(
            [{"name": p.name, "description": p.description, "source": p.source} for p in found]
        )
        return
    table = Table.grid(padding=(0, 2))
    for each in found:
        table.add_row(safe(each.name, "bold"), safe(each.description))
        table.add_row("", safe(each.source, "dim"))
    Terminal.of(no_color=no_color).show(table)
