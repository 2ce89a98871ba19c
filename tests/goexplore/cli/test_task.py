"""`goexplore task`, and runs of task folders."""

import json
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from goexplore.cli.commands import COMMANDS
from sandboxes.docker import Engine
from sandboxes.images.build import Recipe

Command = Callable[..., CompletedProcess[str]]

EXAMPLES = Path(__file__).parents[3] / "examples"
TASKS = sorted(file.parent.name for file in EXAMPLES.glob("*/run.toml"))

COUNTING = '''
from mutators.base import Candidate

class Counting:
    """Makes a program answer one more than its parent does."""
    name = "counting"
    def can_propose(self, parent):
        return True
    def propose(self, parent, random):
        number = int(parent.tree["initial.py"].split()[-1]) + 1
        text = f"def answer(): return {number}\\n"
        if number == 5:
            text = "raise ValueError('five')  # 5"
        return Candidate(tree={"initial.py": text}, mutator="counting")
'''
EVALUATOR = """
import runpy

def evaluate(program_path):
    return {"combined_score": runpy.run_path(program_path)["answer"]() / 10}
"""
RUN_FILE = """
[domain]
kind = "program"
folder = "."
goal = 0.4
[selection]
kind = "newest"
[mutation]
kind = "counting:Counting"
[admission]
kind = "keep-all"
[budget]
steps = 20
[sandbox]
kind = "bubblewrap"
"""


@pytest.fixture
def counting(folder: Path) -> Path:
    """A task whose programs answer a number, and a mutator that counts on."""
    task = folder / "task"
    task.mkdir()
    (folder / "counting.py").write_text(COUNTING)
    (task / "initial.py").write_text("def answer(): return 1\n")
    (task / "evaluator.py").write_text(EVALUATOR)
    (task / "run.toml").write_text(RUN_FILE)
    sys.modules.pop("counting", None)
    return task


@pytest.mark.parametrize("words", [(), ("init",), ("check",)])
def test_help_has_an_example(goexplore: Command, words: tuple[str, ...]) -> None:
    ended = goexplore("task", *words, "--help")

    assert "task" in COMMANDS
    assert ended.returncode == 0
    assert not words or f"goexplore task {words[0]}" in ended.stdout


@pytest.mark.bubblewrap
def test_a_task_that_was_begun_can_be_checked(goexplore: Command) -> None:
    begun = goexplore("task", "init", "mine", "--json")
    checked = goexplore("task", "check", "mine", "--kind", "bubblewrap", "--json")

    assert begun.returncode == 0
    assert "judge.py" in json.loads(begun.stdout)["files"]
    found = json.loads(checked.stdout)
    assert found["contract"] == "ours: cases.jsonl, judged by judge.py, in a sandbox of its own"
    assert found["evolved"] == "5 lines of initial.py"
    assert found["trust"] == "held by bubblewrap; judged out of its reach"
    assert (found["noise"], found["repeats"]) == (0.0, 3)
    assert 0 < found["value"] < 1
    assert 0 < found["held out"] < 1


@pytest.mark.bubblewrap
@pytest.mark.parametrize("name", TASKS)
def test_our_examples_can_be_checked(goexplore: Command, name: str) -> None:
    ended = goexplore("task", "check", str(EXAMPLES / name), "--kind", "bubblewrap", "--json")

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["noise"] == 0.0


@pytest.mark.bubblewrap
def test_a_folder_without_a_run_file_can_be_checked(goexplore: Command, counting: Path) -> None:
    (counting / "run.toml").unlink()

    ended = goexplore("task", "check", "task", "--kind", "bubblewrap", "--repeats", "1", "--json")

    assert json.loads(ended.stdout)["contract"] == "openevolve's: evaluator.py, evaluate"


@pytest.mark.bubblewrap
def test_an_initial_program_that_fails_is_one_line(goexplore: Command, counting: Path) -> None:
    (counting / "initial.py").write_text("import nothing_such\n")

    ended = goexplore("task", "check", "task", "--quiet")

    assert ended.returncode == 1
    assert "No module named 'nothing_such'" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "status", "complaint"),
    [
        (("init", "task"), 1, "task is there already, and not empty"),
        (("check", "nowhere", "--kind", "bubblewrap"), 2, "nowhere: no such folder"),
        (("check", "nowhere.toml"), 2, "nowhere.toml: No such file"),
        (("check", "task", "-s", "domain.gaol=1"), 2, "did you mean 'goal'?"),
        (("check", "task", "-s", "domain.kind=game24"), 2, "[domain] needs a key 'numbers'"),
        (("check", "task", "-s", "domain.seconds=-1"), 2, "greater than 0"),
        (("check", "task", "--kind", "unconfined"), 1, "--allow-unconfined"),
        (("check", "task", "-s", "domain.program=../x"), 2, "no initial program '../x'"),
    ],
)
@pytest.mark.bubblewrap
def test_a_mistake_is_one_line(
    goexplore: Command, counting: Path, words: tuple[str, ...], status: int, complaint: str
) -> None:
    ended = goexplore("task", *words)

    assert counting.is_dir()
    assert ended.returncode == status
    assert complaint in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.bubblewrap
