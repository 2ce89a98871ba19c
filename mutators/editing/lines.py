"""Texts as lines that keep their endings, and what takes the place of some of them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from archive.entry import Cause, Failure

_LINE = re.compile(r"[^\n]*\n|[^\n]+")

_QUOTED = 80
"""Characters of a line that a message quotes at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Splice:
    """Lines, with their endings, that take the place of those from `start` to before `stop`."""

    start: int
    stop: int
    lines: tuple[str, ...]


def lines_of(text: str) -> list[str]:
    """The lines of a text with their endings; only a line feed ends one."""
    return _LINE.findall(text)


def bare(line: str) -> str:
    """A line without its ending."""
    return line.removesuffix("\n").removesuffix("\r")


def bare_lines(text: str) -> list[str]:
    """The lines of a text without their endings."""
    return [bare(line) for line in lines_of(text)]


def ending_of(text: str) -> str:
    """How most lines of a text end."""
    return "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"


def ended(lines: Iterable[str], ending: str) -> tuple[str, ...]:
    """Lines with an ending each."""
    return tuple(line + ending for line in lines)


def spliced(text: str, splices: Sequence[Splice]) -> str:
    """A text with other lines in some places, which must not overlap; see `overlap`.

    What stood last and does no longer is given an ending.
    """
    lines = lines_of(text)
    for splice in sorted(splices, key=lambda each: (each.start, each.stop), reverse=True):
        lines[splice.start : splice.stop] = splice.lines
    ending = ending_of(text)
    inner = (line if line.endswith("\n") else line + ending for line in lines[:-1])
    return "".join([*inner, *lines[-1:]])


def ending_as(before: str, text: str) -> str:
    """A text without a newline at its end where another has none."""
    return bare(text) if before and not before.endswith("\n") else text


def overlap(splices: Sequence[Splice]) -> tuple[Splice, Splice] | None:
    """Two splices that want the same lines, or the same place between two lines."""
    ordered = sorted(splices, key=lambda each: (each.start, each.stop))
    for one, other in pairwise(ordered):
        if other.start < one.stop or (one.start, one.stop) == (other.start, other.stop):
            return one, other
    return None


def refusal(message: str, cause: Cause = Cause.UNPARSABLE) -> Failure:
    """Why an answer is no edit, in a line that its model is shown."""
    return Failure(cause=cause, message=message)


def quoted(line: str) -> str:
    """The beginning of a line, in quotes."""
    text = line.strip()
    return repr(text if len(text) <= _QUOTED else text[:_QUOTED] + "...")
