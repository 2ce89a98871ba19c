"""The contracts that evaluators keep, and what each makes of a program."""

from pathlib import Path

import pytest

from archive.entry import Cause, TaskResult
from goexplore.domains.program import Program
from sandboxes.pool import Pool
from tests.goexplore.domains.program.making import (
    ANSWER,
    COMMAND,
    OPENEVOLVE,
    PRINTING,
    SHINKA,
    SHINKA_BY_ITS_LIBRARY,
    evaluated,
    failed,
    folder,
    task,
)

pytestmark = pytest.mark.bubblewrap

BETTER = {"initial_program.py": "def answer():\n    return 7\n"}
RESULT_OBJECT = """\
from openevolve.evaluation_result import EvaluationResult

def evaluate(program_path):
    return EvaluationResult(metrics={"combined_score": 0.5}, artifacts={"note": b"nearly"})
"""
STAGED = """\
def evaluate_stage1(program_path):
    return {"combined_score": len(open(program_path).read()) / 100, "first": 1.0}

def evaluate_stage2(program_path):
    return {"combined_score": 0.9, "second": 2.0}
"""
JUDGING = """\
def score(given, answer, expected):
    if answer < 0:
        return {"invalid": "below zero"}
    return {"score": answer / given, "measures": {"size": answer}, "feedback": "go on"}
"""
CASES = '{"name": "two", "given": 2, "expected": 4}\n{"name": "five", "given": 5, "expected": 25}\n'
DOUBLE = "def solve(n):\n    return 2 * n\n"
SQUARE = "def solve(n):\n    return n * n\n"


def test_openevolves_dict_of_metrics(tmp_path: Path, sandboxes: Pool) -> None:
    world = Program(task(tmp_path, OPENEVOLVE), sandboxes)

    first, second = evaluated(world), evaluated(world, BETTER)

    assert (first.objective, second.objective) == (0.4, 0.7)
    assert first.measures == {"size": 1.0}
    assert first.cell != second.cell


def test_openevolves_result_with_artifacts(tmp_path: Path, sandboxes: Pool) -> None:
    found = evaluated(Program(task(tmp_path, RESULT_OBJECT), sandboxes))

    assert found.objective == 0.5
    assert "note: nearly" in found.observation


def test_stages_end_at_a_gate(tmp_path: Path, sandboxes: Pool) -> None:
    world = Program(task(tmp_path, STAGED), sandboxes, gates=(0.2,))

    through = evaluated(world)
    stopped = failed(world, {"initial_program.py": "pass"})

    assert (through.objective, through.measures) == (0.9, {"first": 1.0, "second": 2.0})
    assert stopped.cause == Cause.GATE
    assert stopped.message == "evaluate_stage1: combined_score is 0.04, and its gate 0.2"


@pytest.mark.parametrize("evaluator", [SHINKA, SHINKA_BY_ITS_LIBRARY])
def test_shinkas_script(tmp_path: Path, sandboxes: Pool, evaluator: str) -> None:
    home = folder(tmp_path, {"initial.py": ANSWER, "evaluate.py": evaluator})
    world = Program(home, sandboxes)

    found = evaluated(world)
    wrong = failed(world, {"initial.py": "def answer():\n    return 11\n"})

    assert found.objective == 0.4
    assert wrong.cause == Cause.INVALID_SCORE
    assert "too good" in wrong.message


def test_a_command_prints_one_object(tmp_path: Path, sandboxes: Pool) -> None:
    home = folder(tmp_path, {"initial.py": ANSWER, "evaluate.py": PRINTING})

    found = evaluated(Program(home, sandboxes, command=COMMAND))

    assert found.objective == 0.4
    assert found.tasks == (TaskResult(task="a", score=0.4),)
    assert "go on" in found.observation


