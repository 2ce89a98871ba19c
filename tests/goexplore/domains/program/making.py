"""Task folders and programs to try a world of programs on."""

from collections.abc import Mapping
from pathlib import Path

from archive.entry import Candidate, Evaluation, Failure
from goexplore.domains.program import Program
from mutators.base import Parent
from sandboxes.pool import Pool

ANSWER = "def answer():\n    return 4\n"

IMPORTING = """\
from importlib.util import module_from_spec, spec_from_file_location

def load(path):
    spec = spec_from_file_location("program", path)
    program = module_from_spec(spec)
    spec.loader.exec_module(program)
    return program

"""

OPENEVOLVE = (
    IMPORTING
    + """\
def evaluate(program_path):
    return {"combined_score": load(program_path).answer() / 10, "size": 1}
"""
)

SHINKA = (
    IMPORTING
    + """\
import argparse, json, os

parser = argparse.ArgumentParser()
parser.add_argument("--program_path")
parser.add_argument("--results_dir")
given = parser.parse_args()
score = load(given.program_path).answer() / 10
metrics = {"combined_score": score, "public": {"size": 1}, "text_feedback": "go on"}
with open(os.path.join(given.results_dir, "metrics.json"), "w") as file:
    json.dump(metrics, file)
with open(os.path.join(given.results_dir, "correct.json"), "w") as file:
    json.dump({"correct": score < 1, "error": "too good"}, file)
"""
)

SHINKA_BY_ITS_LIBRARY = """\
import argparse
from shinka.core import run_shinka_eval

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path", type=str)
    parser.add_argument("--results_dir", type=str)
    given = parser.parse_args()
    run_shinka_eval(
        program_path=given.program_path,
        results_dir=given.results_dir,
        experiment_fn_name="answer",
        num_runs=2,
        get_experiment_kwargs=lambda run: {},
        validate_fn=lambda result: (result < 10, "too good"),
        aggregate_metrics_fn=lambda results: {"combined_score": sum(results) / 20},
    )
"""

PRINTING = (
    IMPORTING
    + """\
import json, sys

print("a line before it")
score = load(sys.argv[1]).answer() / 10
said = {"objective": score, "measures": {"size": 1}, "cases": {"a": score}, "feedback": "go on"}
print(json.dumps(said))
"""
)

COMMAND = ("python3", "{task}/evaluate.py", "{program}")


def folder(home: Path, files: Mapping[str, str]) -> Path:
    """A task folder with these files."""
    for path, text in files.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text)
    return home


def task(home: Path, evaluator: str, program: str = ANSWER) -> Path:
    """A task folder with an evaluator of openevolve's contract."""
    return folder(home, {"initial_program.py": program, "evaluator.py": evaluator})


def verified(
    world: Program, tree: Mapping[str, str] | None = None, parent: Parent | None = None
) -> Evaluation | Failure:
    """What a program shows; by default the initial one."""
    candidate = Candidate(tree=tree or world.roots()[0], mutator="test")
    return world.verify(candidate, parent)


def evaluated(world: Program, tree: Mapping[str, str] | None = None) -> Evaluation:
    """The same, of a program that can be evaluated."""
    found = verified(world, tree)
    assert isinstance(found, Evaluation), found
    return found


def failed(
    world: Program, tree: Mapping[str, str] | None = None, parent: Parent | None = None
) -> Failure:
    """The same, of a program that cannot."""
    found = verified(world, tree, parent)
    assert isinstance(found, Failure), found
    return found


def failing(home: Path, pool: Pool, evaluator: str, seconds: float = 20.0) -> Failure:
    """What an evaluator makes of the initial program, where it makes nothing of it."""
    return failed(Program(task(home, evaluator), pool, seconds=seconds))
