"""One run on cases: a program answers them, and when it is gone, its answers are judged."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from archive.entry import Cause, Failure, Interval, Tree
from goexplore.domains.program import scores
from goexplore.domains.program.contracts import TASK, Judged
from goexplore.domains.program.scores import BadScore, Measured
from goexplore.domains.program.sequential import RatioTest, Sequential, Verdict, bounds
from goexplore.domains.program.task import JUDGE, TaskCase
from goexplore.domains.program.verification import (
    HARNESS_FILE,
    Spoilt,
    Trial,
    Verified,
    check_gate,
    digest_of_tree,
    evaluator_files,
    failure_of,
    had,
    limits_of,
    scored,
    write_program,
)
from sandboxes.base import Completed, Confinement, Function, Json, Sandbox
from sandboxes.judge import CandidateFailed, Replies, replies, same
from sandboxes.pool import Pool

_LEAST_SECONDS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    """What is known of the cases that have been asked: the verdict on each, by its name."""

    verdicts: Mapping[str, Json]
    held: Confinement
    completed: Completed
    seconds: float

    def and_then(self, later: "_Answers") -> "_Answers":
        return _Answers(
            verdicts={**self.verdicts, **later.verdicts},
            held=later.held,
            completed=later.completed,
            seconds=self.seconds + later.seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    """Asks programs cases, and has their answers judged out of their reach.

    evaluator: the files of the judge. seconds: that each stage may take, and its judge as long
    again. sequential: how a run may end early; `None`: at a gate alone.
    """

    sandboxes: Pool
    contract: Judged
    evaluator: Mapping[str, bytes]
    objective: str
    seconds: Sequence[float]
    sequential: Sequential | None

    def verify(self, tree: Tree, cases: Sequence[TaskCase], trial: Trial) -> Verified | Failure:
        """Ask a program cases, all of them or as many as it takes.

        Raises:
            SandboxError: there is no sandbox, or it broke twice.
        """
        try:
            if self.sequential and trial.needed is not None:
                return self._tested(self.sequential, tree, cases, trial, trial.needed)
            return self._verified(self._staged(tree, cases, trial), cases)
        except Spoilt as end:
            return end.failure

    def _verified(
        self, answers: _Answers, cases: Sequence[TaskCase], interval: Interval | None = None
    ) -> Verified:
        return Verified(
            measured=_measured(answers, cases),
            held=answers.held,
            shared="",
            seconds=answers.seconds,
            interval=interval,
        )

    # In stages

    def _staged(self, tree: Tree, cases: Sequence[TaskCase], trial: Trial) -> _Answers:
        if cases[0].held_out or not self.contract.stages:
            return self._answers(tree, cases, self.seconds[-1], trial)
        found: _Answers | None = None
        for place, stage in enumerate(_stages(cases, self.contract.stages)):
            more = self._answers(tree, stage, self.seconds[place], trial)
            found = found.and_then(more) if found else more
            if place < len(self.contract.gates):
                self._check_gate(place, found, cases)
        return found or self._answers(tree, cases, self.seconds[-1], trial)

    def _check_gate(self, place: int, found: _Answers, cases: Sequence[TaskCase]) -> None:
        stage = f"stage {place + 1}, {len(found.verdicts)} of {len(cases)} cases"
        check_gate(self.contract.gates[place], stage, _measured(found, cases), self.objective)

    # Until enough is known

    def _tested(
        self, how: Sequential, tree: Tree, cases: Sequence[TaskCase], trial: Trial, needed: float
    ) -> Verified:
        test = RatioTest.of(len(cases), needed, how.margin, how.errors)
        order = _drawn(cases, tree)
        found = self._answers(tree, order[: how.batch], self.seconds[-1], trial)
        while (asked := len(found.verdicts)) < len(cases):
            passed = _passed(found, cases)
            verdict = test.verdict(passed, asked)
            if verdict is Verdict.BELOW:
                raise Spoilt(_stopped(passed, asked, test, needed))
            if verdict is Verdict.ABOVE and not how.finish:
                return self._verified(found, cases, _interval(passed, asked, test))
            last = len(cases) if verdict is Verdict.ABOVE else asked + how.batch
            left = max(self.seconds[-1] - found.seconds, _LEAST_SECONDS)
            found = found.and_then(self._answers(tree, order[asked:last], left, trial))
        return self._verified(found, cases)

    # Asked and judged

    def _answers(
        self, tree: Tree, cases: Sequence[TaskCase], seconds: float, trial: Trial
    ) -> _Answers:
        limits, given = limits_of(seconds), [case.given for case in cases]

        def answer(sandbox: Sandbox) -> Replies | CandidateFailed:
            write_program(sandbox, tree)
            program, environment = self.contract.answers, trial.environment
            return replies(sandbox, program, given, limits=limits, environment=environment)

        found = had(self.sandboxes.attempt(answer, fresh=trial.fresh))
        judge = self._by_judge if self.contract.judge else _by_sameness
        verdicts = judge(cases, found.answers, seconds, trial)
        return _Answers(
            verdicts=dict(zip((case.name for case in cases), verdicts, strict=True)),
            held=found.confinement,
            completed=found.completed,
            seconds=found.completed.seconds,
        )

    def _by_judge(
        self, cases: Sequence[TaskCase], answers: Sequence[Json], seconds: float, trial: Trial
    ) -> Sequence[Json]:
        """The verdicts of the task's judge, in a sandbox that no program has been in."""
        requests = [_request(case, answer) for case, answer in zip(cases, answers, strict=True)]

        def work(sandbox: Sandbox) -> Replies | CandidateFailed:
            sandbox.write(evaluator_files(self.evaluator), ours=True)
            judge, environment = Function(file=HARNESS_FILE, name="judge"), trial.environment
            limits = limits_of(seconds)
            return replies(sandbox, judge, requests, limits=limits, environment=environment)

        found = self.sandboxes.attempt(work, fresh=trial.fresh)
        if isinstance(found, CandidateFailed):
            said = failure_of(found.why, found.completed)
            message = f"the judge gave no verdict: {said.message}"
            raise Spoilt(Failure(cause=Cause.INVALID_SCORE, message=message, log=said.log))
        return found.answers


