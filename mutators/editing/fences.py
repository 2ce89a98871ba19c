"""Whole files in fenced blocks."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from archive.entry import Cause, Failure
from mutators.editing import paths
from mutators.editing.lines import refusal

_FENCE = re.compile(r"( {0,3})(`{3,}|~{3,})\s*([^`]*)")
_TITLE = re.compile(r"(?:title|file|filename|path)=[\"']?([^\"'\s]+)[\"']?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fenced:
    """A fenced block. file: what it is called, `""` for nothing. lines: without endings."""

    file: str
    lines: tuple[str, ...]


def fenced_in(lines: Sequence[str], known: Collection[str]) -> list[Fenced] | Failure:
    """The fenced blocks of an answer; the lines have no endings.

    A fence with a word beside it opens one within another; a bare one of the same sign, and at
    least as long, closes the innermost.
    """
    found: list[Fenced] = []
    above, at = "", 0
    while at < len(lines):
        opened = _FENCE.fullmatch(lines[at])
        if not opened:
            above = lines[at] if lines[at].strip() else above
            at += 1
            continue
        closed = _closing(lines, at + 1, opened[2])
        if closed is None:
            return refusal(
                f"the block that begins in line {at + 1} of the answer is not closed",
                Cause.TRUNCATED,
            )
        file = _file(opened[3], known) or paths.named(above, known)
        inside = [_outdented(line, len(opened[1])) for line in lines[at + 1 : closed]]
        found.append(Fenced(file=file, lines=tuple(inside)))
        above, at = "", closed + 1
    return found


def is_fence(line: str) -> bool:
    """Whether a line opens or closes a fenced block."""
    return bool(_FENCE.fullmatch(line))


def _closing(lines: Sequence[str], start: int, fence: str) -> int | None:
    """Which line closes a block that has been opened with a fence."""
    opened = [fence]
    for at in range(start, len(lines)):
        found = _FENCE.fullmatch(lines[at])
        if not found:
            continue
        if found[3].strip():
            # Shorter ones, or those of another sign, are text of the innermost block.
            if found[2].startswith(opened[-1]):
                opened.append(found[2])
        elif found[2].startswith(opened[-1]):
            opened.pop()
        if not opened:
            return at
    return None


def _file(info: str, known: Collection[str]) -> str:
    """The path that stands beside a fence, alone, after a language or as a title."""
    if title := _TITLE.search(info):
        return title[1]
    words = [word for part in info.split() for word in (part, part.partition(":")[2]) if word]
    return next((file for word in reversed(words) if (file := paths.named(word, known))), "")


def _outdented(line: str, count: int) -> str:
    return line[count:] if not line[:count].strip() else line
