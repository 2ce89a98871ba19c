"""Evaluators, programs and task folders that are not as they should be."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from archive.entry import Cause, Evaluation
from goexplore.domain import DomainError
from goexplore.domains.program import Program, TaskError
from mutators.base import Parent
from sandboxes.base import SandboxBroke
from sandboxes.pool import Pool
from sandboxes.worker import Worker
from tests.goexplore.domains.program.making import (
    ANSWER,
    OPENEVOLVE,
    PRINTING,
    failed,
    failing,
    folder,
    task,
    verified,
)


def returning(expression: str) -> str:
    """An evaluator that returns this."""
    return f"def evaluate(program_path):\n    return {expression}\n"


@pytest.mark.bubblewrap
@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{'combined_score': float('nan')}", "'combined_score' is 'nan', and no finite number"),
        ("{'combined_score': 1.0, 'x': float('inf')}", "'x' is 'inf', and no finite number"),
        ("{'combined_score': 'good'}", "'combined_score' is 'good', and no finite number"),
        ("{'combined_score': True}", "'combined_score' is True, and no finite number"),
        ("{'combined_score': None}", "'combined_score' is nothing, and no finite number"),
        ("{'combined_score': 10 ** 400}", "'combined_score' is beyond all numbers"),
        ("{'combined_score': 1.0, 'eval_time': -1}", "'eval_time' is -1, and no time is negative"),
        ("{}", "0 metrics; 1 to 200 are fit"),
        ("None", "metrics are an object, not nothing"),
        ("[1.0]", "metrics are an object, not [1.0]"),
        ("{'a': 0.5, 'b': 1}", "name the objective in [domain]: there are a, b"),
    ],
)
def test_what_is_no_score_is_a_failure(
    tmp_path: Path, sandboxes: Pool, said: str, why: str
) -> None:
    found = failing(tmp_path, sandboxes, returning(said))

    assert found.cause == Cause.INVALID_SCORE
    assert why in found.message


@pytest.mark.bubblewrap
@pytest.mark.parametrize(
    ("does", "cause", "why"),
    [
        ("raise ZeroDivisionError('no')", Cause.CRASHED, "exit status 1: ZeroDivisionError: no"),
        ("while True: pass", Cause.TIMED_OUT, "ended by its limit: time"),
        ("while True: print('x' * 65536)", Cause.CRASHED, "ended by its limit: output"),
        ("x = bytearray(900 * 2**20); x[::4096] = b'x' * (900 * 256)", Cause.CRASHED, ""),
        ("import os; os._exit(0)", Cause.INVALID_SCORE, "answered 0 of 1 cases"),
        ("import os; os.kill(os.getpid(), 9)", Cause.CRASHED, "ended by signal 9"),
        ("open(__file__, 'a').write('#')", Cause.CRASHED, "PermissionError"),
        ("import os; os.remove(__file__)", Cause.CRASHED, "PermissionError"),
    ],
)
def test_an_evaluator_that_fails_is_a_failure(
    tmp_path: Path, sandboxes: Pool, does: str, cause: Cause, why: str
) -> None:
    evaluator = f"def evaluate(program_path):\n    {does}\n    return {{'combined_score': 1.0}}\n"

    found = failing(tmp_path, sandboxes, evaluator, seconds=1.0)

    assert found.cause == cause
    assert why in found.message


@pytest.mark.bubblewrap
def test_another_set_of_metrics_than_the_parents_is_a_failure(
    tmp_path: Path, sandboxes: Pool
) -> None:
    told = "{'combined_score': 1.0, open(program_path).read(): 2.0}"
    world = Program(task(tmp_path, returning(told), program="speed"), sandboxes)
    first = verified(world)
    assert isinstance(first, Evaluation)
    parent = Parent(tree=world.roots()[0], evaluation=first)

    found = failed(world, {"initial_program.py": "size"}, parent)

    assert found.cause == Cause.INVALID_SCORE
    assert found.message == "another set of metrics than before: no speed; size beside it"


@pytest.mark.bubblewrap
@pytest.mark.parametrize(
    ("program", "cause", "why"),
    [
        ("def answer(:", Cause.CRASHED, "SyntaxError"),
        ("import nothing_of_that_name", Cause.CRASHED, "No module named 'nothing_of_that_name'"),
        ("raise SystemExit(0)", Cause.INVALID_SCORE, "answered 0 of 1 cases"),
        ("import time\ntime.sleep(60)", Cause.TIMED_OUT, "time"),
    ],
)
def test_a_program_that_fails_is_a_failure_with_its_words(
    tmp_path: Path, sandboxes: Pool, program: str, cause: Cause, why: str
) -> None:
    world = Program(task(tmp_path, OPENEVOLVE), sandboxes, seconds=1.0)

    found = failed(world, {"initial_program.py": program})

    assert found.cause == cause
    assert why in found.message


@pytest.mark.bubblewrap
@pytest.mark.parametrize(
    ("tree", "why"),
    [
        ({"other.py": ANSWER}, "initial_program.py is gone, which the evaluator runs"),
        ({"initial_program.py": ANSWER, "../out.py": ""}, "out"),
        ({"initial_program.py": "#" * (5 << 20)}, "are the most"),
    ],
)
def test_a_tree_that_cannot_be_run_is_a_failure(
    tmp_path: Path, sandboxes: Pool, tree: Mapping[str, str], why: str
) -> None:
    found = failed(Program(task(tmp_path, OPENEVOLVE), sandboxes), tree)

    assert found.cause == Cause.IMPOSSIBLE
    assert why in found.message


@pytest.mark.bubblewrap
@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("print('no object')", "no JSON"),
        ("print('{\"objective\": NaN}')", "NaN is no number"),
        ('print(\'{"objective": 1, "extra": 1}\')', "a key 'extra' beside objective"),
        ("print('{}')", "no objective"),
        ("pass", "no JSON"),
    ],
)
def test_a_command_that_prints_anything_else_is_a_failure(
    tmp_path: Path, sandboxes: Pool, line: str, why: str
) -> None:
    home = folder(tmp_path, {"initial.py": ANSWER, "evaluate.py": line})

    found = failed(Program(home, sandboxes, command=("python3", "{task}/evaluate.py")))

    assert found.cause == Cause.INVALID_SCORE
    assert why in found.message


class _Broken:
    """A source of sandboxes that cannot be started."""

    def __init__(self) -> None:
        self.asked = 0

    def start(self) -> Worker:
        self.asked += 1
        raise SandboxBroke("it fell")

    def sweep(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing was started."""


