"""Searches by a model that errs, in real sandboxes, for an optimum that is known."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.entry import Failure
from archive.export import digest
from archive.library import Library
from goexplore.config import checked, options, prepare
from goexplore.events import Ending, Outcome
from goexplore.replay import replay
from tests.conformance.soundness import assert_sound
from tests.goexplore import judged_to_kill
from tests.goexplore.planted import PLANTED, Thinking, searching, task

pytestmark = pytest.mark.bubblewrap

KILLS = 6
WORKERS = 3


@pytest.fixture
def model() -> Iterator[Thinking]:
    server = Thinking()
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'archive.db'}"


def explored(settings: dict[str, dict[str, object]], library: Library) -> Outcome:
    with prepare(checked([options(settings)]), library=library) as run:
        return run.engine.run()


def test_the_optimum_is_found_among_bad_answers_and_the_seed_decides_not_the_workers(
    tmp_path: Path, model: Thinking, url: str
) -> None:
    home = task(tmp_path / "task")

    with Library(url) as library:
        alone = explored(searching(home, model.url, name="alone"), library)
        explored(searching(home, model.url, name="many", workers=WORKERS), library)

        run, many = library.read("alone"), library.read("many")
        assert alone.ending is Ending.GOAL
        assert alone.best is not None
        best = run.entry(alone.best).candidate.tree["initial.py"]
        assert all(f"    {name} = {value}\n" in best for name, value in PLANTED.items())
        failures = [e.result for e in run.entries() if isinstance(e.result, Failure)]
        assert len(failures) >= 5
        assert digest(many) == digest(run)
        assert replay(library, "many").identical


@pytest.mark.kill
def test_a_search_killed_at_moments_ends_as_one_that_was_not_and_pays_nothing_twice(
    tmp_path: Path, model: Thinking, url: str
) -> None:
    home = task(tmp_path / "task")
    with Library(url) as library:
        explored(searching(home, model.url, name="whole", workers=WORKERS), library)
    paid = len(model.calls)
    killed = f"sqlite:///{tmp_path / 'killed.db'}"
    settings = searching(home, model.url, workers=WORKERS)
    settings["archive"] = {"url": killed}
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(settings))
    command = [sys.executable, judged_to_kill.__file__, killed, str(file)]
    chance = random.Random(5)

    for _ in range(KILLS):
        with subprocess.Popen(command) as process:  # noqa: S603  # ours
            wait_for_calls(model, len(model.calls) + paid // (KILLS + 2), process)
            time.sleep(chance.uniform(0, 0.06))
            process.send_signal(signal.SIGKILL)
        assert_sound(killed)
    subprocess.run(command, check=True, timeout=120)  # noqa: S603  # ours

    with Library(url) as whole, Library(killed) as resumed:
        assert digest(resumed.read("run")) == digest(whole.read("whole"))
        samples = Counter(call.sample for call in resumed.read("run").calls())
    assert set(samples.values()) == {1}
    # What was under way when a process was killed was asked in vain, and nothing else.
    assert len(model.calls) - paid <= paid + KILLS * WORKERS


def wait_for_calls(model: Thinking, calls: int, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None and len(model.calls) < calls:
        time.sleep(0.002)
    assert process.poll() is None, "the run ended before it could be killed"
