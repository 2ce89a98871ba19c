"""The loop."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from archive.entry import Candidate, Cause, EntryId, Evaluation, Failure, Option, Status, Tree
from archive.export import digest
from archive.library import Library
from archive.sql import SqlArchive
from goexplore.budget import Budget
from goexplore.domain import Domain, DomainError
from goexplore.engine import Engine
from goexplore.events import Ending, Event, RunEnded, RunOpened, StepRecorded
from goexplore.selection import weights
from goexplore.selection.base import Selector
from goexplore.selection.selectors import FromStart, Greedy, Ordered, Weighted, by_promise
from mutators.actions import ACTIONS_FILE, AppendAction
from mutators.base import Mutator, MutatorError, Parent
from tests.goexplore.walk import Walk


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(f"sqlite:///{tmp_path / 'archive.db'}") as opened:
        yield opened


@pytest.fixture
def archive(library: Library) -> Iterator[SqlArchive]:
    opened = library.open("run", {})
    yield opened
    opened.close()


def engine(
    archive: SqlArchive,
    *,
    domain: Domain | None = None,
    selector: Selector | None = None,
    mutator: Mutator | None = None,
    budget: Budget | None = None,
    seed: int = 0,
    horizon: int = 1,
    workers: int = 1,
    deterministic: bool = False,
    lag: int | None = None,
    observers: Sequence[Callable[[Event], None]] = (),
) -> Engine:
    return Engine(
        archive=archive,
        domain=domain or Walk(),
        selector=selector or Weighted(weights.uniform),
        mutator=mutator or AppendAction(order="random"),
        budget=budget or Budget(steps=2_000),
        seed=seed,
        horizon=horizon,
        workers=workers,
        deterministic=deterministic,
        lag=lag,
        observers=observers,
    )


@dataclass
class World:
    """A world whose one option is evaluated as a test likes."""

    result: Callable[[], Evaluation | Failure]
    goal: float | None = None

    def roots(self) -> Sequence[Tree]:
        return ({ACTIONS_FILE: ""},)

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        if parent is None:
            return Evaluation(cell="root", objective=0.0, options=(Option(text="go"),))
        return self.result()


def test_a_run_ends_at_its_goal_with_the_path_that_leads_there(archive: SqlArchive) -> None:
    outcome = engine(archive, selector=Greedy(by_promise), mutator=AppendAction()).run()

    assert outcome.ending == Ending.GOAL
    assert outcome.best is not None
    path = archive.entry(outcome.best).candidate.tree[ACTIONS_FILE].split()
    assert Counter(path) == {"north": 5, "east": 5}
    five_norths_into_the_wall = 5
    assert outcome.spent.verifications == 10 + five_norths_into_the_wall


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("horizon", [1, 3, 7])
def test_a_budget_of_verifications_is_spent_to_the_last_and_never_exceeded(
    archive: SqlArchive, workers: int, horizon: int
) -> None:
    world = Walk(size=50, pause=0.001)

    outcome = engine(
        archive, domain=world, budget=Budget(verifications=100), workers=workers, horizon=horizon
    ).run()

    assert (outcome.ending, outcome.detail) == (Ending.BUDGET, "verifications")
    assert outcome.spent.verifications == 100
    assert len(list(archive.entries())) == 101


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_budget_of_steps_is_exact_with_many_workers(
    archive: SqlArchive, deterministic: bool
) -> None:
    world = Walk(size=50, pause=0.001)

    outcome = engine(
        archive, domain=world, budget=Budget(steps=50), workers=8, deterministic=deterministic
    ).run()

    assert (outcome.ending, outcome.detail) == (Ending.BUDGET, "steps")
    assert outcome.spent.steps == 50


def test_a_budget_of_seconds_ends_a_run(archive: SqlArchive) -> None:
    world = Walk(size=500, pause=0.02)

    outcome = engine(archive, domain=world, budget=Budget(seconds=0.3), workers=2).run()

    assert (outcome.ending, outcome.detail) == (Ending.BUDGET, "seconds")
    assert 0.3 <= outcome.spent.seconds < 5


def test_a_budget_holds_over_sessions(archive: SqlArchive) -> None:
    world = Walk(size=50)
    engine(archive, domain=world, budget=Budget(verifications=40)).run()

    outcome = engine(archive, domain=world, budget=Budget(verifications=100)).run()

    assert outcome.spent.verifications == 100


def test_a_run_that_reached_its_goal_does_nothing_when_it_is_run_again(archive: SqlArchive) -> None:
    before = engine(archive, selector=Greedy(by_promise), mutator=AppendAction()).run()

    after = engine(archive, selector=Greedy(by_promise), mutator=AppendAction()).run()

    assert after.ending == Ending.GOAL
    assert after.spent.verifications == before.spent.verifications


@pytest.mark.parametrize("workers", [1, 8])
def test_a_run_ends_when_everything_has_been_tried_once(archive: SqlArchive, workers: int) -> None:
    world = Walk(size=2, goal=None)

    outcome = engine(archive, domain=world, selector=Ordered(newest=True), workers=workers).run()

    assert outcome.ending == Ending.EXHAUSTED
    assert outcome.elites == 9
    options_of_the_eight_cells_that_are_no_end = 32
    assert outcome.spent.verifications >= options_of_the_eight_cells_that_are_no_end


def test_one_worker_tries_nothing_twice(archive: SqlArchive) -> None:
    engine(archive, domain=Walk(size=3, goal=None)).run()

    tries = [
        (entry.parents, entry.candidate.option) for entry in archive.entries() if entry.parents
    ]

    assert len(tries) == len(set(tries)) >= 4 * 15


def test_workers_that_set_out_from_one_elite_take_different_options(archive: SqlArchive) -> None:
    world = Walk(size=50, goal=None, pause=0.01)

    engine(
        archive,
        domain=world,
        selector=Ordered(newest=False),
        workers=4,
        mutator=AppendAction(),
        budget=Budget(steps=4),
    ).run()

    assert sorted(entry.candidate.option or 0 for entry in archive.entries() if entry.parents) == [
        0,
        1,
        2,
        3,
    ]


def test_a_crash_is_a_row_with_its_traceback_and_the_run_goes_on(archive: SqlArchive) -> None:
    def crash() -> Evaluation:
        raise ZeroDivisionError("no way")

    outcome = engine(archive, domain=World(crash)).run()

    entry = archive.entry(EntryId(2))
    assert isinstance(entry.result, Failure)
    assert (entry.result.cause, entry.result.message) == (
        Cause.CRASHED,
        "ZeroDivisionError: no way",
    )
    assert 'raise ZeroDivisionError("no way")' in entry.result.log
    assert outcome.ending == Ending.EXHAUSTED


@pytest.mark.parametrize("score", [float("nan"), float("inf"), True, "1"])
def test_a_score_that_is_no_finite_number_is_a_failure(archive: SqlArchive, score: float) -> None:
    engine(archive, domain=World(lambda: Evaluation(cell="c", objective=score))).run()

    entry = archive.entry(EntryId(2))
    assert entry.admission.status == Status.FAILED
    assert isinstance(entry.result, Failure)
    assert entry.result.cause == Cause.INVALID_SCORE


def test_a_broken_world_stops_the_run_and_is_noted(archive: SqlArchive) -> None:
    def broken() -> Evaluation:
        raise DomainError("the emulator is gone")

    with pytest.raises(DomainError, match="the emulator is gone"):
        engine(archive, domain=World(broken), workers=4).run()

    assert archive.events()[-1].kind == "failed"
    assert archive.events()[-1].detail == "the emulator is gone"


def test_a_root_that_does_not_run_is_an_error(archive: SqlArchive) -> None:
    world = Walk()
    bad_root = {ACTIONS_FILE: "south\n"}

    class Walled:
        goal = None

        def roots(self) -> Sequence[Tree]:
            return (bad_root,)

        verify = world.verify

    with pytest.raises(DomainError, match="a root does not run: a wall at 0, -1"):
        engine(archive, domain=Walled()).run()


@dataclass
class Speechless:
    """A mutator whose every other answer is no edit."""

    name: str = "speechless"
    asked: int = field(default=0)

    def can_propose(self, parent: Parent) -> bool:
        return bool(parent.untried)

    def propose(self, parent: Parent, random: Random) -> Candidate | Failure:
        self.asked += 1
        if self.asked % 2:
            return Failure(cause=Cause.NO_EDIT, message="prose")
        return AppendAction(order="random").propose(parent, random)


def test_an_answer_that_is_no_edit_is_a_row_and_costs_no_verification(archive: SqlArchive) -> None:
    outcome = engine(archive, mutator=Speechless(), budget=Budget(steps=20)).run()

    failed = [e for e in archive.entries() if e.admission.status == Status.FAILED]
    prose = [e for e in failed if isinstance(e.result, Failure) and e.result.message == "prose"]
    assert len(prose) == 10
    assert outcome.spent.verifications == 10


def test_a_mutator_that_cannot_go_on_stops_the_run(archive: SqlArchive) -> None:
    class Broken(Speechless):
        def propose(self, parent: Parent, random: Random) -> Candidate | Failure:
            raise MutatorError("wrong key; set another one")

    with pytest.raises(MutatorError, match="wrong key"):
        engine(archive, mutator=Broken(), workers=3).run()


def test_stopping_finishes_what_is_under_way(archive: SqlArchive) -> None:
    world = Walk(size=50, goal=None, pause=0.05)
    running = engine(archive, domain=world, workers=4, budget=Budget())
    threading.Timer(0.3, running.stop).start()

    outcome = running.run()

    assert outcome.ending == Ending.INTERRUPTED
    assert outcome.spent.steps == len({e.step for e in archive.entries()} - {0}) > 0


def test_a_burst_goes_on_from_its_child_until_the_horizon(archive: SqlArchive) -> None:
    world = Walk(size=9)

    engine(
        archive,
        domain=world,
        mutator=AppendAction(order="given"),
        horizon=4,
        budget=Budget(steps=1),
    ).run()

    entries = list(archive.entries())
    assert [entry.parents for entry in entries] == [(), (1,), (2,), (3,), (4,)]
    assert [entry.depth for entry in entries] == [0, 1, 2, 3, 4]
    assert archive.step(1).granted == 4


def test_a_burst_that_reaches_a_known_cell_goes_on_from_who_holds_it(archive: SqlArchive) -> None:
    # North, then back south into the first cell, and on from there with what is untried.
    class There(AppendAction):
        def propose(self, parent: Parent, random: Random) -> Candidate | Failure:
            return super().propose(parent, random)

    world = Walk(size=1, goal=None)

    engine(
        archive,
        domain=world,
        mutator=There(order="given"),
        horizon=6,
        selector=Ordered(newest=True),
        budget=Budget(verifications=4),
    ).run()

    entries = list(archive.entries())
    assert [entry.parents for entry in entries] == [(), (1,), (2,), (2,), (1,)]


def test_every_selection_is_recorded_with_its_chances(archive: SqlArchive) -> None:
    engine(archive, domain=Walk(size=9), budget=Budget(steps=30)).run()

    for number in range(1, 31):
        step = archive.step(number)
        explorable = archive.elites_at(step.as_of).arrays().explorable.sum()
        assert step.choices == explorable
        assert step.probability == pytest.approx(1 / explorable)
        assert step.as_of == number


def test_observers_see_the_run_open_every_step_and_the_end(archive: SqlArchive) -> None:
    seen: list[Event] = []

    engine(archive, budget=Budget(steps=5), observers=[seen.append]).run()

    assert [type(event) for event in seen] == [RunOpened, *[StepRecorded] * 5, RunEnded]


def test_the_random_baseline_starts_anew_each_time_and_repeats_itself(archive: SqlArchive) -> None:
    world = Walk(size=9, goal=None)

    engine(
        archive,
        domain=world,
        selector=FromStart(),
        mutator=AppendAction(order="random", repeat=True),
        budget=Budget(steps=100),
    ).run()

    tries = [entry.candidate.option for entry in archive.entries() if entry.parents]
    assert len(tries) == 100
    assert {entry.parents for entry in archive.entries()} == {(), (1,)}


def searched(
    library: Library,
    name: str,
    *,
    seed: int = 7,
    workers: int = 8,
    lag: int | None = None,
    stops: Sequence[int] = (),
    budget: Budget | None = None,
    horizon: int = 3,
    pause: float = 0.002,
) -> str:
    """The digest of a deterministic search, stopped after some numbers of steps and resumed."""
    for steps in (*stops, None):
        archive = library.open(name, {})
        running = engine(
            archive,
            domain=Walk(size=12, goal=None, pause=pause),
            selector=Weighted(weights.go_explore_2019),
            budget=Budget(steps=steps) if steps else budget or Budget(steps=150),
            seed=seed,
            horizon=horizon,
            workers=workers,
            deterministic=True,
            lag=lag,
        )
        running.run()
        archive.close()
    return digest(library.read(name))


@pytest.mark.parametrize("workers", [1, 8])
def test_the_same_seed_gives_the_same_archive(library: Library, workers: int) -> None:
    first = searched(library, "first", workers=workers)

    second = searched(library, "second", workers=workers)

    assert first == second


def test_another_seed_gives_another_archive(library: Library) -> None:
    assert searched(library, "first", seed=1) != searched(library, "second", seed=2)


def test_a_search_that_was_stopped_and_resumed_gives_the_same_archive(library: Library) -> None:
    whole = searched(library, "whole")

    in_parts = searched(library, "in parts", stops=(1, 5, 40, 41, 100))

    assert in_parts == whole


def test_the_lag_and_not_the_number_of_workers_shapes_the_archive(library: Library) -> None:
    eight = searched(library, "eight", workers=8, lag=8)

    assert searched(library, "three", workers=3, lag=8) == eight
    assert searched(library, "lag of three", workers=3, lag=3) != eight


def test_a_deterministic_search_spends_its_verifications_alike(library: Library) -> None:
    budget = Budget(verifications=200)

    first = searched(library, "first", budget=budget)

    assert searched(library, "second", budget=budget) == first
    assert library.find("first").verifications == 200


def test_an_interrupted_deterministic_search_goes_on_as_if_nothing_had_been(
    library: Library,
) -> None:
    whole = searched(library, "whole")
    for _ in range(4):
        archive = library.open("interrupted", {})
        running = engine(
            archive,
            domain=Walk(size=12, goal=None, pause=0.002),
            selector=Weighted(weights.go_explore_2019),
            budget=Budget(steps=150),
            seed=7,
            horizon=3,
            workers=8,
            deterministic=True,
        )
        threading.Timer(0.05, running.stop).start()
        running.run()
        archive.close()

    assert searched(library, "interrupted") == whole


def test_workers_do_not_wait_for_each_other(archive: SqlArchive) -> None:
    class Uneven:
        goal = None

        def __init__(self) -> None:
            self.done: list[float] = []
            self.lock = threading.Lock()
            self.first = True

        def roots(self) -> Sequence[Tree]:
            return ({"f": ""},)

        def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
            with self.lock:
                slow, self.first = parent is not None and self.first, self.first and parent is None
            time.sleep(0.5 if slow else 0.001)
            return Evaluation(cell=candidate.tree["f"], objective=0.0)

    outcome = engine(
        archive, domain=Uneven(), mutator=Grow(), workers=2, budget=Budget(seconds=0.4)
    ).run()

    assert outcome.spent.steps > 20


class Grow:
    """Adds a letter."""

    name = "grow"

    def can_propose(self, parent: Parent) -> bool:
        del parent
        return True

    def propose(self, parent: Parent, random: Random) -> Candidate | Failure:
        return Candidate(tree={"f": parent.tree["f"] + random.choice("abc")}, mutator=self.name)
