"""Answers cases inside a sandbox: calls functions of the files, and runs commands of them."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

FILES = "files"
"""The folder of the files that are examined, in the work folder."""

# As `python FILE` does, but that it does not look through what is installed, which on some
# machines takes longer than all else; we have done so, and say where it is.
_BEGIN = """
import os, runpy, site, sys
site.setquit()
del sys.argv[0]
sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")
"""
_INSTALLED = sys.path[1:]


class Call(TypedDict):
    """A call of FILE.py:NAME with arguments, then calls of methods upon what it returns."""

    call: str
    given: list[object]
    then: list[list[object]]


class Run(TypedDict):
    """A run of a command, with files that are to be there."""

    command: str
    arguments: list[str]
    stdin: str
    files: dict[str, str]


def call(case: Call) -> dict[str, object]:
    """What comes of a call: {"returns": ...}, {"raises": [...]}, or {"steps": [...]}."""
    made: list[object] = []
    function = _found(case["call"])
    failed = _outcome(lambda: made.append(function(*case["given"])))
    if not made:
        return failed
    if not case["then"]:
        return _outcome(lambda: made[0])
    return {"steps": [_step(made[0], step) for step in case["then"]]}


def run(case: Run) -> dict[str, object]:
    """What a command does: {"stdout": ..., "status": ...}."""
    for path, text in case["files"].items():
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    ended = subprocess.run(  # noqa: S603  # that is what we are for
        [sys.executable, "-S", "-c", _BEGIN, case["command"], *case["arguments"]],
        input=case["stdin"].encode(),
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(_INSTALLED)},
        check=False,
    )
    return {"stdout": ended.stdout.decode(errors="replace"), "status": ended.returncode}


def _found(place: str) -> Callable[..., object]:
    file, _, name = place.partition(":")
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    function: Callable[..., object] = getattr(module, name)
    return function


def _step(made: object, step: list[object]) -> dict[str, object]:
    name, *arguments = step

    def take() -> object:
        found: object = getattr(made, str(name))
        return found(*arguments) if callable(found) else found

    return _outcome(take)


def _outcome(do: Callable[[], object]) -> dict[str, object]:
    """What something returns or raises, in a form that can be written as JSON."""
    try:
        returned = do()
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever the files raise
        return {"raises": [kind.__name__ for kind in type(error).__mro__]}
    try:
        json.dumps(returned, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return {"odd": type(returned).__name__}
    return {"returns": returned}


def _enter() -> None:
    """Have imports find the files that are examined, whatever they are called."""
    os.chdir(FILES)
    sys.path[0] = str(Path.cwd())
    for each in Path().iterdir():
        sys.modules.pop(each.name.removesuffix(".py"), None)
    sys.modules.pop("candidate", None)


_enter()
