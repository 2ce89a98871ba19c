"""Three contracts between a search and an evaluator: which one a task folder keeps.

The first two are those of openevolve and ShinkaEvolve, the third is ours, in two forms: cases that
a program answers and that are judged out of its reach, or a command that prints one JSON object.
An evaluator is read here, and never imported.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from goexplore.domains.program.task import CASES, JUDGE, Folder, TaskError
from sandboxes.base import Command, Function, Program

TASK, PROGRAM, HARNESS, RESULTS = "task", "program", "harness", "results"
"""Folders inside a sandbox."""

_EVALUATORS = ("evaluator.py", "evaluate.py")
_SHINKA = ("program_path", "results_dir")


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """openevolve's: functions of `file` that take the path of a program and return metrics.

    functions: called in this order. gates: what the objective must reach after each but the last.
    """

    file: str
    functions: tuple[str, ...]
    gates: tuple[float, ...] = ()
    objective: str = "combined_score"

    @property
    def words(self) -> str:
        """What it is, in a few words."""
        return f"openevolve's: {self.file}, {', then '.join(self.functions)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """ShinkaEvolve's: a script that writes metrics.json and correct.json into a folder."""

    file: str
    objective: str = "combined_score"

    @property
    def words(self) -> str:
        """What it is, in a few words."""
        return f"ShinkaEvolve's: {self.file} --program_path --results_dir"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """Ours: a command that prints one JSON object on the last line of its output."""

    command: tuple[str, ...]
    objective: str = "objective"

    @property
    def words(self) -> str:
        """What it is, in a few words."""
        return f"ours: the command {' '.join(self.command)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Ours: a program answers cases, and is judged when it is gone. That cannot be forged.

    answers: what answers. judge: whether the task has a judge; without, answers are to be the same.
    stages: how many cases each stage but the last has, which has all others. gates: what the
    objective over all cases so far must reach after each but the last.
    """

    answers: Program
    judge: bool
    stages: tuple[int, ...] = ()
    gates: tuple[float, ...] = ()
    objective: str = "score"

    @property
    def words(self) -> str:
        """What it is, in a few words."""
        how = f"by {JUDGE}, in a sandbox of its own" if self.judge else "by sameness"
        return f"ours: {CASES}, judged {how}"


Contract = Staged | Written | Printed | Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a run file says of the evaluator, where it does."""

    evaluator: str = ""
    function: str = ""
    command: tuple[str, ...] = ()
    stages: tuple[int, ...] = ()
    gates: tuple[float, ...] = ()


def contract_of(folder: Folder, named: Named) -> Contract:
    """The contract that a task folder keeps.

    Raises:
        TaskError: none that is known, or more than one.
    """
    if folder.cases:
        _check_stages(folder, named)
        return Judged(
            answers=_answering(folder, named),
            judge=JUDGE in folder.evaluator,
            stages=named.stages,
            gates=named.gates,
        )
    if named.stages:
        raise TaskError(f"stages = {list(named.stages)} counts cases, and there is no {CASES}")
    if named.function:
        raise TaskError(f"function = {named.function!r} answers cases, and there is no {CASES}")
    if named.command:
        if named.gates:
            raise TaskError("gates stand between stages, and a command has none")
        return Printed(command=named.command)
    return _in_python(folder, _evaluator(folder, named.evaluator), named.gates)


def stages_of(contract: Contract) -> int:
    """In how many stages a program is evaluated."""
    return len(contract.gates) + 1 if isinstance(contract, Staged | Judged) else 1


def _check_stages(folder: Folder, named: Named) -> None:
    if len(named.stages) != len(named.gates):
        raise TaskError(
            f"gates names {len(named.gates)}, and stages {len(named.stages)}: each stage of cases "
            "but the last has a number of cases in stages and a gate in gates"
        )
    cases = sum(not case.held_out for case in folder.cases)
    if named.stages and (min(named.stages) < 1 or sum(named.stages) >= cases):
        raise TaskError(
            f"stages = {list(named.stages)}: each has a case at least, and of the {cases} in "
            f"{CASES} that are not held out one is to be left for the last stage"
        )


def _answering(folder: Folder, named: Named) -> Program:
    if bool(named.function) == bool(named.command):
        raise TaskError(
            f"{CASES} needs one that answers: function = 'FILE.py:NAME' in [domain], or a command"
        )
    if named.command:
        return Command(words=named.command)
    file, _, name = named.function.partition(":")
    if file not in folder.program or not name.isidentifier():
        known = ", ".join(sorted(folder.program))[:200]
        raise TaskError(
            f"function = {named.function!r} is no FILE.py:NAME; the program has {known}"
        )
    return Function(file=f"{PROGRAM}/{file}", name=name)


def _evaluator(folder: Folder, named: str) -> str:
    wanted = [named] if named else _EVALUATORS
    found = [file for file in wanted if file in folder.evaluator]
    if not found:
        raise TaskError(
            f"no evaluator: neither {' nor '.join(wanted)} nor {CASES} is in the task folder, and "
            "[domain] names no command"
        )
    if len(found) > 1:
        raise TaskError(f"{' and '.join(found)} could each be the evaluator; name it by evaluator")
    return found[0]


def _in_python(folder: Folder, file: str, gates: Sequence[float]) -> Contract:
    try:
        module = ast.parse(folder.evaluator[file])
    except (SyntaxError, ValueError) as error:
        raise TaskError(f"{file} is no Python: {error}") from error
    functions = [node.name for node in module.body if isinstance(node, ast.FunctionDef)]
    if stages := _stages(file, functions, gates):
        return Staged(file=file, functions=stages, gates=tuple(gates))
    if "evaluate" in functions:
        return Staged(file=file, functions=("evaluate",))
    if set(_SHINKA) <= set(_options(module)):
        return Written(file=file)
    raise TaskError(
        f"{file} keeps no contract that is known: it has neither a function "
        "evaluate(program_path) nor the options --program_path and --results_dir"
    )


def _stages(file: str, functions: Sequence[str], gates: Sequence[float]) -> tuple[str, ...]:
    """The stages of a cascade that is asked for; without gates, `evaluate` alone is called."""
    there = tuple(name for n in range(1, 10) if (name := f"evaluate_stage{n}") in functions)
    if gates and len(there) != len(gates) + 1:
        raise TaskError(
            f"{file} has {len(there)} functions evaluate_stage1, ..., with a gate after each but "
            f"the last; gates names {len(gates)}"
        )
    if there and not gates and "evaluate" not in functions:
        raise TaskError(f"{file} evaluates in {len(there)} stages; name their gates in [domain]")
    return there if gates else ()


def _options(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.removeprefix("--").replace("-", "_")
