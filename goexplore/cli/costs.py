"""`goexplore costs`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from archive.ledger import Spending
from goexplore.arms import ArmRecord, arms_of
from goexplore.cli import options
from goexplore.cli.opening import reading
from goexplore.cli.terminal import Terminal, safe, show_json

_Run = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="Its name; the newest by default.")
]
_Mutators = Annotated[
    bool, typer.Option("--mutators", help="By who made the children, with what came of them.")
]


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("costs")(costs)


def costs(
    run: _Run = None,
    *,
    mutators: _Mutators = False,
    archive: options.Archive = None,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """Say what the models of a run cost, by what they were asked for.

    \b
    goexplore costs
    goexplore costs game24-4-4-6-8-bbdfcd --json
    goexplore costs --mutators
    """
    with reading(archive, run) as (_, reader):
        if mutators:
            _tell(arms_of(reader), json=json, no_color=no_color)
            return
        found = reader.spending()
    if json:
        show_json([asdict(spending) for spending in found])
        return
    terminal = Terminal.of(no_color=no_color)
    if not found:
        terminal.say("This run has asked no model.")
        return
    terminal.show(_table(found))


def _tell(found: Sequence[ArmRecord], *, json: bool, no_color: bool) -> None:
    """Say what came of each mutator."""
    if json:
        show_json([asdict(arm) for arm in found])
        return
    terminal = Terminal.of(no_color=no_color)
    if not found:
        terminal.say("This run has made no children.")
        return
    terminal.show(_arms(found))


def _arms(found: Sequence[ArmRecord]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("mutator", overflow="fold")
    names = ("children", "share", "failed", "fruitful", "mean gain", "dollars", "tokens")
    for name in (*names, f"gain per {found[0].unit.removesuffix('s')}"):
        table.add_column(name, justify="right")
    for each in found:
        table.add_row(
            safe(each.mutator),
            str(each.children),
            f"{each.share:.0%}",
            str(each.failed),
            str(each.fruitful),
            f"{each.mean_gain:.4g}",
            _dollars(each.dollars, each.unpriced),
            f"{each.tokens:,}",
            f"{each.gain_per_unit:.4g}",
        )
    return table


def _dollars(dollars: float, unpriced: int) -> str:
    said = f"{dollars:.6f}"
    return f"{said} + {unpriced} calls of unknown price" if unpriced else said


def _table(found: Sequence[Spending]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("role")
    table.add_column("model", overflow="fold")
    for name in ("calls", "prompt tokens", "of them cached", "answer tokens", "dollars", "seconds"):
        table.add_column(name, justify="right")
    for each in found:
        table.add_row(
            each.role,
            safe(each.model),
            str(each.calls),
            f"{each.prompt_tokens:,}",
            f"{each.cached_tokens:,}",
            f"{each.completion_tokens:,}",
            _dollars(each.dollars, each.unpriced),
            f"{each.seconds:.1f}",
        )
    return table
