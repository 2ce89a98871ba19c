"""Runs tests inside a sandbox and says which passed: nothing that they test speaks for them.

Two processes. One has what is tested; of the other it can neither read the memory nor use the
descriptors, and only that one answers. With `check` the tests are in the other: what is tested
answers each call of theirs by a plain value, and knows no test. With `unittest` the tests run where
what they test does; they tell the other of each by name, under a word drawn for this run, and tell
nothing if `unittest` is not what it was. That holds off what ends the process, imitates a result
or skips or patches the tests; it does not hold what reads its own memory for the word, nor an
object that is equal to everything.
"""

import ast
import builtins
import ctypes
import importlib
import json
import os
import secrets
import sys
import unittest
import unittest.loader
import unittest.util
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from types import ModuleType, TracebackType
from typing import NoReturn, TypedDict, cast

FILES = "files"
ANSWERS = 3
_PR_SET_DUMPABLE = 4
_MOST_TEXT = 300
_UNFINISHED = "it did not run to its end"
_WATCHED = (
    unittest.case,
    unittest.loader,
    unittest.result,
    unittest.suite,
    unittest.util,
    builtins,
)


class Tests(TypedDict):
    """Tests, as the host hands them over; `start`: what stands before those of `check`."""

    runs: str
    text: str
    calls: str
    start: str


Ends = tuple[TextIOWrapper, TextIOWrapper]
_Error = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


def main() -> None:
    """Begin what is tested before the tests are known, then run them and answer."""
    # Before there is another process, so that it never finds the door open.
    _set_dumpable(wanted=False)
    theirs, ours = _channel()
    if os.fork() == 0:
        _be_tested(theirs, ours)
    for end in theirs:
        end.close()
    tests: Tests = json.loads(sys.stdin.readline())
    with os.fdopen(ANSWERS, "w", encoding="utf-8") as answers:
        answers.write(json.dumps(_results(tests, ours)) + "\n")


def _results(tests: Tests, other: Ends) -> dict[str, str]:
    """Each test by name, with what was wrong, or nothing."""
    word = secrets.token_hex(16)
    _say(other, {"word": word, "runs": tests["runs"], "calls": tests["calls"]})
    if tests["runs"] == "check":
        return {"check": _checked(tests, other)}
    _say(other, tests["text"])
    said = _texts(_heard(other))
    if said.pop("word", "") != word:
        return {"": "it ended before its tests did"}
    return said


# What is tested


def _be_tested(theirs: Ends, ours: Ends) -> NoReturn:
    """What the other process does. It ends with the word that was drawn, or with nothing."""
    for end in ours:
        end.close()
    _forget_the_way_out()
    _set_dumpable(wanted=True)
    order = _texts(_heard(theirs))
    if order["runs"] == "check":
        _serve(order["calls"], theirs)
    else:
        _say(theirs, _tested(str(_heard(theirs))) | {"word": order["word"]})
    os._exit(0)


def _forget_the_way_out() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, ANSWERS)


def _serve(place: str, other: Ends) -> None:
    """Answer calls as they come."""
    file, _, name = place.partition(":")
    _enter()
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    function: Callable[..., object] = getattr(module, name)
    while called := cast("tuple[list[object], dict[str, object]] | None", _heard(other)):
        arguments, named = called
        try:
            _say(other, ("returns", function(*arguments, **named)))
        except Exception as error:  # noqa: BLE001  # whatever it raises
            _say(other, ("raises", f"{type(error).__name__}: {error}"[:_MOST_TEXT]))


def _tested(text: str) -> dict[str, str]:
    """Run a test case's tests where what they test is; the name of each, and what was wrong."""
    _enter()
    before = _as_it_is()
    module = ModuleType("hidden_tests")
    sys.modules[module.__name__] = module
    exec(compile(text, "hidden_tests.py", "exec"), vars(module))  # noqa: S102
    results = _Results()
    unittest.defaultTestLoader.loadTestsFromModule(module).run(results)
    if _as_it_is() != before:
        return {"": "unittest was changed while it ran"}
    return results.faults


