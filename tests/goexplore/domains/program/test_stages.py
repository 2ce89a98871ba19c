"""Evaluations that end early: stages with limits and gates, and tests of cases."""

import json
from pathlib import Path

import pytest

from archive.entry import Candidate, Cause, Evaluation, Failure, TaskResult
from goexplore.domains.program import Program, TaskError
from goexplore.domains.program.sequential import Sequential
from mutators.base import Parent
from sandboxes.pool import Pool
from tests.goexplore.domains.program.making import (
    ANSWER,
    COMMAND,
    PRINTING,
    SHINKA,
    evaluated,
    failed,
    folder,
    task,
    verified,
)

pytestmark = pytest.mark.bubblewrap

STAGED = """\
import time

def evaluate_stage1(program_path):
    return {"combined_score": 1.0}

def evaluate_stage2(program_path):
    time.sleep(1)
    return {"combined_score": 2.0}
"""
LINES = [json.dumps({"name": f"n{n}", "given": n, "expected": n * n}) for n in range(60)]
HELD_OUT = json.dumps({"name": "last", "given": 60, "expected": 3600, "held_out": True})


def solving(condition: str) -> dict[str, str]:
    """A program that is right where a condition holds."""
    return {"initial.py": f"def solve(n):\n    return n * n if {condition} else -1\n"}


ALWAYS, NEVER = solving("True"), solving("False")
HALF, TWO_IN_THREE = solving("n % 2"), solving("n % 3")


def squares(home: Path, pool: Pool, **keys: object) -> Program:
    """A task of sixty cases, and one more that is held out."""
    folder(home, {**ALWAYS, "cases.jsonl": "\n".join([*LINES, HELD_OUT])})
    return Program(home, pool, function="initial.py:solve", **keys)  # type: ignore[arg-type]  # as a run file says them


def child(
    world: Program, tree: dict[str, str], of: dict[str, str] = ALWAYS
) -> Evaluation | Failure:
    """What the child of a program shows."""
    return verified(world, tree, Parent(tree=of, evaluation=evaluated(world, of)))


def test_each_stage_has_its_own_limit(tmp_path: Path, sandboxes: Pool) -> None:
    home = task(tmp_path, STAGED)

    long = evaluated(Program(home, sandboxes, gates=(0.5,), seconds=(0.5, 20.0)))
    short = failed(Program(home, sandboxes, gates=(0.5,), seconds=(20.0, 0.5)))

    assert long.objective == 2.0
    assert short.cause == Cause.TIMED_OUT


def test_a_few_cases_come_first_and_have_a_gate(tmp_path: Path, sandboxes: Pool) -> None:
    world = squares(tmp_path, sandboxes, stages=(10, 20), gates=(0.5, 0.9))

    through = evaluated(world)
    at_first = failed(world, solving("n < 4"))
    at_second = failed(world, solving("n < 12"))
    at_last = evaluated(world, solving("n < 30"))

    assert (through.objective, len(through.tasks)) == (1.0, 60)
    assert at_first.cause == at_second.cause == Cause.GATE
    assert at_first.message == "stage 1, 10 of 60 cases: score is 0.4, and its gate 0.5"
    assert at_second.message == "stage 2, 30 of 60 cases: score is 0.4, and its gate 0.9"
    assert at_last.objective == 0.5


def test_each_stage_of_cases_has_its_own_limit(tmp_path: Path, sandboxes: Pool) -> None:
    slow = {"initial.py": "import time\ndef solve(n):\n    time.sleep(0.02)\n    return n * n\n"}

    short = squares(tmp_path, sandboxes, stages=(5,), gates=(0.5,), seconds=(20.0, 0.5))
    long = squares(tmp_path, sandboxes, stages=(55,), gates=(0.5,), seconds=(20.0, 0.5))

    assert failed(short, slow).cause == Cause.TIMED_OUT
    assert evaluated(long, slow).objective == 1.0


def test_cases_held_out_have_no_stages(tmp_path: Path, sandboxes: Pool) -> None:
    world = squares(tmp_path, sandboxes, stages=(10,), gates=(0.5,), seconds=(5.0, 60.0))

    found = world.verify_held_out(ALWAYS)

    assert isinstance(found, Evaluation)
    assert found.tasks == (TaskResult(task="last", score=1.0),)


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"seconds": (1.0, 2.0)}, "names 2 limits; the evaluator has 1 stage"),
        ({"gates": (0.5,)}, "gates names 1, and stages 0"),
        ({"stages": (10,)}, "gates names 0, and stages 1"),
        ({"stages": (60,), "gates": (0.5,)}, "of the 60 in cases.jsonl"),
        ({"stages": (0,), "gates": (0.5,)}, "each has a case at least"),
        ({"stages": (9,), "gates": (0.5,), "seconds": (1.0, 2.0, 3.0)}, "has 2 stages"),
        (
            {"stages": (9,), "gates": (0.5,), "sequential": Sequential(needed=0.5)},
            "takes the place of stages",
        ),
        ({"repeats": 2, "sequential": Sequential(needed=0.5)}, "repeats = 2"),
    ],
)
def test_stages_that_do_not_fit_are_one_line(
    tmp_path: Path, sandboxes: Pool, keys: dict[str, object], why: str
) -> None:
    with pytest.raises(TaskError) as complaint:
        squares(tmp_path, sandboxes, **keys)

    assert why in str(complaint.value)
    assert "\n" not in str(complaint.value)


