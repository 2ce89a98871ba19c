"""What came of each mutator of a run, as its bandit counts it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from archive.entry import NO_ENTRY, EntryId
from archive.lineage import Node, nodes
from archive.reading import RunReader
from mutators.tallies import Child, Tallies, Unit, unit_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRecord:
    """What came of a mutator; see `mutators.tallies.Tally`.

    children: that it was to make. share: of all. mean_gain: by how much a child was better than
    its parent on average; one that was not counts as none. dollars: of the calls whose price is
    known. gain_per_unit: all that was gained for all that it cost, in the unit that all mutators
    of the run can be compared by.
    """

    mutator: str
    children: int
    share: float
    failed: int
    fruitful: int
    mean_gain: float
    dollars: float
    unpriced: int
    tokens: int
    calls: int
    gain_per_unit: float
    unit: Unit


def arms_of(reader: RunReader) -> list[ArmRecord]:
    """What came of each mutator of a run, the one that made most first."""
    tallies, newest = Tallies(reader.costs), NO_ENTRY
    for step, children in _steps(reader):
        tallies.take(step, children)
        newest = EntryId(children[-1].id)
    found = tallies.as_of(newest)
    unit, total = unit_of(found.values()), sum(tally.drawn for tally in found.values())
    records = [
        ArmRecord(
            mutator=name,
            children=tally.drawn,
            share=tally.drawn / total,
            failed=tally.failed,
            fruitful=tally.fruitful,
            mean_gain=tally.gain / tally.drawn,
            dollars=tally.dollars,
            unpriced=tally.unpriced,
            tokens=tally.tokens,
            calls=tally.calls,
            gain_per_unit=tally.gain / tally.standing(unit).cost,
            unit=unit,
        )
        for name, tally in found.items()
    ]
    return sorted(records, key=lambda each: (-each.children, each.mutator))


def _steps(reader: RunReader) -> Iterator[tuple[int, list[Child]]]:
    for step, made in groupby(nodes(reader), attrgetter("step")):
        yield step, [_child(node) for node in made]


def _child(node: Node) -> Child:
    return Child(
        id=node.id,
        parent=node.parents[0] if node.parents else 0,
        mutator=node.mutator,
        objective=node.objective,
        status=node.status,
    )
