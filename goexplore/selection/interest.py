"""Choosing by how interesting entries were found when they were admitted."""

from collections.abc import Sequence
from functools import partial
from random import Random

from archive.entry import Appraisal, Entry
from goexplore.appraisal import Appraiser, Child
from goexplore.selection import weights
from goexplore.selection.appraisers import Novelty
from goexplore.selection.selectors import Weighted


class ByInterest(Weighted):
    """Chooses in proportion to `weights.interest`; an appraiser says what each entry is worth."""

    def __init__(self, appraiser: Appraiser, *, sharpness: float) -> None:
        super().__init__(partial(weights.interest, sharpness=sharpness))
        self._appraiser = appraiser

    def appraise(self, child: Child, random: Random) -> Appraisal | None:
        """See `Appraiser`."""
        return self._appraiser.appraise(child, random)


class ByNovelty(ByInterest):
    """The same, where what is interesting is what is far from all that is known."""

    def __init__(self, novelty: Novelty, *, sharpness: float) -> None:
        super().__init__(novelty, sharpness=sharpness)
        self._novelty = novelty

    def remember(self, entries: Sequence[Entry]) -> None:
        """See `mutators.base.Remembering`."""
        self._novelty.remember(entries)
