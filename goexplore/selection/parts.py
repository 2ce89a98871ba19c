"""The selections that a run file can name: selectors with their parameters and bounds."""

from functools import partial
from typing import Annotated

from pydantic import Field

from goexplore.selection import weights
from goexplore.selection.base import Selector
from goexplore.selection.beam import Beam
from goexplore.selection.cases import Lexicase, Pareto
from goexplore.selection.clade import Clade
from goexplore.selection.selectors import (
    FromStart,
    Greedy,
    Ordered,
    Tournament,
    Weighted,
    by_objective,
    by_promise,
)

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]


def uniform() -> Selector:
    """Every elite alike."""
    return Weighted(weights.uniform)


def newest() -> Selector:
    """The newest with something untried: depth first."""
    return Ordered(newest=True)


def oldest() -> Selector:
    """The oldest with something untried: breadth first."""
    return Ordered(newest=False)


def go_explore_2019(
    *,
    seen: NotNegative = 3.0,
    chosen: NotNegative = 0.1,
    since_new: NotNegative = 0.0,
    power: NotNegative = 0.5,
    base: NotNegative = 1.0,
    level: Annotated[float, Field(gt=0, le=1)] = 1.0,
) -> Selector:
    """What was seen and chosen little; see `weights.go_explore_2019`."""
    measure = partial(
        weights.go_explore_2019,
        seen=seen,
        chosen=chosen,
        since_new=since_new,
        power=power,
        base=base,
        level=level,
    )
    return Weighted(measure)


def go_explore_2021() -> Selector:
    """What was seen little; see `weights.go_explore_2021`."""
    return Weighted(weights.go_explore_2021)


def dgm(*, steepness: Positive = 10.0, midpoint: float = 0.5) -> Selector:
    """Good parents with few children; see `weights.dgm`."""
    return Weighted(partial(weights.dgm, steepness=steepness, midpoint=midpoint))


def softmax(*, temperature: Positive = 1.0) -> Selector:
    """The better, the more probable; see `weights.softmax`."""
    return Weighted(partial(weights.softmax, temperature=temperature))


def tournament(*, size: Count = 2) -> Selector:
    """The best of a few drawn alike."""
    return Tournament(size)


def greedy() -> Selector:
    """The best."""
    return Greedy(by_objective)


def epsilon_greedy(*, epsilon: Share = 0.1) -> Selector:
    """The best, and with probability `epsilon` any."""
    return Greedy(by_objective, epsilon)


def best_first(*, epsilon: Share = 0.0) -> Selector:
    """The one whose best untried option its domain finds most promising."""
    return Greedy(by_promise, epsilon)


def start() -> Selector:
    """Always the first root: no archive at all."""
    return FromStart()


def pareto() -> Selector:
    """Who is among the best in single cases, the more the better; see `cases.Pareto`."""
    return Pareto()


def lexicase(*, pool: Count = 1000) -> Selector:
    """The best in the first of shuffled cases, then in the second...; see `cases.Lexicase`."""
    return Lexicase(tolerant=False, pool=pool)


def epsilon_lexicase(*, pool: Count = 1000) -> Selector:
    """The same, where who is nearly the best stays, too; see `cases.Lexicase`."""
    return Lexicase(tolerant=True, pool=pool)


def clade(*, success: float = 1.0) -> Selector:
    """Whose descendants do well, by Thompson sampling; see `clade.Clade`."""
    return Clade(success=success)


def beam(*, width: Count = 5, breadth: Count = 5) -> Selector:
    """The best of a depth, `breadth` times each, and never back; see `beam.Beam`."""
    return Beam(width=width, breadth=breadth)
