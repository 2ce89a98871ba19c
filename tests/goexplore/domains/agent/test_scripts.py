"""Tests that share a sandbox with what they test: what they hold off, and what they cannot."""

import pytest

from goexplore.domains.agent import Reach, examine
from sandboxes.pool import Pool
from tests.goexplore.domains.agent.making import CHECK, DOUBLE, SQUARE, by_check, by_unittest

RESULT = b'{"check": "", "SolveTest.test_two": "", "SolveTest.test_minus_three": ""}'
WRONG = "def solve(n):\n    return 'no idea'\n"
ENDINGS = {
    "ends at once": "import os\nos._exit(0)\n",
    "ends when it is called": "def solve(n):\n    import os\n    os._exit(0)\n",
    "leaves": "raise SystemExit(0)\n",
    "leaves when it is called": "def solve(n):\n    raise SystemExit(0)\n",
    "says so on every descriptor": (
        f"import os\nRESULT = {RESULT!r}\n"
        "for fd in range(64):\n"
        "    for line in (RESULT, b\"('returns', 4)\", b'OK'):\n"
        "        try:\n            os.write(fd, line + b'\\n')\n"
        "        except OSError:\n            pass\n" + WRONG
    ),
    "answers for the other process": (
        f"import os\nRESULT = {RESULT!r}\n"
        "for pid in [p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()]:\n"
        "    for fd in range(16):\n"
        "        try:\n            with open(f'/proc/{pid}/fd/{fd}', 'wb', 0) as file:\n"
        "                file.write(RESULT + b'\\n')\n"
        "        except OSError:\n            pass\n" + WRONG
    ),
    "ends the other process": "import os\nos.kill(os.getppid(), 9)\n" + WRONG,
    "has a last word": (
        'import atexit, os\natexit.register(lambda: os.write(3, b\'{"check": ""}\\n\'))\n' + WRONG
    ),
}
PATCHES = {
    "skips all": ("import unittest\ndef solve(n):\n    raise unittest.SkipTest('not today')\n"),
    "patches what compares": (
        "import unittest\nunittest.TestCase.assertEqual = lambda *a, **k: None\n" + WRONG
    ),
    "patches what runs": (
        "import unittest\n"
        "def run(self, result):\n    result.startTest(self)\n    result.addSuccess(self)\n"
        "unittest.TestCase.run = run\n" + WRONG
    ),
    "patches deep inside": (
        "import unittest.case\nfrom contextlib import contextmanager\n"
        "@contextmanager\n"
        "def part(self, *a, **k):\n    try:\n        yield\n    except Exception:\n        pass\n"
        "unittest.case._Outcome.testPartExecutor = part\n" + WRONG
    ),
    "runs no test": (
        "import unittest\nunittest.TestSuite.run = lambda self, result: result\n" + WRONG
    ),
}


@pytest.mark.bubblewrap
def test_tests_of_check_tell_right_from_wrong(sandboxes: Pool) -> None:
    right = examine(by_check(), {"main.py": SQUARE}, sandboxes)
    wrong = examine(by_check(), {"main.py": DOUBLE}, sandboxes)

    assert (right.solved, right.why, right.reach) == (True, "", Reach.BESIDE)
    assert (wrong.passed, wrong.why[:22]) == ((False,), "check: AssertionError:")


@pytest.mark.bubblewrap
def test_tests_of_unittest_tell_right_from_wrong(sandboxes: Pool) -> None:
    right = examine(by_unittest(), {"main.py": SQUARE}, sandboxes)
    wrong = examine(by_unittest(), {"main.py": DOUBLE}, sandboxes)

    assert (right.passed, right.why, right.reach) == ((True, True), "", Reach.SHARED)
    assert wrong.passed == (True, False)
    assert wrong.why == "SolveTest.test_minus_three: AssertionError: -6 != 9"


