"""What would be the best of a run is verified again before it is called so."""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest

from archive.admission import KeepAll
from archive.entry import Candidate, Cause, EntryId, Evaluation, Failure, Tree
from archive.export import digest
from archive.library import Library
from archive.sql import SqlArchive
from goexplore.budget import Budget
from goexplore.engine import Engine
from goexplore.events import Ending
from goexplore.processes import InProcesses
from goexplore.selection import weights
from goexplore.selection.selectors import Ordered, Weighted
from mutators.base import Parent


class Counting:
    """Makes a child whose text is the parent's number and one more."""

    name = "counting"

    def can_propose(self, parent: Parent) -> bool:
        return True

    def propose(self, parent: Parent, random: Random) -> Candidate:
        number = int(parent.tree["n"]) + 1
        return Candidate(tree={"n": str(number)}, mutator=self.name)


class Throwing(Counting):
    """Makes a child with a number at random."""

    def propose(self, parent: Parent, random: Random) -> Candidate:
        return Candidate(tree={"n": str(random.randrange(10**6))}, mutator=self.name)


class Numbered(Counting):
    """Makes a child whose number is that of its step."""

    def propose(self, parent: Parent, random: Random) -> Candidate:
        return Candidate(tree={"n": str(parent.step)}, mutator=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Luck:
    """Candidates are numbers. Each has its objective at first sight, and another when confirmed.

    pause: seconds that either takes at most; how many is left to chance, so that timing varies.
    """

    first: dict[int, float] = field(default_factory=dict[int, float])
    then: dict[int, float] = field(default_factory=dict[int, float])
    goal: float | None = None
    confirmations: int = 1
    pause: float = 0.0

    def roots(self) -> Sequence[Tree]:
        return ({"n": "0"},)

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        time.sleep(random.uniform(0, self.pause))
        number = int(candidate.tree["n"])
        luck = Random(number).random()
        return Evaluation(cell=str(number), objective=self.first.get(number, luck))

    def confirm(
        self, candidate: Candidate, parent: Parent | None, found: Evaluation
    ) -> Evaluation | Failure:
        time.sleep(random.uniform(0, self.pause))
        number = int(candidate.tree["n"])
        again = self.then.get(number, Random(-number - 1).random())
        if again < 0:
            return Failure(cause=Cause.CRASHED, message="exit status 1")
        return replace(found, objective=again)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqlArchive]:
    with Library(f"sqlite:///{tmp_path}/a.db") as library, library.open("run", {}) as opened:
        yield opened


def run(archive: SqlArchive, world: Luck, **limits: int) -> Engine:
    return Engine(
        archive=archive,
        domain=world,
        selector=Ordered(newest=True),
        mutator=Counting(),
        rule=KeepAll(),
        budget=Budget(**limits),
    )


def objectives(archive: SqlArchive) -> list[tuple[float, float | None]]:
    """The objective of each entry, and what it was at first sight."""
    results = [entry.result for entry in archive.entries()]
    return [(r.objective, r.first_seen) for r in results if isinstance(r, Evaluation)]


def test_what_was_lucky_is_recorded_as_it_was_seen_the_second_time(archive: SqlArchive) -> None:
    world = Luck(first={0: 0.5, 1: 0.9, 2: 0.4, 3: 0.6}, then={1: 0.3, 3: 0.7})

    outcome = run(archive, world, steps=3).run()

    assert objectives(archive) == [(0.5, None), (0.3, 0.9), (0.4, None), (0.7, 0.6)]
    assert (outcome.best, outcome.objective) == (4, 0.7)


def test_a_confirmation_is_a_verification_of_the_budget(archive: SqlArchive) -> None:
    world = Luck(first={0: 0.5, 1: 0.9, 2: 0.4}, then={1: 0.3}, confirmations=2)

    outcome = run(archive, world, steps=2).run()

    assert outcome.spent.verifications == archive.verifications == 4
    assert [archive.step(n).verifications for n in (1, 2)] == [3, 1]
    assert [archive.step(n).granted for n in (1, 2)] == [3, 3]