def test_cases_are_judged_by_sameness(tmp_path: Path, sandboxes: Pool) -> None:
    home = folder(tmp_path, {"initial.py": DOUBLE, "cases.jsonl": CASES})
    world = Program(home, sandboxes, function="initial.py:solve")

    half, whole = evaluated(world), evaluated(world, {"initial.py": SQUARE})

    assert (half.objective, whole.objective) == (0.5, 1.0)
    assert [result.score for result in half.tasks] == [1.0, 0.0]


def test_cases_are_judged_by_a_judge(tmp_path: Path, sandboxes: Pool) -> None:
    home = folder(tmp_path, {"initial.py": DOUBLE, "cases.jsonl": CASES, "judge.py": JUDGING})
    world = Program(home, sandboxes, function="initial.py:solve")

    found = evaluated(world)
    wrong = failed(world, {"initial.py": "def solve(n):\n    return -n\n"})

    assert (found.objective, found.measures) == (2.0, {"size": 7.0})
    assert wrong.message == "case two: below zero"


def test_a_program_in_another_language_answers_cases(tmp_path: Path, sandboxes: Pool) -> None:
    shell = 'while read n; do echo "$((n * n))" >&3; done\n'
    home = folder(tmp_path, {"initial.sh": shell, "cases.jsonl": CASES})

    found = evaluated(Program(home, sandboxes, command=("sh", "program/initial.sh")))

    assert found.objective == 1.0


def test_no_program_sees_the_cases_or_the_judge(tmp_path: Path, sandboxes: Pool) -> None:
    looking = "import os\n\ndef solve(n):\n    return sorted(f for _, _, f in os.walk('.'))\n"
    home = folder(tmp_path, {"initial.py": looking, "cases.jsonl": CASES, "judge.py": JUDGING})
    world = Program(home, sandboxes, function="initial.py:solve")

    found = failed(world)

    assert "judge gave no verdict" in found.message
    seen = "def solve(n):\n    import os\n    return sum(len(f) for _, _, f in os.walk('.'))\n"
    assert evaluated(world, {"initial.py": seen}).measures == {"size": 1.0}


def test_held_out_cases_do_not_steer(tmp_path: Path, sandboxes: Pool) -> None:
    cases = f'{CASES}{{"name": "ten", "given": 10, "expected": 20, "held_out": true}}\n'
    home = folder(tmp_path, {"initial.py": SQUARE, "cases.jsonl": cases})
    world = Program(home, sandboxes, function="initial.py:solve")

    searched = evaluated(world)
    held_out = world.verify_held_out(world.roots()[0])

    assert (searched.objective, len(searched.tasks)) == (1.0, 2)
    assert getattr(held_out, "objective", None) == 0.0


def test_a_program_of_many_files(tmp_path: Path, sandboxes: Pool) -> None:
    files = {
        "initial/main.py": "from parts.numbers import FOUR\n\ndef answer():\n    return FOUR\n",
        "initial/parts/numbers.py": "FOUR = 4\n",
        "evaluator.py": OPENEVOLVE.replace("def load(path):", "def load(path):\n    on(path)")
        + "def on(path):\n    import os, sys\n    sys.path.append(os.path.dirname(path))\n",
    }

    found = evaluated(Program(folder(tmp_path, files), sandboxes))

    assert found.objective == 0.4


def test_a_result_says_who_judged_and_what_held(tmp_path: Path, sandboxes: Pool) -> None:
    home = folder(tmp_path / "judged", {"initial.py": SQUARE, "cases.jsonl": CASES})
    apart = evaluated(Program(home, sandboxes, function="initial.py:solve"))
    together = evaluated(Program(task(tmp_path / "shared", OPENEVOLVE), sandboxes))

    assert apart.observation.endswith("[held by bubblewrap; judged out of its reach]")
    assert "[held by bubblewrap; shared with its evaluator " in together.observation


def test_an_objective_can_be_named(tmp_path: Path, sandboxes: Pool) -> None:
    world = Program(task(tmp_path, OPENEVOLVE), sandboxes, objective="size")

    found = evaluated(world)

    assert (found.objective, found.measures) == (1.0, {"combined_score": 0.4})
