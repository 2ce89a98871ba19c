"""A world of programs for tests that is scored case by case, and what changes them by chance."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from archive.entry import Candidate, Cause, Evaluation, Failure, TaskResult, Tree
from mutators.base import Parent

FILE = "bits.txt"
WIDTH = 12
_PLACE = 8  # bits that say where a row is


@dataclass(frozen=True, slots=True, kw_only=True)
class Bits:
    """Rows of bits; a case is one place in the row, in which a 1 is right.

    Who is alike in the first eight is in the same cell, and some do not run. `pause`: seconds that
    a verification takes at most; how many is left to chance, so that timing varies. cases: whether
    it says how the single cases went.
    """

    goal: float | None = None
    pause: float = 0.0
    cases: bool = True

    def roots(self) -> Sequence[Tree]:
        return ({FILE: "0" * WIDTH}, {FILE: "1" + "0" * (WIDTH - 1)})

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        del parent
        if self.pause:
            time.sleep(random.uniform(0, self.pause))
        bits = candidate.tree[FILE]
        if "0110" in bits:
            return Failure(cause=Cause.CRASHED, message="0110 does not run")
        scores = [float(bit) for bit in bits]
        tasks = tuple(TaskResult(task=f"bit {n}", score=score) for n, score in enumerate(scores))
        return Evaluation(
            cell=bits[:_PLACE],
            objective=sum(scores) / WIDTH,
            tasks=tasks if self.cases else (),
        )


class Flip:
    """Turns a bit over."""

    name = "flip"

    def can_propose(self, parent: Parent) -> bool:
        return bool(parent.tree)

    def propose(self, parent: Parent, random: Random) -> Candidate | Failure:
        bits = parent.tree[FILE]
        place = random.randrange(WIDTH)
        turned = bits[:place] + str(1 - int(bits[place])) + bits[place + 1 :]
        return Candidate(tree={FILE: turned}, mutator=self.name)
