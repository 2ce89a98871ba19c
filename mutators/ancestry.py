"""The changes that led to a program: what its ancestors became, newest last."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from archive.entry import NO_ENTRY, Entry, EntryId, Evaluation, Tree
from mutators.base import Parent, Past
from mutators.editing.diffs import difference
from mutators.packing import Cut, Section, shortened

LONGEST = 1500
"""Bytes of a change that are shown; the middle of a longer one is left out."""

_TOLD = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """A program on the way, with its score if it has one, and what was meant by it."""

    tree: Tree
    score: float | None
    rationale: str = ""


def ancestors(parent: Parent, past: Past, most: int) -> str:
    """The newest changes on the way from the root to a parent, the oldest first, as diffs.

    most: how many; one entry more is looked up, wherever in the run they are.
    """
    newest = list(islice(_changes(parent, past), most))
    return "\n\n".join(_told(before, after) for before, after in reversed(newest))


def _changes(parent: Parent, past: Past) -> Iterator[tuple[_Version, _Version]]:
    """What was before and after each change, the newest first."""
    if parent.id == NO_ENTRY:
        after = _Version(tree=parent.tree, score=parent.evaluation.objective)
        at = parent.origin
    else:
        entry = past.entry(parent.id)
        after, at = _version(entry), _mother(entry)
    while at != NO_ENTRY:
        entry = past.entry(at)
        before = _version(entry)
        yield before, after
        after, at = before, _mother(entry)


def _mother(entry: Entry) -> EntryId:
    return entry.parents[0] if entry.parents else NO_ENTRY


def _version(entry: Entry) -> _Version:
    result = entry.result
    return _Version(
        tree=entry.candidate.tree,
        score=result.objective if isinstance(result, Evaluation) else None,
        rationale=entry.candidate.rationale,
    )


def _told(before: _Version, after: _Version) -> str:
    why = " ".join(after.rationale.split())[:_TOLD]
    diff = Section(
        name="change", text=difference(before.tree, after.tree), priority=0, cut=Cut.MIDDLE
    )
    text, _ = shortened(diff, LONGEST)
    said = f"{why}: " if why else ""
    return f"{said}score {score(before.score)} -> {score(after.score)}\n{text}".rstrip()


def score(value: float | None) -> str:
    """A score in a few digits."""
    return "none" if value is None else f"{value:g}"
