"""How the end of runs is told: as text, as tables, or as JSON."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import mean, median

from rich.table import Table
from rich.text import Text

from goexplore.cli.cells import filled, score
from goexplore.cli.exploring import Apart, Beside, Refusal, Report
from goexplore.cli.terminal import Terminal, safe
from goexplore.events import Ending

_ROWS = 20
_UNSOLVABLE = "refused"

Told = Report | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Many runs at a glance; the verifications are those of the solved."""

    runs: int
    outcomes: dict[str, int]
    verifications: tuple[int, ...]

    @property
    def solved(self) -> int:
        """How many reached their goal."""
        return len(self.verifications)


def totals(told: Sequence[Told]) -> Totals:
    """Many runs at a glance."""
    solved = [each for each in told if isinstance(each, Report) and each.solved]
    return Totals(
        runs=len(told),
        outcomes=dict(Counter(map(_outcome, told)).most_common()),
        verifications=tuple(each.outcome.spent.verifications for each in solved),
    )


def tell(told: Sequence[Told], terminal: Terminal, *, unit: str, verbose: bool) -> None:
    """Print what became of runs."""
    match told:
        case [Report() as only]:
            terminal.show(_single(only, unit))
            _say_how_to_go_on(only, terminal)
        case _:
            if verbose or len(told) <= _ROWS:
                terminal.show(_rows(told, unit))
            terminal.show(_totals(totals(told), unit))
            _say_what_stood_before(told, terminal)


def document(told: Sequence[Told], url: str) -> dict[str, object]:
    """The same as JSON."""
    summed = totals(told)
    return {
        "archive": url,
        "runs": [_plain(each) for each in told],
        "summary": {
            "runs": summed.runs,
            "solved": summed.solved,
            "outcomes": summed.outcomes,
            "verifications_of_solved": _spread(summed.verifications),
        },
    }


def _plain(told: Told) -> dict[str, object]:
    if isinstance(told, Refusal):
        return {"title": told.title, "outcome": _outcome(told), "why": told.why}
    outcome = told.outcome
    return {
        "title": told.title,
        "run": told.name,
        "outcome": _outcome(told),
        "detail": outcome.detail,
        "solved": told.solved,
        "result": told.result,
        "best": outcome.best,
        "objective": outcome.objective,
        "interval": [told.interval.low, told.interval.high] if told.interval else None,
        "verifications": outcome.spent.verifications,
        "steps": outcome.spent.steps,
        "elites": outcome.elites,
        "elites_chosen": told.breadth.chosen,
        "children_of_an_elite": {
            "mean": round(told.breadth.mean, 2),
            "max": told.breadth.most,
        },
        "seconds": round(outcome.spent.seconds, 3),
        "tokens": outcome.spent.tokens,
        "dollars": outcome.spent.dollars,
        "steps_this_session": outcome.spent.steps - told.steps_before,
        "fell_back": dict(told.fallbacks),
        **_held_out(told.apart),
        **({"quality": asdict(told.quality)} if told.quality else {}),
    }


def _held_out(apart: Apart | None) -> dict[str, object]:
    if apart is None:
        return {}
    return {
        "held_out": apart.best.held_out,
        "held_out_of_root": apart.first.held_out,
        "held_out_along_lineage": [
            [each.entry, each.searched, each.held_out] for each in apart.way
        ],
        "parted": apart.parted,
        "turned_at": apart.turned.entry if apart.turned else None,
    }


def _outcome(told: Told) -> str:
    if isinstance(told, Refusal):
        return _UNSOLVABLE
    if told.solved:
        return "solved"
    if told.outcome.ending is Ending.BUDGET:
        return f"out of {told.outcome.detail}"
    return str(told.outcome.ending)


