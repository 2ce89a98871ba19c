"""Runs explored and told, for the commands that do so."""

from collections.abc import Sequence

import typer

from goexplore.cli import game24
from goexplore.cli.exploring import Refusal, explore
from goexplore.cli.report import Told, document, tell
from goexplore.cli.status import INTERRUPTED
from goexplore.cli.terminal import Terminal, show_json
from goexplore.config import RunConfig
from goexplore.events import Ending


def present(
    configs: Sequence[RunConfig], terminal: Terminal, *, json: bool, verbose: bool = False
) -> None:
    """Explore runs of one archive and print what became of them.

    Raises:
        typer.Exit: the user wanted them to stop.
    """
    told = list(explore(configs, terminal))
    if json:
        show_json(document(told, configs[0].archive))
    else:
        tell(told, terminal, unit=unit_of(configs[0]), verbose=verbose)
    if len(told) < len(configs):
        terminal.say(f"{len(told)} of {len(configs)} were begun; the same command goes on.")
    stop_if_interrupted(told, configs)


def stop_if_interrupted(told: Sequence[Told], configs: Sequence[RunConfig]) -> None:
    """End with the status that says so, if the user wanted some run to stop.

    Raises:
        typer.Exit: some run was.
    """
    if len(told) < len(configs) or any(map(_interrupted, told)):
        raise typer.Exit(INTERRUPTED)


def unit_of(config: RunConfig) -> str:
    """What the world calls running a candidate."""
    return "operations" if config.domain.part.name == game24.NAME else "verifications"


def _interrupted(told: Told) -> bool:
    return not isinstance(told, Refusal) and told.outcome.ending is Ending.INTERRUPTED
