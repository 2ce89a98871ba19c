"""The narrow facts of entries, one by one and by column."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from hashlib import blake2b
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from archive.entry import Candidate, Entry, Evaluation, Failure
from archive.trees import size_of

UNBOUNDED = -1
"""The number of options of an entry from which anything can be tried."""

COPY = -2
"""The option of an entry that is a copy of its parent; see `archive.entry.MIGRATION`."""

NO_CELL = -1
"""The cell key of a failure."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def cell_key(cell: str, island: int = 0) -> int:
    """60 bits of BLAKE2b: among a million cells two meet with a probability of 4e-7."""
    # No text that a database can keep has a NUL, so that no cell is taken for another island's.
    text = f"{cell}\0{island}" if island else cell
    return (
        int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 4
    )


class Fact(NamedTuple):
    """The narrow facts of an entry: a row of `entries` without its run.

    parent 0: none; option -1: none, -2: a copy of its parent; key -1: a failure; options -1:
    unbounded, 0: terminal.
    """

    id: int
    step: int
    place: int
    parent: int
    option: int
    key: int
    objective: float
    status: int
    size: int
    options: int
    depth: int
    island: int = 0


def fact_of(entry: Entry, place: int) -> Fact:
    """The narrow facts of an entry, the `place`th of its step."""
    result = entry.result
    return Fact(
        id=entry.id,
        step=entry.step,
        place=place,
        parent=entry.parents[0] if entry.parents else 0,
        option=_option(entry.candidate),
        key=cell_key(result.cell, entry.island) if isinstance(result, Evaluation) else NO_CELL,
        objective=float(result.objective) if isinstance(result, Evaluation) else 0.0,
        status=int(entry.admission.status),
        size=size_of(entry.candidate.tree),
        options=_openness(result),
        depth=entry.depth,
        island=entry.island,
    )


def _option(candidate: Candidate) -> int:
    if candidate.copied:
        return COPY
    return -1 if candidate.option is None else candidate.option


def _openness(result: Evaluation | Failure) -> int:
    if isinstance(result, Failure) or result.terminal:
        return 0
    return len(result.options) or UNBOUNDED


def promises_of(result: Evaluation | Failure) -> list[float]:
    """How promising each of its options is."""
    return [option.promise for option in result.options] if isinstance(result, Evaluation) else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Columns of `Fact`s, in order of their ids."""

    id: Ints
    place: Ints
    parent: Ints
    option: Ints
    key: Ints
    objective: Floats
    status: Ints
    size: Ints
    options: Ints

    @classmethod
    def of(cls, rows: Iterable[tuple[float, ...]]) -> Self:
        """From tuples in the order of the fields. No list of them is made: they may be millions."""
        names = [field.name for field in fields(cls)]
        kinds = [(name, "f8" if name == "objective" else "i8") for name in names]
        table = np.fromiter(rows, np.dtype(kinds))
        return cls(**{name: np.ascontiguousarray(table[name]) for name in names})
