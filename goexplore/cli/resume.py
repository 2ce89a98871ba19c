"""`goexplore resume`."""

import os
from typing import Annotated

import typer

from goexplore.cli import options
from goexplore.cli.opening import chosen, library, url_of
from goexplore.cli.present import present
from goexplore.cli.terminal import Terminal
from goexplore.config import Settings, checked, environment, stored
from goexplore.config import options as layer

_Run = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="Its name; the newest by default.")
]


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("resume")(resume)


def resume(
    run: _Run = None,
    *,
    workers: options.Workers = None,
    steps: options.Steps = None,
    verifications: options.Verifications = None,
    seconds: options.Seconds = None,
    tokens: options.Tokens = None,
    dollars: options.Dollars = None,
    archive: options.Archive = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    no_color: options.NoColor = False,
) -> None:
    """Go on with a run, from what its archive says of it.

    \b
    goexplore resume
    goexplore resume game24-4-4-6-8-bbdfcd --verifications 700

    Without a budget it goes on to its goal, or until there is nothing left to try.
    """
    with library(archive) as opened:
        summary = chosen(opened, run)
    said: Settings = {
        "run": {"workers": workers},
        "budget": {
            "steps": steps,
            "verifications": verifications,
            "seconds": seconds,
            "tokens": tokens,
            "dollars": dollars,
        },
        "archive": {"url": url_of(archive)},
    }
    layers = [environment(os.environ), stored(summary.name, summary.spec), layer(said)]
    terminal = Terminal.of(no_color=no_color, quiet=quiet or json)
    present([checked(layers)], terminal, json=json)
