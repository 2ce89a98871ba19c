"""Cells of equal size around points that are spread over some measures: CVT-MAP-Elites."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from archive.entry import Candidate, EntryId, Evaluation
from goexplore.cells.base import Place
from goexplore.cells.measures import Floats, Range, check_ranges, is_outside, values_of

Count = Annotated[int, Field(ge=1)]

_SWEEPS = 100
_CHUNK = 1 << 20
"""Distances that are in memory at a time."""


class Voronoi:
    """A candidate is in the cell of the centroid that is nearest to its measures.

    CVT-MAP-Elites (Vassiliades et al. 2018, arXiv:1610.05729), with the terms of pyribs'
    `CVTArchive`: as many cells as one likes, however many measures there are. The centroids are
    those of a k-means over `samples` points drawn alike from the ranges. Distances are measured in
    units of the ranges, so that no measure counts for more because its numbers are larger.

    measures, ranges: as for a grid. cells: how many. seed: of the points.
    """

    def __init__(
        self,
        *,
        measures: tuple[str, ...],
        ranges: tuple[Range, ...],
        cells: Count = 100,
        samples: Count = 10_000,
        seed: Annotated[int, Field(ge=0)] = 0,
    ) -> None:
        """Raises ValueError where measures and ranges do not agree, or there are few samples."""
        check_ranges(measures, ranges)
        if samples < cells:
            raise ValueError(f"{cells} cells need as many samples at least, not {samples}")
        self._names = measures
        self._ranges = ranges
        self._low, high = np.array(ranges).T
        self._width = high - self._low
        drawn = np.random.default_rng(seed).random((samples, len(measures)))
        self._centroids = centroids_of(drawn, cells)

    @property
    def count(self) -> int:
        """How many cells there are."""
        return len(self._centroids)

    @property
    def names(self) -> Sequence[str]:
        """The measures by which a candidate is placed."""
        return self._names

    @property
    def centroids(self) -> Floats:
        """The middle of each cell, in the units of the measures, one a row."""
        centroids: Floats = self._centroids * self._width + self._low
        return centroids

    def place(
        self, candidate: Candidate, evaluation: Evaluation, *, step: int, as_of: EntryId
    ) -> Place:
        """The number of the nearest centroid, from 0; see `Cells`."""
        del step, as_of
        values = values_of(self._names, candidate, evaluation)
        scaled = ((values - self._low) / self._width).reshape(1, -1)
        return Place(cell=str(int(nearest(scaled, self._centroids)[0])))

    def outside(self, candidate: Candidate, evaluation: Evaluation) -> bool:
        """Whether a measure is outside of its range."""
        return is_outside(values_of(self._names, candidate, evaluation), self._ranges)


def centroids_of(points: Floats, count: int) -> Floats:
    """The centroids of a k-means over points (Lloyd 1982), begun with the first of them.

    The points are in random order, so that the first are as good as any. A centroid to which no
    point is nearest stays where it is.
    """
    centroids = points[:count].copy()
    for _ in range(_SWEEPS):
        moved = _means(points, nearest(points, centroids), centroids)
        if np.array_equal(moved, centroids):
            break
        centroids = moved
    return centroids


def _means(points: Floats, owners: NDArray[np.intp], centroids: Floats) -> Floats:
    sizes = np.bincount(owners, minlength=len(centroids))
    filled = sizes > 0
    moved = centroids.copy()
    for axis in range(points.shape[1]):
        sums = np.bincount(owners, weights=points[:, axis], minlength=len(centroids))
        moved[filled, axis] = sums[filled] / sizes[filled]
    return moved


def nearest(points: Floats, centroids: Floats) -> NDArray[np.intp]:
    """The number of the centroid that is nearest to each point; the first among equals.

    Axis by axis, and by no routine of linear algebra, so that a seed gives the same everywhere.
    """
    rows = max(1, _CHUNK // len(centroids))
    parts = (points[start : start + rows] for start in range(0, len(points), rows))
    return np.concatenate([_distances(part, centroids).argmin(axis=1) for part in parts])


def _distances(points: Floats, centroids: Floats) -> Floats:
    """Squared."""
    found = np.zeros((len(points), len(centroids)))
    for axis in range(points.shape[1]):
        found += (points[:, axis, None] - centroids[None, :, axis]) ** 2
    return found
