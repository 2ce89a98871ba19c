"""`goexplore replay`."""

from dataclasses import asdict
from typing import Annotated

import typer

from goexplore.cli import options
from goexplore.cli.opening import chosen, library
from goexplore.cli.status import FAILURE
from goexplore.cli.terminal import Terminal, safe, show_json
from goexplore.replay import Replay
from goexplore.replay import replay as replayed

_Run = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="Its name; the newest by default.")
]


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    run: _Run = None,
    *,
    archive: options.Archive = None,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """Run a run again from its ledger, without a network, and compare entry by entry.

    \b
    goexplore replay
    goexplore replay game24-4-4-6-8-bbdfcd

    Every step is taken again as it was chosen, with what models answered then. The exit status
    is 1 if anything comes out otherwise; the first difference is shown.
    """
    with library(archive) as opened:
        result = replayed(opened, chosen(opened, run).name)
    terminal = Terminal.of(no_color=no_color)
    if json:
        show_json({**asdict(result), "identical": result.identical})
    else:
        _tell(result, terminal)
    if not result.identical:
        raise typer.Exit(FAILURE)


def _tell(result: Replay, terminal: Terminal) -> None:
    if result.identical:
        terminal.show(safe(f"identical: {result.entries} entries"))
        return
    terminal.show(safe(f"identical up to entry #{result.entries}; then it was"))
    terminal.show(safe(result.was.strip() or "nothing"))
    terminal.show(safe("and is now"))
    terminal.show(safe(result.is_now.strip() or "nothing"))
