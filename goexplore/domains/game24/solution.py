"""How a solution is written down: its actions, nested into one expression."""

from collections.abc import Sequence
from dataclasses import dataclass

from archive.entry import Failure, Tree
from goexplore.domains.game24.puzzles import Numbers, PuzzleError
from goexplore.domains.game24.rules import ACTIONS, Action, Number, Sign, outcome, parse

_LOOSE, _TIGHT, _SINGLE = range(3)
_BINDING = {Sign.PLUS: _LOOSE, Sign.MINUS: _LOOSE, Sign.TIMES: _TIGHT, Sign.OVER: _TIGHT}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """A value, how it is written, and how tightly its outermost sign binds."""

    value: Number
    text: str
    binding: int = _SINGLE


def expression(numbers: Numbers, tree: Tree) -> str:
    """The actions of a tree as one expression over the numbers, such as `(10 - 4) * (13 - 9)`.

    Raises:
        PuzzleError: the actions do not join the numbers into one.
    """
    terms = [_Term(value=number, text=str(number)) for number in numbers]
    for line in tree[ACTIONS].splitlines():
        terms = _joined(terms, line)
    if len(terms) > 1:
        raise PuzzleError(f"the actions leave {len(terms)} of {_show(numbers)}, not one number")
    return terms[0].text


def _joined(terms: Sequence[_Term], line: str) -> list[_Term]:
    action = parse(line)
    if isinstance(action, Failure):
        raise PuzzleError(action.message)
    rest = list(terms)
    left, right = (_taken(rest, number) for number in (action.left, action.right))
    # What the narrower rules allow has the same value under the wider ones.
    value = outcome(action, "exact")
    if isinstance(value, Failure):
        raise PuzzleError(value.message)
    return [*rest, _Term(value=value, text=_text(left, action, right), binding=_binding(action))]


def _taken(terms: list[_Term], number: Number) -> _Term:
    for place, term in enumerate(terms):
        if term.value == number:
            return terms.pop(place)
    raise PuzzleError(f"there is no {number} among {_show([term.value for term in terms])}")


def _text(left: _Term, action: Action, right: _Term) -> str:
    binding = _binding(action)
    regroups = action.sign in (Sign.MINUS, Sign.OVER)
    head = _wrapped(left, when=left.binding < binding)
    tail = _wrapped(right, when=right.binding < binding + regroups)
    return f"{head} {action.sign} {tail}"


def _binding(action: Action) -> int:
    return _BINDING[action.sign]


def _wrapped(term: _Term, *, when: bool) -> str:
    return f"({term.text})" if when else term.text


def _show(numbers: Sequence[Number]) -> str:
    return " ".join(map(str, numbers))
