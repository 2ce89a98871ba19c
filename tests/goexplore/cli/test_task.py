"""`goexplore task`, and runs of task folders."""

import json
import os
import re
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from archive.entry import EntryId
from goexplore.cli.commands import COMMANDS
from goexplore.cli.exploring import Apart, Beside
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
COUNTING_ON = COUNTING.replace("class Counting", "class CountingOn").replace(
    'number = int(parent.tree["initial.py"].split()[-1]) + 1', "number = parent.step + 1"
)
NOISY = """
import os
import runpy
from random import Random

def evaluate(program_path):
    number = runpy.run_path(program_path)["answer"]()
    seed = int(os.environ["GOEXPLORE_SEED"])
    # Two is lucky with the seeds that all programs are run with, and with no others.
    luck = 0.5 if number == 2 and seed < 10 else 0.0
    return {"combined_score": number / 10 + luck + Random(seed).uniform(-0.01, 0.01)}
"""
SPOILING = """
import os
import runpy

def evaluate(program_path):
    number = runpy.run_path(program_path)["answer"]()
    score = number / 10
    if number == 2:
        os._exit(3)
    if number == 3:
        while True:
            print("x" * 65536)
    if number == 4:
        score = float("nan")
    if number == 6:
        score = "good"
    if number == 7:
        return {"combined_score": score, "execution_time": -1.0}
    if number == 8:
        return {"combined_score": score, "speed": 1.0}
    if number == 9:
        os.remove(__file__)
    if number == 10:
        while True:
            pass
    return {"combined_score": score}
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
def test_whatever_an_evaluator_does_is_a_row_and_the_run_goes_on(
    goexplore: Command, counting: Path
) -> None:
    sys.path.append(str(counting.parent))
    (counting / "evaluator.py").write_text(SPOILING)
    # Each child counts on from its parent's text, also from one that failed: the newest of all.
    module = counting.parent / "counting_on.py"
    module.write_text(COUNTING_ON)
    spoilt = (
        *("-s", "mutation.kind=counting_on:CountingOn", "-s", "domain.goal=1.1"),
        *("-s", "domain.seconds=2.0", "--name", "spoilt", "--steps", "10", "--json"),
    )

    ended = goexplore("run", "task/run.toml", *spoilt)
    exported = goexplore("export", "--run", "spoilt", "--format", "jsonl")

    (told,) = json.loads(ended.stdout)["runs"]
    assert (told["outcome"], told["objective"]) == ("solved", 1.1)
    results = [json.loads(line)["result"] for line in exported.stdout.splitlines()]
    failures = {r["cause"]: r["message"] for r in results if "cause" in r}
    messages = [r["message"] for r in results if "cause" in r]
    assert failures.keys() == {"crashed", "timed out", "invalid score"}
    assert [
        any(why in message for message in messages)
        for why in (
            "exit status 3",
            "its limit: output",
            "'nan', and no finite number",
            "ValueError: five",
            "'good', and no finite number",
            "no time is negative",
            "speed beside it",
            "PermissionError",
            "its limit: time",
        )
    ] == [True] * 9


@pytest.mark.bubblewrap
def test_what_was_only_lucky_is_not_the_best_and_how_sure_it_is_is_shown(
    goexplore: Command, counting: Path
) -> None:
    sys.path.append(str(counting.parent))
    (counting / "evaluator.py").write_text(NOISY)
    keys = ("-s", "domain.repeats=3", "-s", "domain.goal=0.9", "-s", "selection.kind=newest")
    ended = goexplore("run", "task/run.toml", *keys, "--steps", "3", "--name", "n", "--json")

    lucky = goexplore("show", "2", "--run", "n")
    as_json = json.loads(goexplore("show", "2", "--run", "n", "--json").stdout)
    lineage = goexplore("lineage", "--run", "n")

    (told,) = json.loads(ended.stdout)["runs"]
    assert (told["best"], told["steps"], told["verifications"]) == (4, 3, 6)
    assert told["interval"][0] < 0.4 < told["interval"][1]
    assert 0.19 < as_json["result"]["objective"] < 0.21
    assert 0.69 < as_json["result"]["first_seen"] < 0.71
    assert as_json["result"]["interval"]["trials"] == 3
    assert "with 95 % confidence, of 3 trials; 0.7" in lucky.stdout
    assert "at first sight" in lucky.stdout
    assert "]," in lineage.stdout


@pytest.mark.bubblewrap
def test_a_check_of_a_noisy_task_gives_advice(goexplore: Command, counting: Path) -> None:
    (counting / "evaluator.py").write_text(NOISY.replace("0.01", "0.05"))

    ended = goexplore("task", "check", "task", "--repeats", "5", "--json")

    found = json.loads(ended.stdout)
    assert found["noise"] > 0.0
    assert re.fullmatch(
        r"repeats = \d+ in \[domain\] tells its mean to about 5 % of it", found["advice"]
    )


@pytest.mark.bubblewrap
def test_what_a_test_of_cases_is_told_can_be_said_on_the_command_line(
    goexplore: Command, counting: Path
) -> None:
    (counting / "evaluator.py").unlink()
    lines = [json.dumps({"given": n, "expected": n}) for n in range(40)]
    (counting / "cases.jsonl").write_text("\n".join(lines))
    (counting / "initial.py").write_text("def answer(given): return given  # 0")
    module = counting.parent / "counting_by_cases.py"
    module.write_text(COUNTING.replace("answer(): return", "answer(given): return -"))
    sys.path.append(str(counting.parent))
    keys = (
        *("-s", "domain.function=initial.py:answer", "-s", "domain.goal=2.0"),
        *("-s", "mutation.kind=counting_by_cases:Counting"),
        *("-s", "domain.sequential={ needed = 'parent', batch = 5 }"),
    )

    goexplore("run", "task/run.toml", *keys, "--steps", "1", "--name", "tested")
    shown = goexplore("show", "2", "--run", "tested")
    refused = goexplore("run", "task/run.toml", *keys, "-s", "domain.sequential={ needed = 2.0 }")

    assert "stopped at a gate: 0 of 5 cases passed, of 40 in all" in shown.stdout
    assert refused.returncode == 2
    assert "at needed" in refused.stderr


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
    (plain,) = json.loads(again.stdout)["runs"]
    assert plain["parted"] is True
    assert plain["held_out_along_lineage"] == [[1, 0.0, 1.0], [2, 1.0, 0.0]]
    assert "#1 0 | 1, #2 1 | 0" in told.stdout


def apart(*pairs: tuple[float, float | None]) -> Apart:
    """A lineage with these objectives, where it was searched and held out."""
    return Apart(
        way=tuple(
            Beside(entry=EntryId(n), searched=searched, held_out=held_out)
            for n, (searched, held_out) in enumerate(pairs, 1)
        )
    )


def test_a_lineage_turns_where_what_is_held_out_begins_to_fall() -> None:
    turned = apart((0.1, 0.1), (0.5, 0.6), (0.8, 0.4)).turned

    assert turned == Beside(entry=EntryId(2), searched=0.5, held_out=0.6)
    assert not apart((0.1, 0.1), (0.5, 0.6), (0.8, 0.4)).parted
    assert apart((0.1, 0.1), (0.5, 0.4), (0.8, 0.6)).turned is None
    assert apart((0.1, 0.1), (0.5, None)).parted
    assert not apart((0.5, 0.5)).parted


@pytest.mark.bubblewrap
def test_a_lineage_that_turned_is_told_so(goexplore: Command, counting: Path) -> None:
    sys.path.append(str(counting.parent))
    (counting / "evaluator.py").unlink()
    (counting / "cases.jsonl").write_text('{"given": 1}\n{"given": 2, "held_out": true}\n')
    (counting / "judge.py").write_text(
        "def score(given, answer, expected):\n"
        "    return answer / 10 if given == 1 else [0, 1, 5, 3][answer] / 10\n"
    )
    (counting / "initial.py").write_text("def answer(given): return 1\n")
    module = counting.parent / "counting_to_turn.py"
    module.write_text(COUNTING.replace("answer()", "answer(given)"))
    keys = (
        *("-s", "domain.function=initial.py:answer", "-s", "domain.goal=0.3", "--steps", "9"),
        *("-s", "mutation.kind=counting_to_turn:Counting"),
    )

    told = goexplore("run", "task/run.toml", *keys)

    assert "#1 0.1 | 0.1, #2 0.2 | 0.5, #3 0.3 | 0.3" in told.stdout
    assert "#2 of its lineage is better than the best: 0.5 to 0.3" in told.stderr


@pytest.mark.docker
def test_a_task_is_checked_in_a_container(goexplore: Command) -> None:
    goexplore("task", "init", "mine")

    ended = goexplore("task", "check", "mine", "--json")

    if "no Docker engine" in ended.stderr and not os.environ.get("GOEXPLORE_REQUIRE_SERVICES"):
        pytest.skip(ended.stderr)
    assert json.loads(ended.stdout)["trust"].startswith("held by strict ")


@pytest.mark.bubblewrap
@pytest.mark.parametrize("kind", ["pareto", "lexicase", "epsilon-lexicase", "clade"])
def test_a_task_with_cases_is_searched_by_its_cases(
    goexplore: Command, folder: Path, kind: str
) -> None:
    goexplore("task", "init", "mine")
    edit = "<<<<<<< SEARCH\n    return list(\n=======\n    return sorted(\n>>>>>>> REPLACE\n"
    edit = edit.replace("list(\n", "list(range(0, len(numbers), 2))\n")
    edit = edit.replace("sorted(\n", "[place for place in range(len(numbers)) if place % 3]\n")
    (folder / "script.jsonl").write_text(json.dumps({"match": "", "text": edit}) + "\n")

    ran = goexplore(
        *("run", "mine/run.toml", "--model", "scripted:script.jsonl", "--verifications", "3"),
        *("-s", f"selection.kind={kind}", "-s", "sandbox.kind=bubblewrap", "--json"),
        *("-s", "duplicates.same=none"),
    )

    assert ran.returncode == 0, ran.stderr
    (run,) = json.loads(ran.stdout)["runs"]
    assert run["outcome"] == "out of verifications"
    assert run["verifications"] == 3
    assert run["elites_chosen"] >= 1
    assert goexplore("replay").stdout.startswith("identical: ")


@pytest.mark.bubblewrap
def test_best_of_n_makes_every_program_of_the_first(goexplore: Command, folder: Path) -> None:
    goexplore("task", "init", "mine")
    (folder / "run.toml").write_text(
        '[domain]\nkind = "program"\nfolder = "mine"\nfunction = "initial.py:split"\n'
    )
    answer = "```python\ndef split(numbers):\n    return [0, 1]\n```\n"
    (folder / "script.jsonl").write_text(json.dumps({"match": "nothing yet", "text": answer}))

    ran = goexplore(
        *("run", "run.toml", "--preset", "best-of-n", "--model", "scripted:script.jsonl"),
        *("--verifications", "3", "-s", "sandbox.kind=bubblewrap", "--json"),
        *("-s", "duplicates.same=none"),
    )

    assert ran.returncode == 0, ran.stderr
    (run,) = json.loads(ran.stdout)["runs"]
    assert run["children_of_an_elite"] == {"mean": 0.75, "max": 3}
    assert run["elites_chosen"] == 1


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
