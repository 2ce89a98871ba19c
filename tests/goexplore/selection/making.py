"""Short ways to write down elites and shortlists, for tests of what chooses from them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

import pytest

from archive.elites import Elites
from archive.entry import EntryId, Glimpse, Selection, Shortlist, Shown, Status, TaskResult
from archive.facts import UNBOUNDED, Fact
from goexplore.selection.base import Finding, Selector, Witness

CRITICAL = {1: 15.14, 2: 18.42, 3: 21.11, 4: 23.51, 5: 25.74, 6: 27.86, 7: 29.88, 15: 44.26}
"""Chi-square by degrees of freedom: exceeded by chance once in 10,000 times."""


def new_cell(
    number: int, objective: float, *, parent: int = 0, options: int = UNBOUNDED, option: int = -1
) -> Fact:
    return Fact(
        id=number,
        step=number,
        place=0,
        parent=parent,
        option=option,
        key=number,
        objective=objective,
        status=Status.NEW,
        size=1,
        options=options,
        depth=0,
    )


def elites_of(*objectives: float, closed: Sequence[int] = ()) -> Elites:
    """Cells with one elite each; those in `closed` slots are terminal."""
    elites = Elites()
    for slot, objective in enumerate(objectives):
        elites.take(new_cell(slot + 1, objective, options=0 if slot in closed else UNBOUNDED))
    return elites


class Told:
    """Elites and a selector that is told of all that befalls them, as the loop does it."""

    def __init__(self, selector: Selector) -> None:
        self.selector = selector
        self.elites = Elites()

    def step(self, *entries: tuple[Fact, Sequence[float | None]]) -> None:
        """Entries of a step with their scores in case 0, 1, ...; `None` for a case left out."""
        facts = [fact for fact, _ in entries]
        for fact in facts:
            self.elites.take(fact)
        self.elites.end_step(facts)
        if isinstance(self.selector, Witness):
            self.selector.see([Finding(fact, results(scores)) for fact, scores in entries])

    def cells(self, *scores: Sequence[float | None], closed: Sequence[int] = ()) -> None:
        """Roots in cells of their own; those in `closed` slots are terminal."""
        roots = [
            new_cell(number, 0.0, options=0 if number - 1 in closed else UNBOUNDED)
            for number in range(1, len(scores) + 1)
        ]
        self.step(*zip(roots, scores, strict=True))

    def child(self, number: int, parent: int, *scores: float | None, depth: int = 1) -> None:
        """A step from an entry that finds a cell."""
        self.step((new_cell(number, 0.0, parent=parent)._replace(depth=depth), scores))

    def draws(self, count: int) -> list[Selection]:
        random = Random(7)
        drawn = [self.selector.select(self.elites, random) for _ in range(count)]
        return [each for each in drawn if each]


def results(scores: Sequence[float | None]) -> tuple[TaskResult, ...]:
    """Scores in cases named by their places."""
    return tuple(
        TaskResult(task=f"case {place}", score=score)
        for place, score in enumerate(scores)
        if score is not None
    )


def assert_fits(drawn: Sequence[int], probabilities: Mapping[int, float]) -> None:
    """Fail where what was drawn differs from what was to be expected by more than chance."""
    counts = Counter(drawn)
    assert counts.keys() <= {slot for slot, p in probabilities.items() if p > 0}
    assert sum(probabilities.values()) == pytest.approx(1.0)
    likely = {slot: p * len(drawn) for slot, p in probabilities.items() if p > 0}
    statistic = sum((counts[slot] - n) ** 2 / n for slot, n in likely.items())
    assert statistic < CRITICAL.get(len(likely) - 1, 0.0) or len(likely) == 1, counts


def shown(
    entry: int,
    *,
    objective: float = 0.0,
    seen: int = 0,
    chosen: int = 0,
    fruitful: int = 0,
    strength: float = 0.0,
) -> Shown:
    """An entry on a shortlist, in the slot before its number."""
    return Shown(
        entry=EntryId(entry),
        slot=entry - 1,
        objective=objective,
        seen=seen,
        chosen=chosen,
        children=0,
        ahead=0,
        fruitful=fruitful,
        strength=strength,
    )


def shortlist(*entries: Shown, number: int = 7, base_rate: float = 0.25) -> Shortlist:
    """What a judge `choose` is shown, and what the free judges would choose: the first."""
    return Shortlist(
        number=number,
        as_of=EntryId(max(each.entry for each in entries)),
        granted=1,
        choices=len(entries),
        judge="choose",
        shown=entries,
        base_rate=base_rate,
        weights={"choose": 1.0},
        picks={"counts": 0, "thompson": 0},
    )


def glimpse(
    entry: int,
    observation: str = "",
    *,
    objective: float = 0.0,
    options: int = 0,
    tried: Sequence[str] = (),
    rationale: str = "",
) -> Glimpse:
    """An entry as a judge is shown it."""
    return Glimpse(
        id=EntryId(entry),
        cell=f"cell {entry}",
        objective=objective,
        observation=observation,
        depth=entry - 1,
        options=options,
        tried=tuple(tried),
        rationale=rationale,
    )
