"""What may become of a program, however it was edited."""

from collections.abc import Mapping
from dataclasses import dataclass

from archive.entry import Cause, Failure, Tree
from mutators.editing import paths, regions
from mutators.editing.lines import refusal

_CONTROLS = frozenset(map(chr, [*range(9), *range(14, 27), *range(28, 32)]))
"""What no text file holds: the control characters but white space and escape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a program may become. size: bytes of all its files together."""

    files: int = 100
    size: int = 400_000


def guarded(before: Tree, after: Mapping[str, str | None], limits: Limits) -> Tree | Failure:
    """The program that comes of an edit, or why it may not be.

    after: texts of files that have changed or are new; `None` for those that are gone.
    """
    if fault := _broken_markers(before):
        return refusal(fault, Cause.IMPOSSIBLE)
    changed = {path: text for path, text in after.items() if before.get(path) != text}
    if not changed:
        return refusal("the edit changes nothing", Cause.NO_EDIT)
    merged = {**before, **changed}
    tree = {path: text for path, text in merged.items() if text is not None}
    for path, text in changed.items():
        if fault := _path_fault(path, before, tree) or _text_fault(before.get(path), text, before):
            return refusal(f"{path!r}: {fault}")
    return _sized(before, tree, limits)


def _broken_markers(tree: Tree) -> str | None:
    for path, text in tree.items():
        if fault := regions.flaw(text):
            return f"{path}, {fault}"
    return None


def _path_fault(path: str, before: Tree, tree: Tree) -> str | None:
    fault = None if path in before else paths.flaw(path, tree.keys() - {path})
    return f"no such file may be made: {fault}" if fault else None


def _text_fault(was: str | None, text: str | None, before: Tree) -> str | None:
    if text is not None and (fault := _no_text(was or "", text)):
        return fault
    if not regions.is_marked(before):
        return None
    if was is None or text is None:
        return "no file may come or go where a program has evolve blocks"
    return regions.trespass(was, text)


def _no_text(was: str, text: str) -> str | None:
    if new := (_CONTROLS & set(text)) - set(was):
        return f"no text file holds the character {min(new)!r}"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "it holds half a surrogate pair, which is no character"
    return None


def _sized(before: Tree, tree: Tree, limits: Limits) -> Tree | Failure:
    size, was = _size(tree), _size(before)
    if not tree:
        return refusal("nothing is left of the program")
    if len(tree) > max(limits.files, len(before)):
        return refusal(f"the program would have {len(tree)} files; {limits.files} are allowed")
    if size > max(limits.size, was):
        return refusal(f"the program would have {size:,} bytes; {limits.size:,} are allowed")
    return tree


def _size(tree: Tree) -> int:
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in tree.values())
