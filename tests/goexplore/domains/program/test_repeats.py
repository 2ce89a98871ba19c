"""Noisy evaluators: seeds, repeats, intervals, and confirmations."""

from pathlib import Path

import pytest

from archive.entry import Candidate, Cause, Evaluation, Failure, Interval
from goexplore.domains.program import Program
from goexplore.domains.program.checking import check
from sandboxes.limits import MIB, Room
from sandboxes.pool import Pool
from sandboxes.process import Bubblewrap
from sandboxes.worker import Worker
from tests.goexplore.domains.program.making import (
    ANSWER,
    COMMAND,
    IMPORTING,
    evaluated,
    failed,
    folder,
    task,
)

pytestmark = pytest.mark.bubblewrap

SEED = "import os\nseed = int(os.environ['GOEXPLORE_SEED'])\n"
NOISY = SEED + "def evaluate(program_path):\n    return {'combined_score': seed}\n"
SHINKAS = (
    SEED
    + """\
import argparse, json

parser = argparse.ArgumentParser()
parser.add_argument("--program_path")
parser.add_argument("--results_dir")
results = parser.parse_args().results_dir
with open(results + "/metrics.json", "w") as file:
    json.dump({"combined_score": seed}, file)
with open(results + "/correct.json", "w") as file:
    json.dump({"correct": True}, file)
"""
)
PRINTED = SEED + "import json\nprint(json.dumps({'objective': seed}))\n"
ASKED = {
    "initial.py": "import os\ndef solve(n):\n    return int(os.environ['GOEXPLORE_SEED'])\n",
    "cases.jsonl": '{"given": 1}\n{"given": 2}\n',
    "judge.py": SEED
    + "def score(given, answer, expected):\n"
    + "    return {'score': seed, 'measures': {'same': float(answer == seed)}}\n",
}


def confirmed(world: Program, first: Evaluation) -> Evaluation:
    candidate = Candidate(tree=world.roots()[0], mutator="test")
    found = world.confirm(candidate, None, first)
    assert isinstance(found, Evaluation), found
    return found


def test_the_mean_of_repeats_with_its_interval(tmp_path: Path, sandboxes: Pool) -> None:
    found = evaluated(Program(task(tmp_path, NOISY), sandboxes, repeats=3))

    assert found.objective == 1.0  # of the seeds 0, 1 and 2
    assert found.interval is not None
    assert (round(found.interval.high, 3), found.interval.trials) == (3.484, 3)
    assert found.observation.startswith("combined_score 1 (-1.484 to 3.484 with 95 % confidence)")


def test_one_run_has_no_interval(tmp_path: Path, sandboxes: Pool) -> None:
    found = evaluated(Program(task(tmp_path, NOISY), sandboxes))

    assert (found.objective, found.interval) == (0.0, None)


def test_equal_runs_have_an_empty_one(tmp_path: Path, sandboxes: Pool) -> None:
    evaluator = "def evaluate(p):\n    return {'combined_score': 0.5}\n"

    found = evaluated(Program(task(tmp_path, evaluator), sandboxes, repeats=2))

    assert found.interval == Interval(low=0.5, high=0.5, trials=2)


def test_a_program_that_an_evaluator_imports_is_told_its_seed(
    tmp_path: Path, sandboxes: Pool
) -> None:
    program = "import os\ndef answer():\n    return int(os.environ['GOEXPLORE_SEED'])\n"
    evaluator = IMPORTING + (
        "def evaluate(path):\n    return {'combined_score': load(path).answer()}\n"
    )

    found = evaluated(Program(task(tmp_path, evaluator, program), sandboxes, repeats=2))

    assert found.objective == 0.5


def test_a_script_is_told_its_seed(tmp_path: Path, sandboxes: Pool) -> None:
    home = folder(tmp_path, {"initial.py": ANSWER, "evaluate.py": SHINKAS})

    found = evaluated(Program(home, sandboxes, repeats=2))

    assert found.objective == 0.5


