"""`goexplore recell`."""

from dataclasses import replace
from typing import Annotated

import typer

from goexplore import __version__
from goexplore.cli import options
from goexplore.cli.cells import other_cells
from goexplore.cli.exploring import free_name
from goexplore.cli.opening import chosen, library
from goexplore.cli.terminal import Terminal
from goexplore.config import ConfigError
from goexplore.recelling import recell as recelled

_Run = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="Its name; the newest by default.")
]


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("recell")(recell)


def recell(
    run: _Run = None,
    *,
    sets: options.Set = None,
    name: options.Name = None,
    archive: options.Archive = None,
    no_color: options.NoColor = False,
) -> None:
    """Go on with a run in other cells.

    \b
    goexplore recell -s cells.kind=grid -s 'cells.measures=["lines"]' \\
        -s 'cells.ranges=[[0, 100]]' -s 'cells.dims=[10]'
    goexplore resume NAME --verifications 500

    What was found is admitted anew, entry by entry, into another run: NAME-2, or as --name says.
    The first stays as it is, and can be gone on with as before.
    """
    if not sets:
        raise ConfigError("-s says which cells the run is to have, such as -s cells.kind=grid")
    with library(archive) as opened:
        summary = chosen(opened, run)
        config = other_cells(summary, sets)
        new = name or free_name(opened, summary.name)
        config = replace(config, run=config.run.model_copy(update={"name": new}))
        count = recelled(opened, summary.name, config, __version__)
    terminal = Terminal.of(no_color=no_color)
    terminal.show(f"{new}: {count} entries of {summary.name}, in other cells")
    terminal.say(f"goexplore resume {new} goes on from there.")
