"""A process that explores is killed, again and again."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from archive.export import digest
from archive.library import Library
from mutators.llm.base import Json
from tests.conformance.soundness import assert_sound
from tests.goexplore import asking_to_kill, cases_to_kill, search_to_kill
from tests.mutators.llm.servers import completion, serving

KILLS = 20
FOLDER = Path(__file__).parents[2]


def start(*command: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(FOLDER)}
    command = (sys.executable, *command)
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603


def wait_for_progress(url: str, verifications: int, process: "subprocess.Popen[str]") -> None:
    """Wait until the run has gone on; so long does starting take, and that is no moment to kill."""
    with Library(url) as library:
        while process.poll() is None:
            runs = library.runs()
            if runs and runs[0].verifications > verifications:
                return
            time.sleep(0.02)


@pytest.mark.kill
def test_a_run_killed_at_twenty_moments_is_sound_each_time_and_ends_as_it_should(
    database_url: str,
) -> None:
    chance = random.Random(20)
    verifications = 0

    for _ in range(KILLS):
        with start(search_to_kill.__file__, database_url) as process:
            wait_for_progress(database_url, verifications, process)
            time.sleep(chance.uniform(0, 0.15))
            process.send_signal(signal.SIGKILL)
        assert_sound(database_url)
        with Library(database_url) as library:
            (run,) = library.runs()
        assert verifications <= run.verifications < search_to_kill.VERIFICATIONS
        verifications = run.verifications

    with start(search_to_kill.__file__, database_url) as process:
        answer, _ = process.communicate(timeout=120)
    assert answer == f"budget verifications {search_to_kill.VERIFICATIONS}\n"
    assert_sound(database_url)
    with Library(database_url) as library:
        (run,) = library.runs()
    assert run.verifications == search_to_kill.VERIFICATIONS
    assert run.entries == search_to_kill.VERIFICATIONS + 1


@pytest.mark.kill
@pytest.mark.parametrize("kind", ["pareto", "clade"])
def test_a_search_by_cases_that_was_killed_again_and_again_gives_the_same_archive(
    database_url: str, tmp_path: Path, kind: str
) -> None:
    chance = random.Random(5)
    whole = f"sqlite:///{tmp_path / 'whole.db'}"
    cases_to_kill.main(whole, kind)

    verifications = 0
    for _ in range(5):
        with start(cases_to_kill.__file__, database_url, kind) as process:
            wait_for_progress(database_url, verifications, process)
            time.sleep(chance.uniform(0, 0.15))
            process.send_signal(signal.SIGKILL)
        with Library(database_url) as library:
            (run,) = library.runs()
        assert verifications <= run.verifications < cases_to_kill.STEPS
        verifications = run.verifications
    with start(cases_to_kill.__file__, database_url, kind) as process:
        process.communicate(timeout=120)

    assert verifications > 0
    with Library(database_url) as library, Library(whole) as other:
        assert digest(library.read("killed")) == digest(other.read("killed"))


def answered(url: str) -> set[str]:
    """The questions that the ledger has an answer to."""
    with Library(url) as library:
        runs = library.runs()
        calls = list(library.read(runs[0].name).calls()) if runs else []
    return {json.loads(call.request)["messages"][-1][1] for call in calls}


@pytest.mark.kill
def test_no_answered_call_is_sent_again_by_a_run_killed_at_twenty_moments(
    database_url: str,
) -> None:
    chance = random.Random(3)
    known: set[str] = set()

    with serving(completion("fine", wait=0.005)) as server:
        command = (asking_to_kill.__file__, database_url, server.url)
        for _ in range(KILLS):
            before = len(known)
            with start(*command) as process:
                while process.poll() is None and len(answered(database_url)) <= before:
                    time.sleep(0.02)
                time.sleep(chance.uniform(0, 0.1))
                process.send_signal(signal.SIGKILL)
            sent_before = len(server.calls)
            assert_sound(database_url)
            known = answered(database_url)
            assert len(known) < asking_to_kill.VERIFICATIONS
            with start(*command) as process:
                while process.poll() is None and len(server.calls) <= sent_before + 8:
                    time.sleep(0.01)
                process.send_signal(signal.SIGKILL)
            sent = [_question(call.body) for call in server.calls[sent_before:]]
            assert not known & set(sent)

        with start(*command) as process:
            said, _ = process.communicate(timeout=120)
        asked = Counter(_question(call.body) for call in server.calls)

    assert said == f"budget verifications {asking_to_kill.VERIFICATIONS}\n"
    assert_sound(database_url)
    assert answered(database_url) <= asked.keys()
    sent_in_vain = asked.total() - len(answered(database_url))
    assert sent_in_vain <= 2 * KILLS * asking_to_kill.WORKERS


def _question(body: dict[str, Json]) -> str:
    match body:
        case {"messages": [*_, {"content": str(text)}]}:
            return text
        case _:
            raise ValueError(body)
