"""What a sequential test of cases saves, and how often it errs, against asking every case.

Programs that answer cases are stopped as soon as their success rate is known to fall short, as
`[domain.sequential]` does it (goexplore/domains/program/sequential.py). Three populations:

recorded: outcomes.jsonl beside this file holds which of 200 cases each of 300 random mutants of a
    parser of Roman numerals passes. `--record` makes it anew, in sandboxes of bubblewrap's.
simulated: success rates drawn uniformly, and cases that pass with that probability.
at the edge: as many cases pass as are just enough, or just too few: where errors are likeliest.

Each program meets each test in several random orders of its cases. An error is a verdict that
looking at all cases contradicts: stopped though it has what is needed, or let through though it
falls short by the margin. Programs in between count for neither.

    python benchmarks/sequential.py
    python benchmarks/sequential.py --record
"""

import argparse
import ast
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from random import Random
from statistics import NormalDist
from tempfile import TemporaryDirectory

# A benchmark beside this one may be named like a package that it needs; the package comes first.
sys.path[0] = str(Path(__file__).parents[1])

from archive.entry import Candidate, Evaluation
from goexplore.domains.program import Program
from goexplore.domains.program.sequential import RatioTest, Verdict
from sandboxes.limits import Room
from sandboxes.pool import Pool
from sandboxes.process import Bubblewrap

OUTCOMES = Path(__file__).parent / "outcomes.jsonl"
CASES, MUTANTS, SIMULATED = 200, 300, 300
NEEDED, MARGIN, BATCHES = (0.3, 0.6, 0.9), 0.1, (1, 8, 32)
ERRORS = (0.05, 0.05)

PROGRAM = """\
VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def solve(text):
    total, last = 0, 0
    for letter in reversed(text):
        value = VALUES[letter]
        if value < last and total >= 0:
            total -= value
        else:
            total += value
        last = max(last, value)
    if total > 3999 or total < 1:
        return -1
    return total
"""

Outcomes = Sequence[int]
"""Of each case 1 where a program passes it, and 0 where it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of many programs in many orders."""

    asked: int
    whole: int
    able: int
    stopped: int
    short: int
    through: int

    @property
    def saved(self) -> float:
        """The share of cases that were not asked."""
        return 1 - self.asked / self.whole


# Outcomes


