"""What bandits go by, and mixtures of mutators."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

import pytest

from archive.entry import Candidate, EntryId, Evaluation, Failure, Status
from archive.ledger import Cost
from mutators.base import Arm, Drawing, Mutator, Parent, Remembering
from mutators.llm.base import Role
from mutators.memory import WINDOW
from mutators.mixture import BanditName, Mixture
from mutators.tallies import Child, Tallies, Tally, unit_of
from tests.mutators.test_rewriting import entry

ROOT = Child(id=1, parent=0, mutator="root", objective=2.0, status=Status.NEW)
PARENT = Parent(tree={"a": "x"}, evaluation=Evaluation(cell="a", objective=2.0), as_of=EntryId(9))


@dataclass(frozen=True, slots=True)
class Adding:
    """Adds a word; has nothing to make of a program without an `only`."""

    name: str
    only: str = ""

    def can_propose(self, parent: Parent) -> bool:
        return self.only in parent.tree["a"]

    def propose(self, parent: Parent, random: Random) -> Candidate | Failure:
        del random
        return Candidate(tree={"a": parent.tree["a"] + self.name}, mutator=self.name)


def child(
    number: int,
    mutator: str,
    objective: float | None,
    status: Status = Status.REJECTED,
    parent: int = 1,
) -> Child:
    return Child(id=number, parent=parent, mutator=mutator, objective=objective, status=status)


def cost(step: int, sample: str, dollars: float | None = 0.5, role: str = Role.MUTATE) -> Cost:
    return Cost(step=step, sample=sample, role=role, tokens=100, dollars=dollars)


def counted(*costs: Cost) -> Tallies:
    """Three steps: of two children, of one, and of one that did not run."""
    tallies = Tallies(lambda first, last: [c for c in costs if first <= c.step <= last])
    tallies.take(0, [ROOT])
    improved = child(2, "diff", 5.0, Status.IMPROVED)
    worse = child(3, "fix", 4.0, parent=2)
    tallies.take(1, [improved, worse])
    tallies.take(2, [child(4, "diff", 2.5, Status.KEPT)])
    tallies.take(3, [child(5, "diff", None, Status.FAILED)])
    return tallies


def test_what_came_of_a_mutator_is_counted_with_what_it_cost() -> None:
    tallies = counted(cost(1, "1.0.1"), cost(1, "1.0.2"), cost(1, "1.1.1", None), cost(3, "3.0.1"))

    assert tallies.as_of(EntryId(5)) == {
        "diff": Tally(drawn=3, failed=1, fruitful=2, gain=3.5, calls=3, tokens=300, dollars=1.5),
        "fix": Tally(drawn=1, calls=1, tokens=100, unpriced=1),
    }


def test_it_is_counted_as_of_an_entry() -> None:
    tallies = counted(cost(1, "1.0.1"), cost(3, "3.0.1"))

    assert tallies.as_of(EntryId(3))["diff"].drawn == 1
    assert tallies.as_of(EntryId(4))["diff"].gain == 3.5
    assert tallies.as_of(EntryId(4))["diff"].calls == 1
    assert tallies.as_of(EntryId(1))["diff"] == Tally()


def test_calls_that_made_no_child_are_no_cost_of_a_mutator() -> None:
    tallies = counted(
        cost(1, "1.0.admit.1", role=Role.ADMIT), cost(1, "1.reflect.1"), cost(1, "note.1")
    )

    assert tallies.as_of(EntryId(5))["diff"].calls == 0


def test_what_is_long_ago_stays_in_the_sum() -> None:
    tallies = Tallies(lambda _first, _last: [])
    tallies.take(0, [ROOT])
    for number in range(2, 5 * WINDOW):
        tallies.take(number, [child(number, "diff", 3.0)])
        tallies.as_of(EntryId(number))

    newest = 5 * WINDOW - 1
    assert tallies.as_of(EntryId(newest))["diff"].drawn == newest - 1
    assert tallies.as_of(EntryId(newest - WINDOW))["diff"].gain == newest - 1 - WINDOW


PRICED = Tally(drawn=1, calls=1, tokens=10, dollars=0.1)


@pytest.mark.parametrize(
    ("tallies", "unit"),
    [
        ([PRICED, Tally()], "dollars"),
        ([PRICED, Tally(drawn=3)], "dollars"),
        ([PRICED, Tally(drawn=1, calls=1, tokens=10, unpriced=1)], "tokens"),
        ([PRICED, Tally(drawn=1, calls=1, tokens=10)], "tokens"),
        ([PRICED, Tally(drawn=1, calls=1, dollars=0.1)], "calls"),
        ([Tally(drawn=3)], "calls"),
        ([], "calls"),
    ],
)
def test_mutators_are_compared_in_a_unit_that_all_calls_are_known_in(
    tallies: list[Tally], unit: str
) -> None:
    assert unit_of(tallies) == unit


def test_a_child_costs_a_call_at_least() -> None:
    assert Tally(drawn=3).standing("calls").cost == 3
    assert Tally(drawn=3, calls=5).standing("calls").cost == 5


def arms(*names: str, **more: str) -> list[Arm]:
    return [Arm(mutator=Adding(name), **more) for name in names]


def test_a_child_bears_the_name_of_the_arm_that_made_it() -> None:
    mixture = Mixture(
        [Arm(mutator=Adding("x"), name="mine"), *arms("y")], bandit="weights", weights=(1e9, 1e-9)
    )

    drawn: Mutator = mixture.draw(PARENT, Random(0))
    made = drawn.propose(PARENT, Random(0))

    assert isinstance(mixture, Drawing)
    assert drawn.name == "mine"
    assert isinstance(made, Candidate)
    assert made == Candidate(tree={"a": "xx"}, mutator="mine")


def test_arms_of_one_kind_are_told_apart_by_their_models() -> None:
    mixture = Mixture(
        [*arms("diff", model="a"), *arms("diff", model="b"), *arms("fix")], bandit="uniform"
    )

    names = {mixture.draw(PARENT, Random(n)).name for n in range(50)}

    assert names == {"diff a", "diff b", "fix"}


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda: Mixture(arms("x")), "two arms or more"),
        (lambda: Mixture(arms("x", "x")), "two arms are named 'x'"),
        (lambda: Mixture(arms("x", "x", model="m")), "two arms are named 'x m'"),
        (lambda: Mixture(arms("x", "y"), weights=(1.0, 1.0)), "weights are for the bandit"),
        (lambda: Mixture(arms("x", "y"), bandit="weights"), "which needs them"),
        (lambda: Mixture(arms("x", "y"), bandit="weights", weights=(1.0,)), "2 arms and 1 wei"),
        (lambda: Mixture(arms("x", "y"), bandit="uniform", floor=0.1), "floor is for"),
        (lambda: Mixture(arms("x", "y"), bandit="thompson", exploration=2.0), "exploration is"),
    ],
)
def test_a_mixture_that_makes_no_sense_is_refused(wrong: "Iterator[Mixture]", error: str) -> None:
    assert callable(wrong)
    with pytest.raises(ValueError, match=error):
        wrong()


def test_an_arm_that_has_nothing_to_make_stands_back() -> None:
    picky = Arm(mutator=Adding("picky", only="gold"))
    mixture = Mixture([picky, *arms("y")], bandit="weights", weights=(1e9, 1e-9))

    assert mixture.draw(PARENT, Random(0)).name == "y"
    assert mixture.can_propose(PARENT)
    assert not Mixture([picky, replace(picky, name="z")]).can_propose(PARENT)


@pytest.mark.parametrize("bandit", ["asymmetric-ucb", "thompson"])
def test_what_was_recorded_decides_who_is_drawn(bandit: BanditName) -> None:
    mixture = Mixture(arms("good", "bad"), bandit=bandit, floor=0.0)
    assert isinstance(mixture, Remembering)
    root = replace(entry(1, score=0.0, parents=()), step=0)
    mixture.remember([root])
    for number in range(2, 60):
        name = "good" if number % 2 else "bad"
        made = entry(number, score=1.0 if name == "good" else -1.0, status=Status.REJECTED)
        made = replace(made, candidate=replace(made.candidate, mutator=name))
        if name == "good":
            made = replace(made, admission=replace(made.admission, status=Status.IMPROVED))
        mixture.remember([made])
    late = replace(PARENT, as_of=EntryId(59))
    early = replace(PARENT, as_of=EntryId(1))

    late_names = [mixture.draw(late, Random(n)).name for n in range(100)]
    early_names = [mixture.draw(early, Random(n)).name for n in range(100)]

    assert late_names.count("good") == 100
    assert 30 < early_names.count("good") < 70
