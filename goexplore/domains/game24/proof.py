"""Whether an expression makes 24 of the given numbers: arithmetic of its own.

It shares no code with the rules of the game, so that a fault in them cannot hide itself.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from goexplore.domain import DomainError

# Twice the longest that four numbers, three signs, their spaces and their brackets can take.
_LONGEST = 100


class ProofError(DomainError):
    """An expression that does not prove what it should."""


def check(expression: str, numbers: Sequence[int]) -> None:
    """Make sure that an expression uses each given number exactly once and has the value 24.

    Raises:
        ProofError: it does not, or it is no such expression.
    """
    root = _parsed(expression)
    value = _value(root)
    used = sorted(_leaves(root))
    if used != sorted(numbers):
        raise ProofError(f"{expression} uses the numbers {used}, not {sorted(numbers)}")
    if value != 24:  # noqa: PLR2004  # the number that the game is named after
        raise ProofError(f"{expression} makes {value}, not 24")


def _parsed(expression: str) -> ast.expr:
    if len(expression) > _LONGEST or not re.fullmatch(r"[-+*/() 0-9]+", expression):
        raise ProofError(f"{expression[:_LONGEST]!r} is no expression of numbers and + - * / ( )")
    try:
        return ast.parse(expression.strip(), mode="eval").body
    except SyntaxError as error:
        raise ProofError(f"{expression!r} is no expression: {error.msg}") from error


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int(number)):
            return Fraction(number)
        case ast.BinOp(left=left, op=sign, right=right):
            return _applied(sign, _value(left), _value(right))
        case _:
            raise ProofError(f"{ast.unparse(node)} is neither a number nor two with a sign")


def _applied(sign: ast.operator, left: Fraction, right: Fraction) -> Fraction:
    match sign:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div() if right:
            return left / right
        case _:
            raise ProofError(f"{type(sign).__name__} of {left} and {right} is not allowed")


def _leaves(root: ast.expr) -> Iterator[int]:
    for node in ast.walk(root):
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            yield node.value
