"""A world of programs for tests: one line of them says a number, which is to become seven."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from archive.entry import Candidate, Cause, Evaluation, Failure, TaskResult, Tree
from mutators.base import Parent

FILE = "main.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Programs with a line `value = N`; the objective is minus how far N is from 7."""

    goal: float | None = 0.0
    brief: str = "Say the number seven, for $0."

    def roots(self) -> Sequence[Tree]:
        text = "# EVOLVE-BLOCK-START\nvalue = 1\n# EVOLVE-BLOCK-END\nprint(value)\n"
        return ({FILE: text},)

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        del parent
        said = re.search(r"^value = (\d+)$", candidate.tree[FILE], re.MULTILINE)
        if not said:
            return Failure(cause=Cause.CRASHED, message="NameError: value")
        value = int(said[1])
        return Evaluation(
            cell=str(value),
            objective=float(-abs(value - 7)),
            measures={"value": float(value)},
            tasks=(TaskResult(task="odd", score=value % 2), TaskResult(task="seven", score=0)),
            observation=f"{value} is said, and not seven",
        )
