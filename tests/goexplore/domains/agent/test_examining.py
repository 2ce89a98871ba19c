"""Files are held against cases, and against nothing else."""

import pytest

from goexplore.domains.agent import Cases, Reach, Verdict, examine
from goexplore.domains.agent.examining import agrees
from sandboxes.base import Json
from sandboxes.judge import Case
from sandboxes.pool import Pool
from tests.goexplore.domains.agent.making import DOUBLE, SQUARE, calls, task

SQUARES = task(calls(([2], 4), ([-3], 9), ([0], 0)), start={"main.py": DOUBLE})


def solved_by(code: str, sandboxes: Pool) -> Verdict:
    return examine(SQUARES, {"main.py": code}, sandboxes)


@pytest.mark.bubblewrap
def test_a_verdict_says_which_cases_are_right(sandboxes: Pool) -> None:
    whole, part = solved_by(SQUARE, sandboxes), solved_by(DOUBLE, sandboxes)

    assert (whole.solved, whole.score, whole.why) == (True, 1.0, "")
    assert part.passed == (True, False, True)
    assert (part.solved, part.why) == (False, "case 2 of 3 is wrong")
    assert whole.reach == Reach.GONE
    assert whole.held is not None
    assert whole.held.name == "bubblewrap"


@pytest.mark.bubblewrap
@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("def solve(n) return", "SyntaxError"),
        ("import nothing_such", "No module named 'nothing_such'"),
        ("", "has no attribute 'solve'"),
        ("import os\nos._exit(0)", "answered 0 of 3 cases"),
        ("def solve(n):\n    import os\n    os._exit(0)", "answered 0 of 3 cases"),
        ("raise SystemExit", "answered 0 of 3 cases"),
    ],
)
def test_files_that_do_not_run_say_why(sandboxes: Pool, code: str, why: str) -> None:
    found = solved_by(code, sandboxes)

    assert found.passed == (False, False, False)
    assert why in found.why


@pytest.mark.bubblewrap
@pytest.mark.parametrize(
    "code",
    [
        "def solve(n):\n    raise SystemExit(0)",
        "def solve(n):\n    return {1, 2}",
        "def solve(n):\n    return float('nan')",
        "class All:\n    def __eq__(self, other): return True\ndef solve(n):\n    return All()",
        "def solve(n):\n    return float(n * n)",
        "def solve(n):\n    return {'returns': n * n}",
    ],
)
def test_what_is_no_right_answer_is_wrong(sandboxes: Pool, code: str) -> None:
    assert solved_by(code, sandboxes).passed == (False, False, False)


@pytest.mark.bubblewrap
def test_one_case_that_fails_does_not_spoil_the_others(sandboxes: Pool) -> None:
    code = "def solve(n):\n    if n < 0:\n        raise ValueError(n)\n    return n * n"

    assert solved_by(code, sandboxes).passed == (True, False, True)


@pytest.mark.bubblewrap
def test_files_that_never_end_are_ended(sandboxes: Pool) -> None:
    slow = task(calls(([2], 4)), start={"main.py": DOUBLE}, seconds=0.5)

    found = examine(slow, {"main.py": "while True: pass"}, sandboxes)

    assert (found.passed, found.why[:25]) == ((False,), "ended by its limit: time ")


@pytest.mark.bubblewrap
@pytest.mark.parametrize("name", ["candidate", "json", "calls", "exam"])
def test_a_file_may_have_any_name(sandboxes: Pool, name: str) -> None:
    named = task(calls(([2], 4), call=f"{name}.py:solve"), start={f"{name}.py": DOUBLE})

    assert examine(named, {f"{name}.py": SQUARE}, sandboxes).solved


@pytest.mark.bubblewrap
def test_a_path_that_leads_out_passes_nothing(sandboxes: Pool) -> None:
    found = examine(SQUARES, {"main.py": SQUARE, "../exam/calls.py": ""}, sandboxes)

    assert found.passed == (False, False, False)
    assert found.held is None


@pytest.mark.bubblewrap
def test_methods_are_called_upon_what_is_returned(sandboxes: Pool) -> None:
    steps: list[Json] = [["append", 1], ["pop"], ["pop"], ["copy"]]
    right: list[Json] = [{"returns": None}, {"returns": 1}, {"raises": "LookupError"}]
    case = Case(
        given={"call": "main.py:solve", "given": [], "then": steps},
        expected={"steps": [*right, {"returns": []}]},
    )
    lists = task(Cases(asks="calls", cases=(case,)), start={"main.py": ""})

    assert examine(lists, {"main.py": "solve = list"}, sandboxes).solved
    assert not examine(lists, {"main.py": "solve = set"}, sandboxes).solved


@pytest.mark.bubblewrap
@pytest.mark.parametrize(
    ("ending", "passes"),
    [("", True), ("sys.exit(0)", True), ("exit()", True), ("sys.exit(3)", False), ("1/0", False)],
)
def test_a_command_is_judged_by_its_output_and_status(
    sandboxes: Pool, ending: str, passes: bool
) -> None:
    given: Json = {
        "command": "main.py",
        "arguments": ["a b"],
        "stdin": "x\ny\n",
        "files": {"data/in.txt": "z"},
    }
    case = Case(given=given, expected={"stdout": "a b x\ny\nz", "status": 0})
    said = task(Cases(asks="commands", cases=(case,)), start={"main.py": ""})
    code = (
        "import sys\nfrom beside import word\n"
        "print(sys.argv[1], sys.stdin.read() + open('data/in.txt').read(), word)\n"
    )

    found = examine(said, {"main.py": code + ending, "beside.py": "word = '  '"}, sandboxes)

    assert found.solved is passes


@pytest.mark.parametrize(
    ("answer", "expected", "right"),
    [
        ({"returns": [1, 2]}, {"returns": [1, 2]}, True),
        ({"returns": True}, {"returns": 1}, False),
        ({"raises": ["KeyError", "LookupError"]}, {"raises": "LookupError"}, True),
        ({"raises": ["LookupError"]}, {"raises": "KeyError"}, False),
        ({"raises": "LookupError"}, {"raises": "LookupError"}, False),
        ({"returns": 1}, {"raises": "KeyError"}, False),
        ({"steps": [{"returns": 1}]}, {"steps": [{"returns": 1}, {"returns": 2}]}, False),
        ({"stdout": "a \n\n", "status": 0}, {"stdout": "a", "status": 0}, True),
        ({"stdout": " a", "status": 0}, {"stdout": "a", "status": 0}, False),
        ({"stdout": "a", "status": 1}, {"stdout": "a", "status": 0}, False),
        ({"stdout": "a"}, {"stdout": "a", "status": 0}, False),
        (None, {"returns": None}, False),
        ({"odd": "set"}, {"returns": None}, False),
    ],
)
def test_outcomes_agree_or_not(answer: Json, expected: Json, right: bool) -> None:
    assert agrees(answer, expected) is right
