"""What has been tried from an entry, and what has not."""

from array import array
from collections.abc import Sequence

import numpy as np


def ranking(promises: Sequence[float]) -> tuple[int, ...]:
    """Indices of options, the most promising first, among equals in their order."""
    return tuple(sorted(range(len(promises)), key=lambda i: -promises[i]))


class Openings:
    """Which options of an entry have been tried, and by which entry first."""

    __slots__ = ("_promises", "_ranking", "_tried_by")

    def __init__(self, promises: Sequence[float]) -> None:
        self._promises = array("d", promises)
        self._ranking = ranking(promises)
        self._tried_by = array("q", bytes(8 * len(promises)))

    def mark(self, option: int, by: int) -> bool:
        """Whether the option was untried until now."""
        if self._tried_by[option]:
            return False
        self._tried_by[option] = by
        return True

    def untried(self, as_of: int) -> tuple[int, ...]:
        """Options not tried by any entry up to `as_of`, most promising first."""
        return tuple(i for i in self._ranking if not 0 < self._tried_by[i] <= as_of)

    def promise(self, ahead: int) -> float:
        """Of the untried option after `ahead` more promising ones; -inf for none."""
        untried = (i for i in self._ranking if not self._tried_by[i])
        for place, option in enumerate(untried):
            if place == ahead:
                return self._promises[option]
        return -np.inf
