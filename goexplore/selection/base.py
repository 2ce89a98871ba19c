"""Which entry to set out from next: the contract."""

from random import Random
from typing import Protocol

from archive.elites import Elites
from archive.entry import Selection


class Selector(Protocol):
    """Chooses an elite. It sees counts and scores, never trees, and its cost stays flat.

    Calls come one at a time. Chance comes from `random` alone: the same elites and the same
    stream give the same choice.
    """

    def select(self, elites: Elites, random: Random) -> Selection | None:
        """An explorable elite with the probability that it had; `None` where there is none."""
        ...
