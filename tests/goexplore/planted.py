"""A small space of programs with an optimum planted in it, and a model that errs in known ways."""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from itertools import islice
from pathlib import Path

from mutators.llm.base import Json
from tests.mutators.llm.servers import Call, Reply, Server, completion

PROGRAM = """\
def answer():
    speed = 0
    depth = 0
    width = 0
    # one of two
    # one of two
    return speed, depth, width
"""
PLANTED = {"speed": 2, "depth": 1, "width": 3}
MOST = 3
"""Each of the three numbers is one of 0 to 3: there are 64 good programs."""

EVALUATOR = """\
from importlib.util import module_from_spec, spec_from_file_location

def evaluate(program_path):
    spec = spec_from_file_location("program", program_path)
    program = module_from_spec(spec)
    spec.loader.exec_module(program)
    speed, depth, width = program.answer()
    return {"combined_score": -abs(speed - 2) - abs(depth - 1) - abs(width - 3)}
"""


def edit(old: str, new: str) -> str:
    """An answer that replaces a line."""
    return f"Try it.\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"


RETURN = "    return speed, depth, width"
BAD: Mapping[str, str] = {
    "prose": "The program is quite good as it is, I think.",
    "a block that fits nowhere": edit("    height = 0", "    height = 1"),
    "an ambiguous block": edit("    # one of two", "    # two of two"),
    "a truncated block": f"Try it.\n<<<<<<< SEARCH\n{RETURN}\n=======\n    return",
    "a file outside": "FILE: ../outside.py\n" + edit("", "x = 1"),
    "a crash": edit(RETURN, "    return 1 / 0"),
    "a hang": edit(RETURN, "    while True: pass"),
    "not a number": edit(RETURN, '    return float("nan"), depth, width'),
    "no number": edit(RETURN, '    return "2", depth, width'),
}
"""What the model answers to one question of four, but for hangs, which are dear."""


def task(home: Path) -> Path:
    """The task folder."""
    home.mkdir()
    (home / "initial.py").write_text(PROGRAM)
    (home / "evaluator.py").write_text(EVALUATOR)
    return home


def searching(
    home: Path, url: str, *, name: str = "run", workers: int = 1
) -> dict[str, dict[str, object]]:
    """Settings of a search for the optimum."""
    return {
        "run": {
            "name": name,
            "workers": workers,
            "deterministic": True,
            "lag": 3,
            "model": f"openai:test@{url}/v1",
        },
        "domain": {"kind": "program", "folder": str(home), "goal": 0.0, "seconds": 1.5},
        "selection": {"kind": "tournament", "size": 8},
        "mutation": {"kind": "diff"},
        "admission": {"kind": "keep-all"},
        "budget": {"steps": 600},
        "sandbox": {"kind": "bubblewrap", "memory_mib": 160, "disk_mib": 16},
    }


class Thinking(Server):
    """Answers the same question the same way; about one answer of four is bad."""

    def __init__(self) -> None:
        super().__init__([completion()])

    def begin(self, call: Call) -> Reply:
        super().begin(call)
        text, finish = answered(call.body)
        return completion(text, finish=finish)


def answered(body: Mapping[str, Json]) -> tuple[str, str]:
    """What the model says to a question, and why it ended."""
    asked = json.dumps(body["messages"])
    chance = int.from_bytes(sha256(asked.encode()).digest()[:8])
    kind, rest = chance % (4 * len(BAD)), chance // (4 * len(BAD))
    name = next(islice(BAD, kind, None), "")
    if name and (name != "a hang" or rest % 4 == 0):
        return BAD[name], "length" if name == "a truncated block" else "stop"
    return _moved(asked, rest), "stop"


def _moved(asked: str, chance: int) -> str:
    """One of the numbers, as the program that is shown has them, is moved by one."""
    switch = list(PLANTED)[chance % len(PLANTED)]
    found = re.search(rf"    {switch} = (\d)", asked)
    if not found:
        return "There is no such program."
    value = int(found[1])
    moved = value + (1 if chance // 3 % 2 else -1)
    return edit(f"    {switch} = {value}", f"    {switch} = {min(max(moved, 0), MOST)}")
