"""`goexplore task`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from archive.entry import Failure
from archive.library import Json
from goexplore.catalog import Given, SetupError
from goexplore.cli import options
from goexplore.cli.images import telling
from goexplore.cli.sandbox import AllowUnconfined, EngineUrl, Kind, show
from goexplore.cli.terminal import Terminal
from goexplore.config import (
    Layer,
    checked_domain,
    checked_sandbox,
    overrides,
    run_file,
    sandboxes_of,
)
from goexplore.config import options as layer
from goexplore.domains.program import Program, TaskError, evolved
from goexplore.domains.program.checking import Check, check
from goexplore.domains.program.starting import start

_RUN_FILE = "run.toml"
_HELP = """Begin tasks, and check that they can be searched.

\b
goexplore task init my-task
goexplore task check my-task
"""

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of a task.")]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    task = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    task.command("init")(init)
    task.command("check")(try_out)
    app.add_typer(task, name="task", help=_HELP)


def init(
    folder: Folder,
    *,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """Write a small task that works, to begin one's own with.

    \b
    goexplore task init my-task
    """
    listed: list[Json] = [*start(folder)]
    facts: dict[str, Json] = {"folder": str(folder), "files": listed}
    show(facts, Terminal.of(no_color=no_color), json=json)


def try_out(
    folder: Folder,
    *,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, max=1000, help="Runs, each with another seed.")
    ] = 3,
    kind: Kind = None,
    engine: EngineUrl = None,
    allow_unconfined: AllowUnconfined = None,
    sets: options.Set = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    no_color: options.NoColor = False,
) -> None:
    """Run the initial program of a task, and say what a search would begin with.

    Which contract its evaluator keeps and what holds it, what would be evolved, how long one
    run takes, how much the objective differs from one to the next, each with another seed, and
    how often a program should be run in a verification because of that.

    \b
    goexplore task check my-task
    goexplore task check my-task --kind bubblewrap --repeats 10
    goexplore task check their-task -s domain.objective=accuracy
    """
    given = {"kind": kind, "engine": engine, "allow_unconfined": allow_unconfined}
    layers = [*_layers(folder), overrides(sets or []), layer({"sandbox": given})]
    terminal = Terminal.of(no_color=no_color, quiet=quiet)
    domain = checked_domain(layers)
    if not domain.part.sandboxed:
        raise SetupError(f"{folder} is no task: its run file explores {domain.part.name}")
    with (
        telling(terminal) as tell,
        sandboxes_of(checked_sandbox(layers), size=1, run="check", tell=tell) as sandboxes,
    ):
        world = domain.domain(Given(sandboxes=sandboxes))
        if not isinstance(world, Program):
            raise SetupError(f"{folder} is no task: its run file explores {domain.part.name}")
        sandboxes.warm()
        found = check(world, repeats)
    if isinstance(found, Failure):
        terminal.say(found.log)
        raise TaskError(f"the initial program does not run: {found.message}")
    show(_facts(folder, world, found), terminal, json=json)


def _layers(folder: Path) -> list[Layer]:
    """The run file of a task, upon what holds for a folder without one."""
    if folder.suffix == ".toml":
        return [run_file(folder)]
    base = layer({"domain": {"kind": "program", "folder": str(folder)}})
    file = folder / _RUN_FILE
    return [base, run_file(file)] if file.is_file() else [base]


def _facts(folder: Path, world: Program, found: Check) -> dict[str, Json]:
    """What was found, each fact in a few words or as a number."""
    last = found.evaluations[-1]
    facts: dict[str, Json] = {
        "task": str(folder),
        "evolved": _lines(evolved(world.roots()[0])),
        "contract": world.contract.words,
        "objective": world.objective,
        "value": found.objectives[0],
        "noise": found.noise,
        "repeats": len(found.seconds),
        **_advice(found),
        "seconds": round(sum(found.seconds) / len(found.seconds), 4),
        "slowest": round(max(found.seconds), 4),
        "measures": [*last.measures],
        "trust": last.observation.splitlines()[-1].strip("[]"),
    }
    if found.held_out is not None:
        held_out = found.held_out
        facts["held out"] = (
            f"fails: {held_out.message}" if isinstance(held_out, Failure) else held_out.objective
        )
    return facts


def _advice(found: Check) -> dict[str, Json]:
    """How often a noisy program is to be run, if it is noisy."""
    if found.repeats == 1:
        return {}
    return {"advice": f"repeats = {found.repeats} in [domain] tells its mean to about 5 % of it"}


def _lines(files: Mapping[str, int]) -> str:
    return ", ".join(f"{count} lines of {path}" for path, count in files.items())[:1000]
