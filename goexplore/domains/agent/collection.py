"""Tasks in our own form: a TOML file each, named after the task.

difficulty = "easy"             easy, medium or hard
held_out = false                whether it never steers a search
function = "prices.py:total"    what cases call; or command = "report.py", which they run
seconds = 10.0                  that all cases together may take
statement = '''...'''           what is to be done, in words
[start]                         the files to begin with: "prices.py" = '''...'''
[solution]                      those that a right answer changes or adds
cases = '''...'''               hidden: a line of JSON each

A case of a function: {"given": [1, 2], "returns": 3} or {"given": [1], "raises": "ValueError"}; the
arguments, and what is to come of them. "call" names another function. With "then", what is called
returns an object, and "returns" has what each of the methods does that are called upon it:
{"given": [2], "then": [["put", "a"], ["get", "b"]], "returns": [null, {"raises": "KeyError"}]}.

A case of a command: {"arguments": ["-n", "2"], "stdin": "...", "files": {"a.txt": "..."}, "stdout":
"...", "status": 0}; white space at the ends of lines and of the whole does not count.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from goexplore.domains.agent.coding import Cases, CodingTask, Difficulty, UnfitTask, distinct
from sandboxes.base import Json
from sandboxes.judge import Case, NoAnswer, parsed
from sandboxes.limits import MOST_SECONDS

_MOST_BYTES = 1 << 20
_TARGET = r"[\w/]+\.py:[A-Za-z_]\w*"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Written(_Strict):
    """A task as its file has it."""

    difficulty: Literal["easy", "medium", "hard"]
    held_out: bool = False
    function: str = Field(default="", pattern=rf"^({_TARGET})?$")
    command: str = Field(default="", pattern=r"^([\w/]+\.py)?$")
    seconds: float = Field(default=10.0, gt=0, le=MOST_SECONDS, strict=False)
    statement: str
    start: dict[str, str]
    solution: dict[str, str]
    cases: str


class _Call(_Strict):
    """A case of a function as it is written."""

    given: list[JsonValue]
    call: str = Field(default="", pattern=rf"^({_TARGET})?$")
    then: list[list[JsonValue]] = Field(default_factory=list[list[JsonValue]])
    returns: JsonValue = None
    raises: str = ""


class _Run(_Strict):
    """A case of a command as it is written."""

    arguments: list[str] = Field(default_factory=list[str])
    stdin: str = ""
    files: dict[str, str] = Field(default_factory=dict[str, str])
    stdout: str
    status: int = 0


def ours() -> tuple[CodingTask, ...]:
    """The tasks that come along."""
    return collected(files("goexplore.domains.agent") / "tasks", "the tasks that come along")


def collected(folder: Traversable, place: str) -> tuple[CodingTask, ...]:
    """The tasks of a folder, by name. `place`: what errors call it.

    Raises:
        UnfitTask: there is none, or one is none.
    """
    found = sorted((each for each in folder.iterdir() if _is_task(each)), key=lambda one: one.name)
    if not found:
        raise UnfitTask(f"{place}: no tasks; a task is a file NAME.toml")
    return distinct([_read(each) for each in found])


def _is_task(file: Traversable) -> bool:
    return file.name.endswith(".toml") and not file.name.startswith(".")


def _read(file: Traversable) -> CodingTask:
    data = file.read_bytes()
    if len(data) > _MOST_BYTES:
        raise UnfitTask(f"{file.name}: {len(data)} bytes; {_MOST_BYTES} are the most")
    try:
        written = _Written.model_validate(tomllib.loads(data.decode()))
    except ValidationError as error:
        raise UnfitTask(f"{file.name}: {_first(error)}") from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise UnfitTask(f"{file.name}: {error}") from error
    return CodingTask(
        name=Path(file.name).stem,
        statement=written.statement.strip(),
        start=written.start,
        solution=written.solution,
        hidden=_hidden(file.name, written),
        difficulty=Difficulty(written.difficulty),
        held_out=written.held_out,
        seconds=written.seconds,
    )


def _hidden(place: str, written: _Written) -> Cases:
    if bool(written.function) == bool(written.command):
        raise UnfitTask(f"{place}: its cases need a function = 'FILE.py:NAME', or a command")
    lines = [line for line in written.cases.splitlines() if line.strip()]
    if not lines:
        raise UnfitTask(f"{place}: no cases")
    return Cases(
        asks="calls" if written.function else "commands",
        cases=tuple(
            _case(f"{place}, case {number}", written, line) for number, line in enumerate(lines, 1)
        ),
    )


def _case(place: str, written: _Written, line: str) -> Case:
    try:
        value = parsed(line.encode())
        if written.function:
            return _called(_CALLS.validate_python(value), value, written.function)
        return _run(_RUNS.validate_python(value), written.command)
    except NoAnswer as error:
        raise UnfitTask(f"{place}: {error}") from error
    except ValidationError as error:
        raise UnfitTask(f"{place}: {_first(error)}") from error
    except ValueError as error:
        raise UnfitTask(f"{place}: {error}") from error


_CALLS, _RUNS = TypeAdapter(_Call), TypeAdapter(_Run)


def _called(case: _Call, value: Json, usual: str) -> Case:
    """A question to a function, and the outcome that is right."""
    if not isinstance(value, Mapping) or ("returns" in value) == bool(case.raises):
        raise ValueError("a case has either returns or raises")
    given: dict[str, Json] = {"call": case.call or usual, "given": case.given, "then": case.then}
    if case.raises:
        return Case(given=given, expected={"raises": case.raises})
    if not case.then:
        return Case(given=given, expected={"returns": case.returns})
    if not isinstance(case.returns, list) or len(case.returns) != len(case.then):
        raise ValueError("with then, returns is a list with what each of its calls returns")
    return Case(given=given, expected={"steps": [_step(each) for each in case.returns]})


def _step(value: JsonValue) -> Json:
    if isinstance(value, dict) and value.keys() == {"raises"}:
        return value
    return {"returns": value}


def _run(case: _Run, command: str) -> Case:
    """A question to a command, and the outcome that is right."""
    given: dict[str, Json] = {
        "command": command,
        "arguments": case.arguments,
        "stdin": case.stdin,
        "files": case.files,
    }
    return Case(given=given, expected={"stdout": case.stdout, "status": case.status})


def _first(error: ValidationError) -> str:
    fault = error.errors()[0]
    place = ".".join(map(str, fault["loc"]))
    return f"{place}: {fault['msg'].lower()}" if place else fault["msg"].lower()
