"""A world of programs for tests: one line of them says a number, and higher is better."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from archive.entry import Candidate, Cause, Evaluation, Failure, Tree
from mutators.base import Parent

FILE = "main.py"


def program(value: int) -> str:
    return f"# a rung\nvalue = {value}\nprint(value)\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Programs with a line `value = N`; the objective is N."""

    goal: float | None = None
    brief: str = "Say a high number."

    def roots(self) -> Sequence[Tree]:
        return ({FILE: program(1)},)

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        del parent
        said = re.search(r"^value = (\d+)$", candidate.tree[FILE], re.MULTILINE)
        if not said:
            return Failure(cause=Cause.CRASHED, message="NameError: value")
        return Evaluation(cell=said[1], objective=float(said[1]))
