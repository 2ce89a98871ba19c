"""Choosing by how interesting entries were found when they were admitted."""

from functools import partial
from random import Random

from archive.entry import Appraisal
from goexplore.appraisal import Appraiser, Child
from goexplore.selection import weights
from goexplore.selection.selectors import Weighted


class ByInterest(Weighted):
    """Chooses in proportion to `weights.interest`; an appraiser says what each entry is worth."""

    def __init__(self, appraiser: Appraiser, *, sharpness: float) -> None:
        super().__init__(partial(weights.interest, sharpness=sharpness))
        self._appraiser = appraiser

    def appraise(self, child: Child, random: Random) -> Appraisal | None:
        """See `Appraiser`."""
        return self._appraiser.appraise(child, random)
