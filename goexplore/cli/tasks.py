"""`goexplore tasks`."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from itertools import product
from json import dumps
from time import perf_counter
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from archive.entry import Tree
from archive.library import Json
from goexplore.catalog import SetupError, nearest
from goexplore.cli import options
from goexplore.cli.images import telling
from goexplore.cli.sandbox import AllowUnconfined, EngineUrl, Kind
from goexplore.cli.status import FAILURE
from goexplore.cli.terminal import Terminal, safe, show_json
from goexplore.config import checked_sandbox, overrides, sandboxes_of
from goexplore.config import options as layer
from goexplore.domains.agent import Cases, CodingTask, Difficulty, Script, counted, tasks_of
from goexplore.domains.agent.checking import Check, check
from goexplore.domains.agent.examining import reach_of

_HELP = """List coding tasks for agents, and check that they are sound.

\b
goexplore tasks list
goexplore tasks show first-gap
goexplore tasks check
"""

Source = Annotated[
    str,
    typer.Argument(
        metavar="[SOURCE]",
        help="ours (the default), humaneval[:FILE], polyglot:CHECKOUT, or a folder of NAME.toml.",
    ),
]
Only = Annotated[
    str,
    typer.Option("--only", metavar="PATTERN", help="Only tasks of such names: date-*, *-queue."),
]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    tasks = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    tasks.command("list")(show_all)
    tasks.command("show")(show_one)
    tasks.command("check")(try_out)
    app.add_typer(tasks, name="tasks", help=_HELP)


def show_all(
    source: Source = "ours",
    *,
    only: Only = "*",
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """List the tasks of a source.

    \b
    goexplore tasks list
    goexplore tasks list humaneval --only 'HumanEval-1*'
    """
    found = _chosen(source, only)
    if json:
        show_json([_facts(task) for task in found])
        return
    terminal = Terminal.of(no_color=no_color)
    terminal.show(_table(found))
    terminal.show(_sums(found))


def show_one(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of a task.")],
    source: Source = "ours",
    *,
    solution: Annotated[
        bool, typer.Option("--solution", help="Its solution and its hidden tests, too.")
    ] = False,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> None:
    """Show what an agent is given of a task.

    \b
    goexplore tasks show first-gap
    goexplore tasks show first-gap --solution
    goexplore tasks show wordy polyglot:polyglot-benchmark
    """
    task = _named(tasks_of(source), name, source)
    if json:
        show_json(_facts(task) | {"statement": task.statement, "start": {**task.start}})
        return
    terminal = Terminal.of(no_color=no_color)
    terminal.show(f"{task.name} ({task.difficulty}, {_split(task)}; {reach_of(task)})\n")
    terminal.show(task.statement)
    _show_files(terminal, "start", task.start)
    if solution:
        _show_files(terminal, "solution", task.solution)
        _show_hidden(terminal, task.hidden)


def try_out(
    source: Source = "ours",
    *,
    only: Only = "*",
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="How many tasks to try at a time.")
    ] = 2,
    kind: Kind = None,
    engine: EngineUrl = None,
    allow_unconfined: AllowUnconfined = None,
    sets: options.Set = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    no_color: options.NoColor = False,
) -> None:
    """Try tasks on their own files: the solution is to pass, and what they begin with is not.

    Exit status 1 if something is wrong with one.

    \b
    goexplore tasks check
    goexplore tasks check my-tasks --kind bubblewrap
    goexplore tasks check polyglot:polyglot-benchmark --workers 4
    """
    given = {"kind": kind, "engine": engine, "allow_unconfined": allow_unconfined}
    section = checked_sandbox([overrides(sets or []), layer({"sandbox": given})])
    terminal = Terminal.of(no_color=no_color, quiet=quiet)
    tasks = _chosen(source, only)
    with (
        telling(terminal) as tell,
        sandboxes_of(section, size=workers, run="check", tell=tell) as sandboxes,
    ):
        sandboxes.warm()
        began = perf_counter()
        with _progress(terminal, len(tasks)) as told:
            found = check(tasks, sandboxes, workers=workers, tell=told)
        seconds = perf_counter() - began
    if json:
        show_json([_as_json(each) for each in found])
    else:
        _report(found, seconds, terminal)
    if any(each.fault for each in found):
        raise typer.Exit(FAILURE)


# Choosing


def _chosen(source: str, only: str) -> list[CodingTask]:
    tasks = tasks_of(source)
    found = [task for task in tasks if fnmatchcase(task.name, only)]
    if not found:
        raise SetupError(f"none of the {len(tasks)} tasks of {source} is named as {only!r} says")
    return found


def _named(tasks: Sequence[CodingTask], name: str, source: str) -> CodingTask:
    known = {task.name: task for task in tasks}
    if name not in known:
        close = nearest(name, known)
        hint = f"did you mean {close!r}?" if close else "goexplore tasks list names them"
        raise SetupError(f"no task {name!r} in {source}; {hint}")
    return known[name]


# Showing


def _split(task: CodingTask) -> str:
    return "held out" if task.held_out else "search"


def _facts(task: CodingTask) -> dict[str, Json]:
    names: list[Json] = [*task.start]
    return {
        "name": task.name,
        "difficulty": str(task.difficulty),
        "held_out": task.held_out,
        "files": names,
        "tests": task.count,
        "reach": str(reach_of(task)),
    }


def _table(tasks: Sequence[CodingTask]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("task", "difficulty", "split", "files", "tests"):
        table.add_column(name, justify="right" if name == "tests" else "left")
    for task in tasks:
        table.add_row(
            safe(task.name),
            task.difficulty,
            _split(task),
            safe(", ".join(task.start)[:60]),
            str(task.count),
        )
    return table


def _sums(tasks: Sequence[CodingTask]) -> str:
    counts = counted(tasks)
    kinds = [
        f"{counts[each]} {each[0]}{', held out' if each[1] else ''}"
        for each in product(Difficulty, (False, True))
        if each in counts
    ]
    return f"{len(tasks)} tasks: {'; '.join(kinds)}"


def _show_files(terminal: Terminal, what: str, files: Tree) -> None:
    for path, text in files.items():
        terminal.show(f"\n--- {what}: {path}\n{text.rstrip()}")


def _show_hidden(terminal: Terminal, hidden: Cases | Script) -> None:
    terminal.show("\n--- hidden")
    if isinstance(hidden, Script):
        terminal.show(hidden.text.rstrip())
        return
    for case in hidden.cases:
        terminal.show(f"{dumps(case.given)} -> {dumps(case.expected)}")


# Checking


@contextmanager
def _progress(terminal: Terminal, count: int) -> Generator[Callable[[], None]]:
    """A bar, where somebody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=terminal.err, transient=True, disable=not terminal.live
    ) as progress:
        bar = progress.add_task("checking", total=count)

        yield lambda: progress.advance(bar)


def _report(found: Sequence[Check], seconds: float, terminal: Terminal) -> None:
    for each in found:
        if each.fault:
            terminal.show(f"{each.task.name}: {each.fault}")
    sound = sum(not each.fault for each in found)
    slowest = max(found, key=lambda each: each.seconds)
    terminal.show(
        f"{sound} of {len(found)} tasks are sound ({seconds:.1f} s; the slowest is "
        f"{slowest.task.name}, {slowest.seconds:.2f} s)"
    )


def _as_json(found: Check) -> dict[str, Json]:
    return {
        "name": found.task.name,
        "sound": not found.fault,
        "fault": found.fault,
        "reach": str(found.solution.reach),
        "solution": found.solution.score,
        "start": found.start.score,
        "seconds": round(found.seconds, 4),
    }
