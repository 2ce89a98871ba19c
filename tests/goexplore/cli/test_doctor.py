"""`goexplore doctor`, and what is wrong with a house."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Command = Callable[..., CompletedProcess[str]]

HOME = Path(__file__).parents[3]


def test_all_is_well_where_it_is(goexplore: Command) -> None:
    ended = goexplore("doctor", "--json")

    assert ended.returncode == 0
    assert all(finding["ok"] for finding in json.loads(ended.stdout))


def test_a_folder_that_is_not_there_is_told_with_what_to_do(goexplore: Command) -> None:
    ended = goexplore("doctor", "--archive", "sqlite:///nowhere/goexplore.db")

    assert ended.returncode == 1
    assert "--archive" in ended.stdout


def test_a_file_that_is_no_archive_is_told(goexplore: Command, folder: Path) -> None:
    (folder / "goexplore.db").write_text("Dear diary, " * 1000)

    ended = goexplore("doctor")

    assert ended.returncode == 1
    assert "no SQLite database" in " ".join(ended.stdout.split())


def test_it_leaves_nothing_behind(goexplore: Command, folder: Path) -> None:
    before = sorted(folder.iterdir())

    goexplore("doctor")

    assert sorted(folder.iterdir()) == before


def test_a_strange_package_in_our_place_is_named(folder: Path) -> None:
    (folder / "archive").mkdir()
    (folder / "archive" / "__init__.py").write_text("")

    ended = subprocess.run(
        [sys.executable, "-c", "from goexplore.cli.main import main; main(['doctor'])"],
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{HOME}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"goexplore: the package 'archive' at {folder / 'archive'} hides ours")
