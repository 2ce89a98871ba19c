"""The examples do what they say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archive.library import Library
from goexplore.config import checked, options, prepare, run_file
from goexplore.events import Outcome

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(f"sqlite:///{tmp_path / 'archive.db'}")


def searched(name: str, library: Library, steps: int) -> Outcome:
    """What the scripted search of a task came to, in a real sandbox."""
    script = EXAMPLES / "scripts" / f"{name}.jsonl"
    settings = {
        "run": {"name": name, "seed": 1, "model": f"scripted:{script}"},
        "budget": {"steps": steps},
        "sandbox": {"kind": "bubblewrap"},
    }
    config = checked([run_file(EXAMPLES / name / "run.toml"), options(settings)])
    with library, prepare(config, library=library) as run:
        return run.engine.run()


def test_the_maze_is_solved(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "examples" / "maze.py")]

    ran = subprocess.run(  # noqa: S603
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )

    assert ran.stdout.startswith("goal after ")
    assert ran.stdout.split()[-1] == "down"


@pytest.mark.bubblewrap
@pytest.mark.parametrize(
    ("name", "first", "best"),
    [("circle_packing", 2.1667, 2.5414), ("function_minimization", 0.7215, 0.9052)],
)
def test_a_scripted_search_improves_a_task(
    library: Library, name: str, first: float, best: float
) -> None:
    outcome = searched(name, library, steps=12)

    assert outcome.objective == pytest.approx(best, abs=1e-4)
    with library as reopened:
        root = next(iter(reopened.read(name).entries())).result
    assert getattr(root, "objective", None) == pytest.approx(first, abs=1e-4)


@pytest.mark.bubblewrap
@pytest.mark.parametrize(
    ("name", "first", "best"),
    [
        ("weighted_tardiness", 0.454, 0.98),
        ("bin_packing", 0.879, 0.951),
        ("durations", 0.125, 0.812),
    ],
)
def test_a_scripted_search_improves_a_task_as_its_readme_says(
    library: Library, name: str, first: float, best: float
) -> None:
    outcome = searched(name, library, steps=12)

    assert outcome.objective is not None
    with library as reopened:
        root = next(iter(reopened.read(name).entries())).result
    assert getattr(root, "objective", None) == pytest.approx(first, abs=5e-4)
    assert outcome.objective == pytest.approx(best, abs=6e-4)
    readme = (EXAMPLES / name / "README.md").read_text()
    assert f"| {first:.3f} |" in readme
    assert f"| {best:.3f} |" in readme
