"""`goexplore demo`."""

from collections.abc import Iterator
from dataclasses import replace

import typer

from archive.library import Library
from archive.lineage import ancestors
from goexplore.cli import game24, options
from goexplore.cli.exploring import Report, explore
from goexplore.cli.lineage import family_of, trees
from goexplore.cli.present import stop_if_interrupted, unit_of
from goexplore.cli.report import tell
from goexplore.cli.terminal import Terminal
from goexplore.config import DEFAULT_PRESET, RunConfig, Settings, checked, preset
from goexplore.config import options as layer

_PUZZLES = 10
_GENERATIONS = 3
_ARCHIVE = "sqlite:///goexplore-demo.db"
_NEXT = """
What to try next:

  goexplore run game24 {numbers} --preset breadth-first   the same without the heuristic
  goexplore runs --archive {archive}
  goexplore show {entry} --run {run} --archive {archive}
  goexplore doctor

Kill this at any moment and run it again: it goes on where it stopped.
"""


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    *,
    archive: options.Archive = None,
    workers: options.Workers = None,
    quiet: options.Quiet = False,
    no_color: options.NoColor = False,
) -> None:
    """Solve ten Game of 24 puzzles before your eyes, and show how one solution came about.

    \b
    goexplore demo
    goexplore demo --workers 4 --archive sqlite:///elsewhere.db

    The search is guided by a score that the domain offers, a rule of thumb; no model is asked.
    """
    terminal = Terminal.of(no_color=no_color, quiet=quiet)
    said: Settings = {"run": {"workers": workers}, "archive": {"url": archive or _ARCHIVE}}
    configs = list(_configs(said))
    terminal.say(f"{_PUZZLES} puzzles, kept in {configs[0].archive}")
    told = list(explore(configs, terminal))
    tell(told, terminal, unit=unit_of(configs[0]), verbose=True)
    stop_if_interrupted(told, configs)
    if solved := [each for each in told if isinstance(each, Report) and each.solved]:
        _show(max(solved, key=lambda each: each.outcome.spent.verifications), configs[0], terminal)


def _configs(said: Settings) -> Iterator[RunConfig]:
    for numbers in game24.generated(_PUZZLES):
        world = {"domain": {"kind": game24.NAME, "numbers": list(numbers)}}
        yield checked([preset(DEFAULT_PRESET).layer, layer({**said, **world})])


def _show(report: Report, config: RunConfig, terminal: Terminal) -> None:
    """The lineage of the solution that took the longest, and what to try next."""
    best = report.outcome.best
    if best is None:
        return
    terminal.show(f"\nHow {report.title} was solved, and what else came of its beginning:\n")
    with Library(config.url) as library:
        reader = library.read(report.name)
        root = min([*ancestors(reader, best), best])
        family = family_of(reader, root, best, _GENERATIONS)
        for tree in trees(reader, replace(family, wanted=best)):
            terminal.show(tree)
    terminal.show(
        _NEXT.format(numbers=report.title, run=report.name, entry=best, archive=config.archive)
    )
