"""Runs whose elites are chosen by judges."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from archive.entry import EntryId, Failure, Glimpse, Shortlist
from archive.export import digest
from archive.library import Library
from goexplore.budget import Budget
from goexplore.config import RunConfig, checked, options, prepare, preset
from goexplore.engine import Engine
from goexplore.events import Ending
from goexplore.replay import replay
from goexplore.selection.balance import FLOOR
from goexplore.selection.judged import Judged, Opinion
from goexplore.selection.record import JudgeRecord, record_of
from mutators.actions import AppendAction
from tests.conformance.soundness import assert_sound
from tests.goexplore.coins import Coins, Oracle

SELECTIONS = 200


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'archive.db'}"


@pytest.fixture
def library(url: str) -> Iterator[Library]:
    with Library(url) as opened:
        yield opened


def mixed(library: Library, oracle: Oracle) -> JudgeRecord:
    """The record of a judge after two hundred selections by a mixture."""
    with library.open("run", {}) as archive:
        Engine(
            archive=archive,
            domain=Coins(),
            selector=Judged(oracle, mixed=True),
            mutator=AppendAction(order="given"),
            budget=Budget(steps=SELECTIONS),
        ).run()
    record = record_of(library.read("run"))
    return next(each for each in record.judges if each.judge == oracle.name)


def test_a_perfect_judge_gets_the_choice_and_the_table_says_why(library: Library) -> None:
    judge = mixed(library, Oracle())

    assert judge.weight is not None
    assert judge.weight > 0.8
    assert judge.questioned is None
    assert judge.fruitful is not None
    assert judge.fruitful > 0.7  # at times nothing good is left on the list
    assert judge.auc == 1.0
    assert judge.brier == pytest.approx(0.01)
    assert judge.brier is not None
    assert judge.base_brier is not None
    assert judge.brier < judge.base_brier
    assert judge.regret is not None
    assert judge.regret < -0.2


def test_a_judge_that_picks_the_worst_is_left_the_floor_and_the_table_says_why(
    library: Library,
) -> None:
    judge = mixed(library, Oracle(inverted=True))

    assert judge.weight is not None
    assert judge.weight < 1.2 * FLOOR
    assert judge.questioned is not None
    assert judge.questioned < SELECTIONS
    assert judge.auc == 0.0
    assert judge.fruitful is not None
    assert judge.fruitful < 0.1
    assert judge.brier is not None
    assert judge.base_brier is not None
    assert judge.base_brier < judge.brier
    assert judge.regret is not None
    assert judge.regret > 0.2


def script(folder: Path) -> Path:
    """A model that chooses, foretells, keeps and says what is pointless."""
    lines = [
        {"match": '"chance": P', "text": '{"choice": 2, "chance": 70}'},
        {"match": "pointless", "text": '{"pointless": [{"state": 2, "better": 1}]}'},
        {"match": r"new state:\n\d*[13579],", "text": '{"reason": "odd", "keep": false}'},
        {"match": "Is it kept", "text": '{"reason": "even", "keep": true}'},
        {"match": "", "text": '{"choice": 1}'},
    ]
    file = folder / "script.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def intelligent(
    folder: Path,
    name: str,
    *,
    workers: int = 1,
    steps: int = 60,
    tokens: int | None = None,
    deterministic: bool = False,
    seed: int = 0,
) -> RunConfig:
    """A run of the preset `ige` in which a model plays all its roles, and removes, too."""
    settings = {
        "run": {
            "name": name,
            "workers": workers,
            "deterministic": deterministic,
            "lag": 8 if deterministic else None,
            "model": f"scripted:{script(folder)}",
            "seed": seed,
        },
        "domain": {"kind": "tests.goexplore.walk:Walk", "size": 30, "pause": 0.002},
        "selection": {"kind": "mixture", "remove": 7, "size": 8},
        "admission": {"kind": "interesting", "audit": 0.3},
        "budget": {"steps": steps, "tokens": tokens},
    }
    return checked([preset("ige").layer, options(settings)])


def explored(config: RunConfig, library: Library) -> Ending:
    with prepare(config, library=library) as run:
        return run.engine.run().ending


@pytest.mark.parametrize("workers", [1, 8])
def test_a_run_in_which_a_model_plays_all_roles_is_sound_and_can_be_replayed(
    url: str, library: Library, tmp_path: Path, workers: int
) -> None:
    explored(intelligent(tmp_path, "run", workers=workers), library)

    assert_sound(url)
    assert library.find("run").steps == 60
    assert replay(library, "run").identical
    roles = {each.role for each in library.read("run").spending()}
    assert roles == {"select", "act", "admit"}


def test_the_same_seed_gives_the_same_archive_and_the_same_verdicts(
    library: Library, tmp_path: Path
) -> None:
    for name, workers in (("one", 1), ("eight", 8)):
        config = intelligent(tmp_path, name, workers=workers, deterministic=True)
        explored(config, library)

    one, eight = library.read("one"), library.read("eight")

    assert digest(one) == digest(eight)
    assert list(one.verdicts()) == list(eight.verdicts())
    assert len(list(one.verdicts())) == 60


def test_a_run_that_was_stopped_by_its_budget_goes_on_as_if_nothing_had_been(
    library: Library, tmp_path: Path
) -> None:
    explored(intelligent(tmp_path, "whole", workers=8, deterministic=True), library)
    for tokens in (20_000, 50_000, 51_000, None):
        config = intelligent(tmp_path, "parts", workers=8, deterministic=True, tokens=tokens)
        explored(config, library)

    whole, parts = library.read("whole"), library.read("parts")

    assert digest(parts) == digest(whole)
    assert list(parts.verdicts()) == list(whole.verdicts())
    calls = list(parts.calls())
    assert len({call.sample for call in calls}) == len(calls)


def test_what_a_judge_was_shown_is_on_record_before_it_is_asked(
    library: Library, tmp_path: Path
) -> None:
    config = intelligent(tmp_path, "run", steps=20, tokens=6_000, deterministic=True)
    explored(config, library)

    with library.open("run", config.spec) as archive:
        (unfinished,) = archive.undecided()

    assert unfinished.number == library.find("run").steps + 1
    assert all(EntryId(1) <= each.entry <= unfinished.as_of for each in unfinished.shown)


@pytest.mark.kill
def test_a_judged_run_killed_at_ten_moments_asks_no_answered_question_again(
    database_url: str, tmp_path: Path
) -> None:
    config = intelligent(tmp_path, "run", workers=4, steps=200)
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(config.settings))
    command = [sys.executable, str(Path(__file__).parent / "judged_to_kill.py")]
    done = 0

    for _ in range(10):
        with subprocess.Popen([*command, database_url, str(file)]) as process:  # noqa: S603  # ours
            done = wait_for_steps(database_url, done + 3, process)
            process.send_signal(signal.SIGKILL)
        assert_sound(database_url)
    subprocess.run([*command, database_url, str(file)], check=True, timeout=120)  # noqa: S603  # ours

    assert_sound(database_url)
    with Library(database_url) as library:
        assert library.find("run").steps == 200
        assert replay(library, "run").identical
        samples = Counter(call.sample for call in library.read("run").calls())
    assert set(samples.values()) == {1}


def wait_for_steps(url: str, steps: int, process: "subprocess.Popen[bytes]") -> int:
    with Library(url) as library:
        while process.poll() is None:
            runs = library.runs()
            if runs and runs[0].steps >= steps:
                return runs[0].steps
            time.sleep(0.01)
    raise AssertionError("the run ended before it could be killed")


def test_what_was_tried_while_a_judge_thought_is_not_tried_again(library: Library) -> None:
    class Slow(Oracle):
        """Likes the beginning alone, and takes its time."""

        def score(
            self, shortlist: Shortlist, glimpses: Sequence[Glimpse], random: Random
        ) -> Opinion | Failure:
            del random
            time.sleep(0.05 if shortlist.number % 2 else 0.0)
            places = {each.cell: place for place, each in enumerate(glimpses)}
            return Opinion(pick=places.get("start", 0), chances={})

    with library.open("run", {}) as archive:
        Engine(
            archive=archive,
            domain=Coins(),
            selector=Judged(Slow()),
            mutator=AppendAction(order="given"),
            budget=Budget(steps=3),
            workers=2,
        ).run()

    of_start = {e.candidate.option for e in library.read("run").entries() if e.parents == (1,)}
    assert of_start == {0, 1, 2}
