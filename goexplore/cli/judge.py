"""`goexplore judge`."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from goexplore.cli import options
from goexplore.cli.opening import reading
from goexplore.cli.terminal import Terminal, safe, show_json
from goexplore.selection.record import FREE, FilterRecord, JudgeRecord, Record, record_of

_Run = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="Its name; the newest by default.")
]

_COLUMNS = (
    "judge",
    "chose",
    "picks",
    "fruitful",
    "Brier",
    "of the base rate",
    "AUC",
    "regret",
    "fell back",
    "weight",
)


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("judge")(judge)


def judge(
    run: _Run = None,
    *,
    archive: options.Archive = None,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """Judge those who chose what to explore, by what came of it.

    \b
    goexplore judge
    goexplore judge game24-4-4-6-8-bbdfcd --json

    A choice is a forecast: that one of the next steps from the entry is fruitful. Fruitful picks
    are better the more, a Brier score the less (below that of the base rate, or the forecasts are
    worth nothing), an AUC above 0.5. Regret is how much more often counts would have been right on
    the same lists.
    """
    with reading(archive, run) as (_, reader):
        record = record_of(reader)
    if json:
        show_json(asdict(record))
        return
    terminal = Terminal.of(no_color=no_color)
    if not record.judges and not record.filter:
        terminal.say("Nobody has judged in this run: its selection goes by counts and scores.")
        return
    _tell(record, terminal)


def _tell(record: Record, terminal: Terminal) -> None:
    if record.base_rate is not None:
        terminal.show(f"{record.base_rate:.0%} of {record.steps} steps were fruitful.\n")
    if record.judges:
        terminal.show(_table(record))
    for each in record.judges:
        if said := _verdict(each):
            terminal.show(said)
    if record.calls:
        terminal.show(_cost(record))
    if record.flip_rate is not None:
        terminal.show(_strengths(record))
    if record.filter:
        terminal.show(_filter(record.filter))
    if record.retired:
        terminal.show(f"{record.retired} entries were removed as pointless.")


def _table(record: Record) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name == "judge" else "right")
    for each in record.judges:
        table.add_row(
            safe(each.judge),
            str(each.chosen),
            str(each.picks),
            _share(each.fruitful),
            _number(each.brier),
            _number(each.base_brier),
            _number(each.auc),
            _number(each.regret, signed=True),
            str(each.fell_back),
            _share(each.weight),
        )
    return table


def _verdict(judge: JudgeRecord) -> str:
    """In words, of a judge that costs something."""
    if judge.judge in FREE:
        return ""
    if judge.questioned is not None:
        return (
            f"\n{judge.judge}: no better than the base rate, so counts and Thompson sampling "
            f"choose instead since step {judge.questioned}."
        )
    if judge.brier is None or judge.base_brier is None or judge.auc is None:
        return f"\n{judge.judge}: too little has come of its forecasts to say what they are worth."
    worth = "better" if judge.brier < judge.base_brier else "no better"
    return f"\n{judge.judge}: its forecasts are {worth} than always foretelling the base rate."


def _cost(record: Record) -> str:
    if record.dollars is None:
        return f"{record.calls} calls, of unknown price."
    each = "" if record.per_fruitful is None else f", ${record.per_fruitful:.6f} a fruitful step"
    return f"{record.calls} calls for ${record.dollars:.6f}{each}."


def _strengths(record: Record) -> str:
    ranked = ", ".join(
        f"#{each.entry} {each.strength:+.2f} (s.e. {each.error:.2f})" for each in record.strongest
    )
    return f"Changed its mind with the order in {record.flip_rate:.0%}. Strongest: {ranked}."


def _filter(found: FilterRecord) -> str:
    said = f"The filter was asked {found.asked} times and refused {found.refused}."
    if found.low is None or found.high is None:
        return f"{said} Nothing of that was tried anyway, so nobody knows whether it was right."
    return (
        f"{said} Of {found.audited} that were tried anyway, {found.wrong} were fruitful: "
        f"{found.low:.0%} to {found.high:.0%} of its refusals are wrong (95 %)."
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _number(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return ""
    return f"{value:+.3f}" if signed else f"{value:.3f}"
