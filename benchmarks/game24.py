"""How many operations the Game of 24 takes: our default beside the baselines of the IGE paper.

An operation is one attempted action, an impossible division included; returning is free. Unsolved
puzzles count as the whole budget of 700.

    python benchmarks/game24.py                                        # 100 puzzles of our own
    python benchmarks/game24.py --puzzles FILE.csv --range 900:1000    # the usual test set
    python benchmarks/game24.py --plot solved.png                      # solved against operations
"""

# Matplotlib leaves the types of its keywords open.
# pyright: reportUnknownMemberType=false

import argparse
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# A benchmark beside this one is named like a package that it needs; the package comes first.
sys.path[0] = str(Path(__file__).parents[1])

from archive.library import Library
from goexplore.config import checked, options, prepare, preset
from goexplore.domains.game24 import Numbers, read_puzzles, rows, solvable, solvable_puzzles
from goexplore.events import Ending

BUDGET = 700
MARKS = (50, 100, 150, 300, 700)
SEEDS = 5
OURS = 100
PRESETS = ("random", "depth-first", "breadth-first", "default")

# Lu et al. 2025, figure 2, digitised; mean and maximum of GPT-4 Turbo on puzzles 900 to 999.
IGE_MEAN, IGE_MAX = 40, 148


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a preset needed with one seed: operations a puzzle, `None` where it found nothing."""

    preset: str
    seed: int
    operations: tuple[int | None, ...]

    @property
    def counted(self) -> list[int]:
        return [BUDGET if n is None else n for n in self.operations]

    def solved_within(self, operations: int) -> float:
        """Share of the puzzles solved within so many operations."""
        return sum(n is not None and n <= operations for n in self.operations) / len(
            self.operations
        )


def solve(name: str, puzzles: Sequence[Numbers], rules: str, seed: int, folder: Path) -> Result:
    """Run a preset on each puzzle, each a run of its own."""
    found: list[int | None] = []
    with Library(f"sqlite:///{folder}/{name}-{seed}.db") as library:
        for numbers in puzzles:
            world = {"kind": "game24", "numbers": list(numbers), "rules": rules}
            asked = {"domain": world, "run": {"seed": seed}, "budget": {"verifications": BUDGET}}
            config = checked([preset(name).layer, options(asked)])
            with prepare(config, library=library) as run:
                outcome = run.engine.run()
            solved = outcome.ending == Ending.GOAL
            found.append(outcome.spent.verifications if solved else None)
    return Result(preset=name, seed=seed, operations=tuple(found))


def our_puzzles(rules: str) -> list[Numbers]:
    """A hundred puzzles that the project makes itself, the same each time."""
    known = [
        numbers for numbers in solvable_puzzles() if rules == "exact" or solvable(numbers, "ige")
    ]
    return random.Random(24).sample(known, OURS)


def show(results: Sequence[Result]) -> None:
    marks = "".join(f"{mark:>7}" for mark in MARKS)
    print(f"\n{'':>16}  solved within, %{'':>19} operations, unsolved as {BUDGET}")
    print(f"{'preset':>14} {'seed':>4}{marks}     mean  median   max")
    for result in results:
        shares = "".join(f"{100 * result.solved_within(mark):7.0f}" for mark in MARKS)
        counted = result.counted
        print(
            f"{result.preset:>14} {result.seed:4}{shares}  {statistics.mean(counted):7.2f} "
            f"{statistics.median(counted):7.1f} {max(counted):5}"
        )


def plot(results: Sequence[Result], file: Path) -> None:
    """Draw the share of puzzles solved against operations, a line a preset."""
    import matplotlib as mpl  # noqa: PLC0415  # only who wants a picture needs it

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    colours: dict[str, str] = dict(
        zip(PRESETS, ("#9aa0a6", "#5b8def", "#2fa37c", "#d9480f"), strict=True)
    )
    labelled: set[str] = set()
    for result in results:
        label = None if result.preset in labelled else result.preset
        labelled.add(result.preset)
        steps = range(1, BUDGET + 1)
        shares = [100 * result.solved_within(n) for n in steps]
        axes.plot(steps, shares, color=colours[result.preset], label=label, linewidth=1.6)
    axes.axvline(IGE_MEAN, color="#444444", linestyle=":", linewidth=1)
    axes.annotate(
        "IGE, GPT-4 Turbo: mean",
        (IGE_MEAN, 4),
        xytext=(4, 0),
        textcoords="offset points",
        fontsize=8,
    )
    axes.set(xscale="log", xlim=(1, BUDGET), ylim=(0, 101))
    axes.set(xlabel="operations tried", ylabel="puzzles solved, %")
    axes.set_xticks([1, 3, 10, 30, 100, 300, 700], ["1", "3", "10", "30", "100", "300", "700"])
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=150)
    print(f"\ndrawn: {file}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--puzzles", type=Path, help="a CSV file; 100 of our own without it")
    parser.add_argument("--range", default="", help="rows of the file, from 0, such as 900:1000")
    parser.add_argument("--rules", choices=["ige", "exact"], default="ige")
    parser.add_argument("--quick", action="store_true", help="10 puzzles and one seed")
    parser.add_argument("--plot", type=Path, help="draw the shares solved into a file (matplotlib)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    asked = parser.parse_args()
    puzzles = list(read_puzzles(asked.puzzles)) if asked.puzzles else our_puzzles(asked.rules)
    if asked.range:
        puzzles = [puzzles[row] for row in rows(asked.range, len(puzzles))]
    puzzles = puzzles[:10] if asked.quick else puzzles
    seeds = {name: SEEDS if name == "random" and not asked.quick else 1 for name in PRESETS}
    with tempfile.TemporaryDirectory() as folder:
        results = [
            solve(name, puzzles, asked.rules, seed, Path(folder))
            for name in PRESETS
            for seed in range(seeds[name])
        ]
    if asked.json:
        print(
            json.dumps(
                [{"preset": r.preset, "seed": r.seed, "operations": r.operations} for r in results]
            )
        )
    else:
        show(results)
    if asked.plot:
        plot(results, asked.plot)


if __name__ == "__main__":
    main()
