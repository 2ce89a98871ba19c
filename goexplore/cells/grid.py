"""A grid over some measures: MAP-Elites."""

from collections.abc import Sequence
from math import prod
from typing import Annotated

import numpy as np
from pydantic import Field

from archive.entry import Candidate, EntryId, Evaluation
from goexplore.cells.base import Place
from goexplore.cells.measures import Range, check_ranges, is_outside, values_of

Bins = Annotated[int, Field(ge=1)]

_EPSILON = 1e-6
"""In bins: what rounding leaves short of a boundary is taken to be on it."""


class Grid:
    """Bins of equal width along each measure; what is outside counts to the bin at the border.

    MAP-Elites (Mouret and Clune 2015, arXiv:1504.04909), with the terms of pyribs' `GridArchive`.

    measures: by which a candidate is placed; beside the domain's there are `objective`, `lines`,
        `characters` and `files`.
    ranges: the lowest and the highest value of each.
    dims: how many bins each has.
    """

    def __init__(
        self, *, measures: tuple[str, ...], ranges: tuple[Range, ...], dims: tuple[Bins, ...]
    ) -> None:
        """Raises ValueError where there are not as many ranges and dims as measures."""
        check_ranges(measures, ranges)
        if len(dims) != len(measures):
            raise ValueError(f"{len(measures)} measures need as many dims, not {len(dims)}")
        self._names = measures
        self._ranges = ranges
        self._dims = dims
        self._low, high = np.array(ranges).T
        self._width = high - self._low

    @property
    def count(self) -> int:
        """How many cells there are."""
        return prod(self._dims)

    @property
    def names(self) -> Sequence[str]:
        """The measures by which a candidate is placed."""
        return self._names

    @property
    def ranges(self) -> Sequence[Range]:
        """The lowest and the highest value of each measure."""
        return self._ranges

    @property
    def dims(self) -> Sequence[int]:
        """How many bins each measure has."""
        return self._dims

    def place(
        self, candidate: Candidate, evaluation: Evaluation, *, step: int, as_of: EntryId
    ) -> Place:
        """The bins of its measures, from 0, with commas between them; see `Cells`."""
        del step, as_of
        bins = self.bins(values_of(self._names, candidate, evaluation).tolist())
        return Place(cell=",".join(map(str, bins)))

    def bins(self, values: Sequence[float]) -> list[int]:
        """The bin of each measure."""
        dims = np.array(self._dims)
        found = np.floor((dims * (np.array(values) - self._low) + _EPSILON) / self._width)
        return [int(each) for each in np.clip(found, 0, dims - 1)]

    def outside(self, candidate: Candidate, evaluation: Evaluation) -> bool:
        """Whether a measure is outside of its range."""
        return is_outside(values_of(self._names, candidate, evaluation), self._ranges)
