"""`goexplore estimate`."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import typer
from rich.table import Table

from archive.library import Library
from goexplore.cli import game24, options
from goexplore.cli.layers import below, runs, said
from goexplore.cli.opening import file_of
from goexplore.cli.terminal import Terminal, safe, show_json
from goexplore.config import DEFAULT_PRESET
from goexplore.estimate import OWN_END, Estimate, LineCost, Range
from goexplore.forecast import Forecast, forecast
from goexplore.history import History

_NUMBERS = ("calls", "tokens in", "cached", "out")
_NAMED = 3


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("estimate")(estimate)


def estimate(
    what: options.What,
    words: options.Words = None,
    *,
    preset: options.Preset = DEFAULT_PRESET,
    sets: options.Set = None,
    without: options.Without = None,
    puzzles: options.Puzzles = None,
    rows: options.Range = None,
    rules: options.Rules = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    deterministic: options.Deterministic = None,
    steps: options.Steps = None,
    verifications: options.Verifications = None,
    seconds: options.Seconds = None,
    tokens: options.Tokens = None,
    dollars: options.Dollars = None,
    model: options.Model = None,
    archive: options.Archive = None,
    name: options.Name = None,
    fresh: options.Fresh = False,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """Say what a run will cost before it begins: the same words as for `goexplore run`.

    \b
    goexplore estimate game24 4 4 6 8 --preset ige --model openai:gpt-4o-mini --dollars 0.10
    goexplore estimate run.toml --steps 100
    goexplore estimate game24 --puzzles puzzles.csv --preset ige --model openai:gpt-4o --json

    It goes by what runs like it measured in the same archive; where there is none, by a short
    rehearsal with made-up answers. No model is asked and no key is needed.
    """
    configs = runs(
        below(what, preset, sets or [], without or []),
        said(
            seed=seed,
            workers=workers,
            deterministic=deterministic,
            name=name,
            model=model,
            rules=rules,
            steps=steps,
            verifications=verifications,
            seconds=seconds,
            tokens=tokens,
            dollars=dollars,
            archive=archive,
        ),
        what=what,
        puzzles=game24.asked(words or [], puzzles, rows),
    )
    with _library(configs[0].url) as library:
        found = forecast(configs, library, fresh=fresh)
    if json:
        show_json(_document(found))
        return
    terminal = Terminal.of(no_color=no_color)
    if found is None:
        terminal.show("No part of this asks a model, so it costs nothing.")
        return
    _tell(found, terminal)


@contextmanager
def _library(url: str) -> Generator[Library | None]:
    """The archive, if there is one; none is made."""
    file = file_of(url)
    if file is not None and not file.exists():
        yield None
        return
    with Library(url) as library:
        yield library


def _document(found: Forecast | None) -> dict[str, object]:
    if found is None:
        return {"asks": False, "dollars": asdict(Range(low=0.0, expected=0.0, high=0.0))}
    history = found.history
    return {
        "asks": True,
        "runs": found.runs,
        "refused": found.refused,
        "begun": found.begun,
        "ended": found.ended,
        **asdict(found.estimate),
        "unpriced": list(found.unpriced),
        "based_on": {
            "source": history.source,
            "runs": [run.name for run in history.runs],
            "calls": sum(run.calls for run in history.runs),
            "models": list(history.asked),
        },
    }


def _tell(found: Forecast, terminal: Terminal) -> None:
    terminal.show(_table(found.estimate))
    terminal.show(f"\n{_sum(found)}")
    terminal.show(_basis(found.history))
    for line in (_assumed(found), _stop(found), _before(found), _unpriced(found)):
        if line:
            terminal.show(line)


def _table(estimate: Estimate) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("role")
    table.add_column("model", overflow="fold")
    for name in (*_NUMBERS, "dollars", "from", "to"):
        table.add_column(name, justify="right")
    for line in estimate.lines:
        table.add_row(line.role, safe(line.model), *_numbers(line), *_dollars(line.dollars))
    return table


def _numbers(line: LineCost) -> list[str]:
    ranges = (line.calls, line.prompt_tokens, line.cached_tokens, line.completion_tokens)
    return [f"{each.expected:,.0f}" for each in ranges]


def _dollars(dollars: Range | None) -> list[str]:
    if dollars is None:
        return ["unknown", "", ""]
    return [f"{value:.4f}" for value in (dollars.expected, dollars.low, dollars.high)]


def _sum(found: Forecast) -> str:
    estimate = found.estimate
    runs = "" if found.runs == 1 else f"{found.runs} runs: "
    dollars = f"${estimate.dollars.expected:.4f} (${estimate.dollars.low:.4f} to "
    return (
        f"{runs}{_whole(estimate.steps)} steps, {_whole(estimate.calls)} calls, "
        f"{_whole(estimate.tokens)} tokens, {dollars}${estimate.dollars.high:.4f}); "
        "nine times out of ten between these."
    )


def _whole(value: Range) -> str:
    return f"{value.expected:,.0f} ({value.low:,.0f} to {value.high:,.0f})"


def _basis(history: History) -> str:
    calls = f"{sum(run.calls for run in history.runs):,} calls"
    count = len(history.runs)
    match history.source:
        case "runs":
            return f"Based on {calls} of {_runs(count)} that asked the same: {_names(history)}."
        case "other models":
            return (
                f"No earlier run asked the same models. Based on {calls} of {_runs(count)} that "
                f"asked {', '.join(history.asked)}, with prices as they are here; as models "
                "differ, half to twice the length and the answers, and a fifth of calls and "
                f"prompts, are allowed for. {_names(history)}."
            )
        case "rehearsal":
            return (
                f"Nothing like it was measured here. Based on {calls} of {count} rehearsals with "
                "made-up answers. Assumed: 4 bytes of a prompt are a token, give or take a third; "
                "answers take from 1/32 of what they may to all of it; up to half as many calls "
                "again for repairs; a third to three times as long as a search by chance."
            )


def _runs(count: int) -> str:
    return "1 earlier run" if count == 1 else f"{count} earlier runs"


def _names(history: History) -> str:
    names = [run.name for run in history.runs]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[-_NAMED:])}{more}"


def _assumed(found: Forecast) -> str:
    steps = found.estimate.assumed_steps
    if steps is None:
        return ""
    return (
        f"Nothing says when it would end, as no run like it has: this is what {steps} steps cost. "
        "Give it a budget, such as --dollars."
    )


def _stop(found: Forecast) -> str:
    stops = found.estimate.stops
    if found.estimate.assumed_steps is not None or not stops:
        return ""
    told = ", ".join(f"{_ending(stop)} ({share:.0%})" for stop, share in stops.items())
    if any(run.ended for run in found.history.runs):
        return f"Likely to stop {told}."
    return f"Likely to stop {told}; no run like it has reached its own end, so it may have none."


def _ending(stop: str) -> str:
    return "at its goal or with nothing left to try" if stop == OWN_END else f"out of {stop}"


def _before(found: Forecast) -> str:
    lines: Sequence[tuple[int, str]] = (
        (found.begun, "begun before; this is what is still to come, budgets less what was spent"),
        (found.ended, "ended before, and cost nothing more (--fresh begins another)"),
        (found.refused, "refused, as nothing can be found"),
    )
    return "\n".join(f"{count} of the runs: {what}." for count, what in lines if count)


def _unpriced(found: Forecast) -> str:
    if not found.unpriced:
        return ""
    return (
        f"No price is known for {', '.join(found.unpriced)}, so the dollars are without it; "
        "give its prices under [models] in a run file."
    )
