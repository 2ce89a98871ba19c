"""Ctrl-C once and twice, for real."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Command = Callable[..., CompletedProcess[str]]

WORLD = ("run", "slow_world:Slow", "-s", "mutation.kind=slow_world:AddOne", "--workers", "2")
WAIT = 30


def begin(folder: Path, *options: str) -> subprocess.Popen[str]:
    """A run that has recorded some steps and goes on."""
    process = subprocess.Popen(  # noqa: S603  # our own command
        [sys.executable, "-m", "goexplore.cli.main", *WORLD, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    give_up = time.monotonic() + WAIT
    while steps_in(folder / "goexplore.db") < 2:
        assert time.monotonic() < give_up
        time.sleep(0.05)
    return process


def steps_in(database: Path) -> int:
    if not database.exists():
        return 0
    with closing(sqlite3.connect(database)) as connection:
        try:
            (count,) = connection.execute("SELECT count(*) FROM steps").fetchone()
        except sqlite3.OperationalError:
            return 0
    return int(count)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_once_finishes_what_is_under_way(
    goexplore: Command, folder: Path, number: signal.Signals
) -> None:
    process = begin(folder, "--json")

    process.send_signal(number)
    out, err = process.communicate(timeout=WAIT)

    assert process.returncode == 130
    assert err.splitlines() == [
        "goexplore: finishing what is under way; once more to drop it",
    ]
    told = json.loads(out)["runs"][0]
    assert told["outcome"] == "interrupted"
    assert json.loads(goexplore("runs", "--json").stdout)[0]["steps"] == told["steps"]


def test_twice_drops_it_and_loses_nothing_recorded(folder: Path) -> None:
    process = begin(folder, "-s", "domain.pause=60")
    recorded = steps_in(folder / "goexplore.db")

    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, err = process.communicate(timeout=WAIT)

    assert process.returncode == 130
    assert time.monotonic() - began < 5
    assert out == ""
    assert "the same command, or 'goexplore resume', goes on" in err
    assert "Traceback" not in err
    assert steps_in(folder / "goexplore.db") >= recorded


def test_the_same_command_goes_on_after_it(goexplore: Command, folder: Path) -> None:
    process = begin(folder)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=WAIT)
    steps = json.loads(goexplore("runs", "--json").stdout)[0]["steps"]

    again = json.loads(goexplore(*WORLD, "--steps", str(steps + 2), "--json").stdout)["runs"][0]

    assert again["steps"] == steps + 2
    assert again["steps_this_session"] == 2


def test_a_run_killed_outright_goes_on(goexplore: Command, folder: Path) -> None:
    process = begin(folder)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=WAIT)

    resumed = json.loads(goexplore("resume", "--steps", "6", "--json").stdout)["runs"][0]

    assert resumed["steps"] >= 6
