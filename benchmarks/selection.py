"""What it costs to choose, from a thousand elites to a hundred thousand or a million.

Side by side, in one process: an archive in memory grows to so many elites, each the child of one
drawn alike, with scores in twenty cases. Then, step after step, each selection in turn takes in
one new elite and chooses once. CPU microseconds a step, and how many times those of `uniform`.
Twice: with cases that are passed or not, and with scores of which no two are alike.

    python benchmarks/selection.py                     # 1e3 to 1e5 elites, about two minutes
    python benchmarks/selection.py --largest 1000000
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])

from archive.elites import Elites
from archive.entry import Status, TaskResult
from archive.facts import UNBOUNDED, Fact
from goexplore.selection import parts
from goexplore.selection.base import Finding, Selector, Witness

CASES = 20
STEPS = 400

SELECTIONS = {
    "uniform": parts.uniform,
    "dgm": parts.dgm,
    "tournament": parts.tournament,
    "pareto": parts.pareto,
    "lexicase": parts.lexicase,
    "epsilon-lexicase": parts.epsilon_lexicase,
    "clade": parts.clade,
    "beam": parts.beam,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """CPU microseconds of a step by selection, and seconds of being told all that is there."""

    elites: int
    graded: bool
    step: Mapping[str, float]
    opening: Mapping[str, float]


def finding(number: int, chance: random.Random, *, graded: bool) -> Finding:
    """An elite made of any before it, which passes a case as often as it is good."""
    skill = chance.random()
    scores = (chance.random() * skill if graded else chance.random() < skill for _ in range(CASES))
    tasks = tuple(TaskResult(task=f"case {n}", score=float(s)) for n, s in enumerate(scores))
    parent = chance.randrange(1, number) if number > 1 else 0
    fact = Fact(
        id=number,
        step=number,
        place=0,
        parent=parent,
        option=-1,
        key=number,
        objective=skill,
        status=Status.NEW,
        size=1,
        options=UNBOUNDED,
        depth=0 if not parent else 1 + (number.bit_length() - 1),
    )
    return Finding(fact, tasks)


def measure(count: int, *, graded: bool) -> Figures:
    chance = random.Random(1)
    elites = Elites()
    selectors = {name: make() for name, make in SELECTIONS.items()}
    opening = dict.fromkeys(selectors, 0.0)
    for number in range(1, count + 1):
        found = finding(number, chance, graded=graded)
        take(elites, found)
        tell(selectors, found, opening)
    for name, selector in selectors.items():
        opening[name] += cpu_of(selector, elites, chance)
    step = dict.fromkeys(selectors, 0.0)
    for number in range(count + 1, count + STEPS + 1):
        found = finding(number, chance, graded=graded)
        take(elites, found)
        tell(selectors, found, step)
        for name, selector in selectors.items():
            step[name] += cpu_of(selector, elites, chance)
    return Figures(
        elites=count,
        graded=graded,
        step={name: seconds / STEPS * 1e6 for name, seconds in step.items()},
        opening=opening,
    )


def take(elites: Elites, found: Finding) -> None:
    elites.take(found.fact)
    elites.end_step([found.fact])


def tell(selectors: Mapping[str, Selector], found: Finding, spent: dict[str, float]) -> None:
    for name, selector in selectors.items():
        if isinstance(selector, Witness):
            began = time.process_time()
            selector.see([found])
            spent[name] += time.process_time() - began


def cpu_of(selector: Selector, elites: Elites, chance: random.Random) -> float:
    """CPU seconds of one choice."""
    began = time.process_time()
    selector.select(elites, chance)
    return time.process_time() - began


def show(figures: Figures) -> None:
    kind = "graded" if figures.graded else "passed or not"
    print(f"\n{figures.elites:,} elites, {CASES} cases, {kind}")
    print("                      us a step   / uniform   seconds to open")
    for name, step in figures.step.items():
        ratio = step / figures.step["uniform"]
        print(f"{name:20} {step:10.1f} {ratio:11.1f} {figures.opening[name]:17.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--largest", type=int, default=100_000, help="elites (default 100000)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    asked = parser.parse_args()
    sizes = [n for n in (1_000, 10_000, 100_000, 1_000_000) if n <= asked.largest]
    all_figures: list[Figures] = []
    for graded in (False, True):
        for count in sizes:
            all_figures.append(measure(count, graded=graded))
            if not asked.json:
                show(all_figures[-1])
    if asked.json:
        print(json.dumps([asdict(figures) for figures in all_figures], indent=2))


if __name__ == "__main__":
    main()
