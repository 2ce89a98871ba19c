"""`goexplore tasks`."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Command = Callable[..., CompletedProcess[str]]

TASK = """
difficulty = "easy"
function = "main.py:solve"
statement = "Return the square."
cases = '''
{"given": [3], "returns": 9}
'''
[start]
"main.py" = "def solve(n): return START"
[solution]
"main.py" = "def solve(n): return SOLUTION"
"""


def made(folder: Path, name: str, start: str, solution: str) -> None:
    (folder / "mine").mkdir(exist_ok=True)
    text = TASK.replace("START", start).replace("SOLUTION", solution)
    (folder / "mine" / f"{name}.toml").write_text(text)


@pytest.mark.parametrize("words", [(), ("list",), ("show",), ("check",)])
def test_help_has_an_example(goexplore: Command, words: tuple[str, ...]) -> None:
    ended = goexplore("tasks", *words, "--help")

    assert ended.returncode == 0
    assert f"goexplore tasks {' '.join(words)}".strip() in ended.stdout


def test_the_tasks_that_come_along_are_listed(goexplore: Command) -> None:
    ended = goexplore("tasks", "list")

    assert ended.returncode == 0
    assert "first-gap" in ended.stdout
    assert ended.stdout.rstrip().endswith("7 hard; 3 hard, held out")


def test_a_list_can_be_narrowed_and_read_by_programs(goexplore: Command) -> None:
    found = json.loads(goexplore("tasks", "list", "--only", "first-*", "--json").stdout)

    assert [each["name"] for each in found] == ["first-gap", "first-spelling"]
    assert found[0] == {
        "name": "first-gap",
        "difficulty": "easy",
        "held_out": False,
        "files": ["gap.py"],
        "tests": 9,
        "reach": "judged out of its reach",
    }


def test_showing_a_task_keeps_its_solution_back(goexplore: Command) -> None:
    shown = goexplore("tasks", "show", "first-gap").stdout
    whole = goexplore("tasks", "show", "first-gap", "--solution").stdout

    assert "def first_gap(numbers):\n    raise NotImplementedError" in shown
    assert "known = set(numbers)" not in shown
    assert "known = set(numbers)" in whole
    assert '"given": [[1, 2, 4]], "then": []} -> {"returns": 3}' in whole


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("show", "first-gab"), "no task 'first-gab' in ours; did you mean 'first-gap'?"),
        (("list", "theirs"), "no tasks 'theirs'; known are ours"),
        (("list", "--only", "zz*"), "none of the 46 tasks of ours is named as 'zz*' says"),
        (("check", "polyglot:nowhere"), "'nowhere': no such file or folder"),
    ],
)
def test_a_mistake_is_one_line(goexplore: Command, words: tuple[str, ...], complaint: str) -> None:
    ended = goexplore("tasks", *words)

    assert ended.returncode in (1, 2)
    assert complaint in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.bubblewrap
def test_the_tasks_that_come_along_are_sound(goexplore: Command) -> None:
    ended = goexplore("tasks", "check", "--kind", "bubblewrap", "--workers", "2")

    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.startswith("46 of 46 tasks are sound (")


@pytest.mark.bubblewrap
def test_tasks_that_are_not_sound_are_named(goexplore: Command, folder: Path) -> None:
    made(folder, "good", "n", "n * n")
    made(folder, "wrong", "n", "n + n")
    made(folder, "done", "n * n", "n ** 2")

    ended = goexplore("tasks", "check", "mine", "--kind", "bubblewrap", "--quiet")
    told = goexplore("tasks", "check", "mine", "--kind", "bubblewrap", "--only", "[dw]*", "--json")

    assert ended.returncode == 1
    assert ended.stdout.splitlines()[:2] == [
        "done: what it begins with passes already",
        "wrong: its solution does not pass: case 1 of 1 is wrong",
    ]
    assert ended.stdout.splitlines()[2].startswith("1 of 3 tasks are sound")
    assert told.returncode == 1
    assert [(each["name"], each["sound"]) for each in json.loads(told.stdout)] == [
        ("done", False),
        ("wrong", False),
    ]
