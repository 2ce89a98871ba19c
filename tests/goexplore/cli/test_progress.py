"""The live line."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from math import inf

import pytest

from goexplore.budget import Budget, Spent
from goexplore.cli.progress import Progress, seconds_left
from goexplore.cli.terminal import Terminal
from goexplore.events import RunOpened


def test_what_is_left_is_the_least_of_all_limits() -> None:
    opened = RunOpened(budget=Budget(steps=100, verifications=60, seconds=50), spent=Spent())

    left = seconds_left(opened, Spent(steps=10, verifications=30, seconds=10))

    assert left == 10


def test_what_models_may_still_cost_ends_a_run_too() -> None:
    opened = RunOpened(budget=Budget(steps=1000, dollars=1.0), spent=Spent(dollars=0.25))

    left = seconds_left(opened, Spent(steps=10, seconds=10, dollars=0.5))

    assert left == 20


def test_what_was_spent_in_earlier_sessions_is_no_measure_of_speed() -> None:
    opened = RunOpened(budget=Budget(steps=100), spent=Spent(steps=50, seconds=1000))

    left = seconds_left(opened, Spent(steps=60, seconds=1010))

    assert left == 40


def test_without_a_limit_it_lasts_for_ever() -> None:
    opened = RunOpened(budget=Budget(), spent=Spent())

    assert seconds_left(opened, Spent(steps=10, seconds=10)) == inf


def test_each_stage_of_an_image_is_a_line_and_its_steps_are_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = Progress(Terminal.of())

    with progress.showing():
        for step in ("Step 1/8", "Step 2/8"):
            progress.building("image", step)
        progress.building("packages", "pytest")

    lines = capsys.readouterr().err.splitlines()
    assert lines == ["building the image: Step 1/8", "fetching packages: pytest"]


def test_who_watches_sees_the_step_that_an_image_is_at_until_the_run_is_open() -> None:
    progress = Progress(Terminal.of())
    progress.next_run("a run")

    progress.building("image", "Step 2/8")
    building = progress.line().plain
    progress.watch(RunOpened(budget=Budget(), spent=Spent()))

    assert building == "a run  building the image: Step 2/8"
    assert progress.line().plain == "a run  opening"


def test_a_terminal_sees_a_line_and_a_quiet_one_does_not() -> None:
    world = ("run", "slow_world:Slow", "-s", "mutation.kind=slow_world:AddOne")
    command = [sys.executable, "-m", "goexplore.cli.main", *world, "--steps", "6"]

    loud = seen(command)
    quiet = seen([*command, "--fresh", "--quiet"])

    assert "elites" in loud
    assert "left" in loud
    assert " left" not in quiet


def seen(command: list[str]) -> str:
    """What a terminal shows of what a command says beside its result."""
    terminal, end = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=end):  # noqa: S603  # ours
        os.close(end)
        return b"".join(parts(terminal)).decode()


def parts(terminal: int) -> Iterator[bytes]:
    try:
        while part := os.read(terminal, 65536):
            yield part
    except OSError:  # how a terminal says on Linux that its last user has gone
        os.close(terminal)