def roman(number: int) -> str:
    """A number as the Romans wrote it."""
    parts = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC")]
    parts += [(50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
    text = ""
    for value, letters in parts:
        text += letters * (number // value)
        number %= value
    return text


class _Slip(ast.NodeTransformer):
    """Changes one constant, comparison, operator or branch of a program."""

    def __init__(self, place: int, random: Random) -> None:
        self._left, self._random = place, random

    def generic_visit(self, node: ast.AST) -> ast.AST:
        node = super().generic_visit(node)
        if not isinstance(node, (ast.Constant, ast.Compare, ast.AugAssign, ast.If)):
            return node
        self._left -= 1
        return self._slipped(node) if self._left == 0 else node

    def _slipped(self, node: ast.Constant | ast.Compare | ast.AugAssign | ast.If) -> ast.AST:
        match node:
            case ast.Constant(value=int(value)):
                return ast.Constant(self._random.choice([value + 1, value - 1, value * 2, 0]))
            case ast.Constant():
                return ast.Constant(self._random.choice("IVXLCDM"))
            case ast.Compare():
                chosen = self._random.choice([ast.Lt(), ast.LtE(), ast.Gt(), ast.Eq()])
                return ast.Compare(node.left, [chosen], node.comparators)
            case ast.AugAssign():
                return ast.AugAssign(
                    node.target, self._random.choice([ast.Add(), ast.Sub()]), node.value
                )
            case ast.If():
                return ast.If(node.test, node.orelse or [ast.Pass()], node.body)


def mutants(random: Random) -> Iterator[str]:
    """Programs with one to three slips; a few are still right, and many are no good at all."""
    while True:
        tree = ast.parse(PROGRAM)
        for _ in range(random.randint(1, 3)):
            tree = _Slip(random.randint(1, 30), random).visit(tree)
        yield ast.unparse(ast.fix_missing_locations(tree))


def record() -> None:
    """Run mutants on cases, and keep which of them each passes. Those that do not run are none."""
    random = Random(17)
    numbers = sorted(random.sample(range(1, 4000), CASES))
    with TemporaryDirectory() as folder, Pool(Bubblewrap(Room()), size=1) as pool:
        home = Path(folder)
        lines = [json.dumps({"given": roman(n), "expected": n}) for n in numbers]
        (home / "cases.jsonl").write_text("\n".join(lines))
        (home / "initial.py").write_text(PROGRAM)
        world = Program(home, pool, function="initial.py:solve", seconds=5.0)
        kept: dict[str, str] = {}
        for text in mutants(random):
            found = world.verify(Candidate(tree={"initial.py": text}, mutator="slip"), None)
            if isinstance(found, Evaluation) and text not in kept:
                kept[text] = "".join(str(int(task.score)) for task in found.tasks)
            if len(kept) == MUTANTS:
                break
    lines = [json.dumps({"passed": f"{int(each, 2):0{CASES // 4}x}"}) for each in kept.values()]
    OUTCOMES.write_text("\n".join(lines) + "\n")


def recorded() -> list[Outcomes]:
    """What `record` kept: a bit a case, in hexadecimal."""
    kept = [int(json.loads(line)["passed"], 16) for line in OUTCOMES.read_text().splitlines()]
    return [[int(bit) for bit in f"{each:0{CASES}b}"] for each in kept]


def simulated(random: Random) -> list[Outcomes]:
    """Programs whose every case passes with a probability of their own."""
    rates = [random.random() for _ in range(SIMULATED)]
    return [[int(random.random() < rate) for _ in range(CASES)] for rate in rates]


def at_the_edge(needed: float) -> list[Outcomes]:
    """Half have just what is needed, and half just fall short by the margin."""
    test = RatioTest.of(CASES, needed, MARGIN, ERRORS)
    both: list[Outcomes] = [[1] * n + [0] * (CASES - n) for n in (test.enough, test.short)]
    return both * (SIMULATED // 2)


# Tests


def tested(programs: Sequence[Outcomes], needed: float, batch: int, orders: int) -> Counts:
    """Each program in several orders of its cases."""
    random, test = Random(23), RatioTest.of(CASES, needed, MARGIN, ERRORS)
    asked = able = stopped = short = through = 0
    for outcomes in programs:
        for _ in range(orders):
            verdict, count = ended(test, random.sample(outcomes, CASES), batch)
            asked += count
            able += sum(outcomes) >= test.enough
            stopped += sum(outcomes) >= test.enough and verdict is Verdict.BELOW
            short += sum(outcomes) <= test.short
            through += sum(outcomes) <= test.short and verdict is Verdict.ABOVE
    whole = len(programs) * orders * CASES
    return Counts(
        asked=asked, whole=whole, able=able, stopped=stopped, short=short, through=through
    )


def ended(test: RatioTest, outcomes: Outcomes, batch: int) -> tuple[Verdict, int]:
    """The verdict, and after how many cases it was known."""
    for asked in range(batch, CASES, batch):
        verdict = test.verdict(sum(outcomes[:asked]), asked)
        if verdict is not Verdict.OPEN:
            return verdict, asked
    return test.verdict(sum(outcomes), CASES), CASES


def finished(programs: Sequence[Outcomes], needed: float, batch: int, orders: int) -> float:
    """The share of cases saved where whoever goes through is asked the rest."""
    random, test = Random(23), RatioTest.of(CASES, needed, MARGIN, ERRORS)
    asked = 0
    for outcomes in programs:
        for _ in range(orders):
            verdict, count = ended(test, random.sample(outcomes, CASES), batch)
            asked += count if verdict is Verdict.BELOW else CASES
    return 1 - asked / (len(programs) * orders * CASES)


def wilson(count: int, of: int) -> str:
    """A share with its 95 % interval (Wilson, JASA 22, 1927)."""
    if not of:
        return "none to err on"
    z, p = NormalDist().inv_cdf(0.975), count / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return f"{p:.2%} [{max(0.0, middle - half):.2%}, {middle + half:.2%}]"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--record", action="store_true", help="run the mutants again first")
    parser.add_argument("--quick", action="store_true", help="one order a program")
    asked = parser.parse_args()
    if asked.record:
        record()
    orders = 1 if asked.quick else 20
    print(f"{CASES} cases, margin {MARGIN}, stated errors {ERRORS}, {orders} orders a program")
    recorded_ones, simulated_ones = recorded(), simulated(Random(31))
    show("recorded", lambda _: recorded_ones, orders)
    show("simulated", lambda _: simulated_ones, orders)
    show("at the edge", at_the_edge, orders)


def show(name: str, population: Callable[[float], Sequence[Outcomes]], orders: int) -> None:
    """Print what tests save on a population, and how often they err."""
    print(f"\n{name}")
    print("needed batch  saved  saved if finished  stopped though able   through though short")
    for needed in NEEDED:
        programs = population(needed)
        for batch in BATCHES:
            counts = tested(programs, needed, batch, orders)
            left = finished(programs, needed, batch, orders)
            errors = wilson(counts.stopped, counts.able), wilson(counts.through, counts.short)
            print(
                f"{needed:6} {batch:5}  {counts.saved:5.1%}  {left:17.1%}  "
                f"{errors[0]:20}  {errors[1]}"
            )


if __name__ == "__main__":
    main()
