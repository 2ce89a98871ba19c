"""How far models get in the Game of 24: beside chance and the heuristic, on the same puzzles.

    python benchmarks/models.py --model local:SmolLM2-135M-Instruct.gguf
    python benchmarks/models.py --model openai:gpt-4o-mini --presets ige --puzzles 100

An operation is one attempted action; unsolved puzzles count as the whole budget. What fell back
(a judge without a usable answer) and what failed (an action without one) is counted beside it.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import monotonic

# A benchmark beside this one is named like a package that it needs; the package comes first.
sys.path[0] = str(Path(__file__).parents[1])

from archive.entry import Failure
from archive.library import Library
from archive.reading import RunReader
from benchmarks.game24 import our_puzzles
from goexplore.config import checked, keys, options, prepare, preset
from goexplore.connections import Connections
from goexplore.domains.game24 import Numbers
from goexplore.events import Ending

FREE = ("random", "default")
ASKING = ("naive-model", "react", "reflexion", "ige")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a preset needed with one model, over all puzzles."""

    preset: str
    model: str
    puzzles: int
    solved: int
    mean: float
    median: float
    calls: int
    tokens: int
    dollars: float
    seconds: float
    fell_back: int
    failed: int


def solve(
    name: str, model: str, puzzles: Sequence[Numbers], operations: int, connections: Connections
) -> Result:
    """Run a preset on each puzzle, each a run of its own."""
    began = monotonic()
    found: list[int | None] = []
    with tempfile.TemporaryDirectory() as folder, Library(f"sqlite:///{folder}/a.db") as library:
        for numbers in puzzles:
            settings = {
                "run": {"model": model or None},
                "domain": {"kind": "game24", "numbers": list(numbers)},
                "budget": {"verifications": operations},
            }
            config = checked([preset(name).layer, options(settings)])
            with prepare(config, library=library, connections=connections) as run:
                outcome = run.engine.run()
            solved = outcome.ending is Ending.GOAL
            found.append(outcome.spent.verifications if solved else None)
        readers = [library.read(each.name) for each in library.runs()]
        counted = [operations if n is None else n for n in found]
        result = _result(name, model, counted, readers)
    return replace(result, solved=len(found) - found.count(None), seconds=monotonic() - began)


def _result(name: str, model: str, counted: list[int], readers: Sequence[RunReader]) -> Result:
    spent = [each for reader in readers for each in reader.spending()]
    verdicts = [verdict for reader in readers for _, _, verdict in reader.verdicts()]
    entries = [entry for reader in readers for entry in reader.entries()]
    return Result(
        preset=name,
        model=model,
        puzzles=len(counted),
        solved=0,
        mean=statistics.mean(counted),
        median=statistics.median(counted),
        calls=sum(each.calls for each in spent),
        tokens=sum(each.prompt_tokens + each.completion_tokens for each in spent),
        dollars=sum(each.dollars for each in spent),
        seconds=0.0,
        fell_back=sum(verdict.fell_back != "" for verdict in verdicts),
        failed=sum(
            isinstance(entry.result, Failure) and "impossible" not in entry.result.cause
            for entry in entries
        ),
    )


def show(results: Sequence[Result], operations: int) -> None:
    print(
        f"\n{'preset':>12} {'solved':>8} {'mean':>7} {'median':>7} {'calls':>6} {'tokens':>9} "
        f"{'dollars':>9} {'seconds':>8} {'fell back':>9} {'failed':>6}  model"
    )
    for r in results:
        print(
            f"{r.preset:>12} {r.solved:>4}/{r.puzzles:<3} {r.mean:7.2f} {r.median:7.1f} "
            f"{r.calls:6} {r.tokens:9,} {r.dollars:9.4f} {r.seconds:8.1f} {r.fell_back:9} "
            f"{r.failed:6}  {Path(r.model).name if r.model else '-'}"
        )
    print(f"\nbudget: {operations} operations a puzzle")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", action="append", default=[], help="such as local:FILE; repeat")
    parser.add_argument("--presets", nargs="+", default=list(ASKING), help="of those that ask")
    parser.add_argument("--puzzles", type=int, default=20, help="how many of our own")
    parser.add_argument("--operations", type=int, default=20, help="budget a puzzle")
    parser.add_argument("--quick", action="store_true", help="three puzzles")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    asked = parser.parse_args()
    puzzles = our_puzzles("ige")[: 3 if asked.quick else asked.puzzles]
    connections = Connections(keys(os.environ))
    wanted = [(name, "") for name in FREE]
    wanted += [(name, model) for model in asked.model for name in asked.presets]
    results: list[Result] = []
    for name, model in wanted:
        results.append(solve(name, model, puzzles, asked.operations, connections))
        print(f"{name} {model}: {results[-1].solved} solved", file=sys.stderr)
    if asked.json:
        print(json.dumps([asdict(result) for result in results]))
    else:
        show(results, asked.operations)


if __name__ == "__main__":
    main()