def test_no_child_is_begun_that_could_not_be_confirmed(archive: SqlArchive) -> None:
    world = Luck(first={0: 0.5, 1: 0.9, 2: 0.4, 3: 0.4, 4: 0.4}, then={1: 0.3}, confirmations=2)

    outcome = run(archive, world, verifications=7).run()

    assert (outcome.ending, outcome.detail) == (Ending.BUDGET, "verifications")
    assert outcome.spent.verifications == 5
    assert outcome.spent.steps == 3


def test_a_goal_is_reached_by_what_holds(archive: SqlArchive) -> None:
    world = Luck(first={0: 0.5, 1: 0.9, 2: 0.8}, then={1: 0.3, 2: 0.85}, goal=0.8)

    outcome = run(archive, world, steps=9).run()

    assert (outcome.ending, outcome.best, outcome.spent.steps) == (Ending.GOAL, 3, 2)


def test_one_that_fails_the_second_time_is_a_failure_that_says_what_it_looked_like(
    archive: SqlArchive,
) -> None:
    run(archive, Luck(first={0: 0.5, 1: 0.9}, then={1: -1.0}), steps=1).run()

    failure = archive.entry(EntryId(2)).result
    assert failure == Failure(
        cause=Cause.CRASHED, message="it looked like 0.9 at first: exit status 1"
    )
    assert archive.step(1).verifications == 2


def test_a_world_that_confirms_nothing_is_as_it_was(archive: SqlArchive) -> None:
    outcome = run(archive, Luck(first={0: 0.5, 1: 0.9}, confirmations=0), verifications=1).run()

    assert objectives(archive) == [(0.5, None), (0.9, None)]
    assert outcome.spent.verifications == 1


def searched(library: Library, name: str, world: Luck | InProcesses, budget: Budget) -> str:
    """The digest of a deterministic search with three workers."""
    with library.open(name, {}) as archive:
        Engine(
            archive=archive,
            domain=world,
            selector=Weighted(weights.go_explore_2019),
            mutator=Throwing(),
            rule=KeepAll(),
            budget=budget,
            horizon=2,
            workers=3,
            deterministic=True,
        ).run()
    return digest(library.read(name))


def test_a_seed_gives_one_archive_whoever_is_confirmed_when_and_where(tmp_path: Path) -> None:
    world, whole = Luck(pause=0.01), Budget(verifications=120)
    with Library(f"sqlite:///{tmp_path}/a.db") as library, InProcesses(world, 2) as apart:
        first, second = searched(library, "a", world, whole), searched(library, "b", world, whole)
        in_processes = searched(library, "c", apart, whole)
        searched(library, "d", world, Budget(steps=15))
        resumed = searched(library, "d", world, whole)
        seen = [e.result for e in library.read("a").entries()]

    assert first == second == in_processes == resumed
    assert any(isinstance(r, Evaluation) and r.first_seen is not None for r in seen)


class SlowSecond(Luck):
    """A world whose second child takes so long that the first has long been recorded."""

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        if candidate.tree["n"] == "2":
            time.sleep(0.5)
        return super().verify(candidate, parent)


def test_a_champion_is_one_by_what_its_step_could_see(archive: SqlArchive) -> None:
    world = SlowSecond(first={0: 0.5, 1: 0.9, 2: 0.8}, then={1: 0.9, 2: 0.7})

    Engine(
        archive=archive,
        domain=world,
        selector=Ordered(newest=True),
        mutator=Numbered(),
        rule=KeepAll(),
        budget=Budget(steps=2),
        workers=2,
        deterministic=True,
    ).run()

    assert [archive.step(n).as_of for n in (1, 2)] == [1, 1]
    assert objectives(archive) == [(0.5, None), (0.9, 0.9), (0.7, 0.8)]
