"""Who came from whom: parents, children, ancestors, descendants, and a whole run as a graph."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
from sqlalchemy import ColumnElement, CompoundSelect, Select, select, true, union_all

from archive.entry import EntryId, Interval, RunId, Status
from archive.errors import UnknownEntry
from archive.reading import RunReader
from archive.rows import interval_of
from archive.tables import bodies, entries, other_parents

_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An entry in few words: no tree, no observation.

    parents: the one it was made from first. objective: `None` for a failure, whose cause `why`
    tells; else `why` is that of its admission.
    """

    id: EntryId
    parents: tuple[EntryId, ...]
    step: int
    depth: int
    status: Status
    mutator: str
    cell: str
    objective: float | None
    why: str
    interval: Interval | None = None


def children(reader: RunReader, entry: EntryId) -> list[EntryId]:
    """Entries made from one, or from it and another, in order."""
    edges = _edges(reader.run).subquery()
    return _ids(reader, select(edges.c.child).where(edges.c.parent == entry))


def ancestors(reader: RunReader, entry: EntryId) -> list[EntryId]:
    """Parents, their parents, and so on, the oldest first."""
    return _line(reader, entry, here="child", on="parent")


def descendants(reader: RunReader, entry: EntryId) -> list[EntryId]:
    """Children, their children, and so on, the oldest first."""
    return _line(reader, entry, here="parent", on="child")


def nodes(reader: RunReader, only: Sequence[EntryId] | None = None) -> Iterator[Node]:
    """Entries in few words, in order of their ids; all of a run without `only`."""
    others = _other_parents(reader)
    if only is None:
        yield from _nodes(reader, true(), others)
        return
    ordered = sorted(only)
    for at in range(0, len(ordered), _CHUNK):
        yield from _nodes(reader, entries.c.id.in_(ordered[at : at + _CHUNK]), others)


def _nodes(
    reader: RunReader, which: ColumnElement[bool], others: Mapping[int, tuple[EntryId, ...]]
) -> Iterator[Node]:
    with reader.look() as connection:
        for row in connection.execute(_in_few_words(reader.run, which)):
            failed = row.cell is None
            first = (EntryId(row.parent),) if row.parent else ()
            yield Node(
                id=EntryId(row.id),
                parents=first + others.get(row.id, ()),
                step=row.step,
                depth=row.depth,
                status=Status(row.status),
                mutator=row.mutator,
                cell=row.cell or "",
                objective=None if failed else row.objective,
                why=f"{row.cause}: {row.message}" if failed else row.why or "",
                interval=interval_of(row.interval),
            )


def node(reader: RunReader, entry: EntryId) -> Node:
    """One entry in few words.

    Raises:
        UnknownEntry: there is none of that number.
    """
    found = list(nodes(reader, [entry]))
    if not found:
        raise UnknownEntry(f"run {reader.run} has no entry #{entry}")
    return found[0]


def graph(reader: RunReader) -> "nx.DiGraph[EntryId]":
    """A run as a graph with an edge from each parent to its child.

    A node has step, depth, status, mutator, cell, objective (absent for a failure) and why.
    """
    result: nx.DiGraph[EntryId] = nx.DiGraph()
    for each in nodes(reader):
        scores = {} if each.objective is None else {"objective": each.objective}
        result.add_node(
            each.id,
            step=each.step,
            depth=each.depth,
            status=each.status.name.lower(),
            mutator=each.mutator,
            cell=each.cell,
            why=each.why,
            **scores,
        )
        result.add_edges_from((parent, each.id) for parent in each.parents)
    return result


def _edges(run: RunId) -> CompoundSelect[Any, Any]:
    made_from = select(entries.c.parent, entries.c.id.label("child")).where(
        entries.c.run == run, entries.c.parent > 0
    )
    crossed_with = select(other_parents.c.parent, other_parents.c.child).where(
        other_parents.c.run == run
    )
    return union_all(made_from, crossed_with)


def _line(reader: RunReader, entry: EntryId, *, here: str, on: str) -> list[EntryId]:
    edges = _edges(reader.run).subquery()
    start = select(edges.c[on].label("id")).where(edges.c[here] == entry)
    line = start.cte("line", recursive=True)
    line = line.union(select(edges.c[on]).where(edges.c[here] == line.c.id))
    return _ids(reader, select(line.c.id))


def _ids(reader: RunReader, statement: Select[int]) -> list[EntryId]:
    with reader.look() as connection:
        return sorted({EntryId(found) for found in connection.execute(statement).scalars()})


def _in_few_words(run: RunId, which: ColumnElement[bool]) -> "Select[*tuple[object, ...]]":
    narrow = ("id", "parent", "step", "depth", "status", "objective")
    broad = ("mutator", "cell", "why", "cause", "message", "interval")
    return (
        select(*(entries.c[name] for name in narrow), *(bodies.c[name] for name in broad))
        .join(bodies, (bodies.c.run == entries.c.run) & (bodies.c.id == entries.c.id))
        .where(entries.c.run == run, which)
        .order_by(entries.c.id)
    )


def _other_parents(reader: RunReader) -> dict[int, tuple[EntryId, ...]]:
    c = other_parents.c
    statement = select(c.child, c.parent).where(c.run == reader.run).order_by(c.child, c.place)
    found: dict[int, tuple[EntryId, ...]] = {}
    with reader.look() as connection:
        for child, parent in connection.execute(statement):
            found[child] = (*found.get(child, ()), EntryId(parent))
    return found
