"""How many cells hold an elite and how good these are, in the terms of pyribs' `ArchiveStats`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from math import fsum
from operator import attrgetter

from archive.entry import Status
from archive.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How good the elites of a run are together.

    num_elites: cells that hold one. coverage: their share of all cells. qd_score: the sum of the
    elites' objectives, each less `offset` (Pugh et al. 2015, "Confronting the Challenge of Quality
    Diversity"). norm_qd_score: the same divided by the number of all cells. obj_max, obj_mean: of
    the elites. What there is no number of is `None`: nothing is filled, or nobody knows how many
    cells there are.
    """

    num_elites: int
    coverage: float | None
    qd_score: float
    norm_qd_score: float | None
    obj_max: float | None
    obj_mean: float | None
    offset: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """How good the elites were after so many verifications."""

    verifications: int
    quality: Quality


def quality_of(
    objectives: Iterable[float], *, cells: int | None = None, offset: float = 0.0
) -> Quality:
    """How good elites with these objectives are together, of so many cells."""
    known = list(objectives)
    score = fsum(known) - offset * len(known)
    return Quality(
        num_elites=len(known),
        coverage=len(known) / cells if cells else None,
        qd_score=score,
        norm_qd_score=score / cells if cells else None,
        obj_max=max(known, default=None),
        obj_mean=fsum(known) / len(known) if known else None,
        offset=offset,
    )


def filled(facts: Iterable[Fact]) -> dict[int, float]:
    """The objective of the best admitted entry of each cell, by the cell's key."""
    best: dict[int, float] = {}
    for fact in facts:
        _take(best, fact)
    return best


def lowest(facts: Iterable[Fact]) -> float:
    """What makes no elite count as less than nothing: the lowest objective, or 0 if none is less.

    Of all entries that were evaluated, so that it never moves upwards as the search goes on.
    """
    evaluated = (fact.objective for fact in facts if fact.status != Status.FAILED)
    return min(0.0, min(evaluated, default=0.0))


def moments(
    facts: Iterable[Fact],
    spent: Mapping[int, int],
    *,
    most: int,
    cells: int | None = None,
    offset: float = 0.0,
) -> Iterator[Moment]:
    """How good the elites were at up to `most` moments, evenly spread over the verifications.

    spent: the verifications of each step. The last moment is the last step.
    """
    best: dict[int, float] = {}
    every = max(1.0, sum(spent.values()) / most)
    so_far, told, at = 0, 0, 0.0
    for step, made in groupby(facts, attrgetter("step")):
        for fact in made:
            _take(best, fact)
        so_far += spent.get(step, 0)
        if so_far >= at:
            yield _moment(so_far, best, cells, offset)
            told, at = so_far, (so_far // every + 1) * every
    if told < so_far:
        yield _moment(so_far, best, cells, offset)


def _moment(
    verifications: int, best: Mapping[int, float], cells: int | None, offset: float
) -> Moment:
    quality = quality_of(best.values(), cells=cells, offset=offset)
    return Moment(verifications=verifications, quality=quality)


def _take(best: dict[int, float], fact: Fact) -> None:
    if fact.status >= Status.NEW:
        best[fact.key] = max(fact.objective, best.get(fact.key, fact.objective))
