"""Whole runs whose selection is told what each step has found."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from archive.elites import Elites
from archive.entry import Evaluation, Selection
from archive.export import digest
from archive.library import Library
from archive.sql import SqlArchive
from goexplore.budget import Budget
from goexplore.catalog import Choice, find
from goexplore.config import checked, options, prepare
from goexplore.engine import Engine
from goexplore.events import Ending
from goexplore.replay import replay
from goexplore.selection import weights
from goexplore.selection.base import Finding, Judge, SelectionError, Selector
from goexplore.selection.selectors import Weighted
from tests.goexplore.bits import Bits, Flip

KINDS = ["pareto", "lexicase", "epsilon-lexicase", "clade", "beam"]
STEPS = 120


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(f"sqlite:///{tmp_path / 'archive.db'}") as opened:
        yield opened


def part(kind: str) -> Selector | Judge:
    found = find("selection", kind)
    given = {"width": 6, "breadth": 4} if kind == "beam" else {}
    return Choice(part=found, parameters=found.parameters(**given)).selector()


def engine(
    archive: SqlArchive,
    selector: Selector | Judge,
    *,
    steps: int = STEPS,
    workers: int = 8,
    deterministic: bool = True,
    cases: bool = True,
) -> Engine:
    return Engine(
        archive=archive,
        domain=Bits(pause=0.002, cases=cases),
        selector=selector,
        mutator=Flip(),
        budget=Budget(steps=steps),
        seed=7,
        workers=workers,
        deterministic=deterministic,
        lag=8 if deterministic else None,
    )


def searched(
    library: Library, name: str, kind: str, *, workers: int = 8, stops: Sequence[int] = ()
) -> str:
    """The digest of a deterministic search, stopped after some numbers of steps and resumed."""
    for steps in (*stops, STEPS):
        with library.open(name, {}) as archive:
            engine(archive, part(kind), steps=steps, workers=workers).run()
    return digest(library.read(name))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_archive_with_any_number_of_workers(
    library: Library, kind: str
) -> None:
    eight = searched(library, "eight", kind)

    assert searched(library, "eight again", kind) == eight
    assert searched(library, "one", kind, workers=1) == eight
    assert library.find("one").entries > STEPS


@pytest.mark.parametrize("kind", KINDS)
def test_a_search_that_was_stopped_and_resumed_gives_the_same_archive(
    library: Library, kind: str
) -> None:
    whole = searched(library, "whole", kind)

    assert searched(library, "in parts", kind, stops=(1, 5, 40, 41, 100)) == whole


@pytest.mark.parametrize("kind", KINDS)
def test_an_interrupted_search_goes_on_as_if_nothing_had_been(library: Library, kind: str) -> None:
    whole = searched(library, "whole", kind)
    for _ in range(4):
        with library.open("interrupted", {}) as archive:
            running = engine(archive, part(kind))
            threading.Timer(0.02, running.stop).start()
            running.run()

    assert searched(library, "interrupted", kind) == whole


class Listening(Weighted):
    """Any elite alike; it keeps what it is told, and how much the elites had when it chose."""

    def __init__(self) -> None:
        super().__init__(weights.uniform)
        self.told: list[Finding] = []
        self.chosen_at: list[tuple[int, int]] = []

    def see(self, step: Sequence[Finding]) -> None:
        self.told.extend(step)

    def select(self, elites: Elites, random: Random) -> Selection | None:
        self.chosen_at.append((self.told[-1].fact.id, elites.newest))
        return super().select(elites, random)


@pytest.mark.parametrize("deterministic", [True, False])
def test_a_selector_is_told_what_the_elites_have_seen_and_no_more(
    library: Library, deterministic: bool
) -> None:
    for steps in (50, STEPS):
        listening = Listening()
        with library.open("run", {}) as archive:
            engine(archive, listening, steps=steps, deterministic=deterministic).run()
            entries = list(archive.entries())

        told = [(each.fact.id, each.fact.parent, each.tasks) for each in listening.told]
        assert told == [
            (
                entry.id,
                entry.parents[0] if entry.parents else 0,
                entry.result.tasks if isinstance(entry.result, Evaluation) else (),
            )
            for entry in entries[: len(told)]
        ]
        assert len(told) > steps - 8
        assert all(newest_told == newest for newest_told, newest in listening.chosen_at)


@pytest.mark.parametrize("kind", ["pareto", "lexicase", "epsilon-lexicase", "clade"])
def test_a_world_without_cases_ends_a_run_at_its_first_step_with_a_reason(
    library: Library, kind: str
) -> None:
    with library.open("run", {}) as archive, pytest.raises(SelectionError, match="single cases"):
        engine(archive, part(kind), cases=False).run()

    assert library.find("run").entries == 2


def test_a_beam_ends_where_nothing_is_left_of_it(library: Library) -> None:
    with library.open("run", {}) as archive:
        outcome = engine(archive, part("beam"), steps=10_000).run()

    assert outcome.ending is Ending.EXHAUSTED


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_of_a_run_file_can_be_replayed(library: Library, kind: str) -> None:
    settings = {
        "run": {"name": "run", "workers": 4, "deterministic": True},
        "domain": {"kind": "tests.goexplore.bits:Bits"},
        "selection": {"kind": kind},
        "mutation": {"kind": "tests.goexplore.bits:Flip"},
        "budget": {"steps": 60},
    }
    config = checked([options({"admission": {"kind": "better"}, **settings})])
    with prepare(config, library=library) as run:
        run.engine.run()

    again = replay(library, "run")

    assert again.identical
    assert again.entries > 30