def test_a_command_is_told_its_seed(tmp_path: Path, sandboxes: Pool) -> None:
    home = folder(tmp_path, {"initial.py": ANSWER, "evaluate.py": PRINTED})

    found = evaluated(Program(home, sandboxes, command=COMMAND, repeats=2))

    assert found.objective == 0.5


def test_a_program_that_answers_and_its_judge_are_told_the_same_seed(
    tmp_path: Path, sandboxes: Pool
) -> None:
    world = Program(folder(tmp_path, ASKED), sandboxes, function="initial.py:solve", repeats=2)

    found = evaluated(world)

    assert (found.objective, found.measures) == (0.5, {"same": 1.0})
    assert [task.score for task in found.tasks] == [0.5, 0.5]


def test_another_set_of_metrics_in_another_run_is_a_failure(
    tmp_path: Path, sandboxes: Pool
) -> None:
    evaluator = SEED + "def evaluate(p):\n    return {'combined_score': 1, f'm{seed}': 1}\n"

    found = failed(Program(task(tmp_path, evaluator), sandboxes, repeats=2))

    assert found.cause == Cause.INVALID_SCORE
    assert found.message == "another set of metrics than before: no m0; m1 beside it"


def test_a_run_that_fails_is_the_failure_of_them_all(tmp_path: Path, sandboxes: Pool) -> None:
    evaluator = SEED + "def evaluate(p):\n    return {'combined_score': 1 / (2 - seed)}\n"

    found = failed(Program(task(tmp_path, evaluator), sandboxes, repeats=3))

    assert found.cause == Cause.CRASHED
    assert "ZeroDivisionError" in found.message


def test_a_program_is_confirmed_with_seeds_of_its_own(tmp_path: Path, sandboxes: Pool) -> None:
    world = Program(task(tmp_path, NOISY), sandboxes, repeats=2)
    first = evaluated(world)

    again, once_more = confirmed(world, first), confirmed(world, first)

    assert world.confirmations == 1
    assert again == once_more
    assert again.objective >= 1 << 30
    assert again.interval is not None
    assert again.interval.low < again.objective < again.interval.high
    assert again.interval.trials == 2
    assert again.observation.endswith("confirmed with other seeds; at first sight 0.5")


class _Counted(Bubblewrap):
    """Counts the workers that it starts."""

    started = 0

    def start(self) -> Worker:
        self.started += 1
        return super().start()


def test_a_program_is_confirmed_where_nobody_has_been(tmp_path: Path, sandboxes: Pool) -> None:
    del sandboxes  # there can be some
    source = _Counted(Room(memory=160 * MIB, disk=16 * MIB))
    with Pool(source, size=1) as pool:
        world = Program(task(tmp_path, NOISY), pool, confirm=2)
        first = evaluated(world)
        evaluated(world)
        before = source.started

        confirmed(world, first)

    assert (before, source.started) == (1, 3)


@pytest.mark.parametrize(("repeats", "confirmations"), [(1, 0), (3, 1)])
def test_cases_asked_once_need_no_confirmation(
    tmp_path: Path, sandboxes: Pool, repeats: int, confirmations: int
) -> None:
    home = folder(tmp_path, ASKED)

    world = Program(home, sandboxes, function="initial.py:solve", repeats=repeats)

    assert world.confirmations == confirmations


def test_a_check_says_how_noisy_a_task_is(tmp_path: Path, sandboxes: Pool) -> None:
    evaluator = SEED + "def evaluate(p):\n    return {'combined_score': 10 + seed}\n"

    found = check(Program(task(tmp_path, evaluator), sandboxes, repeats=5), 3)

    assert not isinstance(found, Failure)
    assert (found.objectives, found.noise) == ((10.0, 11.0, 12.0), 1.0)
    assert found.repeats == 16  # the first n with t * 1 / sqrt(n) <= 0.05 * 11
