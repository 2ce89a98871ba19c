"""What of a program may change: all of it, or what stands between its markers.

A line that holds `EVOLVE-BLOCK-START` or `EVOLVE-BLOCK-END` after nothing but the signs of a
comment is a marker, in whatever language.
"""

import re
from collections.abc import Sequence
from itertools import zip_longest

from archive.entry import Tree
from mutators.editing.lines import lines_of, quoted

_MARKER = re.compile(r"[^\w\n]*(?:(?i:rem|dnl|c)[ \t]+)?EVOLVE-BLOCK-(START|END)\b")


def is_marked(tree: Tree) -> bool:
    """Whether some of a program may change only; then no file comes or goes."""
    return any(_kind(line) for text in tree.values() for line in lines_of(text))


def flaw(text: str) -> str | None:
    """What is wrong with the markers of a text; `None` for nothing."""
    opened = 0
    for number, line in enumerate(lines_of(text), start=1):
        kind = _kind(line)
        if kind == "START" and opened:
            return f"line {number}: EVOLVE-BLOCK-START within the block of line {opened}"
        if kind == "END" and not opened:
            return f"line {number}: EVOLVE-BLOCK-END without a start"
        opened = {"START": number, "END": 0}.get(kind, opened)
    return f"line {opened}: EVOLVE-BLOCK-START without an end" if opened else None


def regions(text: str) -> list[range]:
    """The lines that may change, block for block, counted from 0."""
    found: list[range] = []
    start = 0
    for number, line in enumerate(lines_of(text)):
        kind = _kind(line)
        if kind == "START":
            start = number + 1
        if kind == "END":
            found.append(range(start, number))
    return found


def frozen(text: str) -> list[str]:
    """The lines of a text that may not change: its markers and all that is not between them."""
    kept: list[str] = []
    inside = False
    for line in lines_of(text):
        kind = _kind(line)
        if kind or not inside:
            kept.append(line)
        inside = kind == "START" or (inside and kind != "END")
    return kept


def trespass(before: str, after: str) -> str | None:
    """What an edit has changed that may not change; `None` for nothing."""
    for was, is_now in zip_longest(frozen(before), frozen(after)):
        if was == is_now:
            continue
        if is_now is not None and _kind(is_now) and (was is None or not _kind(was)):
            return f"the marker {quoted(is_now)} may not be added"
        if was is None:
            return f"{quoted(is_now or '')} is added outside of the evolve blocks"
        return f"{quoted(was)} is outside of the evolve blocks and may not change"
    return None


def inner(before: str, lines: Sequence[str]) -> str | None:
    """A text whose one block holds other lines; `None` where it has not one block.

    Neither where the lines hold markers, or any line that stands outside of the block already:
    they are then more than the inside of a block.
    """
    blocks = regions(before)
    outside = {line.strip() for line in frozen(before)} - {""}
    if len(blocks) != 1 or any(_kind(line) or line.strip() in outside for line in lines):
        return None
    whole = lines_of(before)
    return "".join([*whole[: blocks[0].start], *lines, *whole[blocks[0].stop :]])


def _kind(line: str) -> str:
    found = _MARKER.match(line)
    return found[1] if found else ""
