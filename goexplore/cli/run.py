"""`goexplore run`."""

import typer

from goexplore.cli import game24, options
from goexplore.cli.exploring import afresh
from goexplore.cli.layers import below, runs, said
from goexplore.cli.present import present
from goexplore.cli.terminal import Terminal
from goexplore.config import DEFAULT_PRESET


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
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
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Explore a domain, or go on where the same run stopped.

    \b
    goexplore run game24 4 4 6 8
    goexplore run game24 1 5 5 5 --rules exact --preset breadth-first
    goexplore run game24 --puzzles puzzles.csv --range 900:1000 --json
    goexplore run run.toml -s selection.kind=dgm --steps 100
    goexplore run game24 4 4 6 8 --preset ige --model openai:gpt-4o --dollars 0.50
    goexplore run game24 4 4 6 8 --preset ige --without admit --model local:model.gguf

    The same settings are the same run: after Ctrl-C, a crash or a spent budget, the same command
    goes on where it stopped. What a run may spend can change from one time to the next.
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
    present(
        [afresh(config) for config in configs] if fresh else configs,
        Terminal.of(no_color=no_color, quiet=quiet or json),
        json=json,
        verbose=verbose,
    )
