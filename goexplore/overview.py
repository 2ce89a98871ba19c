"""What a run has found, cell by cell; under its own cells, or as it would be under others."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

import numpy as np

from archive.admission import AdmissionRule, Holder, heeding
from archive.elites import Elites
from archive.entry import (
    Admission,
    Appraisal,
    Attempt,
    Entry,
    EntryId,
    Evaluation,
    Status,
)
from archive.facts import Fact, fact_of
from archive.quality import Moment, Quality, filled, lowest, moments, quality_of
from archive.trees import size_of
from goexplore.cells.base import CellError, Cells, Growing, Structured
from goexplore.cells.grid import Grid

NOWHERE = Admission(status=Status.REJECTED, why="in no cell: a measure is missing")
"""What becomes of an entry that lacks a measure by which others are placed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A cell with its elite, the best that was admitted there.

    children: admitted children of the elite. seen: evaluated candidates that fell into the cell.
    """

    cell: str
    island: int
    entry: EntryId
    objective: float
    children: int
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What a run has found, cell by cell.

    count: how many cells there are; `None` where nobody knows. islands: the quality of each, where
    there are several. held: the best first. children: of an elite on average. outside: candidates
    of which a measure was outside of its range. history: up to so many moments as were asked for.
    """

    count: int | None
    quality: Quality
    islands: tuple[Quality, ...]
    held: tuple[Held, ...]
    children: float
    outside: int
    history: tuple[Moment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture in characters of a grid over two measures, the first from left to right.

    lines: from the highest of the second measure down; a digit tells how good the elite of a cell
    is between the worst of all (0) and the best (9), a dot that there is none.
    """

    names: tuple[str, str]
    ranges: tuple[tuple[float, float], tuple[float, float]]
    lines: tuple[str, ...]


def placed_again(entries: Iterable[Entry], cells: Cells, rule: AdmissionRule) -> Iterator[Entry]:
    """The entries of a run as they would have been admitted into other cells, in their order.

    Raises:
        CellError: what would place the first of them was not measured.
    """
    holders: dict[tuple[int, str], Holder] = {}
    newest = EntryId(0)
    for _, group in groupby(entries, attrgetter("step")):
        step = _in_cells(list(group), cells, newest)
        judged = [_judged(entry, rule, holders) for entry in step]
        if isinstance(cells, Growing):
            cells.remember(judged)
        newest = judged[-1].id
        yield from judged


def _in_cells(step: Sequence[Entry], cells: Cells, newest: EntryId) -> list[Entry]:
    """The entries of a step in the cells that they would have had."""
    found = [_in_cell(entry, cells, newest) for entry in step]
    if not isinstance(cells, Growing):
        return found
    attempts = [
        Attempt(parent=None, candidate=e.candidate, result=e.result, appraisal=e.appraisal)
        for e in found
    ]
    settled = cells.settle(attempts, newest)
    return [replace(e, result=a.result) for e, a in zip(found, settled, strict=True)]


def _in_cell(entry: Entry, cells: Cells, newest: EntryId) -> Entry:
    result = entry.result
    if not isinstance(result, Evaluation):
        return entry
    own = replace(result, cell=result.domain_cell or result.cell, domain_cell=None)
    try:
        place = cells.place(entry.candidate, own, step=entry.step, as_of=newest)
    except CellError:
        if newest == 0:
            raise
        return replace(entry, admission=NOWHERE)
    moved = own if place.cell == own.cell else replace(own, cell=place.cell, domain_cell=own.cell)
    said = entry.appraisal or Appraisal()
    if place.vector in (b"", said.vector):
        return replace(entry, result=moved)
    return replace(entry, result=moved, appraisal=replace(said, vector=place.vector))


def _judged(entry: Entry, rule: AdmissionRule, holders: dict[tuple[int, str], Holder]) -> Entry:
    result = entry.result
    if not isinstance(result, Evaluation) or entry.admission is NOWHERE:
        return entry
    where, size = (entry.island, result.cell), size_of(entry.candidate.tree)
    ruled = rule.judge(result, size, holders.get(where))
    admission = heeding(ruled, entry.appraisal) if entry.appraisal else ruled
    if admission.status in (Status.NEW, Status.IMPROVED):
        holders[where] = Holder(id=entry.id, objective=result.objective, size=size)
    return replace(entry, admission=admission)


def overview(
    entries: Iterable[Entry],
    cells: Cells,
    *,
    islands: int = 1,
    offset: float | None = None,
    spent: Mapping[int, int] | None = None,
    most: int = 20,
) -> Overview:
    """What a run has found.

    offset: what an elite's objective is counted from; by default the lowest that was seen, or 0 if
    none is negative. spent: the verifications of each step, for a history of `most` moments.
    """
    elites, facts, texts, outside = Elites(), list[Fact](), dict[int, str](), 0
    for _, group in groupby(entries, attrgetter("step")):
        step = list(group)
        elites.take_step(step)
        facts.extend(made := [fact_of(entry, place) for place, entry in enumerate(step)])
        texts |= dict(_named(made, step))
        outside += sum(_is_outside(entry, cells) for entry in step)
    best = {fact.key: fact for fact in _best_first(facts)}
    held = [_held(fact, texts, elites) for fact in best.values()]
    count = cells.count if isinstance(cells, Structured) else None
    start = lowest(facts) if offset is None else offset
    whole = count * islands if count else None
    return Overview(
        count=count,
        quality=quality_of(filled(facts).values(), cells=whole, offset=start),
        islands=tuple(_by_island(held, islands, count, start)),
        held=tuple(sorted(held, key=lambda each: (-each.objective, each.entry))),
        children=sum(each.children for each in held) / len(held) if held else 0.0,
        outside=outside,
        history=tuple(moments(facts, spent, most=most, cells=whole, offset=start))
        if spent is not None
        else (),
    )


def figure(held: Iterable[Held], cells: Cells) -> Figure | None:
    """A picture of a grid over two measures; of several islands the best. `None` for no such."""
    if not isinstance(cells, Grid) or len(cells.dims) != 2:  # noqa: PLR2004  # a plane
        return None
    best: dict[str, float] = {}
    for each in held:
        best[each.cell] = max(each.objective, best.get(each.cell, each.objective))
    low, high = min(best.values(), default=0.0), max(best.values(), default=0.0)
    (across, up), (first, second) = cells.dims, cells.names
    rows = (
        "".join(_digit(best.get(f"{x},{y}"), low, high) for x in range(across))
        for y in reversed(range(up))
    )
    ranges = cells.ranges[0], cells.ranges[1]
    return Figure(names=(first, second), ranges=ranges, lines=tuple(rows))


def _digit(objective: float | None, low: float, high: float) -> str:
    if objective is None:
        return "."
    return "9" if high == low else str(int(9 * (objective - low) / (high - low)))


def _best_first(facts: Iterable[Fact]) -> list[Fact]:
    """The admitted, so that of each cell the first of its best comes last."""
    admitted = (fact for fact in facts if fact.status >= Status.NEW)
    return sorted(admitted, key=lambda fact: (fact.objective, -fact.id))


def _named(facts: Sequence[Fact], step: Sequence[Entry]) -> Iterator[tuple[int, str]]:
    """What the cells are called, by their keys."""
    for fact, entry in zip(facts, step, strict=True):
        if isinstance(entry.result, Evaluation):
            yield fact.key, entry.result.cell


def _is_outside(entry: Entry, cells: Cells) -> bool:
    """Whether a measure of an entry is outside of its range."""
    if not isinstance(cells, Structured) or not isinstance(entry.result, Evaluation):
        return False
    if entry.candidate.copied or entry.admission is NOWHERE:
        return False
    return cells.outside(entry.candidate, entry.result)


def _held(fact: Fact, texts: Mapping[int, str], elites: Elites) -> Held:
    entry = EntryId(fact.id)
    slot = elites.slot(entry)
    arrays = elites.arrays(np.array([0 if slot is None else slot]))
    return Held(
        cell=texts[fact.key],
        island=fact.island,
        entry=entry,
        objective=fact.objective,
        children=int(arrays.children[0]),
        seen=int(arrays.seen[0]),
    )


def _by_island(
    held: Sequence[Held], islands: int, count: int | None, offset: float
) -> Iterator[Quality]:
    for island in range(islands if islands > 1 else 0):
        there = (each.objective for each in held if each.island == island)
        yield quality_of(there, cells=count, offset=offset)
