"""What may be done with the numbers left: take two of them, and put back what they make.

Two rule sets. `ige`, that of the Intelligent Go-Explore release (Lu et al. 2024): whole numbers,
the larger minus the smaller, the larger divided by the smaller only where that leaves no
remainder. `exact`: fractions, and both orders of - and /.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from itertools import combinations
from typing import Literal

from archive.entry import Cause, Failure

ACTIONS = "actions.txt"
"""The one file of a tree: a line an action, the first of them first."""

TARGET = 24

Rules = Literal["ige", "exact"]
Number = int | Fraction
State = tuple[Number, ...]
"""The numbers left, sorted."""


class Sign(StrEnum):
    """What is done with two numbers."""

    PLUS = "+"
    MINUS = "-"
    TIMES = "*"
    OVER = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Two numbers in order and what is done with them."""

    left: Number
    sign: Sign
    right: Number

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right}"


# No product of four numbers of the game comes near 18 digits.
_NUMBER = r"-?[0-9]{1,18}(?:/[1-9][0-9]{0,17})?"
_ACTION = re.compile(rf"\s*({_NUMBER})\s+([-+*/])\s+({_NUMBER})\s*")


def show(state: State) -> str:
    """The numbers left as text, such as `4 6 12` or `8/3 8`."""
    return " ".join(map(str, state))


def parse(line: str) -> Action | Failure:
    """The action that a line stands for."""
    match = _ACTION.fullmatch(line)
    if match is None:
        return Failure(cause=Cause.CRASHED, message=f"{line[:80]!r} is no action such as '4 * 6'")
    left, sign, right = match.groups()
    return Action(left=_number(left), sign=Sign(sign), right=_number(right))


def _number(text: str) -> Number:
    return Fraction(text) if "/" in text else int(text)


def actions(state: State, rules: Rules) -> tuple[Action, ...]:
    """All that can be tried in a state, also what will prove impossible.

    The order is that of the Intelligent Go-Explore release: by the index pairs (0, 1), (0, 2),
    ... of the sorted numbers, and for each pair + - * /; then, under `exact`, the other order of
    - and / where the two numbers differ.
    """
    pairs = combinations(state, 2)
    return tuple(action for small, large in pairs for action in _of_pair(small, large, rules))


def _of_pair(small: Number, large: Number, rules: Rules) -> Iterator[Action]:
    yield Action(left=small, sign=Sign.PLUS, right=large)
    yield Action(left=large, sign=Sign.MINUS, right=small)
    yield Action(left=small, sign=Sign.TIMES, right=large)
    yield Action(left=large, sign=Sign.OVER, right=small)
    if rules == "exact" and small != large:
        yield Action(left=small, sign=Sign.MINUS, right=large)
        yield Action(left=small, sign=Sign.OVER, right=large)


def outcome(action: Action, rules: Rules) -> Number | Failure:
    """The number that an action makes, or why it makes none."""
    left, right = action.left, action.right
    match action.sign:
        case Sign.PLUS:
            return left + right
        case Sign.TIMES:
            return left * right
        case Sign.MINUS:
            return _difference(left, right, rules)
        case Sign.OVER:
            return _quotient(left, right, rules)


def _difference(left: Number, right: Number, rules: Rules) -> Number | Failure:
    if rules == "ige" and left < right:
        return _impossible(f"{left} - {right} is below 0")
    return left - right


def _quotient(left: Number, right: Number, rules: Rules) -> Number | Failure:
    if right == 0:
        return _impossible(f"{left} / 0 has no value")
    if rules == "exact":
        return Fraction(left, right)
    if left < right:
        return _impossible(f"{left} / {right} divides the smaller number by the larger")
    if left % right:
        return _impossible(f"{left} / {right} is no whole number")
    return left // right


def _impossible(message: str) -> Failure:
    return Failure(cause=Cause.IMPOSSIBLE, message=message)


def play(state: State, action: Action, rules: Rules) -> State | Failure:
    """The state to which an action leads, or why it cannot be taken."""
    rest = list(state)
    for number in (action.left, action.right):
        if number not in rest:
            return _impossible(f"{action} needs a {number} that is not among {show(state)}")
        rest.remove(number)
    made = outcome(action, rules)
    return made if isinstance(made, Failure) else tuple(sorted([*rest, made]))


def replay(state: State, text: str, rules: Rules) -> State | Failure:
    """The state to which the actions of a text lead from a state, or why one cannot be taken."""
    for number, line in enumerate(text.splitlines(), start=1):
        action = parse(line)
        after = action if isinstance(action, Failure) else play(state, action, rules)
        if isinstance(after, Failure):
            return replace(after, message=f"{ACTIONS}, line {number}: {after.message}")
        state = after
    return state
