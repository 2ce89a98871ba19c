"""One examination: files go into a sandbox, and what is hidden from their author judges them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files

from archive.entry import Tree
from goexplore.domains.agent.coding import Cases, CodingTask, Script
from sandboxes.base import Completed, Confinement, Death, Function, Json, Sandbox
from sandboxes.base import Script as Program
from sandboxes.judge import CandidateFailed, judged, replies, same
from sandboxes.limits import MIB, Limits
from sandboxes.pool import Pool

_CALLS, _TESTS = "exam/calls.py", "exam/tests.py"
_FILES = "files"
_DID_NOT_RUN = "it did not run"
_LAST_LINE = 300


class Reach(StrEnum):
    """How far the files could have reached into what judged them."""

    GONE = "judged out of its reach"
    BESIDE = "tested from another process of its sandbox"
    SHARED = "tested in its own process, which can be forged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the hidden tests of a task said of files.

    passed: of each case or test whether it passed. why: what was wrong first; empty if nothing.
    seconds: that the files ran. held: what held them; `None` if they never got so far.
    """

    passed: tuple[bool, ...]
    why: str
    seconds: float
    reach: Reach
    held: Confinement | None

    @property
    def solved(self) -> bool:
        """Whether all hidden tests pass."""
        return bool(self.passed) and all(self.passed)

    @property
    def score(self) -> float:
        """The share that passes."""
        return sum(self.passed) / len(self.passed) if self.passed else 0.0


def examine(task: CodingTask, tree: Tree, sandboxes: Pool) -> Verdict:
    """Hold files against the hidden tests of a task.

    tree: all files, as whoever worked on the task left them.

    Raises:
        SandboxError: there is no sandbox, or it broke at every attempt.
    """

    def work(sandbox: Sandbox) -> Verdict:
        try:
            sandbox.write({f"{_FILES}/{path}": text for path, text in tree.items()})
        except ValueError as error:
            return _none(task, str(error))
        if isinstance(task.hidden, Cases):
            return _answered(task, task.hidden, sandbox)
        return _tested(task, task.hidden, sandbox)

    return sandboxes.attempt(work)


def reach_of(task: CodingTask) -> Reach:
    """How far files can reach into what judges them."""
    if isinstance(task.hidden, Cases):
        return Reach.GONE
    return Reach.BESIDE if task.hidden.runs == "check" else Reach.SHARED


# Cases


def _answered(task: CodingTask, hidden: Cases, sandbox: Sandbox) -> Verdict:
    sandbox.write({_CALLS: _ours("calls.py")}, ours=True)
    asks = "call" if hidden.asks == "calls" else "run"
    program = Function(file=_CALLS, name=asks)
    found = judged(sandbox, program, hidden.cases, _limits(task), agrees=agrees)
    if isinstance(found, CandidateFailed):
        return _none(task, _reason(found.why, found.completed), found)
    wrong = [number for number, right in enumerate(found.right, 1) if not right]
    why = f"case {wrong[0]} of {len(found.right)} is wrong" if wrong else ""
    return Verdict(
        passed=found.right,
        why=why,
        seconds=found.completed.seconds,
        reach=Reach.GONE,
        held=found.confinement,
    )


def agrees(answer: Json, expected: Json) -> bool:
    """Whether an outcome is the one that is right: values type for type, errors by their kind."""
    if not isinstance(answer, Mapping) or not isinstance(expected, Mapping):
        return False
    if "raises" in expected:
        raised = answer.get("raises")
        return isinstance(raised, list) and expected["raises"] in raised
    if "steps" in expected:
        return _all_agree(answer.get("steps"), expected["steps"])
    if "stdout" in expected:
        answer, expected = _tidied(answer), _tidied(expected)
    return same(answer, expected)


def _all_agree(answers: Json, expected: Json) -> bool:
    if not isinstance(answers, list) or not isinstance(expected, list):
        return False
    return len(answers) == len(expected) and all(map(agrees, answers, expected))


def _tidied(said: Mapping[str, Json]) -> dict[str, Json]:
    """White space at the ends of lines and of the whole does not count."""
    lines = str(said.get("stdout")).rstrip().splitlines()
    return {**said, "stdout": "\n".join(line.rstrip() for line in lines)}


# Tests


def _tested(task: CodingTask, hidden: Script, sandbox: Sandbox) -> Verdict:
    sandbox.write({_TESTS: _ours("tests.py")}, ours=True)
    sandbox.write({f"{_FILES}/{path}": text for path, text in hidden.beside.items()}, ours=True)
    request: Json = {
        "runs": hidden.runs,
        "text": hidden.text,
        "calls": hidden.calls,
        "start": task.start.get(hidden.calls.partition(":")[0], ""),
    }
    found = replies(sandbox, Program(file=_TESTS), [request], limits=_limits(task))
    if isinstance(found, CandidateFailed):
        return _none(task, _reason(found.why, found.completed), found)
    said = found.answers[0]
    faults: Mapping[str, Json] = said if isinstance(said, Mapping) else {}
    wrong = [(name, fault) for name in hidden.tests if (fault := faults.get(name, _DID_NOT_RUN))]
    why = f"{wrong[0][0]}: {faults.get('') or wrong[0][1]}" if wrong else ""
    return Verdict(
        passed=tuple(faults.get(name) == "" for name in hidden.tests),
        why=why[:_LAST_LINE],
        seconds=found.completed.seconds,
        reach=reach_of(task),
        held=found.confinement,
    )


# Both


def _none(task: CodingTask, why: str, found: CandidateFailed | None = None) -> Verdict:
    """A verdict on files of which nothing passes."""
    return Verdict(
        passed=(False,) * task.count,
        why=why,
        seconds=found.completed.seconds if found else 0.0,
        reach=reach_of(task),
        held=found.confinement if found else None,
    )


def _reason(why: str, completed: Completed) -> str:
    if completed.death is Death.TIME:
        return f"{why} ({completed.seconds:.1f} s)"
    lines = completed.stderr.decode(errors="replace").strip().splitlines()
    return f"{why}: {lines[-1].strip()[:_LAST_LINE]}" if lines else why


def _limits(task: CodingTask) -> Limits:
    return Limits(seconds=task.seconds, output=4 * MIB, answer=MIB)


def _ours(name: str) -> bytes:
    return (files("goexplore.domains.agent") / "inside" / name).read_bytes()
