"""Whole runs that ask a server: budgets, limits, and how they stop."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest

from archive.export import jsonl
from archive.library import Library
from goexplore.config import RunConfig, checked, options, prepare
from goexplore.engine import Engine
from goexplore.events import Ending, Event, Outcome, StepRecorded
from goexplore.replay import replay
from tests.mutators.llm.servers import Server, complaint, completion, serving

FIRST = '{"choice": 1}'


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(f"sqlite:///{tmp_path / 'archive.db'}") as opened:
        yield opened


def asking(
    server: Server,
    *,
    name: str = "run",
    workers: int = 4,
    horizon: int = 3,
    size: int = 100,
    deterministic: bool = False,
    facts: Mapping[str, object] | None = None,
    budget: Mapping[str, float] | None = None,
) -> RunConfig:
    model = f"openai:test@{server.url}/v1"
    settings = {
        "run": {
            "name": name,
            "workers": workers,
            "horizon": horizon,
            "deterministic": deterministic,
        },
        "domain": {"kind": "tests.goexplore.walk:Walk", "size": size},
        "selection": {"kind": "go-explore-2019"},
        "mutation": {"kind": "choose-action", "model": model, "max_tokens": 3},
        "admission": {"kind": "better-or-shorter"},
        "budget": budget or {},
        "models": {model: facts or {}},
    }
    return checked([options(settings)])


@dataclass
class StopAfter:
    """Asks a run to stop after so many steps; `None` leaves it alone."""

    steps: int | None
    engines: list[Engine] = field(default_factory=list[Engine])

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepRecorded) and self.steps is not None:
            self.steps -= 1
            if not self.steps:
                self.engines[0].stop()


def explored(config: RunConfig, library: Library, *, steps: int | None = None) -> Outcome:
    stop = StopAfter(steps)
    with prepare(config, library=library, observers=[stop]) as run:
        stop.engines.append(run.engine)
        return run.engine.run()


@contextmanager
def running(engine: Engine) -> Generator[list[Outcome]]:
    """An engine that runs meanwhile, and ends long before a minute has passed."""
    outcomes: list[Outcome] = []
    thread = Thread(target=lambda: outcomes.append(engine.run()), daemon=True)
    thread.start()
    yield outcomes
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_no_more_than_a_dollar_is_ever_spent_by_32_workers_over_five_resumes(
    library: Library,
) -> None:
    prices = {"prompt": 1.0, "completion": 2440.0}
    price_of_a_call = (12 * 1.0 + 3 * 2440.0) / 1e6
    assert 136 * price_of_a_call < 1.0 < 137 * price_of_a_call
    sessions = [(0.2, None), (0.7, 5), (0.7, None), (1.0, 5), (1.0, None), (1.0, None)]

    with serving(completion(FIRST, prompt=12, completion=3, wait=0.005)) as server:
        for dollars, steps in sessions:
            config = asking(
                server,
                workers=32,
                horizon=1,
                facts={"prices": prices},
                budget={"dollars": dollars},
            )
            outcome = explored(config, library, steps=steps)
            (spending,) = library.read("run").spending()

            assert len(server.calls) * price_of_a_call <= dollars
            assert spending.calls == len(server.calls)
            assert spending.dollars == pytest.approx(len(server.calls) * price_of_a_call)
            expected = (
                (Ending.INTERRUPTED, "asked to stop") if steps else (Ending.BUDGET, "dollars")
            )
            assert (outcome.ending, outcome.detail) == expected

    assert len(server.calls) == 136
    assert replay(library, "run").identical


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_run_that_waits_to_ask_again_stops_when_asked_and_goes_on_later(
    library: Library, deterministic: bool
) -> None:
    busy = [complaint(429, retry_after="60")] * 4
    replies = [completion(FIRST)] * 21 + busy + [completion(FIRST)]

    with serving(*replies) as server:
        config = asking(server, deterministic=deterministic, budget={"steps": 40})
        with prepare(config, library=library) as run, running(run.engine) as outcomes:
            server.wait_for(25)
            run.engine.stop()
        later = explored(config, library)

        whole = asking(server, name="whole", deterministic=True, budget={"steps": 40})
        explored(whole, library)

    assert outcomes[0].ending == Ending.INTERRUPTED
    assert (later.ending, later.detail) == (Ending.BUDGET, "steps")
    calls = list(library.read("run").calls())
    assert len({call.sample for call in calls}) == len(calls)
    assert len(server.calls) == len(calls) + len(busy) + len(list(library.read("whole").calls()))
    assert replay(library, "run").identical
    if deterministic:
        assert list(jsonl(library.read("run"))) == list(jsonl(library.read("whole")))


def test_a_run_that_has_found_its_goal_waits_for_no_other_call(library: Library) -> None:
    busy = complaint(429, retry_after="60")

    with serving(busy, completion(FIRST)) as server:
        config = asking(server, size=1, workers=2)
        with prepare(config, library=library) as run, running(run.engine) as outcomes:
            pass

    assert outcomes[0].ending == Ending.GOAL


def test_a_run_file_says_how_many_calls_a_server_sees_at_once(library: Library) -> None:
    with serving(completion(FIRST, wait=0.005)) as server:
        for name, workers, facts in (("free", 8, {}), ("held", 8, {"concurrency": 2})):
            server.most_at_once = 0
            config = asking(server, name=name, workers=workers, facts=facts, budget={"steps": 40})
            explored(config, library)
            assert (server.most_at_once > 2) == (name == "free")
            assert server.most_at_once >= 2