@pytest.mark.parametrize(
    ("files", "keys", "why"),
    [
        ({"evaluate.py": PRINTING}, {"command": COMMAND, "gates": (0.5,)}, "a command has none"),
        ({"evaluate.py": SHINKA}, {"gates": (0.5,)}, "has 0 functions evaluate_stage1"),
        ({"evaluate.py": SHINKA}, {"seconds": (1.0, 2.0)}, "names 2 limits"),
        ({"evaluator.py": STAGED}, {"gates": (1.0,), "seconds": (1.0,)}, "has 2 stages"),
        ({"evaluator.py": STAGED}, {"gates": (1.0,), "stages": (3,)}, "there is no cases.jsonl"),
        (
            {"evaluator.py": STAGED},
            {"gates": (1.0,), "sequential": Sequential(needed=0.5)},
            "there is no cases.jsonl",
        ),
    ],
)
def test_what_another_contract_has_not_is_one_line(
    tmp_path: Path, sandboxes: Pool, files: dict[str, str], keys: dict[str, object], why: str
) -> None:
    home = folder(tmp_path, {"initial.py": ANSWER, **files})

    with pytest.raises(TaskError, match=why):
        Program(home, sandboxes, **keys)  # type: ignore[arg-type]  # as a run file says them


def test_a_child_that_is_clearly_too_bad_is_stopped_early(tmp_path: Path, sandboxes: Pool) -> None:
    world = squares(tmp_path, sandboxes, sequential=Sequential(needed=0.9, batch=4))

    found = child(world, NEVER)

    assert isinstance(found, Failure)
    assert found.cause == Cause.GATE
    assert found.message == (
        "0 of 4 cases passed, of 60 in all: a share of 0.00 to 0.65 (95 %), and 0.9 is needed"
    )


def test_a_root_is_asked_all_cases(tmp_path: Path, sandboxes: Pool) -> None:
    world = squares(tmp_path, sandboxes, sequential=Sequential(needed=0.9))

    assert evaluated(world, NEVER).objective == 0.0


def test_a_child_that_goes_through_is_asked_all_cases(tmp_path: Path, sandboxes: Pool) -> None:
    world = squares(tmp_path, sandboxes, sequential=Sequential(needed=0.3))

    found = child(world, HALF)

    assert isinstance(found, Evaluation)
    assert (found.objective, found.interval) == (0.5, None)
    assert [task.task for task in found.tasks] == [f"n{n}" for n in range(60)]


def test_or_no_more_cases_than_it_takes_and_has_an_interval(
    tmp_path: Path, sandboxes: Pool
) -> None:
    sequential = Sequential(needed=0.4, margin=0.3, batch=8, finish=False)
    world = squares(tmp_path, sandboxes, sequential=sequential)

    found = child(world, TWO_IN_THREE)

    assert isinstance(found, Evaluation)
    assert found.interval is not None
    assert found.interval.trials == len(found.tasks) < 40
    assert found.interval.low < 2 / 3 < found.interval.high
    assert world.confirmations == 1


def test_what_is_needed_can_be_what_the_parent_has(tmp_path: Path, sandboxes: Pool) -> None:
    world = squares(tmp_path, sandboxes, sequential=Sequential(needed="parent", batch=4))

    worse, better = child(world, NEVER, of=HALF), child(world, TWO_IN_THREE, of=HALF)
    of_nothing = child(world, NEVER, of=NEVER)

    assert isinstance(worse, Failure)
    assert worse.cause == Cause.GATE
    assert isinstance(better, Evaluation)
    assert isinstance(of_nothing, Evaluation)


def test_a_confirmation_asks_all_cases(tmp_path: Path, sandboxes: Pool) -> None:
    sequential = Sequential(needed=0.4, margin=0.3, finish=False)
    world = squares(tmp_path, sandboxes, sequential=sequential)
    first = child(world, HALF)
    assert isinstance(first, Evaluation)

    found = world.confirm(Candidate(tree=HALF, mutator="test"), None, first)

    assert isinstance(found, Evaluation)
    assert (found.objective, found.interval, len(found.tasks)) == (0.5, None, 60)


def test_cases_that_neither_pass_nor_fail_cannot_be_tested(tmp_path: Path, sandboxes: Pool) -> None:
    folder(tmp_path, {"judge.py": "def score(given, answer, expected):\n    return 0.5\n"})
    world = squares(tmp_path, sandboxes, sequential=Sequential(needed=0.5))

    found = child(world, HALF)

    assert isinstance(found, Failure)
    assert found.cause == Cause.INVALID_SCORE
    assert "scores 0.5: a sequential test needs cases that pass (1) or fail (0)" in found.message


def test_another_metric_than_the_score_cannot_be_tested(tmp_path: Path, sandboxes: Pool) -> None:
    folder(tmp_path, {"judge.py": "def score(given, answer, expected):\n    return 1\n"})

    with pytest.raises(TaskError, match="objective = 'size' is another metric"):
        squares(tmp_path, sandboxes, objective="size", sequential=Sequential(needed=0.5))


def test_all_batches_share_one_limit_of_time(tmp_path: Path, sandboxes: Pool) -> None:
    slow = {"initial.py": "import time\ndef solve(n):\n    time.sleep(0.1)\n    return n * n\n"}
    sequential = Sequential(needed=0.99, margin=0.01, errors=(0.05, 0.0001), batch=5)
    world = squares(tmp_path, sandboxes, sequential=sequential, seconds=1.0)

    found = child(world, slow)

    assert isinstance(found, Failure)
    assert found.cause == Cause.TIMED_OUT
