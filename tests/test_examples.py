"""The examples do what they say."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_maze_is_solved(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "examples" / "maze.py")]

    ran = subprocess.run(  # noqa: S603
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )

    assert ran.stdout.startswith("goal after ")
    assert ran.stdout.split()[-1] == "down"
