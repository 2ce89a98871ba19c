"""A mistake of the user's is one clear line on stderr, and never a traceback."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Command = Callable[..., CompletedProcess[str]]

PUZZLE = ("run", "game24", "4", "4", "6", "8")
USAGE, FAILURE = 2, 1


def complaint(ended: CompletedProcess[str], status: int) -> str:
    """The one line on stderr of a command that must have failed."""
    assert ended.returncode == status
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("goexplore: ")
    return line


@pytest.mark.parametrize("numbers", ["4 4 6", "4 4 6 x", "4 4 6 8 9", "4 4 6 8.5", "4 4 6 1001"])
def test_what_is_not_four_whole_numbers_is_no_puzzle(goexplore: Command, numbers: str) -> None:
    ended = goexplore("run", "game24", *numbers.split())

    assert "four whole numbers" in complaint(ended, USAGE)


def test_a_negative_number_is_no_puzzle(goexplore: Command) -> None:
    ended = goexplore("run", "game24", "--", "-4", "4", "6", "8")

    assert "four whole numbers" in complaint(ended, USAGE)


def test_game24_without_a_puzzle_says_what_to_give(goexplore: Command) -> None:
    assert "--puzzles FILE" in complaint(goexplore("run", "game24"), USAGE)


def test_an_unsolvable_puzzle_is_refused_with_proof(goexplore: Command) -> None:
    ended = goexplore("run", "game24", "1", "1", "1", "1")

    assert "proof by exhaustion" in complaint(ended, FAILURE)
    assert json.loads(goexplore("runs", "--json").stdout) == []


def test_a_missing_file_of_puzzles_is_named(goexplore: Command) -> None:
    ended = goexplore("run", "game24", "--puzzles", "nowhere.csv")

    assert "nowhere.csv" in complaint(ended, USAGE)


def test_a_broken_line_of_puzzles_is_numbered(goexplore: Command, folder: Path) -> None:
    (folder / "p.csv").write_text("Rank,Puzzles\n1,1 1 4 6\n2,1 1 four 6\n")

    ended = goexplore("run", "game24", "--puzzles", "p.csv")

    assert "p.csv, line 3" in complaint(ended, USAGE)


@pytest.mark.parametrize("rows", ["5", "3:1", "0:9", "a:b"])
def test_rows_that_are_not_there_are_no_range(goexplore: Command, folder: Path, rows: str) -> None:
    (folder / "p.csv").write_text("1 1 4 6\n4 4 6 8\n")

    ended = goexplore("run", "game24", "--puzzles", "p.csv", "--range", rows)

    assert "range" in complaint(ended, USAGE)


def test_a_range_without_a_file_says_what_to_give(goexplore: Command) -> None:
    assert "--puzzles" in complaint(goexplore("run", "game24", "--range", "1:2"), USAGE)


def test_numbers_and_a_file_are_one_too_many(goexplore: Command) -> None:
    assert "not both" in complaint(goexplore(*PUZZLE, "--puzzles", "p.csv"), USAGE)


def test_rules_that_are_not_there_name_those_that_are(goexplore: Command) -> None:
    assert "'ige' or 'exact'" in complaint(goexplore(*PUZZLE, "--rules", "loose"), USAGE)


def test_an_unknown_preset_names_its_nearest(goexplore: Command) -> None:
    assert "'depth-first'" in complaint(goexplore(*PUZZLE, "--preset", "depthfirst"), USAGE)


def test_an_unknown_domain_names_what_is_known(goexplore: Command) -> None:
    assert "'game24'" in complaint(goexplore("run", "game23"), USAGE)


def test_numbers_are_not_for_every_domain(goexplore: Command) -> None:
    ended = goexplore("run", "slow_world:Slow", "1", "2", "3", "4")

    assert "[domain] has no key 'numbers'" in complaint(ended, USAGE)


def test_a_missing_run_file_is_named(goexplore: Command) -> None:
    assert "nowhere.toml" in complaint(goexplore("run", "nowhere.toml"), USAGE)


def test_a_run_file_that_is_no_toml_says_where(goexplore: Command, folder: Path) -> None:
    (folder / "run.toml").write_text("[run]\nseed = \n")

    assert "line 2" in complaint(goexplore("run", "run.toml"), USAGE)


def test_an_unknown_key_names_its_nearest(goexplore: Command, folder: Path) -> None:
    (folder / "run.toml").write_text(
        '[domain]\nkind = "game24"\nnumbers = [4, 4, 6, 8]\n'
        '[selection]\nkind = "softmax"\ntemprature = 2.0\n'
    )

    line = complaint(goexplore("run", "run.toml"), USAGE)

    assert line == (
        "goexplore: run.toml: [selection] has no key 'temprature'; did you mean 'temperature'?"
    )


def test_a_wrong_type_says_where_and_what_was_expected(goexplore: Command, folder: Path) -> None:
    (folder / "run.toml").write_text('[run]\nworkers = "many"\n')

    line = complaint(goexplore("run", "run.toml"), USAGE)

    assert line == 'goexplore: run.toml: [run] workers = "many": should be a valid integer'


@pytest.mark.parametrize(
    "option", [("--workers", "0"), ("--steps", "-1"), ("--seconds", "-1"), ("--seconds", "nan")]
)
def test_an_option_out_of_bounds_is_refused(goexplore: Command, option: tuple[str, str]) -> None:
    assert f"{option[0][2:]} = " in complaint(goexplore(*PUZZLE, *option), USAGE)


def test_another_spec_under_a_name_in_use_is_refused(goexplore: Command) -> None:
    goexplore(*PUZZLE, "--name", "mine")

    line = complaint(goexplore(*PUZZLE, "--name", "mine", "--seed", "7"), FAILURE)

    assert "seed was 0 and is now 7" in line


def test_a_database_of_a_newer_schema_is_left_alone(goexplore: Command, folder: Path) -> None:
    goexplore(*PUZZLE)
    with closing(sqlite3.connect(folder / "goexplore.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    assert "upgrade goexplore" in complaint(goexplore(*PUZZLE), FAILURE)


def test_a_file_that_is_no_database_is_left_alone(goexplore: Command, folder: Path) -> None:
    (folder / "goexplore.db").write_text("Dear diary, " * 1000)

    assert "no SQLite database" in complaint(goexplore(*PUZZLE), FAILURE)


def test_a_database_of_something_else_is_left_alone(goexplore: Command, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "goexplore.db")) as connection:
        connection.execute("CREATE TABLE letters (text TEXT)")
        connection.commit()

    assert "letters" in complaint(goexplore(*PUZZLE), FAILURE)


def test_a_locked_database_says_so(
    goexplore: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goexplore(*PUZZLE)
    monkeypatch.setattr(
        "archive.connection._BUSY_SECONDS", 0.1
    )  # else the test takes half a minute
    with closing(sqlite3.connect(folder / "goexplore.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")

        ended = goexplore(*PUZZLE, "--seed", "2")

    assert "another process" in complaint(ended, FAILURE)


def test_a_database_that_cannot_be_written_says_so(goexplore: Command, folder: Path) -> None:
    goexplore(*PUZZLE)
    url = f"sqlite:///file:{folder / 'goexplore.db'}?mode=ro&uri=true"

    ended = goexplore(*PUZZLE, "--seed", "2", "--archive", url)

    assert "cannot be written" in complaint(ended, FAILURE)


LITTLE_ROOM = """
import resource, sys
from pathlib import Path
from goexplore.cli.main import main

