"""Children of game states: one more action."""

from dataclasses import dataclass
from random import Random
from typing import Literal

from archive.entry import Candidate, Cause, Failure
from mutators.base import Parent

ACTIONS_FILE = "actions.txt"
"""The one file of a game state's tree: the actions that lead to it, a line each."""


def append(parent: Parent, option: int, *, mutator: str, rationale: str = "") -> Candidate:
    """The child that takes one of its parent's options."""
    action = parent.evaluation.options[option].text
    actions = parent.tree.get(ACTIONS_FILE, "") + action + "\n"
    return Candidate(
        tree={ACTIONS_FILE: actions}, mutator=mutator, option=option, rationale=rationale
    )


def everything_tried() -> Failure:
    """Why there is no child of a parent with nothing left."""
    return Failure(cause=Cause.NO_EDIT, message="every option has been tried")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendAction:
    """Appends one of the parent's options to its actions.

    order: which untried option comes first: the most promising by the domain's heuristic, the
        first as the domain gives them, or any.
    repeat: draw among all options instead, those already tried included.
    """

    order: Literal["promise", "given", "random"] = "promise"
    repeat: bool = False

    @property
    def name(self) -> str:
        return f"append-{self.order}"

    def can_propose(self, parent: Parent) -> bool:
        if self.repeat:
            return bool(parent.evaluation.options)
        return len(parent.untried) > parent.under_way

    def propose(self, parent: Parent, random: Random) -> Candidate | Failure:
        if not self.can_propose(parent):
            return everything_tried()
        return append(parent, self._choose(parent, random), mutator=self.name)

    def _choose(self, parent: Parent, random: Random) -> int:
        if self.repeat:
            return random.randrange(len(parent.evaluation.options))
        if self.order == "random":
            return random.choice(parent.untried)
        ranking = parent.untried if self.order == "promise" else sorted(parent.untried)
        return ranking[parent.under_way]
