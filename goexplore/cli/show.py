"""`goexplore show`."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import typer
from rich.table import Table

from archive.entry import (
    Appraisal,
    Entry,
    EntryId,
    Evaluation,
    Failure,
    StepRecord,
    Verdict,
)
from archive.lineage import children
from archive.reading import RunReader
from goexplore.cli import options
from goexplore.cli.opening import reading
from goexplore.cli.terminal import Terminal, safe, show_json

_MANY = 20


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("show")(show)


def show(
    entry: options.Entry,
    *,
    run: options.Run = None,
    archive: options.Archive = None,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """Show an entry: what it is, what running it showed, and how it came about.

    \b
    goexplore show 9
    goexplore show 9 --run game24-4-4-6-8-bbdfcd --json
    """
    with reading(archive, run) as (summary, reader):
        found = reader.entry(EntryId(entry))
        step, made = reader.step(found.step), children(reader, found.id)
        if json:
            show_json(_document(summary.name, found, step, made))
            return
        _print(Terminal.of(no_color=no_color), reader, found, step, made)


def _document(
    run: str, entry: Entry, step: StepRecord, made: Sequence[EntryId]
) -> dict[str, object]:
    plain = asdict(entry)
    if entry.appraisal is not None:
        plain["appraisal"]["vector"] = f"{len(entry.appraisal.vector)} bytes"
    if plain["result"].get("snapshot") is not None:
        plain["result"]["snapshot"] = f"{len(plain['result']['snapshot'])} bytes"
    plain["admission"]["status"] = entry.admission.status.name.lower()
    return {"run": run, **plain, "step": asdict(step), "children": list(made)}


def _print(
    terminal: Terminal, reader: RunReader, entry: Entry, step: StepRecord, made: Sequence[EntryId]
) -> None:
    table = Table.grid(padding=(0, 2))
    for name, value in (
        *_what_it_is(entry),
        *_how_it_came(reader, entry, step),
        ("children", _listed(made)),
    ):
        if value:
            table.add_row(name, safe(value))
    terminal.show(table)
    for path, text in sorted(entry.candidate.tree.items()):
        terminal.show(safe(f"\n{path}", "bold"))
        terminal.show(text.rstrip("\n") or "(empty)")


def _what_it_is(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "entry", f"#{entry.id}"
    result = entry.result
    if isinstance(result, Failure):
        yield "failed", f"{result.cause}: {result.message}"
        yield "log", result.log
        return
    yield "cell", result.cell
    yield "objective", _objective(result)
    yield "measures", ", ".join(f"{name} {value:g}" for name, value in result.measures.items())
    yield "tasks", ", ".join(f"{task.task} {task.score:g}" for task in result.tasks)
    yield "observation", result.observation
    yield "open from here", _open(result)


def _objective(result: Evaluation) -> str:
    parts = [f"{result.objective:g}"]
    if between := result.interval:
        ends = f"{between.low:.4g} to {between.high:.4g}"
        parts.append(f"{ends} with 95 % confidence, of {between.trials} trials")
    if result.first_seen is not None:
        parts.append(f"{result.first_seen:g} at first sight, and then confirmed")
    return "; ".join(parts)


def _open(result: Evaluation) -> str:
    if result.terminal:
        return "nothing"
    return f"{len(result.options)} options" if result.options else "anything"


def _how_it_came(reader: RunReader, entry: Entry, step: StepRecord) -> Iterator[tuple[str, str]]:
    status, why = entry.admission.status.name.lower(), entry.admission.why
    yield "admission", f"{status}: {why}" if why else status
    yield "appraisal", _appraisal(entry.appraisal)
    yield "made by", entry.candidate.mutator
    yield "edit", edit(reader, entry)
    yield "rationale", entry.candidate.rationale
    yield "depth", str(entry.depth)
    yield "parents", _listed(entry.parents)
    yield "step", _selection(step)
    yield "chosen by", _judged(reader.verdict(entry.step), step)


def edit(reader: RunReader, entry: Entry) -> str:
    """The option of its parent that an entry took; `""` for none."""
    if entry.candidate.option is None or not entry.parents:
        return ""
    parent = reader.entry(entry.parents[0]).result
    return parent.options[entry.candidate.option].text if isinstance(parent, Evaluation) else ""


def _selection(step: StepRecord) -> str:
    if step.chosen is None:
        return "0: the beginning"
    return (
        f"{step.number}: set out from #{step.chosen}, one of {step.choices} that could be chosen, "
        f"with probability {step.probability:.4g}"
    )


def _judged(verdict: Verdict | None, step: StepRecord) -> str:
    """Who chose the elite of a step from a shortlist, and what was foretold of it."""
    if verdict is None:
        return ""
    said = [
        f"{each.judge} {each.chance:.0%}" for each in verdict.forecasts if each.entry == step.chosen
    ]
    foretold = f"; that it would be fruitful was foretold with {', '.join(said)}" if said else ""
    instead = (
        f", as the judge had no usable answer ({verdict.fell_back})" if verdict.fell_back else ""
    )
    return f"{verdict.judge}{instead}{foretold}"


def _appraisal(appraisal: Appraisal | None) -> str:
    if appraisal is None:
        return ""
    said: list[str] = []
    if appraisal.interest is not None:
        said.append(f"interest {appraisal.interest:.2f}")
    if appraisal.refused is not None:
        said.append(f"refused: {appraisal.refused}" if appraisal.refused else "worth keeping")
    if appraisal.anyway:
        said.append("kept anyway, to see whether that was right")
    return "; ".join(said)


def _listed(entries: Sequence[EntryId]) -> str:
    more = f" and {len(entries) - _MANY} more" if len(entries) > _MANY else ""
    return " ".join(f"#{entry}" for entry in entries[:_MANY]) + more
