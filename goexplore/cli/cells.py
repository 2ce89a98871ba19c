"""`goexplore cells`."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from archive.library import RunSummary
from archive.quality import Quality
from archive.reading import RunReader
from goexplore.cells.base import Cells
from goexplore.cli import options
from goexplore.cli.opening import reading
from goexplore.cli.terminal import Terminal, safe, show_json
from goexplore.config import ConfigError, RunConfig, checked, overrides, placing, stored
from goexplore.overview import Figure, Held, Overview, figure, overview, placed_again

_Run = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="Its name; the newest by default.")
]
_History = Annotated[
    bool, typer.Option("--history", help="How it came about, over the verifications.")
]
_All = Annotated[bool, typer.Option("--all", help="Every cell, not the best twenty alone.")]
_Offset = Annotated[
    float | None,
    typer.Option(
        "--offset",
        help="What objectives count from in the QD score; by default the lowest of all, or 0.",
    ),
]

_ROWS = 20
_OTHERS = {"cells", "admission"}


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cells")(cells)


def cells(
    run: _Run = None,
    *,
    sets: options.Set = None,
    history: _History = False,
    every: _All = False,
    offset: _Offset = None,
    archive: options.Archive = None,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """Show what a run has found, cell by cell; also as it would be in other cells.

    \b
    goexplore cells
    goexplore cells --history
    goexplore cells -s cells.kind=grid -s 'cells.measures=["lines"]' \\
        -s 'cells.ranges=[[0, 100]]' -s 'cells.dims=[10]'

    Every entry is read and placed again, and nothing is changed. The QD score is the sum of the
    elites' objectives, each counted from the offset; to compare runs give them the same one.
    """
    with reading(archive, run) as (summary, reader):
        config = other_cells(summary, sets or [])
        kind, found = _overview(config, reader, sets or [], history=history, offset=offset)
    drawn = figure(found.held, kind)
    if json:
        cells_of = {"cells": config.cells.part.name, **asdict(found)}
        show_json({**cells_of, "figure": asdict(drawn) if drawn else None})
        return
    terminal = Terminal.of(no_color=no_color)
    terminal.show(_summary(config, found))
    for each in _parts(found, drawn, every=every):
        terminal.show("")
        terminal.show(each)


def other_cells(summary: RunSummary, sets: list[str]) -> RunConfig:
    """A run as it was set up, in other cells if some are said.

    Raises:
        ConfigError: something else is said, too.
    """
    said = overrides(sets)
    if others := sorted(said.settings.keys() - _OTHERS):
        raise ConfigError(
            f"-s: a run can be seen in other [cells], or under another [admission], and not with "
            f"another [{others[0]}]"
        )
    return checked([stored(summary.name, summary.spec), said])


def _overview(
    config: RunConfig, reader: RunReader, sets: list[str], *, history: bool, offset: float | None
) -> tuple[Cells, Overview]:
    kind, rule = placing(config)
    entries = reader.entries()
    found = overview(
        placed_again(entries, kind, rule) if sets else entries,
        kind,
        islands=config.run.islands,
        offset=offset,
        spent={s.number: s.verifications for s in reader.step_records()} if history else None,
    )
    return kind, found


def _parts(found: Overview, drawn: Figure | None, *, every: bool) -> Iterator[Table | str]:
    if drawn:
        yield _drawn(drawn)
    if found.islands:
        yield _islands(found)
    if found.history:
        yield _history(found)
    elif found.held:
        yield _elites(found, every=every)


def filled(quality: Quality) -> str:
    """How many cells are filled, in words."""
    if quality.coverage is None:
        return str(quality.num_elites)
    cells_there = round(quality.num_elites / quality.coverage) if quality.coverage else 0
    of_all = f" of {cells_there}" if cells_there else ""
    return f"{quality.num_elites}{of_all} ({quality.coverage:.1%})"


def score(quality: Quality) -> str:
    """The QD score, in words."""
    a_cell = "" if quality.norm_qd_score is None else f", {quality.norm_qd_score:.4g} a cell"
    return f"{quality.qd_score:.6g}{a_cell} (counted from {quality.offset:g})"


def _summary(config: RunConfig, found: Overview) -> Table:
    quality = found.quality
    table = Table.grid(padding=(0, 2))
    table.add_row("run", safe(config.name))
    table.add_row("cells", safe(config.cells.part.name))
    table.add_row("filled", filled(quality))
    table.add_row("QD score", score(quality))
    if quality.obj_max is not None and quality.obj_mean is not None:
        table.add_row("best", f"{quality.obj_max:g}")
        table.add_row("mean", f"{quality.obj_mean:.6g}")
    table.add_row("children", f"{found.children:.2f} an elite")
    if found.outside:
        table.add_row("outside", f"{found.outside} candidates, placed at the border")
    return table


def _drawn(drawn: Figure) -> str:
    """The picture, with what its sides are."""
    (left, right), (low, high) = drawn.ranges
    across, up = drawn.names
    title = f"{up} {low:g} to {high:g} upwards, {across} {left:g} to {right:g} to the right"
    return "\n".join([title, *drawn.lines, "0 the worst elite, 9 the best, . none"])


def _columns(*names: str, text: int = 0) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for place, name in enumerate(names):
        table.add_column(name, justify="left" if place < text else "right", overflow="fold")
    return table


def _islands(found: Overview) -> Table:
    table = _columns("island", "filled", "best", "mean", "QD score")
    for island, quality in enumerate(found.islands):
        table.add_row(str(island), *_numbers(quality))
    return table


def _history(found: Overview) -> Table:
    table = _columns("verifications", "filled", "best", "mean", "QD score")
    for each in found.history:
        table.add_row(str(each.verifications), *_numbers(each.quality))
    return table


def _numbers(quality: Quality) -> list[str]:
    known = (quality.obj_max, quality.obj_mean, quality.qd_score)
    return [filled(quality), *("" if value is None else f"{value:.6g}" for value in known)]


def _elites(found: Overview, *, every: bool) -> Table:
    table = _columns("cell", "entry", "objective", "children", "seen", text=1)
    for each in found.held if every else found.held[:_ROWS]:
        table.add_row(*_row(each, on_islands=bool(found.islands)))
    return table


def _row(held: Held, *, on_islands: bool) -> list[str]:
    where = f"{held.cell} on island {held.island}" if on_islands else held.cell
    counts = [str(held.children), str(held.seen)]
    return [safe(where).plain, f"#{held.entry}", f"{held.objective:g}", *counts]
