"""The numbers by which a candidate is placed: what was measured, its objective, its size."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from archive.entry import Candidate, Evaluation, Tree
from archive.trees import size_of
from goexplore.cells.base import CellError

Floats = NDArray[np.float64]
Range = tuple[float, float]

OBJECTIVE = "objective"


def _characters(tree: Tree) -> int:
    return sum(map(len, tree.values()))


OF_TREES: Mapping[str, Callable[[Tree], int]] = {
    "characters": _characters,
    "files": len,
    "lines": size_of,
}
"""Measures that every tree has, where its domain has none of that name."""


def values_of(names: Sequence[str], candidate: Candidate, evaluation: Evaluation) -> Floats:
    """The named measures of a candidate, in their order.

    Raises:
        CellError: one of them was not measured.
    """
    return np.array([_value(name, candidate, evaluation) for name in names])


def _value(name: str, candidate: Candidate, evaluation: Evaluation) -> float:
    if name in evaluation.measures:
        return float(evaluation.measures[name])
    if name == OBJECTIVE:
        return float(evaluation.objective)
    if name in OF_TREES:
        return float(OF_TREES[name](candidate.tree))
    own = ", ".join(evaluation.measures) or "none of its own"
    others = ", ".join([OBJECTIVE, *OF_TREES])
    raise CellError(f"no measure {name!r}; the domain measures {own}, and there are {others}")


def check_names(measures: Sequence[str]) -> None:
    """See that some measures are named, and each but once.

    Raises:
        ValueError: they are not.
    """
    if not measures:
        raise ValueError("measures names none")
    if twice := {name for name in measures if measures.count(name) > 1}:
        raise ValueError(f"measures names {min(twice)!r} twice")


def check_ranges(measures: Sequence[str], ranges: Sequence[Range]) -> None:
    """See that each of some measures has a range.

    Raises:
        ValueError: one has none, or one that is empty, or is named twice.
    """
    check_names(measures)
    if len(ranges) != len(measures):
        raise ValueError(f"{len(measures)} measures need as many ranges, not {len(ranges)}")
    for name, (low, high) in zip(measures, ranges, strict=True):
        if not low < high:
            raise ValueError(f"the range of {name!r} is [{low:g}, {high:g}]; it should ascend")


def is_outside(values: Floats, ranges: Sequence[Range]) -> bool:
    """Whether a value is outside of its range."""
    bounds = np.array(ranges)
    return bool(((values < bounds[:, 0]) | (values > bounds[:, 1])).any())
