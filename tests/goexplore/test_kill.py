"""A process that explores is killed, again and again."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archive.library import Library
from tests.conformance.soundness import assert_sound
from tests.goexplore import search_to_kill

KILLS = 20
FOLDER = Path(__file__).parents[2]


def start(url: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(FOLDER)}
    command = [sys.executable, search_to_kill.__file__, url]
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
        with start(database_url) as process:
            wait_for_progress(database_url, verifications, process)
            time.sleep(chance.uniform(0, 0.15))
            process.send_signal(signal.SIGKILL)
        assert_sound(database_url)
        with Library(database_url) as library:
            (run,) = library.runs()
        assert verifications <= run.verifications < search_to_kill.VERIFICATIONS
        verifications = run.verifications

    with start(database_url) as process:
        answer, _ = process.communicate(timeout=120)
    assert answer == f"budget verifications {search_to_kill.VERIFICATIONS}\n"
    assert_sound(database_url)
    with Library(database_url) as library:
        (run,) = library.runs()
    assert run.verifications == search_to_kill.VERIFICATIONS
    assert run.entries == search_to_kill.VERIFICATIONS + 1
