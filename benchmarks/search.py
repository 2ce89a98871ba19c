"""What an archive is worth to a model: a search against as many independent samples.

    python benchmarks/search.py examples/bin_packing/run.toml --model local:coder.gguf
    python benchmarks/search.py TASK/run.toml --model openai:gpt-4o-mini --samples 100 --seeds 10

Both ways ask the same model, by the same mutator, for the same number of children. The search
goes by the run file. The samples are all made from the initial program, and none knows of another.
Runs are kept in the archive that is named; the same command goes on where it stopped.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean

import numpy as np

# A benchmark beside this one is named like a package that it needs; the package comes first.
sys.path[0] = str(Path(__file__).parents[1])

from archive.entry import Entry, Evaluation
from archive.library import Library
from goexplore.budget import Spent
from goexplore.config import (
    DEFAULT_PRESET,
    RunConfig,
    checked,
    keys,
    options,
    overrides,
    prepare,
    preset,
    run_file,
)
from goexplore.connections import Connections

WAYS = ("search", "samples")
EXAMPLES = [Path(f"examples/{name}/run.toml") for name in ("bin_packing", "weighted_tardiness")]
_NO_GOAL = 1e9
_RESAMPLED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A run: the objective of the initial program, and the best after each sample.

    ran: children that were evaluated. better: of those, better than the initial program.
    """

    task: str
    way: str
    seed: int
    initial: float
    best: tuple[float, ...]
    ran: int
    better: int
    tokens: int
    dollars: float
    seconds: float


def trial(task: Path, way: str, seed: int, asked: argparse.Namespace, library: Library) -> Trial:
    """Run a task once, or go on with it, to its last sample."""
    name = f"{task.parent.name} {way} {seed}"
    if way == "search":
        runs = [(name, seed, asked.samples)]
    else:
        # A run each, so that none is told what came of another.
        runs = [(f"{name} {n}", seed * 10_000 + n, 1) for n in range(asked.samples)]
    children: list[Entry] = []
    initial, spent = 0.0, list[Spent]()
    for each, chance, steps in runs:
        config = _config(task, each, chance, steps, asked)
        with prepare(config, library=library, connections=asked.connections) as run:
            spent.append(run.engine.run().spent)
        root, *made = library.read(each).entries()
        initial = _objective(root)
        children += made
    return Trial(
        task=task.parent.name,
        way=way,
        seed=seed,
        initial=initial,
        best=tuple(np.maximum.accumulate([initial, *map(_objective, children)]).tolist()),
        ran=sum(isinstance(each.result, Evaluation) for each in children),
        better=sum(_objective(each) > initial for each in children),
        tokens=sum(each.tokens for each in spent),
        dollars=sum(each.dollars for each in spent),
        seconds=sum(each.seconds for each in spent),
    )


def _config(task: Path, name: str, seed: int, steps: int, asked: argparse.Namespace) -> RunConfig:
    said = {
        "run": {"name": name, "seed": seed, "model": asked.model, "workers": asked.workers},
        "budget": {"steps": steps},
        "sandbox": {"kind": asked.kind},
    }
    sets = [f"domain.goal={_NO_GOAL}", *asked.set]
    return checked([preset(DEFAULT_PRESET).layer, run_file(task), options(said), overrides(sets)])


def _objective(entry: Entry) -> float:
    return entry.result.objective if isinstance(entry.result, Evaluation) else -np.inf


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the mean lies in 95 of 100 cases, by resampling (Efron's percentiles)."""
    drawn = np.random.default_rng(0).choice(values, (_RESAMPLED, len(values)))
    low, high = np.percentile(drawn.mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def show(trials: Sequence[Trial]) -> None:
    """Print what came of trials, task by task."""
    print(
        f"{'task':>22} {'way':>8} {'seeds':>5} {'initial':>9} {'half way':>9} {'at the end':>10} "
        f"{'95 % of the mean':>20} {'better in':>9} {'ran':>5} {'tokens':>8} {'s':>6}"
    )
    for task in dict.fromkeys(each.task for each in trials):
        for way in WAYS:
            show_way([each for each in trials if (each.task, each.way) == (task, way)])
        show_difference([each for each in trials if each.task == task])


def show_way(trials: Sequence[Trial]) -> None:
    """Print what came of one way of going about a task."""
    if not trials:
        return
    ends = [each.best[-1] for each in trials]
    half = [each.best[len(each.best) // 2] for each in trials]
    low, high = interval(ends)
    first = trials[0]
    samples = sum(len(each.best) - 1 for each in trials)
    print(
        f"{first.task:>22} {first.way:>8} {len(trials):5} {first.initial:9.4g} "
        f"{mean(half):9.4g} {mean(ends):10.4g} {f'{low:.4g} to {high:.4g}':>20} "
        f"{sum(each.better > 0 for each in trials):>4}/{len(trials):<4} "
        f"{sum(each.ran for each in trials) / samples:5.0%} "
        f"{mean(each.tokens for each in trials):8,.0f} {mean(each.seconds for each in trials):6.0f}"
    )


def show_difference(trials: Sequence[Trial]) -> None:
    """Print by how much the search ends higher, seed by seed."""
    ends = {(each.way, each.seed): each.best[-1] for each in trials}
    pairs = [
        ends["search", seed] - ends["samples", seed]
        for seed in sorted({seed for _, seed in ends})
        if ("search", seed) in ends and ("samples", seed) in ends
    ]
    if pairs:
        low, high = interval(pairs)
        print(f"{'':>22} search less samples: {mean(pairs):+.4g} ({low:+.4g} to {high:+.4g})\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("tasks", nargs="*", type=Path, default=EXAMPLES, help="run files of tasks")
    parser.add_argument("--model", help="such as local:FILE.gguf; without one there is no search")
    parser.add_argument("--samples", type=int, default=24, help="children a run")
    parser.add_argument("--seeds", type=int, default=5, help="runs each way")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--kind", default="bubblewrap", help="of the sandboxes")
    parser.add_argument("--archive", default="sqlite:///bench-out/search.db")
    parser.add_argument("-s", "--set", action="append", default=[], help="SECTION.KEY=VALUE")
    parser.add_argument("--quick", action="store_true", help="two seeds of three samples")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    asked = parser.parse_args()
    if asked.model is None:
        print("nothing is measured: name a model with --model")
        return
    if asked.quick:
        asked.seeds, asked.samples = 2, 3
    asked.connections = Connections(keys(os.environ))
    Path("bench-out").mkdir(exist_ok=True)
    trials: list[Trial] = []
    with Library(asked.archive) as library:
        for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
            for task in asked.tasks:
                for way in WAYS:
                    trials.append(trial(task, way, seed, asked, library))
                    end = trials[-1].best[-1]
                    print(f"{task.parent.name} {way} {seed}: {end:.4g}", file=sys.stderr)
    if asked.json:
        print(json.dumps([asdict(each) for each in trials]))
    else:
        show(trials)


if __name__ == "__main__":
    main()