def test_a_sandbox_that_breaks_twice_stops_the_run_and_is_no_score(tmp_path: Path) -> None:
    source = _Broken()
    with Pool(source, size=1, attempts=2) as pool:
        world = Program(task(tmp_path, OPENEVOLVE), pool)

        with pytest.raises(DomainError, match="no sandbox: it fell"):
            verified(world)

    assert source.asked == 2


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"evaluator.py": OPENEVOLVE}, "no initial program"),
        ({"initial.py": "", "initial_program.py": ""}, "could each be the initial program"),
        ({"initial.py": ANSWER}, "no evaluator"),
        ({"initial.py": ANSWER, "evaluator.py": "def evaluate(:"}, "evaluator.py is no Python"),
        ({"initial.py": ANSWER, "evaluator.py": "x = 1"}, "keeps no contract that is known"),
        ({"initial.py": ANSWER, "evaluator.py": "", "evaluate.py": ""}, "name it by evaluator"),
        ({"initial.py": ANSWER, "cases.jsonl": '{"given": 1}'}, "needs one that answers"),
        ({"initial.py": ANSWER, "cases.jsonl": "\n"}, "0 cases"),
        ({"initial.py": ANSWER, "cases.jsonl": "{]"}, "cases.jsonl, line 1: no JSON"),
        ({"initial.py": ANSWER, "cases.jsonl": '{"give": 1}'}, 'a case is {"given"'),
        ({"initial.py": ANSWER, "cases.jsonl": '{"given": 1, "x": 1}'}, "no key 'x' in a case"),
        ({"initial/a.py": "", "initial/b.py": "", "evaluator.py": OPENEVOLVE}, "by main"),
        ({"initial.py": "\0", "evaluator.py": OPENEVOLVE}, "byte 0"),
        ({"initial.py": ANSWER, "evaluator.py": "def evaluate_stage1(p): ..."}, "gates"),
    ],
)
def test_a_task_folder_that_is_none_is_one_line(
    tmp_path: Path, files: Mapping[str, str], why: str
) -> None:
    with (
        Pool(_Broken(), size=1) as pool,
        pytest.raises(TaskError) as complaint,
    ):
        Program(folder(tmp_path, files), pool)

    assert why in str(complaint.value)
    assert "\n" not in str(complaint.value)


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with (
        Pool(_Broken(), size=1) as pool,
        pytest.raises(TaskError, match="no such folder"),
    ):
        Program(tmp_path / "nowhere", pool)


def test_a_function_without_cases_is_one_line(tmp_path: Path) -> None:
    home = folder(tmp_path, {"initial.py": ANSWER, "evaluate.py": PRINTING})
    with (
        Pool(_Broken(), size=1) as pool,
        pytest.raises(TaskError, match="there is no cases"),
    ):
        Program(home, pool, function="initial.py:answer")
