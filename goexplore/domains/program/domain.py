"""Programs as a world to explore: a tree is a program, and an evaluator says how good it is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from pydantic import Field

from archive.entry import Candidate, Cause, Evaluation, Failure, Interval, Tree
from goexplore.domain import DomainError
from goexplore.domains.program import scores, task
from goexplore.domains.program.contracts import Contract, Judged, Named, contract_of, stages_of
from goexplore.domains.program.examination import Examiner
from goexplore.domains.program.intervals import of_mean
from goexplore.domains.program.scores import BadScore
from goexplore.domains.program.sequential import Sequential
from goexplore.domains.program.task import CASES, Folder, TaskCase, TaskError
from goexplore.domains.program.verification import Trial, Verified, Verifier, digest_of_tree
from mutators.base import Parent
from sandboxes.base import SandboxError
from sandboxes.limits import MOST_SECONDS
from sandboxes.pool import Pool

Seconds = Annotated[float, Field(gt=0, le=MOST_SECONDS)]
Repeats = Annotated[int, Field(ge=1, le=1000)]
Confirmations = Annotated[int, Field(ge=0, le=100)]

_SEEDS = 1 << 31
_MOST_BYTES, _MOST_FILES = 4 << 20, 500
_NO_BRIEF = "Improve the program, so that its evaluator gives it a larger {objective}."


class Program:
    """A program of one or many text files, in any language, that an evaluator scores.

    The same program may score differently each time; `goexplore task check` says how much, and
    `repeats` helps against it. Every program is a cell of its own. Metrics beside the objective
    are its measures.

    A verification runs a program `repeats` times, each time with another seed: 0, 1, ..., the same
    for all programs, so that what a seed does to one it does to the other it is compared with. A
    champion is confirmed with seeds that no other program is ever run with.

    folder: the task; see `goexplore.domains.program.task`.
    objective: the metric that is to be large; by default the one that the contract names.
    goal: the objective at which to stop.
    program: the initial program in the folder; main: its file that an evaluator is given.
    evaluator, function, command, stages, gates: see `goexplore.domains.program.contracts`.
    seconds: that an evaluator may take, each stage by itself; one number for all, or one for each.
    repeats: how often a program is run in one verification; the objective is the mean.
    confirm: how many further verifications a program takes that would become the best, in
        sandboxes that nobody has used; what they show is its score. By default 1, but 0 where the
        same is to be expected again: cases, judged out of reach, all asked, once.
    sequential: ends the questioning of cases early; `None`: it is not ended.
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
        stages: tuple[int, ...] = (),
        gates: tuple[float, ...] = (),
        seconds: Seconds | tuple[Seconds, ...] = 60.0,
        repeats: Repeats = 1,
        confirm: Confirmations | None = None,
        sequential: Sequential | None = None,
        brief: str = "",
    ) -> None:
        """Read the task folder; nothing of it is run.

        Raises:
            TaskError: it is none, or lacks a part.
        """
        found = task.read(folder, program=program, main=main)
        named = Named(
            evaluator=evaluator, function=function, command=command, stages=stages, gates=gates
        )
        self._contract = contract_of(found, named)
        self._objective = objective or self._contract.objective
        self._check_objective()
        self._root = found.program
        self._main = found.main
        self._goal = goal
        self._brief = brief or found.brief or _NO_BRIEF.format(objective=self._objective)
        self._searched = [case for case in found.cases if not case.held_out]
        self._held_out = [case for case in found.cases if case.held_out]
        self._repeats = repeats
        self._sequential = sequential
        self._check_sequential()
        self._confirmations = self._by_default() if confirm is None else confirm
        self._verifier = self._made(found, sandboxes, self._limits(seconds))

    def _by_default(self) -> int:
        early = self._sequential is not None and not self._sequential.finish
        return int(self._repeats > 1 or early or not isinstance(self._contract, Judged))

    def _limits(self, seconds: float | tuple[float, ...]) -> tuple[float, ...]:
        stages = stages_of(self._contract)
        if not isinstance(seconds, tuple):
            return (seconds,) * stages
        if len(seconds) != stages:
            raise TaskError(
                f"seconds = {list(seconds)} names {len(seconds)} limits; the evaluator has "
                f"{stages} {'stage' if stages == 1 else 'stages'}, with a limit for each"
            )
        return seconds

    def _made(
        self, found: Folder, sandboxes: Pool, seconds: tuple[float, ...]
    ) -> Examiner | Verifier:
        if isinstance(self._contract, Judged):
            return Examiner(
                sandboxes=sandboxes,
                contract=self._contract,
                evaluator=found.evaluator,
                objective=self._objective,
                seconds=seconds,
                sequential=self._sequential,
            )
        return Verifier(
            sandboxes=sandboxes,
            contract=self._contract,
            main=found.main,
            evaluator=found.evaluator,
            objective=self._objective,
            seconds=seconds,
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

    @property
    def confirmations(self) -> int:
        """How many further verifications it takes to confirm a program; 0: none is confirmed."""
        return self._confirmations

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
        return self._estimate(candidate.tree, parent, self._trials(parent))

    def confirm(
        self, candidate: Candidate, parent: Parent | None, found: Evaluation
    ) -> Evaluation | Failure:
        """Run a program again, with seeds of its own and in sandboxes that nobody has used.

        All cases are asked, however soon `found` was known.

        Raises:
            DomainError: there is no sandbox, or it broke twice.
        """
        runs = self._confirmations * self._repeats
        trials = [Trial(seed=seed, fresh=True) for seed in _seeds(candidate.tree, runs)]
        again = self._estimate(candidate.tree, parent, trials)
        if isinstance(again, Failure):
            return again
        seen = f"confirmed with other seeds; at first sight {found.objective:g}"
        return replace(again, observation=f"{again.observation}\n{seen}")

    def trial(self, seed: int) -> Evaluation | Failure:
        """Run the initial program once, with a seed of your own; it is asked all cases.

        Raises:
            DomainError: there is no sandbox, or it broke twice.
        """
        return self._estimate(self._root, None, [Trial(seed=seed)])

    def verify_held_out(self, tree: Tree) -> Evaluation | Failure | None:
        """Run a program on the cases that never steer the search; `None` where there are none.

        Raises:
            DomainError: there is no sandbox, or it broke twice.
        """
        if not self._held_out:
            return None
        trials = [Trial(seed=seed) for seed in range(self._repeats)]
        return self._estimate(tree, None, trials, self._held_out)

    def _check_objective(self) -> None:
        contract = self._contract
        if isinstance(contract, Judged) and not contract.judge and self._objective != "score":
            raise TaskError(
                f"objective = {self._objective!r}: without a judge the only metric of cases is "
                "'score', the share that is right"
            )

    def _check_sequential(self) -> None:
        if self._sequential is None:
            return
        if not isinstance(self._contract, Judged):
            raise TaskError(f"sequential ends the questioning of cases, and there is no {CASES}")
        if self._contract.stages:
            raise TaskError("sequential takes the place of stages and gates; name one or the other")
        if self._objective != self._contract.objective:
            raise TaskError(
                f"sequential tests the share of cases that pass, and objective = "
                f"{self._objective!r} is another metric"
            )
        if self._repeats > 1:
            raise TaskError(
                f"sequential tests one run, and repeats = {self._repeats} would make it several"
            )

    def _trials(self, parent: Parent | None) -> list[Trial]:
        needed = self._needed(parent)
        return [Trial(seed=seed, needed=needed) for seed in range(self._repeats)]

    def _needed(self, parent: Parent | None) -> float | None:
        """The share of cases that ought to pass; a root is asked all."""
        if self._sequential is None or parent is None:
            return None
        if self._sequential.needed != "parent":
            return self._sequential.needed
        return scores.share(parent.evaluation.tasks)

    def _unfit(self, tree: Tree) -> str:
        size = sum(len(text.encode(errors="replace")) for text in tree.values())
        if len(tree) > _MOST_FILES or size > _MOST_BYTES:
            return f"{len(tree)} files of {size} bytes; {_MOST_FILES} of {_MOST_BYTES} are the most"
        if self._main not in tree:
            return f"{self._main} is gone, which the evaluator runs"
        return ""

    def _estimate(
        self,
        tree: Tree,
        parent: Parent | None,
        trials: Sequence[Trial],
        cases: Sequence[TaskCase] = (),
    ) -> Evaluation | Failure:
        """What a program shows over some runs; the first failure is its failure."""
        runs: list[Verified] = []
        for trial in trials:
            found = self._run(tree, cases or self._searched, trial)
            if isinstance(found, Failure):
                return found
            runs.append(found)
        before = _metrics_of(parent, self._objective) if parent else None
        try:
            return self._evaluation(tree, runs, before)
        except BadScore as error:
            log = "\n".join(filter(None, [runs[0].measured.feedback, runs[0].provenance]))
            return Failure(cause=Cause.INVALID_SCORE, message=str(error), log=log)

    def _run(self, tree: Tree, cases: Sequence[TaskCase], trial: Trial) -> Verified | Failure:
        try:
            return self._verifier.verify(tree, cases, trial)
        except SandboxError as error:
            raise DomainError(f"no sandbox: {error}") from error

    def _evaluation(
        self, tree: Tree, runs: Sequence[Verified], before: Sequence[str] | None
    ) -> Evaluation:
        measured = scores.pooled([run.measured for run in runs])
        metrics = measured.metrics
        if before is not None:
            scores.same_set(metrics, before)
        objective = scores.objective_of(metrics, self._objective)
        each = [run.measured.metrics[self._objective] for run in runs]
        interval = runs[0].interval or of_mean(each)
        lines = [self._scores(metrics, interval), measured.feedback, runs[0].provenance]
        return Evaluation(
            cell=digest_of_tree(tree),
            objective=objective,
            measures={name: each for name, each in metrics.items() if name != self._objective},
            tasks=measured.tasks,
            observation="\n".join(line for line in lines if line),
            interval=interval,
        )

    def _scores(self, metrics: Mapping[str, float], interval: Interval | None) -> str:
        first = f"{self._objective} {metrics[self._objective]:g}"
        if interval:
            ends = f"{interval.low:.4g} to {interval.high:.4g}"
            first += f" ({ends} with 95 % confidence)"
        rest = [f"{name} {value:g}" for name, value in metrics.items() if name != self._objective]
        return ", ".join([first, *rest])


def _metrics_of(parent: Parent, objective: str) -> list[str]:
    return [objective, *parent.evaluation.measures]


def _seeds(tree: Tree, count: int) -> list[int]:
    """Seeds that belong to a program, above those that all programs are run with."""
    digests = (sha256(f"{digest_of_tree(tree)} {n}".encode()).digest() for n in range(count))
    return [_SEEDS // 2 + int.from_bytes(digest[:4]) % (_SEEDS // 2) for digest in digests]
