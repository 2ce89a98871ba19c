"""The tasks that come along, and what makes a file no task."""

from collections import Counter
from pathlib import Path

import pytest

from goexplore.domains.agent import (
    Cases,
    CodingTask,
    Difficulty,
    UnfitTask,
    counted,
    tasks_of,
)
from goexplore.domains.agent.coding import distinct

OURS = tasks_of("ours")
WHOLE = """
difficulty = "easy"
function = "main.py:solve"
statement = "Return the square."
cases = '''
{"given": [2], "returns": 4}
{"given": ["x"], "raises": "TypeError"}
'''
[start]
"main.py" = "def solve(n): pass"
[solution]
"main.py" = "def solve(n): return n * n"
"""


def test_there_are_enough_in_each_difficulty_and_split() -> None:
    assert counted(OURS) == {
        (Difficulty.EASY, False): 15,
        (Difficulty.EASY, True): 7,
        (Difficulty.MEDIUM, False): 10,
        (Difficulty.MEDIUM, True): 4,
        (Difficulty.HARD, False): 7,
        (Difficulty.HARD, True): 3,
    }


def test_no_two_are_the_same() -> None:
    assert Counter(task.name for task in OURS).most_common(1)[0][1] == 1
    assert Counter(task.statement for task in OURS).most_common(1)[0][1] == 1
    assert Counter(tuple(task.start.items()) for task in OURS).most_common(1)[0][1] == 1


@pytest.mark.parametrize("task", OURS, ids=lambda task: task.name)
def test_each_has_cases_enough_and_a_solution_that_changes_something(task: CodingTask) -> None:
    assert isinstance(task.hidden, Cases)
    assert task.count >= 8
    assert len({str(case) for case in task.hidden.cases}) >= 8
    assert any(task.start.get(path) != text for path, text in task.solution.items())


@pytest.mark.parametrize("task", OURS, ids=lambda task: task.name)
def test_each_statement_names_what_is_asked_for(task: CodingTask) -> None:
    assert isinstance(task.hidden, Cases)
    asked = {str(value).partition(":")[0] for value in _targets(task.hidden)}
    asked &= {path for path in task.solution if task.start.get(path) != task.solution[path]}

    assert all(path in task.statement for path in asked)


def _targets(hidden: Cases) -> list[object]:
    given = [case.given for case in hidden.cases if isinstance(case.given, dict)]
    return [each.get("call", each.get("command")) for each in given]


def test_a_folder_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "squares.toml").write_text(WHOLE)
    (tmp_path / "README.md").write_text("no task")

    (task,) = tasks_of(str(tmp_path))

    assert (task.name, task.count, task.held_out, task.seconds) == ("squares", 2, False, 10.0)
    assert task.solved == {"main.py": "def solve(n): return n * n"}


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('"easy"', '"simple"', "difficulty: input should be 'easy', 'medium' or 'hard'"),
        ('difficulty = "easy"', "", "difficulty: field required"),
        ("statement", "statment", "statement: field required"),
        ('"main.py:solve"', '"main:solve"', "function: string should match pattern"),
        ('function = "main.py:solve"', "", "its cases need a function = 'FILE.py:NAME', or"),
        ("[start]", "seconds = 1", "start: field required"),
        ('"Return the square."', '" "', "task made: no statement"),
        ('"main.py" = "def solve(n): pass"', '"../main.py" = ""', "cannot enter a sandbox"),
        ('"returns": 4', '"answer": 4', "made.toml, case 1"),
        ('"returns": 4', '"returns": NaN', "case 1: no json"),
        ('"raises": "TypeError"', '"raises": ""', "case 2: a case has either returns or raises"),
        ('{"given": [2]', '{"given": [2]; ', "case 1: no json"),
        ('"returns": 4', '"then": [["x"]], "returns": 4', "with then, returns is a list"),
        ("[solution]", "[[solution]]", "solution: input should be a valid dict"),
    ],
)
def test_what_is_no_task_is_named(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    assert before in WHOLE
    (tmp_path / "made.toml").write_text(WHOLE.replace(before, after, 1))

    with pytest.raises(UnfitTask) as raised:
        tasks_of(str(tmp_path))

    assert complaint in str(raised.value).replace("no JSON", "no json")
    assert "\n" not in str(raised.value)


def test_what_is_no_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnfitTask, match="no tasks 'theirs'; known are ours, humaneval"):
        tasks_of("theirs")
    with pytest.raises(UnfitTask, match=r"no tasks; a task is a file NAME\.toml"):
        tasks_of(str(tmp_path))


def test_two_tasks_of_one_name_are_refused() -> None:
    with pytest.raises(UnfitTask, match="2 tasks are named"):
        distinct([OURS[0], OURS[0]])
