"""What one step of the archive costs, from a thousand entries to a million.

Side by side, in one process and on one disk: our whole step (select by the DGM's weights, fetch
the parent with its tree, add a child, commit) and the same step in raw sqlite3: the same tables,
the same rows, prepared statements, a sum tree and zlib, and nothing else. CPU time of all threads
(the machine's other load does not count), so ratios hold where seconds do not.

    python benchmarks/archive.py                  # 1e3 to 1e6 entries, about ten minutes
    python benchmarks/archive.py --quick          # 1e3 and 1e4
"""

import argparse
import ctypes
import gc
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

# This file is named like the package that it measures; the package comes first.
sys.path[0] = str(Path(__file__).parents[1])

from archive.admission import BetterOrShorter
from archive.entry import Attempt, Candidate, EntryId, Evaluation, Selection, Step, Tree
from archive.facts import cell_key
from archive.library import Library
from archive.sql import SqlArchive
from goexplore.selection import weights
from goexplore.selection.selectors import Weighted
from goexplore.selection.trees import SumTree

FILE = "program.py"
STEPS = 2_000
OPENINGS = 3
DRAWS = 200_000
SCAN = """SELECT id, place, parent, option, cell_key, objective, status, size, options
    FROM entries WHERE run = 1 ORDER BY id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One line of the table. Times: CPU microseconds a step, or seconds; sizes: bytes an entry."""

    entries: int
    select: float
    step: float
    step_grouped: float
    raw: float
    opening: float
    scan: float
    memory: float
    disk: float
    chi_square: float


def program(size: int, chance: random.Random) -> str:
    """Python-like text of about `size` characters that does not compress away."""
    names = [f"{chance.choice('abcdefgh')}{chance.randrange(400)}" for _ in range(60)]
    lines: list[str] = []
    while sum(map(len, lines)) < size:
        a, b, c = (chance.choice(names) for _ in range(3))
        lines.append(f"    {a} = {b} {chance.choice('+-*/')} {c} + {chance.randrange(1000)}\n")
    return "def solve(x):\n" + "".join(lines)


def edited(tree: Tree, chance: random.Random) -> Tree:
    """The tree with one line changed."""
    lines = tree[FILE].splitlines(keepends=True)
    at = chance.randrange(1, len(lines))
    lines[at] = f"    y{chance.randrange(1000)} = x * {chance.randrange(10**6)}\n"
    return {FILE: "".join(lines)}


def next_tree(tree: Tree, number: int) -> Tree:
    """The tree with its first assignment changed, as quickly as can be."""
    return {FILE: tree[FILE].replace("=", f"= {number} +", 1)}


def attempt(parent: EntryId | None, tree: Tree, number: int, chance: random.Random) -> Attempt:
    return Attempt(
        parent=parent,
        candidate=Candidate(tree=tree, mutator="diff"),
        result=Evaluation(cell=f"{number:016x}", objective=chance.random()),
    )


def step_once(archive: SqlArchive, selector: Weighted, chance: random.Random) -> None:
    """Select, fetch, add; the commit follows."""
    selection = selector.select(archive.elites, chance)
    if selection is None:
        raise RuntimeError("nothing to select")
    tree = archive.entry(selection.chosen).candidate.tree
    number = archive.last_step + 1
    child = attempt(selection.chosen, next_tree(tree, number % 1000), number, chance)
    archive.add(Step(number=number, attempts=(child,), selection=selection), BetterOrShorter())


def fill(archive: SqlArchive, count: int, size: int, chance: random.Random) -> None:
    """Grow an archive to `count` entries, each child made from a recent one or from any."""
    if archive.last_step < 0:
        root = attempt(None, {FILE: program(size, chance)}, 0, chance)
        archive.add(Step(number=0, attempts=(root,)), BetterOrShorter())
    while (number := archive.last_step + 1) < count:
        recent = chance.random() < 0.9
        parent = EntryId(chance.randint(max(1, number - 500) if recent else 1, number))
        tree = edited(archive.entry(parent).candidate.tree, chance)
        selection = Selection(
            chosen=parent, slot=parent - 1, choices=number, probability=1 / number
        )
        child = attempt(parent, tree, number, chance)
        archive.add(Step(number=number, attempts=(child,), selection=selection), BetterOrShorter())
    archive.flush()


def cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU, all threads."""
    began = time.process_time()
    work()
    return time.process_time() - began


def ours(archive: SqlArchive, steps: int, *, grouped: bool) -> float:
    """CPU seconds of a step: alone in its commit, or as many to a commit as come."""
    selector, chance = Weighted(weights.dgm), random.Random(1)
    step_once(archive, selector, chance)
    archive.flush()

    def work() -> None:
        for _ in range(steps):
            step_once(archive, selector, chance)
            if not grouped:
                archive.flush()
        archive.flush()

    return cpu(work) / steps


def selection_alone(archive: SqlArchive, steps: int) -> float:
    """CPU seconds of a selection, one elite having changed since the last."""
    selector, chance = Weighted(weights.dgm), random.Random(2)
    selector.select(archive.elites, chance)

    def work() -> None:
        for _ in range(steps):
            selection = selector.select(archive.elites, chance)
            if selection:
                archive.elites.set_out(selection.slot)
                archive.elites.back(selection.slot)

    return cpu(work) / steps


class Raw:
    """The same step with sqlite3 alone."""

    ENTRIES = "INSERT INTO entries VALUES (1, ?, ?, 0, ?, -1, ?, ?, 2, ?, -1, ?, 0)"
    BODIES = """INSERT INTO bodies (run, id, base, hops, tree, mutator, cell, tasks, crossed)
        VALUES (1, ?, ?, ?, ?, 'diff', ?, 0, 0)"""
    STEPS = "INSERT INTO steps VALUES (1, ?, ?, ?, ?, 1, 0, 1, 0, 0, 0)"
    CHAIN = """WITH RECURSIVE chain(base, tree, hops) AS (
        SELECT base, tree, hops FROM bodies WHERE run = 1 AND id = ?
        UNION ALL SELECT b.base, b.tree, b.hops FROM bodies b, chain
            WHERE b.run = 1 AND b.id = chain.base
        ) SELECT tree, hops FROM chain ORDER BY hops"""

    def __init__(self, file: Path) -> None:
        self.db = sqlite3.connect(file, isolation_level=None)
        self.db.execute("PRAGMA synchronous = FULL")
        rows = self.db.execute("SELECT id, objective, depth FROM entries WHERE run = 1").fetchall()
        self.count = len(rows)
        self.objective = [row[1] for row in rows]
        self.depth = [row[2] for row in rows]
        self.children = [0] * self.count
        self.tree = SumTree()
        self.tree.set(range(self.count), np.array([self.weight(s) for s in range(self.count)]))

    def weight(self, slot: int) -> float:
        sigmoid = 1 / (1 + np.exp(-10 * (self.objective[slot] - 0.5)))
        return float(sigmoid / (1 + self.children[slot]))

    def step(self, chance: random.Random) -> None:
        slot = self.tree.draw(chance.random())
        probability = self.tree[slot] / self.tree.total
        links = self.db.execute(self.CHAIN, (slot + 1,)).fetchall()
        text = b""
        for packed, hops in links:
            unpacker = zlib.decompressobj(-15, zdict=text) if hops else zlib.decompressobj(-15)
            text = unpacker.decompress(packed) + unpacker.flush()
        child = text.replace(b"=", b"= %d +" % chance.randrange(1000), 1)
        whole = links[-1][1] >= 15
        packer = zlib.compressobj(6, zlib.DEFLATED, -15, zdict=b"" if whole else text)
        packed = packer.compress(child) + packer.flush()
        number, cell = self.count + 1, f"{self.count:016x}"
        base, hops = (None, 0) if whole else (slot + 1, links[-1][1] + 1)
        objective, depth = chance.random(), self.depth[slot] + 1
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute(self.STEPS, (number, slot + 1, self.count, probability))
        entry = (number, number, slot + 1, cell_key(cell), objective, len(child), depth)
        self.db.execute(self.ENTRIES, entry)
        self.db.execute(self.BODIES, (number, base, hops, packed, cell))
        self.db.execute("COMMIT")
        self.count = number
        self.objective.append(objective)
        self.depth.append(depth)
        self.children.append(0)
        self.children[slot] += 1
        changed = [slot, number - 1]
        self.tree.set(changed, np.array([self.weight(s) for s in changed]))

    def close(self) -> None:
        self.db.close()


def raw(file: Path, steps: int) -> float:
    """CPU seconds of a step in raw sqlite3, each in its own commit."""
    baseline, chance = Raw(file), random.Random(1)
    baseline.step(chance)

    def work() -> None:
        for _ in range(steps):
            baseline.step(chance)

    seconds = cpu(work) / steps
    baseline.close()
    return seconds


def scan(file: Path) -> float:
    """CPU seconds of reading the columns that opening needs, in raw sqlite3, to no use."""
    db = sqlite3.connect(file)
    best = min(cpu(lambda: db.execute(SCAN).fetchall()) for _ in range(OPENINGS))
    db.close()
    return best


def opening(library: Library) -> float:
    """CPU seconds of opening a run."""

    def work() -> None:
        library.open("run", {}).close()

    return min(cpu(work) for _ in range(OPENINGS))


def memory(file: Path) -> None:
    """Print the bytes that an opened run keeps, elites and a selector's tree included."""
    gc.collect()
    with Library(f"sqlite:///{file}") as library:
        library.runs()
        before = resident()
        archive = library.open("run", {})
        selector = Weighted(weights.dgm)
        selector.select(archive.elites, random.Random(0))
        gc.collect()
        print(resident() - before)
        archive.close()