@pytest.mark.bubblewrap
@pytest.mark.parametrize("code", ENDINGS.values(), ids=ENDINGS)
def test_who_ends_early_or_imitates_a_result_passes_nothing(sandboxes: Pool, code: str) -> None:
    from_check = examine(by_check(), {"main.py": code}, sandboxes)
    from_unittest = examine(by_unittest(), {"main.py": code}, sandboxes)

    assert from_check.score == 0
    assert from_unittest.score == 0
    assert from_check.why
    assert from_unittest.why


@pytest.mark.bubblewrap
@pytest.mark.parametrize("code", PATCHES.values(), ids=PATCHES)
def test_who_skips_or_patches_tests_passes_nothing(sandboxes: Pool, code: str) -> None:
    found = examine(by_unittest(), {"main.py": code}, sandboxes)

    assert found.score == 0
    assert found.why


@pytest.mark.bubblewrap
def test_an_object_that_is_equal_to_everything_fools_only_tests_in_its_own_process(
    sandboxes: Pool,
) -> None:
    code = (
        "class All:\n    def __eq__(self, other):\n        return True\n"
        "    def __repr__(self):\n        return 'All()'\n"
        "def solve(n):\n    return All()\n"
    )

    assert not examine(by_check(), {"main.py": code}, sandboxes).solved
    # The known weakness, for which such a verdict says where it is from.
    fooled = examine(by_unittest(), {"main.py": code}, sandboxes)
    assert (fooled.solved, fooled.reach) == (True, Reach.SHARED)


LOOKING = {
    "memory of the other process": (
        "import os\n"
        "def found():\n"
        "    try:\n        return os.open(f'/proc/{os.getppid()}/mem', os.O_RDWR)\n"
        "    except OSError:\n        return False\n"
    ),
    "files": (
        "import os\n"
        "def found():\n"
        "    paths = [os.path.join(d, f) for d, _, fs in os.walk('..') for f in fs]\n"
        "    texts = [open(path, errors='replace').read() for path in paths]\n"
        "    return any(''.join(['candidate(-', '3)']) in text for text in texts)\n"
    ),
    "objects": (
        "import gc\n"
        "def found():\n"
        "    texts = [str(each)[:9999] for each in gc.get_objects()\n"
        "             if isinstance(each, (str, dict, list))]\n"
        "    return any(''.join(['candidate(-', '3)']) in text for text in texts)\n"
    ),
}


@pytest.mark.bubblewrap
@pytest.mark.parametrize("code", LOOKING.values(), ids=LOOKING)
def test_what_is_tested_by_check_finds_no_test(sandboxes: Pool, code: str) -> None:
    nothing = "def solve(n):\n    return n * n if found() else 'nothing'\n"
    nothing_is_right = CHECK.replace("4", "'nothing'").replace("9", "'nothing'")

    found = examine(by_check(nothing_is_right), {"main.py": code + nothing}, sandboxes)

    assert found.solved, found.why


@pytest.mark.bubblewrap
def test_files_that_tests_need_lie_beside_them(sandboxes: Pool) -> None:
    text = (
        "import unittest\nfrom main import solve\nfrom needed import RIGHT\n"
        "class T(unittest.TestCase):\n"
        "    def test_it(self):\n        self.assertEqual(solve(2), RIGHT)\n"
    )
    files = {"main.py": SQUARE, "needed.py": "RIGHT = 'mine'\n"}

    assert examine(by_unittest(text, {"needed.py": "RIGHT = 4\n"}), files, sandboxes).solved


@pytest.mark.bubblewrap
def test_fixtures_of_a_class_are_run(sandboxes: Pool) -> None:
    text = (
        "import unittest\nfrom main import solve\n"
        "class T(unittest.TestCase):\n"
        "    @classmethod\n    def setUpClass(cls):\n        cls.right = solve(2)\n"
        "    def test_it(self):\n        self.assertEqual(self.right, 4)\n"
        "    @unittest.skip('never')\n    def test_never(self):\n        self.fail()\n"
    )

    assert examine(by_unittest(text), {"main.py": SQUARE}, sandboxes).passed == (True,)
    assert examine(by_unittest(text), {"main.py": DOUBLE}, sandboxes).passed == (True,)
    assert examine(by_unittest(text), {"main.py": WRONG}, sandboxes).passed == (False,)