class _Results(unittest.TestResult):
    """What was wrong with each test, by name: nothing if it has run to its end."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: dict[str, str] = {}

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self.faults[_name(test)] = _UNFINISHED

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self.faults[_name(test)] = ""

    def addError(self, test: unittest.TestCase, err: _Error) -> None:
        super().addError(test, err)
        self._note(test, err)

    def addFailure(self, test: unittest.TestCase, err: _Error) -> None:
        super().addFailure(test, err)
        self._note(test, err)

    def addSubTest(
        self, test: unittest.TestCase, subtest: unittest.TestCase, err: _Error | None
    ) -> None:
        super().addSubTest(test, subtest, err)
        if err:
            self._note(test, err)

    def _note(self, test: unittest.TestCase, error: _Error) -> None:
        """Keep the first fault of a test, which may have many parts."""
        if self.faults.get(_name(test), _UNFINISHED) == _UNFINISHED:
            self.faults[_name(test)] = _shown(error)


def _name(test: unittest.TestCase) -> str:
    return ".".join(test.id().split(".")[-2:])


def _shown(error: _Error) -> str:
    kind, what, _ = error
    return f"{kind.__name__ if kind else ''}: {what}".replace("\n", " ")[:_MOST_TEXT]


def _as_it_is() -> list[dict[str, object]]:
    """All that decides on a test, and the classes in it."""
    modules = [dict(vars(each)) for each in _WATCHED]
    classes = [
        each for module in modules[:-1] for each in module.values() if isinstance(each, type)
    ]
    return [*modules, *(dict(vars(each)) for each in classes)]


# The tests of `check`


class _Elsewhere:
    """The function that is tested, as the tests call it: it is in another process."""

    def __init__(self, other: Ends) -> None:
        self._other = other

    def __call__(self, *arguments: object, **named: object) -> object:
        _say(self._other, (arguments, named))
        said = cast("tuple[str, object] | None", _heard(self._other))
        if said is None:
            raise RuntimeError("it ended, or returned what is no plain value")
        how, what = said
        if how != "returns":
            raise RuntimeError(what)
        return what


def _checked(tests: Tests, other: Ends) -> str:
    """What was wrong, or nothing."""
    names: dict[str, object] = {"__name__": "hidden_tests"}
    try:
        exec(f"{tests['start']}\n\n{tests['text']}", names)  # noqa: S102  # the task's own
        # Some tests call what is tested by its name, too.
        names[tests["calls"].partition(":")[2]] = elsewhere = _Elsewhere(other)
        check = names["check"]
        if not callable(check):
            return "check is no function"
        check(elsewhere)
    except Exception as error:  # noqa: BLE001  # whatever the tests raise
        return f"{type(error).__name__}: {error}"[:_MOST_TEXT]
    return ""


# Between the two


def _channel() -> tuple[Ends, Ends]:
    (ask_out, ask_in), (say_out, say_in) = os.pipe(), os.pipe()
    return (_ends(ask_out, say_in), _ends(say_out, ask_in))


def _ends(reading: int, writing: int) -> Ends:
    return (
        os.fdopen(reading, encoding="utf-8", errors="replace"),
        os.fdopen(writing, "w", encoding="utf-8", errors="replace"),
    )


def _say(other: Ends, what: object) -> None:
    """A line of Python's literals, which keep apart what JSON does not: tuples, keys of a dict."""
    other[1].write(repr(what).replace("\n", " ") + "\n")
    other[1].flush()


def _heard(other: Ends) -> object:
    """What the other process said; `None` where it is gone or said no literal."""
    try:
        return ast.literal_eval(other[0].readline().strip() or "None")
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _texts(value: object) -> dict[str, str]:
    """A dict of texts; an empty one where there is none."""
    if not isinstance(value, dict):
        return {}
    return {str(name): str(each) for name, each in cast("dict[object, object]", value).items()}


def _enter() -> None:
    """Have imports find the files that are tested, whatever they are called."""
    os.chdir(FILES)
    sys.path[0] = str(Path.cwd())
    for each in Path().iterdir():
        sys.modules.pop(each.name.removesuffix(".py"), None)


def _set_dumpable(*, wanted: bool) -> None:
    """Whether another process of the same user may look into this one."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, int(wanted), 0, 0, 0)


main()
