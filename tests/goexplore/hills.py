"""A small world without options for tests: a point on a plane with hills, and a mutator for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from archive.entry import Candidate, Cause, Evaluation, Failure, TaskResult, Tree
from mutators.base import Parent

FILE = "point.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hills:
    """From (0, 0); the objective is larger towards (7, 3), and the measures are x and y.

    roots: how many there are, side by side. A cell is the point, as where everything is kept.
    """

    starts: int = 1
    goal: float | None = None

    def roots(self) -> Sequence[Tree]:
        return tuple({FILE: f"{x} 0"} for x in range(self.starts))

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        del parent
        x, y = map(int, candidate.tree[FILE].split())
        if x < -3:
            return Failure(cause=Cause.IMPOSSIBLE, message="off the map")
        measures = {"x": float(x), "y": float(y)}
        objective = float(-((x - 7) ** 2) - (y - 3) ** 2)
        tasks = tuple(TaskResult(task=name, score=value) for name, value in measures.items())
        return Evaluation(cell=f"{x} {y}", objective=objective, measures=measures, tasks=tasks)


@dataclass(frozen=True, slots=True)
class Nudge:
    """A mutator that moves a point by one or two."""

    name: str = "nudge"

    def can_propose(self, parent: Parent) -> bool:
        del parent
        return True

    def propose(self, parent: Parent, random: Random) -> Candidate:
        x, y = map(int, parent.tree[FILE].split())
        there = f"{x + random.randint(-2, 2)} {y + random.randint(-2, 2)}"
        return Candidate(tree={FILE: there}, mutator=self.name)
