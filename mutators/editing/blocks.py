"""Search/replace blocks: what an answer says is to stand instead of what."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from archive.entry import Cause, Failure, Tree
from mutators.editing import paths, regions
from mutators.editing.lines import (
    Splice,
    bare_lines,
    ended,
    ending_of,
    quoted,
    refusal,
)
from mutators.editing.places import WAYS, Place, nearest_line, reindented

_OPENS = re.compile(r"\s*(<{5,}) ?SEARCH:?\s*")
_PARTS = re.compile(r"\s*(={5,})\s*")
_CLOSES = re.compile(r"\s*(>{5,}) ?REPLACE:?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Lines to look for, and lines to put in their place."""

    search: tuple[str, ...]
    replace: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An edit that an answer asks for.

    name: what messages call it. file: `""` for the one that holds what is searched.
    splits: the ways to read it, which are several where it holds its own divider.
    """

    name: str
    file: str
    splits: tuple[Split, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spliced:
    """What a block comes to in a file that there is."""

    file: str
    splice: Splice


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The text of a new or an empty file."""

    file: str
    text: str


def blocks_in(lines: Sequence[str], tree: Tree) -> list[Block] | Failure:
    """The blocks of an answer, in their order; the lines have no endings."""
    found: list[Block] = []
    file, at = "", 0
    while at < len(lines):
        opened = _OPENS.fullmatch(lines[at])
        if not opened:
            if _CLOSES.fullmatch(lines[at]):
                return refusal(_stray(at, lines[at], len(found)))
            file = paths.named(_told(lines[at]), tree) or file
            at += 1
            continue
        name = f"block {len(found) + 1}"
        closed = _closing(lines, at + 1, len(opened[1]))
        if isinstance(closed, Failure):
            message = f"{name} (line {at + 1} of the answer) {closed.message}"
            return refusal(message, closed.cause)
        splits = _splits(lines[at + 1 : closed], len(opened[1]))
        if isinstance(splits, str):
            return refusal(f"{name} (line {at + 1} of the answer) {splits}")
        found.append(Block(name=name, file=file, splits=splits))
        at = closed + 1
    return found


def is_opening(line: str) -> bool:
    """Whether a block begins with a line."""
    return bool(_OPENS.fullmatch(line))


def placed(block: Block, tree: Tree) -> Spliced | Written | Failure:
    """What a block comes to, or why nothing."""
    results = [_placed(split, block, tree) for split in block.splits]
    good = [each for each in results if not isinstance(each, Failure)]
    if len(results) == 1 or len(good) == 1:
        return (good or results)[0]
    return refusal(
        f"{block.name} has more than one line of = signs and could be read in "
        f"{len(good) or len(results)} ways; write the markers of that block with more signs each "
        "than any line of the program has"
    )


def _stray(at: int, line: str, count: int) -> str:
    before = f"block {count} has ended before" if count else "no block is open"
    return (
        f"line {at + 1} of the answer is {quoted(line)}, and {before}; if the program itself holds "
        "such lines, write all markers with two signs more"
    )


def _told(line: str) -> str:
    """What a line before a block may name a file with; of a fence, what stands beside it."""
    fence = re.fullmatch(r"\s*(?:`{3,}|~{3,})(?:\S+\s+)?(\S+)?\s*", line)
    return (fence[1] or "") if fence else line


def _closing(lines: Sequence[str], start: int, count: int) -> int | Failure:
    """Which line closes a block, or what is wrong with it."""
    for at in range(start, len(lines)):
        opens, closes = _OPENS.fullmatch(lines[at]), _CLOSES.fullmatch(lines[at])
        if closes and len(closes[1]) == count:
            return at
        if opens and len(opens[1]) == count:
            return refusal(
                f"is not closed before another begins in line {at + 1}; end each with "
                f"{'>' * count} REPLACE, and if the program itself holds such lines, write all "
                "markers with two signs more"
            )
    return refusal(f"is not closed: no {'>' * count} REPLACE follows", Cause.TRUNCATED)


def _splits(lines: Sequence[str], count: int) -> tuple[Split, ...] | str:
    dividers = [
        at
        for at, line in enumerate(lines)
        if (parts := _PARTS.fullmatch(line)) and len(parts[1]) == count
    ]
    if not dividers:
        return f"has no line {'=' * count} between what is searched and what replaces it"
    if len(dividers) > 1 and dividers[-1] == len(lines) - 1:
        return f"has a second {'=' * count} right before its end, where there is to be one only"
    return tuple(Split(search=tuple(lines[:at]), replace=tuple(lines[at + 1 :])) for at in dividers)


