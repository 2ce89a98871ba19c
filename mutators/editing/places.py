"""Where some lines stand among others: exactly, or but for white space."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import pairwise

_TAB = 4
"""How many spaces stand for a tab where nothing else tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Lines from `start` to before `stop`.

    indents: to each indentation that was looked for, the one that stands there.
    """

    start: int
    stop: int
    indents: Mapping[str, str] = field(default_factory=dict[str, str])


def exact(lines: Sequence[str], wanted: Sequence[str]) -> list[Place]:
    """Where the wanted lines stand as they are."""
    return [Place(start=n, stop=n + len(wanted)) for n in _starts(lines, wanted)]


def but_for_trailing_space(lines: Sequence[str], wanted: Sequence[str]) -> list[Place]:
    """Where they stand, white space at the ends of lines aside."""
    return exact([line.rstrip() for line in lines], [line.rstrip() for line in wanted])


def but_for_indentation(lines: Sequence[str], wanted: Sequence[str]) -> list[Place]:
    """Where they stand with another indentation that grows and shrinks with theirs."""
    found: list[Place] = []
    starts = _starts([line.strip() for line in lines], [line.strip() for line in wanted])
    for start in starts:
        stop = start + len(wanted)
        indents = _indents(wanted, lines[start:stop])
        if indents is not None:
            found.append(Place(start=start, stop=stop, indents=indents))
    return found


WAYS: Sequence[Callable[[Sequence[str], Sequence[str]], list[Place]]] = (
    exact,
    but_for_trailing_space,
    but_for_indentation,
)
"""How lines are looked for, one way after the other until something is found."""


def reindented(line: str, indents: Mapping[str, str]) -> str:
    """A line with the indentation of the place where it is put; see `Place.indents`."""
    if not indents or not line.strip():
        return line
    indent, text = _indent(line), line.lstrip()
    known = [each for each in indents if indent.startswith(each)]
    if not known:
        return _shallower(indent, indents) + text
    nearest = max(known, key=len)
    return indents[nearest] + _deeper(indent[len(nearest) :], indents) + text


def nearest_line(lines: Sequence[str], wanted: Sequence[str]) -> tuple[str, int | None] | None:
    """The first wanted line that stands nowhere, and the number of the one most like it."""
    there = [line.strip() for line in lines]
    missing = next((line for line in wanted if line.strip() and line.strip() not in there), None)
    if missing is None:
        return None
    close = get_close_matches(missing.strip(), there, 1)
    return missing, there.index(close[0]) + 1 if close else None


def _starts(lines: Sequence[str], wanted: Sequence[str]) -> list[int]:
    first, count, asked = wanted[0], len(wanted), list(wanted)
    return [
        n
        for n in range(len(lines) - count + 1)
        if lines[n] == first and list(lines[n : n + count]) == asked
    ]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _width(indent: str) -> int:
    return len(indent.expandtabs(_TAB))


def _indents(wanted: Sequence[str], found: Sequence[str]) -> dict[str, str] | None:
    """To each indentation of some lines that of others; `None` where they do not go together."""
    indents: dict[str, str] = {}
    for asked, there in zip(wanted, found, strict=True):
        if asked.strip() and indents.setdefault(_indent(asked), _indent(there)) != _indent(there):
            return None
    depths = [(_width(asked), _width(there)) for asked, there in indents.items()]
    grows = all(one[1] < other[1] for one, other in pairwise(sorted(depths)))
    return indents if grows else None


def _shallower(indent: str, indents: Mapping[str, str]) -> str:
    """An indentation that is less than any that was looked for."""
    least = min(indents, key=_width)
    there = indents[least]
    return there[: max(0, len(there) - (len(least) - len(indent)))]


def _deeper(more: str, indents: Mapping[str, str]) -> str:
    """What is indented beyond a known indentation, in the units of the place."""
    asked, there = _unit(indents)
    if not asked or asked == there or len(more) % len(asked) or more.strip(asked[0]):
        return more
    return there * (len(more) // len(asked))


def _unit(indents: Mapping[str, str]) -> tuple[str, str]:
    """One level of indentation as it was looked for, and as it stands there."""
    ordered = sorted(indents.items(), key=lambda pair: _width(pair[0]))
    for (asked, there), (deeper, deeper_there) in pairwise(ordered):
        if deeper.startswith(asked) and deeper_there.startswith(there):
            return deeper[len(asked) :], deeper_there[len(there) :]
    tabs = all(set(there) == {"\t"} for there in indents.values())
    return (" " * _TAB, "\t") if tabs else ("", "")
