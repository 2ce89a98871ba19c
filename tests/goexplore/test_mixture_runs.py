"""Whole runs whose children are left to one of several mutators, and on which notes are kept."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.entry import Entry, Failure
from archive.export import jsonl
from archive.library import Library
from goexplore.config import RunConfig, checked, options, prepare
from goexplore.replay import replay
from tests.conformance.soundness import assert_sound
from tests.goexplore import judged_to_kill
from tests.goexplore.ladder import program
from tests.goexplore.test_judged_runs import wait_for_steps

RUNGS = 150


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(f"sqlite:///{tmp_path / 'archive.db'}") as opened:
        yield opened


def edit(old: int, new: int | str) -> str:
    return f"Go on.\n<<<<<<< SEARCH\nvalue = {old}\n=======\nvalue = {new}\n>>>>>>> REPLACE\n"


def rules(path: Path, *lines: tuple[str, str]) -> str:
    path.write_text("".join(json.dumps({"match": m, "text": t}) + "\n" for m, t in lines))
    return f"scripted:{path}"


def climbing(folder: Path, by: int) -> str:
    """A model that adds so much to the value; it fails where that leads below the ground."""
    steps = [
        (rf"(?m)^value = {n}$", edit(n, n + by if n + by >= 0 else "none"))
        for n in range(RUNGS, -1, -1)
    ]
    return rules(folder / f"by{by}.jsonl", NOTE, *steps)


NOTE = ("You keep the notes", "Higher numbers score higher.")


def mixed(
    folder: Path,
    *,
    bandit: str = "asymmetric-ucb",
    steps: int = 60,
    workers: int = 1,
    notes: int = 0,
    **more: object,
) -> RunConfig:
    arms = [
        {"kind": "diff", "name": "good", "model": climbing(folder, 1)},
        {"kind": "diff", "name": "bad", "model": climbing(folder, -1)},
    ]
    settings = {
        "run": {"name": "run", "workers": workers, "deterministic": True, "lag": 8},
        "domain": {"kind": "tests.goexplore.ladder:Ladder"},
        "selection": {"kind": "greedy"},
        "mutation": {"kind": "mixture", "bandit": bandit, "arms": arms, **more},
        "admission": {"kind": "better"},
        "notes": {"every": notes},
        "budget": {"steps": steps},
    }
    return checked([options(settings)])


def explored(config: RunConfig, library: Library) -> list[Entry]:
    with prepare(config, library=library) as run:
        run.engine.run()
    return list(library.read("run").entries())


def drawn(entries: list[Entry]) -> Counter[str]:
    return Counter(entry.candidate.mutator for entry in entries if entry.step)


@pytest.mark.parametrize("bandit", ["asymmetric-ucb", "thompson"])
def test_the_arm_that_gains_is_drawn_more_and_the_other_does_not_starve(
    library: Library, tmp_path: Path, bandit: str
) -> None:
    often = drawn(explored(mixed(tmp_path, bandit=bandit, steps=120), library))

    assert often.total() == 120
    assert often["good"] > 2 * often["bad"]
    assert often["bad"] >= 3
    assert replay(library, "run").identical


def test_the_floor_draws_any_arm_whatever_came_of_it(library: Library, tmp_path: Path) -> None:
    config = mixed(tmp_path, steps=100, floor=1.0)

    often = drawn(explored(config, library))

    assert 35 <= often["good"] <= 65


def test_fixed_weights_hold(library: Library, tmp_path: Path) -> None:
    config = mixed(tmp_path, bandit="weights", weights=[1, 9], steps=100)

    assert 80 <= drawn(explored(config, library))["bad"] <= 98


def test_a_failure_says_which_arm_made_it(library: Library, tmp_path: Path) -> None:
    nothing = rules(tmp_path / "mute.jsonl", ("", "I do not know."))
    arms = [
        {"kind": "diff", "name": "good", "model": climbing(tmp_path, 1)},
        {"kind": "diff", "model": nothing},
    ]
    config = mixed(tmp_path, bandit="uniform", steps=30, arms=arms)

    entries = explored(config, library)

    failed = {e.candidate.mutator for e in entries if isinstance(e.result, Failure)}
    assert failed == {"diff"}
    assert drawn(entries)["good"] > 5


@pytest.mark.parametrize("bandit", ["asymmetric-ucb", "thompson"])
def test_eight_workers_find_what_one_finds_though_it_stopped_on_the_way(
    library: Library, tmp_path: Path, bandit: str
) -> None:
    for steps in (7, 30, 60):
        explored(mixed(tmp_path, bandit=bandit, steps=steps, notes=10), library)
    with Library(f"sqlite:///{tmp_path / 'other.db'}") as other:
        explored(mixed(tmp_path, bandit=bandit, workers=8, notes=10), other)
        theirs = list(jsonl(other.read("run")))

    assert list(jsonl(library.read("run"))) == theirs
    assert replay(library, "run").identical


def test_a_note_is_asked_for_once_and_shown_to_those_that_come_later(
    library: Library, tmp_path: Path
) -> None:
    explored(mixed(tmp_path, steps=75, workers=8, notes=20), library)

    notes = list(library.read("run").calls("note"))
    made = {call.step: call.request for call in library.read("run").calls("mutate")}
    assert [call.sample for call in notes] == ["note.1", "note.2", "note.3"]
    assert r"- good: Go on.: score 1 -> 2\n" in notes[0].request
    assert "The note so far:\\n(none yet)" in notes[0].request
    assert "The note so far:\\nHigher numbers score higher." in notes[1].request
    assert "whole search so far:\\n(none yet)" in made[2]
    assert "whole search so far:\\nHigher numbers score higher." in made[75]


def test_a_note_that_comes_to_nothing_leaves_the_one_before(
    library: Library, tmp_path: Path
) -> None:
    first = ("The note so far:\n\\(none yet\\)", "The first.")
    path = rules(tmp_path / "notes.jsonl", first, ("You keep", " "))
    config = mixed(tmp_path, steps=75, notes=20)
    config = checked([options(config.settings), options({"notes": {"model": path}})])

    explored(config, library)

    notes = list(library.read("run").calls("note"))
    (last,) = (call for call in library.read("run").calls("mutate") if call.step == 75)
    assert [call.text.strip() for call in notes] == ["The first.", "", ""]
    assert "The note so far:\\nThe first." in notes[2].request
    assert "whole search so far:\\nThe first." in last.request


def test_the_changes_that_led_to_a_program_are_shown_as_diffs(
    library: Library, tmp_path: Path
) -> None:
    arms = [
        {"kind": "diff", "name": name, "model": climbing(tmp_path, 1), "ancestors": 2}
        for name in ("one", "other")
    ]

    explored(mixed(tmp_path, steps=40, arms=arms), library)

    last = list(library.read("run").calls("mutate"))[-1].request
    shown = json.loads(last)["messages"][0][1]
    best = int(shown.partition("Its score: ")[2].split()[0])
    assert f"Go on.: score {best - 2} -> {best - 1}\ndiff --git a/main.py b/main.py\n" in shown
    assert f"Go on.: score {best - 1} -> {best}\n" in shown
    assert f"score {best - 3} ->" not in shown
    assert f"-value = {best - 1}\n+value = {best}\n" in shown
    assert "left out" not in shown
    assert program(best) in shown


def test_a_step_that_goes_on_is_shown_what_it_has_changed_since_it_set_out(
    library: Library, tmp_path: Path
) -> None:
    arms = [{"kind": "diff", "name": n, "model": climbing(tmp_path, 1)} for n in ("one", "other")]
    config = mixed(tmp_path, steps=2, arms=arms)
    config = replace(config, run=config.run.model_copy(update={"horizon": 3}))

    explored(config, library)

    asked = {call.sample: call.request for call in library.read("run").calls("mutate")}
    assert "the oldest first:\\n(none)\\n" in asked["1.0.1"]
    assert "the oldest first:\\nscore 1 -> 2\\ndiff" in asked["1.1.1"]
    assert "the oldest first:\\nscore 1 -> 3\\ndiff" in asked["1.2.1"]


def test_what_eight_workers_found_in_any_order_is_found_again_from_the_ledger(
    library: Library, tmp_path: Path
) -> None:
    config = mixed(tmp_path, steps=40, workers=8, notes=10)
    run = config.run.model_copy(update={"deterministic": False, "lag": None, "horizon": 3})

    explored(replace(config, run=run), library)

    assert library.find("run").entries > 100
    assert replay(library, "run").identical


@pytest.mark.kill
def test_a_run_with_notes_that_is_killed_again_and_again_pays_for_nothing_twice(
    database_url: str, tmp_path: Path
) -> None:
    config = mixed(tmp_path, steps=150, workers=4, notes=5)
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(config.settings))
    command = [sys.executable, judged_to_kill.__file__, database_url, str(file)]
    chance, done = random.Random(7), 0

    for _ in range(6):
        with subprocess.Popen(command) as process:  # noqa: S603  # ours
            done = wait_for_steps(database_url, done + 3, process)
            time.sleep(chance.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
        assert_sound(database_url)
    subprocess.run(command, check=True, timeout=120)  # noqa: S603  # ours

    with Library(database_url) as library:
        assert library.find("run").steps == 150
        assert replay(library, "run").identical
        calls = list(library.read("run").calls())
    samples = Counter(call.sample for call in calls)
    assert set(samples.values()) == {1}
    assert sum(call.role == "note" for call in calls) >= 25