def test_a_task_is_searched_from_anywhere(
    goexplore: Command, counting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = counting.parent / "elsewhere"
    elsewhere.mkdir()
    sys.path.append(str(counting.parent))
    monkeypatch.chdir(elsewhere)

    ended = goexplore("run", "../task/run.toml", "--json")

    assert ended.returncode == 0, ended.stderr
    assert "combined_score 0.4" in ended.stdout


@pytest.mark.bubblewrap
def test_a_program_that_fails_is_a_row_and_the_run_goes_on(
    goexplore: Command, counting: Path
) -> None:
    sys.path.append(str(counting.parent))
    goal = ("-s", "domain.goal=0.7", "-s", "selection.kind=best-first")

    goexplore("run", "task/run.toml", *goal, "--steps", "5", "--name", "five")
    shown = goexplore("show", "5", "--run", "five")

    assert "ValueError: five" in shown.stdout


@pytest.mark.bubblewrap
def test_a_run_of_a_task_goes_on_where_it_stopped(goexplore: Command, counting: Path) -> None:
    sys.path.append(str(counting.parent))
    goexplore("run", "task/run.toml", "--steps", "1", "--name", "short")

    ended = goexplore("resume", "--steps", "9", "--json")

    assert "combined_score 0.4" in ended.stdout, (counting, ended.stderr)


@pytest.mark.bubblewrap
def test_worker_processes_are_refused(goexplore: Command, counting: Path) -> None:
    sys.path.append(str(counting.parent))

    ended = goexplore("run", "task/run.toml", "-s", "run.processes=2")

    assert ended.returncode == 2
    assert "run in sandboxes, which are processes already" in ended.stderr
    assert counting.is_dir()


@pytest.mark.bubblewrap
def test_a_run_does_not_go_on_with_another_evaluator(goexplore: Command, counting: Path) -> None:
    sys.path.append(str(counting.parent))
    goexplore("run", "task/run.toml", "--steps", "1", "--name", "short")
    (counting / "evaluator.py").write_text(EVALUATOR.replace("/ 10", "/ 5"))

    ended = goexplore("resume", "--steps", "9")

    assert ended.returncode == 1
    assert "run 'short' was begun with other settings: files.folder was" in ended.stderr


@pytest.mark.bubblewrap
def test_the_best_is_told_beside_what_it_does_on_cases_held_out(
    goexplore: Command, counting: Path
) -> None:
    sys.path.append(str(counting.parent))
    (counting / "evaluator.py").unlink()
    (counting / "cases.jsonl").write_text(
        '{"given": 1, "expected": 2}\n{"given": 1, "expected": 1, "held_out": true}\n'
    )
    (counting / "initial.py").write_text("def answer(given): return 1\n")
    # A module of another name, since parts are looked up once in a process.
    module = counting.parent / "counting_on_cases.py"
    module.write_text(COUNTING.replace("answer()", "answer(given)"))
    named = (
        *("-s", "domain.function=initial.py:answer", "--name", "apart", "--steps", "9"),
        *("-s", "mutation.kind=counting_on_cases:Counting"),
    )

    told = goexplore("run", "task/run.toml", *named)
    again = goexplore("run", "task/run.toml", *named, "--json")

    assert "0, where it was searched 1; before, 1 and 0" in told.stdout
    assert "On the cases that are held out the best is no better" in told.stderr
    assert json.loads(again.stdout)["runs"][0]["parted"] is True


@pytest.mark.docker
def test_a_task_is_checked_in_a_container(goexplore: Command) -> None:
    goexplore("task", "init", "mine")

    ended = goexplore("task", "check", "mine", "--json")

    if "no Docker engine" in ended.stderr and not os.environ.get("GOEXPLORE_REQUIRE_SERVICES"):
        pytest.skip(ended.stderr)
    assert json.loads(ended.stdout)["trust"].startswith("held by strict ")


@pytest.mark.docker
@pytest.mark.usefixtures("counting")
def test_a_run_says_how_the_image_of_its_sandboxes_comes_on(goexplore: Command) -> None:
    built = goexplore("sandbox", "build", "--json")
    if "no Docker engine" in built.stderr and not os.environ.get("GOEXPLORE_REQUIRE_SERVICES"):
        pytest.skip(built.stderr)
    # An image of ours on one of ours: another one, and made without a network.
    base = json.loads(built.stdout)["image"]
    image = Recipe(base=base).name
    words = ("run", "task/run.toml", "-s", "sandbox.kind=strict", "-s", f"sandbox.image={base}")
    with removed(Engine(), image):
        first = goexplore(*words, "--steps", "2")
        again = goexplore(*words, "--steps", "2", "--name", "again")

    assert f"building the image: {image}" in first.stderr
    assert first.returncode == 0
    assert "building the image" not in again.stderr


@contextmanager
def removed(engine: Engine, image: str) -> Generator[None]:
    """Have an image there neither before nor after."""
    if engine.has_image(image):
        engine.api.remove_image(image)
    yield
    engine.api.remove_image(image)
