"""The Game of 24 as a world to explore: a cell is the numbers left, an edit is one action."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import get_args

from archive.entry import Candidate, Cause, Evaluation, Failure, Option, Tree
from goexplore.domains.game24.heuristic import promises
from goexplore.domains.game24.proof import check
from goexplore.domains.game24.puzzles import Numbers, PuzzleError, checked
from goexplore.domains.game24.rules import (
    ACTIONS,
    TARGET,
    Rules,
    State,
    actions,
    play,
    replay,
    show,
)
from goexplore.domains.game24.solution import expression
from goexplore.domains.game24.solver import values
from mutators.base import Parent

_BRIEF = """\
This is the Game of 24. A game begins with four numbers. One action takes two of the numbers that \
are left and puts back the one number that they make by +, -, * or /, so that three actions use \
everything up. {rules}

The goal: after the third action the one number left is exactly 24. Any other last number is a \
dead end."""

_RULES_IN_WORDS: Mapping[Rules, str] = {
    "ige": (
        "All numbers stay whole and none falls below 0: only the smaller may be subtracted from "
        "the larger, and one number may be divided by another only if nothing remains; never "
        "by 0. An action that breaks this may be on offer, and leads nowhere."
    ),
    "exact": (
        "Numbers may become fractions, which are kept exactly (8/3 is eight thirds), and may fall "
        "below 0. Only division by 0 is impossible: it may be on offer, and leads nowhere."
    ),
}


class Game24:
    """Four numbers of which 24 is to be made. A solution is observed as its proven expression.

    numbers: whole, from 0 to 1000, in any order.
    rules: `ige` for whole numbers and the larger number first, `exact` for fractions and both
        orders.
    heuristic: whether options come with a promise; without, all are alike.
    """

    def __init__(self, numbers: Numbers, rules: Rules = "ige", *, heuristic: bool = True) -> None:
        """Set the game up.

        Raises:
            PuzzleError: the numbers are no puzzle, or there are no such rules.
        """
        if rules not in get_args(Rules):
            known = " and ".join(get_args(Rules))
            raise PuzzleError(f"no rules named {rules!r}; known are {known}")
        self._numbers = checked(numbers)
        self._rules: Rules = rules
        self._heuristic = heuristic

    @property
    def goal(self) -> float:
        """The objective of a solution."""
        return 1.0

    @property
    def brief(self) -> str:
        """The rules and the goal, in words for a model."""
        return _BRIEF.format(rules=_RULES_IN_WORDS[self._rules])

    def roots(self) -> Sequence[Tree]:
        """The game before its first action.

        Raises:
            PuzzleError: the numbers cannot make 24.
        """
        made = values(self._start(), self._rules)
        if TARGET not in made:
            raise PuzzleError(
                f"{show(self._numbers)} cannot make 24 under the {self._rules} rules: proof by "
                f"exhaustion, all ways to join them end in {len(made)} values, none of them 24"
            )
        return ({ACTIONS: ""},)

    def verify(
        self,
        candidate: Candidate,
        parent: Parent | None,  # noqa: ARG002  # a tree is played from its beginning
    ) -> Evaluation | Failure:
        """Play the actions of a tree.

        Raises:
            ProofError: independent arithmetic disagrees that this is a solution.
        """
        tree = candidate.tree
        if set(tree) != {ACTIONS}:
            found = ", ".join(sorted(tree)) or "no file"
            message = f"a tree of this world is the one file {ACTIONS}; found {found[:200]}"
            return Failure(cause=Cause.CRASHED, message=message)
        state = replay(self._start(), tree[ACTIONS], self._rules)
        return state if isinstance(state, Failure) else self._evaluation(state, tree)

    def _start(self) -> State:
        return tuple(sorted(self._numbers))

    def _evaluation(self, state: State, tree: Tree) -> Evaluation:
        solved = state == (TARGET,)
        return Evaluation(
            cell=show(state),
            objective=1.0 if solved else 0.0,
            observation=self._proven(tree) if solved else f"numbers left: {show(state)}",
            options=_options(state, self._rules, heuristic=self._heuristic),
            terminal=len(state) == 1,
        )

    def _proven(self, tree: Tree) -> str:
        solution = expression(self._numbers, tree)
        check(solution, self._numbers)
        return f"{solution} = {TARGET}"


@lru_cache(maxsize=4096)
def _options(state: State, rules: Rules, *, heuristic: bool) -> tuple[Option, ...]:
    tried = actions(state, rules)
    following = [play(state, action, rules) for action in tried]
    found = promises(following) if heuristic else [0.0] * len(tried)
    return tuple(
        Option(text=str(action), promise=promise)
        for action, promise in zip(tried, found, strict=True)
    )