def _spread(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    return {"mean": round(mean(values), 2), "median": median(values), "max": max(values)}


def _single(report: Report, unit: str) -> Table:
    spent = report.outcome.spent
    table = Table.grid(padding=(0, 2))
    table.add_row(
        "outcome", safe(_outcome(report), style="bold green" if report.solved else "bold")
    )
    if report.result:
        table.add_row("solution" if report.solved else "best", safe(report.result))
    if report.apart:
        table.add_row("held out", _beside(report.apart))
        table.add_row("along its lineage", _along(report.apart))
    table.add_row(unit, str(spent.verifications))
    table.add_row("steps", str(spent.steps))
    table.add_row("elites", _elites(report))
    if report.quality:
        table.add_row("cells", filled(report.quality))
        table.add_row("QD score", score(report.quality))
    table.add_row("seconds", f"{spent.seconds:.2f}")
    if spent.tokens:
        table.add_row("tokens", f"{spent.tokens:,} (${spent.dollars:.4f})")
    if report.fallbacks:
        table.add_row("fell back", safe(_fell_back(report)))
    table.add_row("run", safe(report.name))
    return table


def _elites(report: Report) -> str:
    breadth = report.breadth
    children = f"children of one: {breadth.mean:.1f} on average, {breadth.most} at most"
    return f"{report.outcome.elites}, {breadth.chosen} set out from; {children}"


def _beside(apart: Apart) -> str:
    """Objectives side by side: of the cases that steered the search and of those held out."""
    best, first = apart.best, apart.first
    return (
        f"{_score(best)}, where it was searched {best.searched:g}; before, {_score(first)} and "
        f"{first.searched:g}"
    )


def _along(apart: Apart) -> str:
    """Both objectives of each, the root first: where it was searched, and held out."""
    return ", ".join(f"#{each.entry} {each.searched:g} | {_score(each)}" for each in apart.way)


def _score(beside: Beside) -> str:
    return "no score" if beside.held_out is None else f"{beside.held_out:g}"


def _fell_back(report: Report) -> str:
    causes = ", ".join(f"{cause} {count}" for cause, count in report.fallbacks.items())
    times = sum(report.fallbacks.values())
    return f"{times} of {report.outcome.spent.steps} choices to counts ({causes})"


def _say_how_to_go_on(report: Report, terminal: Terminal) -> None:
    outcome = report.outcome
    if report.apart and report.apart.parted:
        terminal.say("On the cases that are held out the best is no better than the first program.")
    elif report.apart and (turned := report.apart.turned):
        terminal.say(
            f"On the cases that are held out #{turned.entry} of its lineage is better than the "
            f"best: {_score(turned)} to {_score(report.apart.best)}."
        )
    if outcome.ending in (Ending.GOAL, Ending.EXHAUSTED) and not report.went_on:
        terminal.say("This run had ended before; its result stands. --fresh begins another.")
    if outcome.ending is Ending.INTERRUPTED:
        terminal.say(
            "The same command goes on from here, or: "
            f"goexplore resume {report.name} --archive {report.archive}"
        )
    if outcome.ending is Ending.BUDGET:
        terminal.say("The same command with a larger budget goes on.")
    if outcome.ending is Ending.EXHAUSTED:
        terminal.say(f"Why it ended: {outcome.detail}.")


def _say_what_stood_before(told: Sequence[Told], terminal: Terminal) -> None:
    before = [each for each in told if isinstance(each, Report) and not each.went_on]
    if before:
        terminal.say(f"{len(before)} of the runs had ended before; their results stand.")


def _rows(told: Sequence[Told], unit: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("", "outcome", "result"):
        table.add_column(name, overflow="fold")
    for name in (unit, "steps", "elites", "seconds"):
        table.add_column(name, justify="right")
    for each in told:
        table.add_row(*_cells(each))
    return table


def _cells(told: Told) -> list[Text | str]:
    if isinstance(told, Refusal):
        return [safe(told.title), safe(_outcome(told), "red"), safe(told.why)]
    spent = told.outcome.spent
    return [
        safe(told.title),
        safe(_outcome(told), style="green" if told.solved else "yellow"),
        safe(told.result),
        str(spent.verifications),
        str(spent.steps),
        str(told.outcome.elites),
        f"{spent.seconds:.2f}",
    ]


def _totals(summed: Totals, unit: str) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("runs", str(summed.runs))
    for outcome, count in summed.outcomes.items():
        share = f"{count / summed.runs:.0%}"
        table.add_row(outcome, f"{count} ({share})")
    if spread := _spread(summed.verifications):
        words = ", ".join(f"{name} {value:g}" for name, value in spread.items())
        table.add_row(f"{unit} of the solved", words)
    return table
