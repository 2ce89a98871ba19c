"""Cells that are found as a search goes on: whatever is far from all of them founds another."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from threading import Lock
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from archive.entry import Appraisal, Attempt, Candidate, Entry, EntryId, Evaluation, Tree
from goexplore.cells.base import Place
from goexplore.cells.measures import check_names, values_of
from mutators.llm.embedding import Embedder
from mutators.llm.ngrams import HashedNgrams
from mutators.llm.vectors import components, packed

Floats = NDArray[np.float64]
Float = np.float32 | np.float64
Centres = NDArray[Float]


@dataclass(frozen=True, slots=True)
class _Point:
    """Where a candidate is, and what a cell around it is called. line: its embedding, packed."""

    at: Floats
    name: str
    line: bytes = b""


class _Measured:
    """Measures, and how far they are apart in a straight line."""

    kept: np.dtype[Float] = np.dtype(np.float64)

    def __init__(self, names: Sequence[str]) -> None:
        check_names(names)
        self._names = names

    def point(self, candidate: Candidate, evaluation: Evaluation, line: bytes, step: int) -> _Point:
        del line, step
        values = values_of(self._names, candidate, evaluation)
        return _Point(at=values, name=",".join(map(repr, values.tolist())))

    def distances(self, point: Floats, centres: Centres) -> Floats:
        squared = np.zeros(len(centres))
        for axis, value in enumerate(point.tolist()):
            squared += (centres[:, axis] - value) ** 2
        return np.sqrt(squared)


class _Embedded:
    """Embeddings of trees, and one minus their cosine."""

    # Components are whole numbers of a byte, whose products add up to the same in any order.
    kept: np.dtype[Float] = np.dtype(np.float32)

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def point(self, candidate: Candidate, evaluation: Evaluation, line: bytes, step: int) -> _Point:
        del evaluation
        line = line or self._line(candidate.tree, step)
        whole = components(line.decode(), self._embedder.dimension)
        return _Point(at=whole.astype(float), name=sha256(line).hexdigest()[:12], line=line)

    def _line(self, tree: Tree, step: int) -> bytes:
        text = "\n".join(text for _, text in sorted(tree.items()))
        (vector,) = self._embedder.embed([text], step=step)
        return (packed(vector.tolist()) or "").encode()

    def distances(self, point: Floats, centres: Centres) -> Floats:
        products = (centres @ point.astype(centres.dtype)).astype(float)
        lengths = np.sqrt(np.einsum("ij,ij->i", centres, centres).astype(float))
        found: Floats = 1.0 - products / (lengths * np.sqrt((point * point).sum()))
        return found


class Nearest:
    """A candidate belongs to the nearest cell within reach; where there is none it founds one.

    The unstructured archive of novelty search (Lehman and Stanley 2011, "Abandoning Objectives",
    Evolutionary Computation 19) with the local competition of Cully and Demiris 2018
    (arXiv:1708.09251), in the terms of pyribs' `ProximityArchive`. A cell stays where its founder
    was. Which cell a candidate is in is decided when its step is recorded, and holds for good.

    To place a candidate among 100,000 cells takes 30 ms by embeddings of 256 components, for which
    they are 100 MB in memory, and 2 ms by two measures.

    embedder: of the text of a tree; by default hashed n-grams, without a model.
    measures: by which distances are measured instead of embeddings, as they are.
    novelty_threshold: how far a cell reaches; for embeddings in units of one minus the cosine.
    """

    def __init__(
        self,
        embedder: Embedder | None = None,
        *,
        measures: tuple[str, ...] = (),
        novelty_threshold: Annotated[float, Field(gt=0)] = 0.1,
    ) -> None:
        """Raises ValueError where there are both measures and an embedder."""
        if measures and embedder:
            raise ValueError("name measures or an embedder, not both")
        self._space: _Measured | _Embedded = (
            _Measured(measures) if measures else _Embedded(embedder or HashedNgrams())
        )
        self._reach = novelty_threshold
        self._ids: list[EntryId] = []
        self._names: list[str] = []
        self._rows: dict[str, int] = {}
        self._centres: Centres = np.empty((0, 0), self._space.kept)
        self._lock = Lock()

    def place(
        self, candidate: Candidate, evaluation: Evaluation, *, step: int, as_of: EntryId
    ) -> Place:
        """The nearest cell that a step may know of, or a new one; see `Cells` and `Growing`."""
        point = self._space.point(candidate, evaluation, b"", step)
        with self._lock:
            centres, names = self._centres[: bisect_right(self._ids, as_of)], self._names
        _, cell = min(self._near(point, centres, names), default=(0.0, point.name))
        return Place(cell=cell, vector=point.line)

    def settle(self, attempts: Sequence[Attempt], as_of: EntryId) -> tuple[Attempt, ...]:
        """The attempts of a step, each in its final cell; see `Growing`."""
        fresh: list[_Point] = []
        return tuple(self._settled(attempt, as_of, fresh) for attempt in attempts)

    def remember(self, entries: Sequence[Entry]) -> None:
        """See `mutators.base.Remembering`: the cell of whoever is its centre is known."""
        for entry in entries:
            if isinstance(entry.result, Evaluation) and entry.result.cell not in self._rows:
                line = _line_of(entry.appraisal)
                point = self._space.point(entry.candidate, entry.result, line, entry.step)
                if point.name == entry.result.cell:
                    self._add(entry.id, point)

    def _settled(self, attempt: Attempt, as_of: EntryId, fresh: list[_Point]) -> Attempt:
        result = attempt.result
        if not isinstance(result, Evaluation) or attempt.candidate.copied:
            return attempt
        point = self._space.point(attempt.candidate, result, _line_of(attempt.appraisal), 0)
        known = self._known_since(point, result.cell, as_of)
        _, cell = min([*known, *self._beside(point, fresh)], default=(0.0, point.name))
        if cell == point.name:
            fresh.append(point)
        return replace(attempt, result=replace(result, cell=cell))

    def _known_since(
        self, point: _Point, before: str, as_of: EntryId
    ) -> Iterator[tuple[float, str]]:
        """The cells within reach: that which the step knew, and those that are newer."""
        if (row := self._rows.get(before)) is not None:
            known: Centres = self._centres[row : row + 1]
            yield from self._near(point, known, [before])
        start = bisect_right(self._ids, as_of)
        yield from self._near(point, self._centres[start : len(self._ids)], self._names[start:])

    def _near(
        self, point: _Point, centres: Centres, names: Sequence[str]
    ) -> Iterator[tuple[float, str]]:
        """The nearest of some cells, if it is within reach; the first among equals."""
        if len(centres):
            distances = self._space.distances(point.at, centres)
            row = int(distances.argmin())
            if distances[row] <= self._reach:
                yield float(distances[row]), names[row]

    def _beside(self, point: _Point, fresh: Sequence[_Point]) -> Iterator[tuple[float, str]]:
        """The cells within reach that the same step has founded."""
        for each in fresh:
            centre = each.at.reshape(1, -1).astype(self._space.kept)
            yield from self._near(point, centre, [each.name])

    def _add(self, entry: EntryId, point: _Point) -> None:
        with self._lock:
            count = len(self._ids)
            if count == len(self._centres):
                larger = np.empty((max(256, 2 * count), len(point.at)), self._space.kept)
                if count:
                    larger[:count] = self._centres
                self._centres = larger
            self._centres[count] = point.at
            self._rows[point.name] = count
            self._names.append(point.name)
            self._ids.append(entry)


def _line_of(appraisal: Appraisal | None) -> bytes:
    return appraisal.vector if appraisal else b""
