"""`goexplore demo`."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

from goexplore.cli.game24 import generated
from goexplore.domains.game24 import solvable

Command = Callable[..., CompletedProcess[str]]


def test_the_demo_solves_its_puzzles_and_shows_how(goexplore: Command, folder: Path) -> None:
    ended = goexplore("demo")

    assert ended.returncode == 0
    assert ended.stdout.count(" = 24 ") >= 10
    assert "10 (100%)" in ended.stdout
    assert "#1 " in ended.stdout
    assert (folder / "goexplore-demo.db").exists()


def test_the_demo_again_shows_the_same(goexplore: Command) -> None:
    first = goexplore("demo")

    second = goexplore("demo")

    assert solutions(second) == solutions(first)
    assert "10 of the runs had ended before" in second.stderr


def solutions(ended: CompletedProcess[str]) -> list[list[str]]:
    """The rows of the puzzles without their seconds."""
    return [line.split()[:-1] for line in ended.stdout.splitlines() if " = 24 " in line]


def test_what_the_demo_says_to_try_next_works(goexplore: Command) -> None:
    said = goexplore("demo").stdout
    commands = [
        line.split("   ")[0].split()[1:]
        for line in map(str.strip, said.splitlines())
        if line.startswith("goexplore ")
    ]

    statuses = [goexplore(*command).returncode for command in commands]

    assert len(statuses) == 4
    assert set(statuses) == {0}


def test_its_puzzles_are_different_ones_with_a_solution() -> None:
    puzzles = generated(10)

    assert len(set(puzzles)) == 10
    assert all(solvable(numbers, "ige") for numbers in puzzles)