def resident() -> int:
    """Bytes of the process in memory, what the allocator keeps for later handed back first."""
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def chi_square(archive: SqlArchive, draws: int) -> float:
    """How far what is drawn is from what should be: chi-square over 100 groups of equal weight.

    The 99.9th percentile of the statistic, at 99 degrees of freedom, is 148.2.
    """
    selector, chance = Weighted(weights.dgm), random.Random(3)
    arrays = archive.elites.arrays()
    share = np.cumsum(weights.dgm(arrays)) / weights.dgm(arrays).sum()
    group = np.minimum((share * 100).astype(int), 99)
    expected = np.bincount(group, weights=np.diff(share, prepend=0.0), minlength=100) * draws
    chosen = [selector.select(archive.elites, chance) for _ in range(draws)]
    seen = np.bincount([group[each.slot] for each in chosen if each], minlength=100)
    used = expected > 0
    return float(((seen - expected)[used] ** 2 / expected[used]).sum())


def disk(folder: Path, count: int) -> float:
    """Bytes of the file an entry of a 4 kB program."""
    file = folder / "disk.db"
    with Library(f"sqlite:///{file}") as library:
        archive = library.open("run", {})
        fill(archive, count, 4_000, random.Random(4))
        archive.close()
    return size(file) / count


def size(file: Path) -> int:
    """Bytes of a database, its log written back."""
    db = sqlite3.connect(file)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return file.stat().st_size


def measure(folder: Path, entries: int, steps: int) -> Figures:
    file = folder / "archive.db"
    with Library(f"sqlite:///{file}") as library:
        archive = library.open("run", {})
        fill(archive, entries, 2_000, random.Random(0))
        archive.close()
        opened = opening(library)
        scanned = scan(file)
        asked = [sys.executable, __file__, "--memory-of", str(file)]
        kept = int(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)  # noqa: S603
        archive = library.open("run", {})
        statistic = chi_square(archive, DRAWS)
        selecting = selection_alone(archive, steps)
        alone, grouped = ours(archive, steps, grouped=False), ours(archive, steps, grouped=True)
        archive.close()
        beside = raw(file, steps)
    return Figures(
        entries=entries,
        select=selecting * 1e6,
        step=alone * 1e6,
        step_grouped=grouped * 1e6,
        raw=beside * 1e6,
        opening=opened,
        scan=scanned,
        memory=kept / entries,
        disk=disk(folder, min(entries, 20_000)),
        chi_square=statistic,
    )


def show(all_figures: list[Figures]) -> None:
    print("CPU microseconds a step; seconds to open; bytes an entry\n")
    print(
        "   entries  select    step   /raw  grouped   /raw     raw    open  /scan"
        "  memory   disk  chi-square"
    )
    for f in all_figures:
        print(
            f"{f.entries:10,} {f.select:7.1f} {f.step:7.0f} {f.step / f.raw:6.2f} "
            f"{f.step_grouped:8.0f} {f.step_grouped / f.raw:6.2f} {f.raw:7.0f} {f.opening:7.3f} "
            f"{f.opening / f.scan:6.2f} {f.memory:7.0f} {f.disk:6.0f} {f.chi_square:11.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="1e3 and 1e4 entries only")
    parser.add_argument("--largest", type=int, default=1_000_000, help="entries (default 1000000)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.memory_of:
        memory(asked.memory_of)
        return
    largest = 10_000 if asked.quick else asked.largest
    all_figures: list[Figures] = []
    for entries in (n for n in (1_000, 10_000, 100_000, 1_000_000) if n <= largest):
        with tempfile.TemporaryDirectory() as folder:
            all_figures.append(measure(Path(folder), entries, STEPS))
    if asked.json:
        print(json.dumps([asdict(f) for f in all_figures], indent=2))
    else:
        show(all_figures)


if __name__ == "__main__":
    main()
