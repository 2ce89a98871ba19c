"""Programs as a world to explore: a tree is a program, and an evaluator says how good it is."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from pydantic import Field

from archive.entry import Candidate, Cause, Evaluation, Failure, Tree
from goexplore.domain import DomainError
from goexplore.domains.program import scores, task
from goexplore.domains.program.contracts import Contract, Judged, Named, contract_of
from goexplore.domains.program.scores import BadScore
from goexplore.domains.program.task import TaskCase, TaskError
from goexplore.domains.program.verification import Verified, Verifier, digest_of
from mutators.base import Parent
from sandboxes.base import SandboxError
from sandboxes.limits import MOST_SECONDS
from sandboxes.pool import Pool

Seconds = Annotated[float, Field(gt=0, le=MOST_SECONDS)]

_MOST_BYTES, _MOST_FILES = 4 << 20, 500
_NO_BRIEF = "Improve the program, so that its evaluator gives it a larger {objective}."


class Program:
    """A program of one or many text files, in any language, that an evaluator scores.

    The same program may score differently each time; `goexplore task check` says how much. Every
    program is a cell of its own. Metrics beside the objective are its measures.

    folder: the task; see `goexplore.domains.program.task`.
    objective: the metric that is to be large; by default the one that the contract names.
    goal: the objective at which to stop.
    program: the initial program in the folder; main: its file that an evaluator is given.
    evaluator, function, command, gates: see `goexplore.domains.program.contracts`.
    seconds: that an evaluator may take, each stage by itself.
    brief: the goal in words, instead of what goal.md says.
    """

    def __init__(
        self,
        folder: Path,
        sandboxes: Pool,
        *,
        objective: str = "",
        goal: float | None = None,
        program: str = "",
        main: str = "",
        evaluator: str = "",
        function: str = "",
        command: tuple[str, ...] = (),
        gates: tuple[float, ...] = (),
        seconds: Seconds = 60.0,
        brief: str = "",
    ) -> None:
        """Read the task folder; nothing of it is run.

        Raises:
            TaskError: it is none, or lacks a part.
        """
        found = task.read(folder, program=program, main=main)
        named = Named(evaluator=evaluator, function=function, command=command, gates=gates)
        self._contract = contract_of(found, named)
        self._objective = objective or self._contract.objective
        self._check_objective()
        self._root = found.program
        self._main = found.main
        self._goal = goal
        self._brief = brief or found.brief or _NO_BRIEF.format(objective=self._objective)
        self._cases = found.cases
        self._verifier = Verifier(
            sandboxes=sandboxes,
            contract=self._contract,
            main=found.main,
            evaluator=found.evaluator,
            objective=self._objective,
            seconds=seconds,
            digest=digest_of(found.evaluator),
        )

    @property
    def goal(self) -> float | None:
        """The objective at which to stop; `None` for none."""
        return self._goal

    @property
    def brief(self) -> str:
        """The goal in words."""
        return self._brief

    @property
    def contract(self) -> Contract:
        """How the evaluator is spoken with."""
        return self._contract

    @property
    def objective(self) -> str:
        """The metric that is to be large."""
        return self._objective

    @property
    def main(self) -> str:
        """The file of the program that an evaluator is given."""
        return self._main

    def roots(self) -> Sequence[Tree]:
        """The initial program."""
        return (self._root,)

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        """Run a program with its evaluator.

        Raises:
            DomainError: there is no sandbox, or it broke twice.
        """
        if fault := self._unfit(candidate.tree):
            return Failure(cause=Cause.IMPOSSIBLE, message=fault)
        found = self._run(candidate.tree, [case for case in self._cases if not case.held_out])
        if isinstance(found, Failure):
            return found
        before = _metrics_of(parent, self._objective) if parent else None
        return self._evaluation(candidate.tree, found, before)

    def verify_held_out(self, tree: Tree) -> Evaluation | Failure | None:
        """Run a program on the cases that never steer the search; `None` where there are none.

        Raises:
            DomainError: there is no sandbox, or it broke twice.
        """
        cases = [case for case in self._cases if case.held_out]
        if not cases:
            return None
        found = self._run(tree, cases)
        return found if isinstance(found, Failure) else self._evaluation(tree, found, None)

    def _check_objective(self) -> None:
        contract = self._contract
        if isinstance(contract, Judged) and not contract.judge and self._objective != "score":
            raise TaskError(
                f"objective = {self._objective!r}: without a judge the only metric of cases is "
                "'score', the share that is right"
            )

    def _unfit(self, tree: Tree) -> str:
        size = sum(len(text.encode(errors="replace")) for text in tree.values())
        if len(tree) > _MOST_FILES or size > _MOST_BYTES:
            return f"{len(tree)} files of {size} bytes; {_MOST_FILES} of {_MOST_BYTES} are the most"
        if self._main not in tree:
            return f"{self._main} is gone, which the evaluator runs"
        return ""

    def _run(self, tree: Tree, cases: Sequence[TaskCase]) -> Verified | Failure:
        try:
            return self._verifier.verify(tree, cases)
        except SandboxError as error:
            raise DomainError(f"no sandbox: {error}") from error

    def _evaluation(
        self, tree: Tree, found: Verified, before: Sequence[str] | None
    ) -> Evaluation | Failure:
        metrics = found.measured.metrics
        try:
            if before is not None:
                scores.same_set(metrics, before)
            objective = scores.objective_of(metrics, self._objective)
        except BadScore as error:
            log = "\n".join(filter(None, [found.measured.feedback, found.provenance]))
            return Failure(cause=Cause.INVALID_SCORE, message=str(error), log=log)
        return Evaluation(
            cell=_digest(tree),
            objective=objective,
            measures={name: each for name, each in metrics.items() if name != self._objective},
            tasks=found.measured.tasks,
            observation=self._told(metrics, found),
        )

    def _told(self, metrics: Mapping[str, float], found: Verified) -> str:
        first = f"{self._objective} {metrics[self._objective]:g}"
        rest = [f"{name} {value:g}" for name, value in metrics.items() if name != self._objective]
        lines = [", ".join([first, *rest]), found.measured.feedback, found.provenance]
        return "\n".join(line for line in lines if line)


def _metrics_of(parent: Parent, objective: str) -> list[str]:
    return [objective, *parent.evaluation.measures]


def _digest(tree: Tree) -> str:
    digest = sha256()
    for path, text in sorted(tree.items()):
        digest.update(f"{path}\0{text}\0".encode(errors="replace"))
    return digest.hexdigest()[:16]