def _request(case: TaskCase, answer: Json) -> Json:
    return {
        "judge": f"{TASK}/{JUDGE}",
        "given": case.given,
        "expected": case.expected,
        "answer": answer,
    }


def _by_sameness(
    cases: Sequence[TaskCase], answers: Sequence[Json], seconds: float, trial: Trial
) -> Sequence[Json]:
    del seconds, trial
    return [float(same(answer, case.expected)) for case, answer in zip(cases, answers, strict=True)]


def _measured(answers: _Answers, cases: Sequence[TaskCase]) -> Measured:
    """What the answers so far are worth, in the order in which the task has its cases."""
    names = [case.name for case in cases if case.name in answers.verdicts]
    verdicts = [answers.verdicts[name] for name in names]
    return scored(lambda: scores.judged(names, verdicts), answers.completed)


def _stages(cases: Sequence[TaskCase], counts: Sequence[int]) -> Iterator[Sequence[TaskCase]]:
    first = 0
    for count in counts:
        yield cases[first : first + count]
        first += count
    yield cases[first:]


def _drawn(cases: Sequence[TaskCase], tree: Tree) -> list[TaskCase]:
    """The cases in an order of the program's own, the same whenever it is run."""
    return Random(digest_of_tree(tree)).sample(cases, len(cases))


def _passed(answers: _Answers, cases: Sequence[TaskCase]) -> int:
    measured = _measured(answers, cases)
    try:
        return scores.passing(measured.tasks)
    except BadScore as fault:
        failure = Failure(cause=Cause.INVALID_SCORE, message=str(fault), log=measured.feedback)
        raise Spoilt(failure) from fault


def _interval(passed: int, asked: int, test: RatioTest) -> Interval:
    low, high = bounds(passed, asked, test.cases)
    return Interval(low=low, high=high, trials=asked)


def _stopped(passed: int, asked: int, test: RatioTest, needed: float) -> Failure:
    low, high = bounds(passed, asked, test.cases)
    message = (
        f"{passed} of {asked} cases passed, of {test.cases} in all: a share of {low:.2f} to "
        f"{high:.2f} (95 %), and {needed:g} is needed"
    )
    return Failure(cause=Cause.GATE, message=message)