def _placed(split: Split, block: Block, tree: Tree) -> Spliced | Written | Failure:
    if not any(line.strip() for line in split.search):
        return _written(split, block, tree)
    if block.file and block.file not in tree:
        return refusal(
            f"{block.name}: there is no file {block.file!r}; there are {paths.listed(tree)}; to "
            "make a new file leave its SEARCH empty"
        )
    files = [block.file] if block.file else list(tree)
    for each in (split, _trimmed(split)):
        for way in WAYS:
            hits = [
                (file, place)
                for file in files
                for place in way(bare_lines(tree[file]), each.search)
            ]
            if hits:
                return _only(hits, each, block, tree)
    return refusal(f"{block.name}: {_not_found(split, files, tree)}")


def _written(split: Split, block: Block, tree: Tree) -> Written | Failure:
    if not block.file and len(tree) == 1 and not next(iter(tree.values())).strip():
        return _written(split, Block(name=block.name, file=next(iter(tree)), splits=()), tree)
    if not block.file:
        return refusal(f"{block.name}: an empty SEARCH makes a new file, and none is named")
    if tree.get(block.file, "").strip():
        return refusal(
            f"{block.name}: its SEARCH is empty, and {block.file!r} is not; copy the lines that "
            "are to change"
        )
    return Written(file=block.file, text="".join(ended(split.replace, "\n")))


def _only(
    hits: Sequence[tuple[str, Place]], split: Split, block: Block, tree: Tree
) -> Spliced | Failure:
    """The one hit, or the one that may change among several."""
    within = [hit for hit in hits if _may_change(*hit, tree)]
    ours = hits if len(hits) == 1 else within
    if len(ours) == 1:
        file, place = ours[0]
        return Spliced(file=file, splice=_splice(split, place, tree[file]))
    # Where nothing may change, the first is as good as any to say so.
    where = ", ".join(f"line {place.start + 1} of {file}" for file, place in (within or hits)[:5])
    return refusal(
        f"{block.name}: its SEARCH stands in {len(within or hits)} places ({where}); add lines "
        "around it until it stands in one only"
    )


def _may_change(file: str, place: Place, tree: Tree) -> bool:
    if not regions.is_marked(tree):
        return True
    return any(
        place.start >= each.start and place.stop <= each.stop
        for each in regions.regions(tree[file])
    )


def _splice(split: Split, place: Place, text: str) -> Splice:
    """What changes in a text; lines that stay the same keep their own ending and indentation."""
    head, tail = _same(split.search, split.replace)
    stop = len(split.replace) - tail
    new = [reindented(line, place.indents) for line in split.replace[head:stop]]
    return Splice(
        start=place.start + head, stop=place.stop - tail, lines=ended(new, ending_of(text))
    )


def _same(search: Sequence[str], replace: Sequence[str]) -> tuple[int, int]:
    """How many lines at the beginning and at the end are the same."""
    most = min(len(search), len(replace))
    head = next((n for n in range(most) if search[n] != replace[n]), most)
    left = most - head
    tail = next((n for n in range(left) if search[-1 - n] != replace[-1 - n]), left)
    return head, tail


def _trimmed(split: Split) -> Split:
    """Without the empty lines around what is searched, and as many around what replaces it."""
    full = [n for n, line in enumerate(split.search) if line.strip()]
    head, tail = full[0], len(split.search) - 1 - full[-1]
    replace = list(split.replace)
    while head and replace and not replace[0].strip():
        head, replace = head - 1, replace[1:]
    while tail and replace and not replace[-1].strip():
        tail, replace = tail - 1, replace[:-1]
    return Split(search=split.search[full[0] : full[-1] + 1], replace=tuple(replace))


def _not_found(split: Split, files: Sequence[str], tree: Tree) -> str:
    where = files[0] if len(files) == 1 else "any file"
    lines = [line for file in files for line in bare_lines(tree[file])]
    nearest = nearest_line(lines, split.search)
    if nearest is None:
        return f"its SEARCH is not in {where}: all its lines are, but not one after the other"
    missing, number = nearest
    said = f"its SEARCH is not in {where}: no line there is {quoted(missing)}"
    return f"{said}; the nearest is {quoted(lines[number - 1])}" if number else said
