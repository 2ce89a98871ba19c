"""Edits of programs: what a model wrote to another tree, or why there is none.

Each form is a function from an answer and a tree to a tree or a `Failure`, whose message tells the
model what is wrong and where. All of an answer holds against the program that the model was shown:
its parts do not build on each other, and one that cannot be applied refuses the whole.

Line endings, and whether a file ends with a newline, stay as they are in a file.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from archive.entry import Failure, Tree
from mutators.editing import paths, regions
from mutators.editing.blocks import Block, Split, Written, blocks_in, is_opening, placed
from mutators.editing.diffs import NOWHERE, FileDiff, applied, difference, diffs_in, path_of
from mutators.editing.fences import Fenced, fenced_in, is_fence
from mutators.editing.guard import Limits, guarded
from mutators.editing.lines import (
    Splice,
    bare_lines,
    ended,
    ending_as,
    ending_of,
    overlap,
    refusal,
    spliced,
)

__all__ = [
    "Limits",
    "Replacement",
    "apply_blocks",
    "apply_diff",
    "apply_replacements",
    "apply_rewrite",
    "difference",
    "explanation",
]

Changes = dict[str, str | None]
"""By path, the new text of a file; `None` for one that is gone."""

_DEFAULT = Limits()
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_REPORTED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """One text to stand instead of another. file: `""` for the one that holds it."""

    search: str
    replace: str
    file: str = ""


def apply_blocks(answer: str, tree: Tree, limits: Limits = _DEFAULT) -> Tree | Failure:
    """The program after the search/replace blocks of an answer.

        path/of/the/file (may be left out where one file only holds what is searched)
        <<<<<<< SEARCH
        lines as they stand in the program
        =======
        lines that take their place
        >>>>>>> REPLACE

    Lines are looked for as they are, then white space at their ends aside, then with another
    indentation. An empty SEARCH makes a new file; a line `DELETE FILE: path` deletes one.
    """
    lines = _lines(answer)
    blocks = blocks_in(lines, tree)
    if isinstance(blocks, Failure):
        return blocks
    gone = _deleted(lines, tree)
    if isinstance(gone, Failure):
        return gone
    if not blocks and not gone:
        return refusal("the answer holds no <<<<<<< SEARCH block")
    return _edited(blocks, gone, tree, limits)


def apply_replacements(
    edits: Sequence[Replacement], tree: Tree, limits: Limits = _DEFAULT
) -> Tree | Failure:
    """The program after some replacements, which are applied as blocks are."""
    blocks = [
        Block(
            name=f"edit {number}",
            file=edit.file.strip(),
            splits=(Split(search=_split(edit.search), replace=_split(edit.replace)),),
        )
        for number, edit in enumerate(edits, start=1)
    ]
    return _edited(blocks, {}, tree, limits)


def apply_diff(answer: str, tree: Tree, limits: Limits = _DEFAULT) -> Tree | Failure:
    """The program after the unified diff of an answer.

    Line numbers and counts may be wrong, the lines that stay or go may not. Where a hunk fits in
    several places, its line number has to name one of them.
    """
    diffs = diffs_in(_THOUGHT.sub("", answer))
    if isinstance(diffs, Failure):
        return diffs
    if not diffs:
        return refusal("the answer holds no unified diff: there is no hunk that begins with @@")
    after: Changes = {}
    for diff in diffs:
        changes = _patched(diff, tree)
        if isinstance(changes, Failure):
            return changes
        if twice := changes.keys() & after.keys():
            return refusal(f"the diff names {min(twice)!r} twice; put its hunks together")
        after |= changes
    return guarded(tree, after, limits)


def apply_rewrite(answer: str, tree: Tree, limits: Limits = _DEFAULT) -> Tree | Failure:
    """The program after the whole files of an answer.

    Each stands in a fenced block, its path on the line above or beside the fence; a program of one
    file needs none. Where the one file has one evolve block, the inside of that is enough. A line
    `DELETE FILE: path` deletes a file; those that are not named stay.
    """
    lines = _lines(answer)
    found = fenced_in(lines, tree)
    if isinstance(found, Failure):
        return found
    gone = _deleted(lines, tree)
    if isinstance(gone, Failure):
        return gone
    if not found and not gone:
        return refusal("the answer holds no fenced block with the program")
    after = _rewritten(found, tree)
    return after if isinstance(after, Failure) else guarded(tree, {**after, **gone}, limits)


def explanation(answer: str, tree: Tree) -> str:
    """What an answer says before its first edit."""
    said: list[str] = []
    for line in _lines(answer):
        if is_fence(line) or is_opening(line) or line.startswith(("--- ", "diff --git ", "@@")):
            break
        if not paths.named(line, tree) and not paths.deleted(line):
            said.append(line)
    return "\n".join(said).strip()


def _lines(answer: str) -> list[str]:
    """The lines of an answer, without what a model thought before it gave it."""
    return bare_lines(_THOUGHT.sub("", answer))


def _split(text: str) -> tuple[str, ...]:
    return tuple(bare_lines(text))


def _deleted(lines: Iterable[str], tree: Tree) -> Changes | Failure:
    gone = [path for line in lines if (path := paths.deleted(line))]
    if unknown := [path for path in gone if path not in tree]:
        return refusal(f"there is no file {unknown[0]!r} to delete; there are {paths.listed(tree)}")
    return dict.fromkeys(gone)


def _edited(blocks: Sequence[Block], gone: Changes, tree: Tree, limits: Limits) -> Tree | Failure:
    results = [placed(block, tree) for block in blocks]
    if faults := [each for each in results if isinstance(each, Failure)]:
        return _together(faults)
    splices: dict[str, list[Splice]] = {}
    after: Changes = {}
    for each in results:
        if isinstance(each, Written):
            after[each.file] = after.get(each.file) or each.text
        elif not isinstance(each, Failure) and each.splice not in splices.get(each.file, []):
            splices.setdefault(each.file, []).append(each.splice)
    if fault := _overlap(splices):
        return fault
    for path, parts in splices.items():
        after[path] = ending_as(tree[path], spliced(tree[path], parts))
    return guarded(tree, {**after, **gone}, limits)


def _together(faults: Sequence[Failure]) -> Failure:
    more = f"; and {len(faults) - _REPORTED} more" if len(faults) > _REPORTED else ""
    return refusal("; ".join(fault.message for fault in faults[:_REPORTED]) + more)


def _overlap(splices: Mapping[str, Sequence[Splice]]) -> Failure | None:
    for path, parts in splices.items():
        if both := overlap(parts):
            return refusal(
                f"two edits want line {both[1].start + 1} of {path}; make them one, or leave out "
                "the lines that they share"
            )
    return None


def _patched(diff: FileDiff, tree: Tree) -> Changes | Failure:
    """What a diff comes to in one file."""
    old, new = _sides(diff, tree)
    if not old and not new:
        return refusal("the diff does not say which file it changes; begin it with --- and +++")
    if NOWHERE not in (old, new) and old != new:
        return refusal(f"the diff renames {old!r}: delete one file and make the other instead")
    if old == NOWHERE and new in tree:
        return refusal(f"the diff makes {new!r}, which is there already")
    if old not in (NOWHERE, *tree):
        return refusal(f"there is no file {old!r}; there are {paths.listed(tree)}")
    splices = applied(diff, "" if old == NOWHERE else tree[old])
    if isinstance(splices, Failure):
        return refusal(f"{new if old == NOWHERE else old}: {splices.message}")
    return _outcome(old, new, splices, tree)


def _outcome(old: str, new: str, splices: Sequence[Splice], tree: Tree) -> Changes | Failure:
    path = new if old == NOWHERE else old
    if fault := _overlap({path: splices}):
        return fault
    text = spliced("" if old == NOWHERE else tree[old], splices)
    if new != NOWHERE:
        return {path: text}
    if text:
        return refusal(f"{old}: the diff deletes it, but not all its lines")
    return {old: None}


def _sides(diff: FileDiff, tree: Tree) -> tuple[str, str]:
    if not diff.old and len(tree) == 1:
        only = next(iter(tree))
        return only, only
    return path_of(diff.old, tree), path_of(diff.new, tree)


def _rewritten(found: Sequence[Fenced], tree: Tree) -> Changes | Failure:
    after: Changes = {}
    for each in found:
        file = each.file or (next(iter(tree)) if len(tree) == 1 else "")
        if not file:
            return refusal(
                f"a fenced block has no path above it; the program has {paths.listed(tree)}"
            )
        if file in after:
            return refusal(
                f"the answer holds {len(found)} fenced blocks, and it is not clear which of them "
                f"is {file!r}; give each file once, in a fence of more signs than any in the file"
            )
        after[file] = _whole(each, tree.get(file))
    return after


def _whole(fenced: Fenced, was: str | None) -> str:
    """A file as it is written in a block, in the manner of the one that it takes the place of."""
    lines = ended(fenced.lines, ending_of(was or ""))
    if was and (inside := regions.inner(was, lines)) is not None:
        return inside
    return ending_as(was or "", "".join(lines))
