"""Task folders as people bring them along: what their evaluators do beside returning a number."""

from pathlib import Path

import pytest

from archive.entry import Cause
from goexplore.domains.program import Program
from mutators.base import Parent
from sandboxes.pool import Pool
from tests.goexplore.domains.program.making import (
    ANSWER,
    IMPORTING,
    evaluated,
    failed,
    folder,
    task,
)

pytestmark = pytest.mark.bubblewrap

BESIDE = {
    "initial_program.py": "from rules import SIDE\n\ndef answer():\n    return SIDE\n",
    "evaluator.py": IMPORTING
    + """\
import os
import rules

def evaluate(program_path):
    print("a line", "{}")
    with open(os.path.join(os.path.dirname(__file__), "data", "best.txt")) as file:
        best = float(file.read())
    return {"combined_score": load(program_path).answer() / rules.SIDE / best}
""",
    "rules.py": "SIDE = 3\n",
    "data/best.txt": "2.0\n",
    "config.yaml": "max_iterations: 100\nevaluator: {cascade_evaluation: true}\n",
    "README.md": "# A task\n",
    "requirements.txt": "nothing-that-exists==1.0\n",
}

AMONG = """\
def evaluate(program_path):
    size = len(open(program_path).read())
    if size > 100:
        return {"metrics": {"combined_score": 0.0}, "artifacts": {"error": "much too long"}}
    return {"combined_score": 1.0, "size": size, "artifacts": {"status": "perfect"}}
"""

ARRAYS = """\
class Array:
    def __init__(self, values):
        self.values = values

    def tolist(self):
        return self.values

    def item(self):
        raise ValueError("only arrays of one value can be made a number")

def evaluate(program_path):
    return {"combined_score": Array(0.5), "curve": Array([1.0, 2.0])}
"""

SUBPROCESS = """\
import json, os, subprocess, sys, tempfile

SCRIPT = '''
import json, sys
sys.path.insert(0, {folder!r})
import initial_program
print("from another process")
json.dump(initial_program.answer(), open({results!r}, "w"))
'''

def evaluate(program_path):
    with tempfile.NamedTemporaryFile(suffix=".py", delete=False) as file:
        results = file.name + ".results"
        script = SCRIPT.format(folder=os.path.dirname(program_path), results=results)
        file.write(script.encode())
    done = subprocess.run([sys.executable, file.name], capture_output=True, timeout=10)
    print(done.stdout, done.stderr)
    with open(results) as written:
        return {"combined_score": json.load(written) / 10}
"""

IN_TIME = (
    IMPORTING
    + """\
import concurrent.futures, multiprocessing, signal

def expired(number, frame):
    raise TimeoutError

def answer(path):
    return load(path).answer()

def evaluate(program_path):
    signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        while True:
            pass
    except TimeoutError:
        pass
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as threads:
        one = threads.submit(answer, program_path).result(timeout=5)
    with multiprocessing.get_context("fork").Pool(2) as processes:
        two = processes.map(answer, [program_path, program_path])
    return {"combined_score": one / 10, "sum": sum(two)}
"""
)

SHINKA_WITH_FILES = """\
import argparse
import os
from pathlib import Path
from shinka.core import run_shinka_eval
from rules import SIDE

class Array:
    def tolist(self):
        return [1.0, 2.0]

    def item(self):
        raise ValueError("only arrays of one value can be made a number")

def main(program_path, results_dir):
    os.makedirs(results_dir, exist_ok=True)

    def aggregated(results):
        Path(results_dir, "extra.bin").write_bytes(bytes(3))
        public = {"board": "| 1 |", "moves": 7, "won": True, "curve": Array()}
        return {"combined_score": sum(results) / SIDE, "public": public, "private": {"x": Array()}}

    metrics, correct, error = run_shinka_eval(
        program_path=program_path,
        results_dir=results_dir,
        experiment_fn_name="answer",
        num_runs=2,
        get_experiment_kwargs=lambda run: {},
        aggregate_metrics_fn=aggregated,
        validate_fn=lambda result: (result < 9, "nine or more"),
    )
    print(metrics, correct, error)

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path", type=str, default="initial.py")
    parser.add_argument("--results_dir", type=str, default="results")
    given = parser.parse_args()
    main(given.program_path, given.results_dir)
"""


def test_an_evaluator_reads_and_imports_what_lies_beside_it(
    tmp_path: Path, sandboxes: Pool
) -> None:
    found = evaluated(Program(folder(tmp_path, BESIDE), sandboxes))

    assert found.objective == 0.5


def test_artifacts_among_the_metrics_are_feedback(tmp_path: Path, sandboxes: Pool) -> None:
    found = evaluated(Program(task(tmp_path, AMONG), sandboxes))

    assert (found.objective, found.measures) == (1.0, {"size": 27.0})
    assert "status: perfect" in found.observation


def test_a_failure_keeps_what_the_evaluator_said_of_it(tmp_path: Path, sandboxes: Pool) -> None:
    world = Program(task(tmp_path, AMONG), sandboxes)
    parent = Parent(tree=world.roots()[0], evaluation=evaluated(world))

    found = failed(world, {"initial_program.py": "#" * 101}, parent)

    assert found.message == "another set of metrics than before: no size"
    assert "error: much too long" in found.log


def test_an_array_is_no_metric_and_says_so(tmp_path: Path, sandboxes: Pool) -> None:
    found = failed(Program(task(tmp_path, ARRAYS), sandboxes))

    assert found.cause == Cause.INVALID_SCORE
    assert found.message == "metric 'curve' is [1.0, 2.0], and no finite number"


def test_an_evaluator_runs_the_program_in_a_process_of_its_own(
    tmp_path: Path, sandboxes: Pool
) -> None:
    found = evaluated(Program(task(tmp_path, SUBPROCESS), sandboxes))

    assert found.objective == 0.4


def test_an_evaluator_keeps_time_by_alarms_threads_and_processes(
    tmp_path: Path, sandboxes: Pool
) -> None:
    found = evaluated(Program(task(tmp_path, IN_TIME), sandboxes))

    assert (found.objective, found.measures) == (0.4, {"sum": 8.0})


def test_a_script_writes_more_than_its_results(tmp_path: Path, sandboxes: Pool) -> None:
    files = {"initial.py": ANSWER, "evaluate.py": SHINKA_WITH_FILES, "rules.py": "SIDE = 16\n"}
    world = Program(folder(tmp_path, files), sandboxes)

    found = evaluated(world)
    wrong = failed(world, {"initial.py": "def answer():\n    return 9\n"})

    assert found.objective == 0.5
    assert found.measures.keys() == {"moves", "execution_time_mean", "execution_time_std"}
    assert wrong.message == "not correct: Validation failed: nine or more"
