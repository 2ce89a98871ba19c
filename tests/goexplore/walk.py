"""A small world for tests: a walk on a plane, one step an action, towards a corner."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from archive.entry import Candidate, Cause, Evaluation, Failure, Option, Tree
from mutators.actions import ACTIONS_FILE
from mutators.base import Parent

STEPS = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """From (0, 0) to (size, size), inside a square with a wall around it.

    The cell is the position, and the objective minus the distance still to go. `pause`: seconds
    that a verification takes at most; how many is left to chance, so that timing varies.
    """

    size: int = 5
    goal: float | None = 0.0
    pause: float = 0.0

    def roots(self) -> Sequence[Tree]:
        return ({ACTIONS_FILE: ""},)

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        del parent
        if self.pause:
            time.sleep(random.uniform(0, self.pause))
        x = y = 0
        for action in candidate.tree[ACTIONS_FILE].split():
            x, y = x + STEPS[action][0], y + STEPS[action][1]
            if not (0 <= x <= self.size and 0 <= y <= self.size):
                return Failure(cause=Cause.IMPOSSIBLE, message=f"a wall at {x}, {y}")
        return Evaluation(
            cell=f"{x},{y}",
            objective=float(x + y - 2 * self.size),
            options=tuple(Option(text=step, promise=sum(STEPS[step])) for step in STEPS),
            terminal=(x, y) == (self.size, self.size),
        )
