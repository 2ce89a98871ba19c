"""Candidates in worker processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import active_children
from pathlib import Path

import pytest

from archive.entry import Candidate, Cause, Evaluation, Failure
from archive.export import digest
from archive.library import Library
from goexplore.budget import Budget
from goexplore.config import checked, options, overrides, prepare, preset
from goexplore.domain import Domain, DomainError
from goexplore.engine import Engine
from goexplore.processes import InProcesses
from goexplore.selection import weights
from goexplore.selection.selectors import Weighted
from mutators.actions import ACTIONS_FILE, AppendAction
from tests.goexplore.obedient import Mined, NoCopy, Obedient
from tests.goexplore.walk import Walk

FOLDER = Path(__file__).parents[2]


def run(world: Domain, what: str) -> Evaluation | Failure:
    return world.verify(Candidate(tree={"do": what}, mutator="test"), None)


def pid(result: Evaluation | Failure) -> int:
    assert isinstance(result, Evaluation), result
    return int(result.cell)


@pytest.fixture(scope="module")
def two() -> Iterator[InProcesses]:
    with InProcesses(Obedient(), 2) as world:
        yield world


def searched(library: Library, name: str, world: Domain) -> str:
    """The digest of a deterministic search."""
    with library.open(name, {}) as archive:
        Engine(
            archive=archive,
            domain=world,
            selector=Weighted(weights.go_explore_2019),
            mutator=AppendAction(order="random"),
            budget=Budget(steps=60),
            horizon=3,
            workers=3,
            deterministic=True,
        ).run()
    return digest(library.read(name))


def test_a_deterministic_search_finds_the_same_in_processes_and_in_threads(tmp_path: Path) -> None:
    world = Walk(size=12, goal=None, pause=0.002)

    with Library(f"sqlite:///{tmp_path}/a.db") as library, InProcesses(world, 2) as apart:
        in_threads = searched(library, "threads", world)
        in_processes = searched(library, "processes", apart)

    assert in_processes == in_threads


def test_a_candidate_that_ends_its_process_is_a_failure_and_the_run_goes_on(tmp_path: Path) -> None:
    with Library(f"sqlite:///{tmp_path}/a.db") as library:
        with library.open("run", {}) as archive, InProcesses(Mined(size=1), 2) as world:
            Engine(
                archive=archive,
                domain=world,
                selector=Weighted(weights.uniform),
                mutator=AppendAction(),
                budget=Budget(steps=12),
                workers=2,
            ).run()
        entries = list(library.read("run").entries())

    ended = [e for e in entries if isinstance(e.result, Failure) and "ended" in e.result.message]
    north = [e for e in entries if e.candidate.tree[ACTIONS_FILE].split().count("north") == 2]
    assert ended == north != []


def test_a_process_that_ends_does_not_disturb_the_others(two: InProcesses, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        waits = threads.submit(run, two, f"meet {tmp_path}")
        while not list(tmp_path.iterdir()):
            time.sleep(0.01)

        ended = run(two, "end")
        other = run(two, f"meet {tmp_path}")

    assert isinstance(ended, Failure)
    assert ended.cause == Cause.CRASHED
    assert sorted([pid(waits.result()), pid(other)]) == sorted(
        int(each.name) for each in tmp_path.iterdir()
    )


def test_candidates_run_side_by_side_in_processes_of_their_own(
    two: InProcesses, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(2) as threads:
        met = list(threads.map(run, [two] * 2, [f"meet {tmp_path}"] * 2))

    assert len({*map(pid, met), os.getpid()}) == 3


def test_a_process_that_is_killed_between_candidates_is_nobodys_failure(two: InProcesses) -> None:
    first = pid(run(two, "nothing"))
    os.kill(first, signal.SIGKILL)
    while str(first) in {str(child.pid) for child in active_children()}:
        time.sleep(0.01)
    time.sleep(0.2)

    assert pid(run(two, "nothing")) != first


def test_an_exception_keeps_its_traceback_though_it_cannot_be_sent(two: InProcesses) -> None:
    result = run(two, "raise")

    assert isinstance(result, Failure)
    assert result.message == "Odd: odd: so it is"
    assert 'raise Odd("odd", "so it is")' in result.log


def test_leaving_python_is_a_failure(two: InProcesses) -> None:
    result = run(two, "leave")

    assert isinstance(result, Failure)
    assert (result.cause, result.message) == (Cause.CRASHED, "SystemExit: left")


def test_an_interruption_is_left_to_the_run(two: InProcesses) -> None:
    assert pid(run(two, "interrupt"))


def test_a_broken_world_says_so(two: InProcesses) -> None:
    with pytest.raises(DomainError, match="the world is broken"):
        run(two, "broken")


def test_a_domain_that_cannot_be_pickled_is_refused() -> None:
    class Local(Obedient):
        pass

    with pytest.raises(DomainError, match="Local cannot be pickled for worker processes: "):
        InProcesses(Local(), 2)


def test_a_domain_without_a_copy_is_broken_for_every_candidate() -> None:
    with InProcesses(NoCopy(), 1) as world:
        for _ in range(2):
            with pytest.raises(DomainError, match="no copy of the domain in a worker process"):
                run(world, "nothing")


def test_closing_ends_the_processes_and_what_they_have_under_way() -> None:
    before = active_children()
    world = InProcesses(Obedient(), 2)
    with ThreadPoolExecutor(2) as threads:
        pid(run(world, "nothing"))
        sleeps = threads.submit(run, world, "sleep")
        time.sleep(0.1)

        world.close()

        assert isinstance(sleeps.exception(timeout=5), DomainError)
    assert set(active_children()) == set(before)
    with pytest.raises(DomainError, match="closed"):
        run(world, "nothing")


def test_processes_end_with_the_process_that_started_them_though_it_is_killed() -> None:
    program = """
import os, signal
from archive.entry import Candidate
from goexplore.processes import InProcesses
from tests.goexplore.obedient import Obedient
world = InProcesses(Obedient(), 1)
world.verify(Candidate(tree={"do": "nothing"}, mutator="test"), None)
print("ran", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", program]

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=FOLDER) as parent:  # noqa: S603
        # The processes have the same output, which ends with the last of them.
        output, _ = parent.communicate(timeout=10)

    assert output == "ran\n"


def test_a_run_says_how_many_processes_it_wants_and_is_the_same_run(tmp_path: Path) -> None:
    puzzle = options({"domain": {"kind": "game24", "numbers": [4, 4, 6, 8]}})
    plain = checked([preset("depth-first").layer, puzzle])
    apart = checked([preset("depth-first").layer, puzzle, overrides(["run.processes=1"])])
    before = active_children()

    url = f"sqlite:///{tmp_path}/a.db"
    with Library(url) as library, prepare(apart, library=library) as prepared:
        prepared.engine.run()
        during = active_children()

    assert (apart.name, apart.spec) == (plain.name, plain.spec)
    assert len(during) == len(before) + 1
    assert active_children() == before
