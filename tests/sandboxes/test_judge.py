"""The judge takes nothing for right but what is."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandboxes.base import Function, Json, Script
from sandboxes.judge import (
    CandidateFailed,
    Case,
    NoAnswer,
    Scored,
    Shared,
    evaluated_together,
    judged,
    metrics,
    parsed,
    same,
)
from tests.sandboxes.conftest import Opens

SOLVE = Function(file="main.py", name="solve")
SQUARES = tuple(Case(given=n, expected=n * n) for n in range(3))


@pytest.mark.parametrize(
    "line",
    [
        *(b"NaN", b"-Infinity", b"1e999", b'{"a": [1e999]}', b"", b"1 2", b"'x'", b"\xff"),
        *(b"[" * 99999, b'{"a": 1, "a": 2}', b"9" * 60000, b"__import__('os')"),
    ],
    ids=lambda line: str(line[:20]),
)
def test_what_is_no_plain_data_is_no_answer(line: bytes) -> None:
    with pytest.raises(NoAnswer):
        parsed(line)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        *((True, 1), (1.0, 1), (0, False), ("1", 1), ([1], [1.0]), ({"a": 1}, {"a": True})),
        *((None, 0), ([1, 2], [1]), ({}, []), ({"a": 1, "b": 2}, {"a": 1}), ("a", "a ")),
    ],
)
def test_values_that_only_look_alike_are_not_the_same(answer: Json, expected: Json) -> None:
    assert not same(answer, expected)
    assert not same(expected, answer)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(_VALUES)
def test_every_value_is_the_same_as_itself(value: Json) -> None:
    assert same(value, value)


@given(st.binary())
def test_whatever_comes_is_data_or_no_answer(line: bytes) -> None:
    try:
        value = parsed(line)
    except NoAnswer:
        return

    json.dumps(value, allow_nan=False)


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        ({"score": True}, "bool, no number"),
        ({"score": "1"}, "str, no number"),
        ({"score": None}, "NoneType, no number"),
        ({"score": 1.0, "more": 1.0}, "nobody asked for"),
        ({}, "no metric 'score'"),
        ([1.0], "are an object"),
        ({"score": 10**400}, "beyond all numbers"),
    ],
)
def test_metrics_are_numbers_by_the_names_that_were_asked_for(found: Json, complaint: str) -> None:
    with pytest.raises(NoAnswer, match=complaint):
        metrics(found, ["score"])


def _judge(pools: Opens, code: str, cases: Sequence[Case] = SQUARES) -> Scored | CandidateFailed:
    with pools("unconfined").lease() as sandbox:
        sandbox.write({"main.py": code})
        return judged(sandbox, SOLVE, cases)


def test_a_candidate_is_scored_by_what_it_answers(pools: Opens) -> None:
    verdict = _judge(pools, "def solve(n):\n    return n * n if n < 2 else 0\n")

    assert isinstance(verdict, Scored)
    assert verdict.right == (True, True, False)
    assert verdict.score == pytest.approx(2 / 3)
    assert verdict.confinement.name == "unconfined"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise SystemExit(0)\n", "answered 0 of 3 cases"),
        ("def solve(n):\n    raise SystemExit(0)\n", "answered 0 of 3 cases"),
        ("def solve(n):\n    return float('nan')\n", "NaN is no number"),
        ("def solve(n):\n    return 1 / 0\n", "exit status 1"),
        ("import os\ndef solve(n):\n    os.abort()\n", "ended by signal 6"),
        ("import os\nos.write(3, b'0\\n1\\n4\\n')\ndef solve(n): return n * n\n", "not been put"),
    ],
)
def test_a_candidate_that_fails_has_no_score(pools: Opens, code: str, why: str) -> None:
    verdict = _judge(pools, code)

    assert isinstance(verdict, CandidateFailed)
    assert why in verdict.why


def test_a_tuple_that_is_expected_is_the_list_that_comes_back(pools: Opens) -> None:
    verdict = _judge(pools, "def solve(n): return (n, n)", [Case(given=1, expected=(1, 1))])

    assert isinstance(verdict, Scored)
    assert verdict.score == 1.0


EVALUATOR = {
    "judge/evaluator.py": "import runpy\ndef evaluate(path):\n"
    "    return {'score': float(runpy.run_path(path)['VALUE'])}\n"
}
EVALUATE = Function(file="judge/evaluator.py", name="evaluate")


def _together(pools: Opens, code: str) -> Shared | CandidateFailed:
    with pools("unconfined").lease() as sandbox:
        sandbox.write({"main.py": code})
        return evaluated_together(
            sandbox, EVALUATOR, function=EVALUATE, candidate="main.py", names=["score"]
        )


def test_an_evaluator_can_import_its_candidate(pools: Opens) -> None:
    found = _together(pools, "VALUE = 4\n")

    assert isinstance(found, Shared)
    assert found.metrics == {"score": 4.0}
    assert found.intact


def test_an_evaluator_that_was_changed_is_seen(pools: Opens) -> None:
    found = _together(
        pools,
        "VALUE = 4\nimport os\n"
        "try:\n    os.rename('judge', 'other'); os.mkdir('judge')\n"
        "    open('judge/evaluator.py', 'w').write('x')\nexcept OSError:\n    VALUE = 5\n",
    )

    assert isinstance(found, Shared)
    # Where users differ, it could not be done at all; where they do not, it shows.
    assert found.intact == (found.metrics == {"score": 5.0})


def test_metrics_that_are_none_are_the_candidates_failure(pools: Opens) -> None:
    found = _together(pools, "VALUE = 'inf'\n")

    assert isinstance(found, CandidateFailed)
    assert "no number" in found.why


def test_a_script_can_be_judged_as_well(pools: Opens) -> None:
    code = (
        "import json, sys\nwith open(3, 'w') as answers:\n    for line in sys.stdin:\n"
        "        print(json.loads(line) ** 2, file=answers, flush=True)\n"
    )
    with pools("unconfined").lease() as sandbox:
        sandbox.write({"main.py": code})
        verdict = judged(sandbox, Script(file="main.py"), SQUARES)

    assert isinstance(verdict, Scored)
    assert verdict.score == 1.0
