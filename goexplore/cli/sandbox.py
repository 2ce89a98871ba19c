"""`goexplore sandbox`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
from rich.table import Table

from archive.library import Json
from goexplore.catalog import SetupError
from goexplore.cli import options
from goexplore.cli.images import status, telling
from goexplore.cli.status import FAILURE
from goexplore.cli.terminal import Terminal, safe, show_json
from goexplore.config import (
    Layer,
    SandboxSection,
    checked_sandbox,
    overrides,
    run_file,
    sandboxes_of,
)
from goexplore.config import options as layer
from sandboxes.attacks import battery
from sandboxes.attacks.base import Attack
from sandboxes.attacks.battery import Outcome
from sandboxes.docker import Containers, Engine
from sandboxes.images import build as images
from sandboxes.images.build import Recipe

_HELP = """Build sandboxes for untrusted code, and attack them.

\b
goexplore sandbox build
goexplore sandbox test
"""

File = Annotated[
    Path | None, typer.Argument(metavar="[FILE.toml]", help="A run file with a section [sandbox].")
]
Kind = Annotated[
    str | None,
    typer.Option(
        "--kind",
        metavar="KIND",
        help="strict (the default), networked, gvisor, bubblewrap or unconfined.",
    ),
]
EngineUrl = Annotated[
    str | None,
    typer.Option("--engine", metavar="URL", help="The Docker engine; else $DOCKER_HOST names it."),
]
AllowUnconfined = Annotated[
    bool | None,
    typer.Option(
        "--allow-unconfined",
        help="Let kind unconfined run code, which keeps it from nothing.",
        show_default=False,
    ),
]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    sandbox = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    sandbox.command("build")(build)
    sandbox.command("test")(attack)
    sandbox.command("prune")(prune)
    app.add_typer(sandbox, name="sandbox", help=_HELP)


def build(
    file: File = None,
    *,
    sets: options.Set = None,
    engine: EngineUrl = None,
    anew: Annotated[bool, typer.Option("--anew", help="Also where it is there already.")] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    no_color: options.NoColor = False,
) -> None:
    """Make the image that candidates run in.

    It is built on python:3.12-slim, or on the image that a run file names. Where no registry can
    be reached, the base is made of this machine's own Python.

    \b
    goexplore sandbox build
    goexplore sandbox build run.toml
    goexplore sandbox build -s 'sandbox.packages=["numpy"]'
    """
    section = _section(file, sets, {"engine": engine})
    terminal = Terminal.of(no_color=no_color, quiet=quiet)
    began = monotonic()
    with telling(terminal) as tell:
        built = images.build(Engine(section.engine), _recipe(section), tell=tell, anew=anew)
    facts: dict[str, Json] = {
        "image": built.name,
        "digest": built.digest,
        "base": built.base,
        "megabytes": round(built.size / 1e6, 1),
        "new": built.new,
        "seconds": round(monotonic() - began, 1),
    }
    show(facts, terminal, json=json)


def attack(
    file: File = None,
    *,
    kind: Kind = None,
    sets: options.Set = None,
    engine: EngineUrl = None,
    allow_unconfined: AllowUnconfined = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Only this attack or family.")
    ] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    no_color: options.NoColor = False,
) -> None:
    """Attack a sandbox on this machine, and say what held.

    Exit status 1 if something did not. What the attacks send stays within the sandbox and on
    this machine's loopback.

    \b
    goexplore sandbox test
    goexplore sandbox test --kind bubblewrap
    goexplore sandbox test --only forgery --only memory
    """
    given = {"kind": kind, "engine": engine, "allow_unconfined": allow_unconfined}
    section = _section(file, sets, given)
    terminal = Terminal.of(no_color=no_color, quiet=quiet)
    if section.kind == "unconfined":
        terminal.say("unconfined: nothing keeps these attacks from this machine but their manners")
    outcomes = _attacked(section, _chosen(only or []), terminal)
    if json:
        show_json([_as_json(outcome) for outcome in outcomes])
    else:
        terminal.show(_table(outcomes))
        held = sum(outcome.held for outcome in outcomes)
        terminal.show(f"{section.kind}: {held} of {len(outcomes)} attacks held")
    if not all(outcome.held for outcome in outcomes):
        raise typer.Exit(FAILURE)


def prune(
    *,
    engine: EngineUrl = None,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", metavar="IMAGE", help="Not this one.")
    ] = None,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """Remove our images, and containers that killed processes have left.

    Only what carries our label, and no container whose process is alive.

    \b
    goexplore sandbox prune
    """
    found = Engine(engine or "")
    containers = Containers(engine=found, image="").sweep()
    removed = images.prune(found, kept=keep or [])
    listed: list[Json] = [*removed]
    facts: dict[str, Json] = {"containers": containers, "images": listed}
    show(facts, Terminal.of(no_color=no_color), json=json)


# Settings


def _section(
    file: Path | None, sets: list[str] | None, given: Mapping[str, object]
) -> SandboxSection:
    lower: list[Layer] = [run_file(file)] if file else []
    return checked_sandbox([*lower, overrides(sets or []), layer({"sandbox": given})])


def _recipe(section: SandboxSection) -> Recipe:
    try:
        return Recipe(base=section.image, packages=section.packages)
    except ValueError as error:
        raise SetupError(f"[sandbox] {error}") from error


# Attacking


def _chosen(only: Sequence[str]) -> Sequence[Attack]:
    known = {each.name for each in battery.ATTACKS} | {each.family for each in battery.ATTACKS}
    if unknown := [name for name in only if name not in known]:
        families = ", ".join(sorted({each.family for each in battery.ATTACKS}))
        raise SetupError(f"no attack or family {unknown[0]!r}; families are {families}")
    return [
        each for each in battery.ATTACKS if not only or each.name in only or each.family in only
    ]


def _attacked(
    section: SandboxSection, attacks: Sequence[Attack], terminal: Terminal
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    with (
        telling(terminal) as tell,
        sandboxes_of(section, size=1, run="test", room=battery.ROOM, tell=tell) as sandboxes,
    ):
        sandboxes.warm()
        with status(terminal) as show:
            for outcome in battery.run(sandboxes, attacks):
                outcomes.append(outcome)
                broke = sum(not each.held for each in outcomes)
                show(
                    f"{len(outcomes)}/{len(attacks)} attacks, {broke} succeeded: "
                    f"{outcome.attack.name}"
                )
    return outcomes


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("family", "attack", "what was tried", ""):
        table.add_column(name, overflow="fold")
    before = Counter[str]()
    for outcome in outcomes:
        attack = outcome.attack
        sign = safe("held", "green") if outcome.held else safe(f"NO: {outcome.broke}", "bold red")
        first = attack.family if not before[attack.family] else ""
        before[attack.family] += 1
        table.add_row(first, attack.name, safe(attack.what), sign)
    return table


def _as_json(outcome: Outcome) -> dict[str, Json]:
    return {
        "family": outcome.attack.family,
        "attack": outcome.attack.name,
        "what": outcome.attack.what,
        "held": outcome.held,
        "broke": outcome.broke,
        "seconds": round(outcome.seconds, 2),
    }


def show(facts: dict[str, Json], terminal: Terminal, *, json: bool) -> None:
    if json:
        show_json(facts)
        return
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        table.add_row(safe(name, "bold"), safe(shown))
    terminal.show(table)
