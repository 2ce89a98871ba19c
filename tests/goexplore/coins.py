"""A world for tests of judges: whether an option leads on is a coin that nobody can foresee."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from random import Random

from archive.entry import (
    Candidate,
    Cause,
    Evaluation,
    Failure,
    Glimpse,
    Option,
    Shortlist,
    Tree,
)
from goexplore.selection.judged import Opinion
from mutators.actions import ACTIONS_FILE
from mutators.base import Parent

OPTIONS = ("one", "two", "three", "four")


def leads_on(cell: str, option: int) -> bool:
    """The coin of an option of a state."""
    return blake2b(f"{cell}:{option}".encode(), digest_size=1).digest()[0] % 2 == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coins:
    """Each state has four options, and each leads to a new state or into a wall."""

    goal: float | None = None
    brief: str = "A world of coins."

    def roots(self) -> Sequence[Tree]:
        return ({ACTIONS_FILE: ""},)

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        cell = "start"
        for action in candidate.tree[ACTIONS_FILE].split():
            option = OPTIONS.index(action)
            # The beginning is all good, so that no search ends before it has begun.
            if cell != "start" and not leads_on(cell, option):
                return Failure(cause=Cause.IMPOSSIBLE, message="a wall")
            cell = f"{cell}.{option}"
        return Evaluation(
            cell=cell,
            objective=0.0,
            observation=cell,
            options=tuple(Option(text=text) for text in OPTIONS),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """A scorer that knows every coin, where options are taken in order; or says the reverse."""

    inverted: bool = False
    name: str = "oracle"

    def score(
        self, shortlist: Shortlist, glimpses: Sequence[Glimpse], random: Random
    ) -> Opinion | Failure:
        del shortlist, random
        known = [leads_on(each.cell, len(each.tried)) or each.cell == "start" for each in glimpses]
        liked = [each != self.inverted for each in known]
        chances = {place: 0.9 if good else 0.1 for place, good in enumerate(liked)}
        return Opinion(pick=max(chances, key=chances.__getitem__), chances=chances)
