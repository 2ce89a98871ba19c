"""The commands as one typer application, of which only the wanted one is loaded."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from archive.errors import ArchiveError
from goexplore import __version__
from goexplore.catalog import SetupError, nearest
from goexplore.cli.commands import COMMANDS, COMPLETING
from goexplore.cli.status import FAILURE, USAGE
from goexplore.cli.terminal import harmless
from goexplore.domain import DomainError
from goexplore.selection.base import SelectionError
from mutators.base import MutatorError
from sandboxes.base import SandboxError


def main(arguments: Sequence[str]) -> None:
    """Run a command; a mistake of the user's ends it with one line and no traceback."""
    # A user's own modules can be named as parts. Last, so that they hide none of ours.
    sys.path.append(os.getcwd())  # noqa: PTH109  # a search path is text
    try:
        _check_command(arguments)
        _app(_words(arguments))(list(arguments), prog_name="goexplore")
    except (SetupError, SelectionError) as error:
        _end(error, USAGE)
    except (ArchiveError, DomainError, MutatorError, SandboxError, OSError) as error:
        _end(error, FAILURE)


def _check_command(arguments: Sequence[str]) -> None:
    first = next((word for word in arguments if not word.startswith("-")), None)
    if first is None or first in COMMANDS:
        return
    close = nearest(first, list(COMMANDS))
    hint = f"did you mean {close!r}?" if close else f"known are {', '.join(COMMANDS)}"
    raise SetupError(f"no command {first!r}; {hint}")


def _end(error: Exception, status: int) -> None:
    sys.stderr.write(f"goexplore: {harmless(str(error))}\n")
    sys.exit(status)


def _words(arguments: Sequence[str]) -> Sequence[str]:
    """What was typed, also where a shell asks how it could go on."""
    if COMPLETING in os.environ:
        return os.environ.get("_TYPER_COMPLETE_ARGS", "").split()
    return arguments


def _app(words: Sequence[str]) -> typer.Typer:
    app = typer.Typer(
        callback=_top, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
    )
    wanted = next((word for word in words if word in COMMANDS), "")
    for name, command in COMMANDS.items():
        if name == wanted:
            import_module(command.module).add(app)
        else:
            app.command(name, help=command.summary)(_elsewhere)
    return app


def _elsewhere() -> None:
    """Stands where a command is that was not asked for."""


def _say_version(wanted: bool) -> None:  # noqa: FBT001  # typer calls it so
    if wanted:
        typer.echo(f"goexplore {__version__}")
        raise typer.Exit


def _top(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_say_version, is_eager=True, help="Say which version this is."
        ),
    ] = False,
) -> None:
    """Archive-based open-ended search: select an elite, return to it, explore, verify, record."""
    del version  # its callback has said it
