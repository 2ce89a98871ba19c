"""Coding tasks to try examinations on."""

from collections.abc import Mapping

from goexplore.domains.agent import Cases, CodingTask, Difficulty, Script
from goexplore.domains.agent.polyglot import names_of
from sandboxes.base import Json
from sandboxes.judge import Case


def task(hidden: Cases | Script, *, start: Mapping[str, str], seconds: float = 5.0) -> CodingTask:
    """A task of these hidden tests."""
    return CodingTask(
        name="made-up",
        statement="Do it.",
        start=start,
        solution=start,
        hidden=hidden,
        difficulty=Difficulty.EASY,
        held_out=False,
        seconds=seconds,
    )


def calls(*cases: tuple[list[Json], Json], call: str = "main.py:solve") -> Cases:
    """Calls of a function, and what each is to return."""
    return Cases(
        asks="calls",
        cases=tuple(
            Case(given={"call": call, "given": given, "then": []}, expected={"returns": right})
            for given, right in cases
        ),
    )


CHECK = """
def check(candidate):
    assert candidate(2) == 4
    assert candidate(-3) == 9
"""
UNITTEST = """
import unittest

from main import solve


class SolveTest(unittest.TestCase):
    def test_two(self):
        self.assertEqual(solve(2), 4)

    def test_minus_three(self):
        for given, right in ((-3, 9), (-4, 16)):
            with self.subTest(given=given):
                self.assertEqual(solve(given), right)
"""
SQUARE = "def solve(n):\n    return n * n\n"
DOUBLE = "def solve(n):\n    return 2 * n\n"


def by_check(text: str = CHECK) -> CodingTask:
    """A task whose tests are a function `check`."""
    script = Script(runs="check", text=text, tests=("check",), calls="main.py:solve")
    return task(script, start={"main.py": 'def solve(n):\n    """The square of n."""\n'})


def by_unittest(text: str = UNITTEST, beside: Mapping[str, str] | None = None) -> CodingTask:
    """A task whose tests are test cases of unittest."""
    script = Script(runs="unittest", text=text, tests=names_of(text), beside=beside or {})
    return task(script, start={"main.py": "def solve(n):\n    pass\n"})