room = Path("goexplore.db").stat().st_size + 100_000
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
main(sys.argv[1:])
"""


def test_a_full_disk_loses_nothing_recorded(goexplore: Command) -> None:
    world = ("run", "slow_world:Slow", "-s", "domain.pause=0.0")
    world = (*world, "-s", "mutation.kind=slow_world:AddOne", "--json")
    goexplore(*world, "--steps", "1")

    ended = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-c", LITTLE_ROOM, *world, "--steps", "3000"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "the same command again" in complaint(ended, FAILURE)
    after = json.loads(goexplore(*world, "--steps", "3000").stdout)["runs"][0]
    assert after["steps"] == 3000
    assert after["steps_this_session"] < 2999


def test_an_unknown_run_names_the_newest(goexplore: Command) -> None:
    goexplore(*PUZZLE, "--name", "mine")

    assert "mine" in complaint(goexplore("resume", "yours"), FAILURE)


def test_an_unknown_entry_is_named(goexplore: Command) -> None:
    goexplore(*PUZZLE)

    assert "#999" in complaint(goexplore("show", "999"), FAILURE)


@pytest.mark.parametrize("command", ["runs", "resume", "lineage", "export"])
def test_reading_where_no_archive_is_makes_none(
    goexplore: Command, folder: Path, command: str
) -> None:
    assert "there is no archive" in complaint(goexplore(command), FAILURE)
    assert not (folder / "goexplore.db").exists()


def test_an_url_of_no_database_says_how_to_write_one(goexplore: Command) -> None:
    assert "sqlite:///FILE" in complaint(goexplore(*PUZZLE, "--archive", "nonsense"), FAILURE)
