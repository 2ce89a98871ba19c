"""One verification: a program and its evaluator go into a sandbox, and what comes out is scored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from archive.entry import Cause, Failure, Tree
from goexplore.domains.program import scores
from goexplore.domains.program.contracts import (
    HARNESS,
    PROGRAM,
    RESULTS,
    TASK,
    Contract,
    Judged,
    Printed,
    Staged,
    Written,
)
from goexplore.domains.program.scores import BadScore, Measured, trimmed
from goexplore.domains.program.task import JUDGE, TaskCase
from sandboxes.base import (
    Command,
    Completed,
    Confinement,
    Death,
    Function,
    Json,
    Sandbox,
    Script,
)
from sandboxes.judge import CandidateFailed, NoAnswer, Replies, parsed, replies, same
from sandboxes.limits import MIB, ExportCaps, Limits
from sandboxes.pool import Pool

_HARNESS = f"{HARNESS}/harness.py"
_LOG = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a verification measured, and how far it is to be believed.

    held: what held the program. shared: the digest of the evaluator that ran where the program
    did, which could have forged what it says; `""` where the program was gone.
    seconds: that programs took.
    """

    measured: Measured
    held: Confinement
    shared: str
    seconds: float

    @property
    def provenance(self) -> str:
        """How far it is to be believed, in a line."""
        return provenance(self.held, self.shared)


def provenance(held: Confinement, shared: str) -> str:
    """What held a program and who judged it, in a line."""
    digest = held.image.removeprefix("sha256:")[:12]
    holder = f"{held.name} {digest}".rstrip() + ("" if held.confined else ", which holds nothing")
    if shared:
        return f"[held by {holder}; shared with its evaluator {shared[:12]}]"
    return f"[held by {holder}; judged out of its reach]"


class Spoilt(Exception):
    """A verification that shows nothing, through a fault of the program or its evaluator."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Runs programs under a contract.

    main: the file of the program that an evaluator is given. evaluator: the task's other files.
    """

    sandboxes: Pool
    contract: Contract
    main: str
    evaluator: Mapping[str, bytes]
    objective: str
    seconds: float
    digest: str

    def verify(self, tree: Tree, cases: Sequence[TaskCase]) -> Verified | Failure:
        """Run a program; cases are those that it is to answer, where it is to answer any.

        Raises:
            SandboxError: there is no sandbox, or it broke twice.
        """
        try:
            if isinstance(self.contract, Judged):
                return self._judged(self.contract, tree, cases)
            return self._shared(self.contract, tree)
        except Spoilt as end:
            return end.failure

    # Judged out of its reach

    def _judged(self, contract: Judged, tree: Tree, cases: Sequence[TaskCase]) -> Verified:
        given = [case.given for case in cases]

        def answer(sandbox: Sandbox) -> Replies | CandidateFailed:
            _write_program(sandbox, tree)
            return replies(sandbox, contract.answers, given, limits=self._limits())

        found = self._had(self.sandboxes.attempt(answer))
        judge = self._by_judge if contract.judge else _by_sameness
        measured = _scored(
            lambda: scores.judged([case.name for case in cases], judge(cases, found.answers)),
            found.completed,
        )
        return Verified(
            measured=measured,
            held=found.confinement,
            shared="",
            seconds=found.completed.seconds,
        )

    def _by_judge(self, cases: Sequence[TaskCase], answers: Sequence[Json]) -> Sequence[Json]:
        """The verdicts of the task's judge, in a sandbox that no program has been in."""
        requests: list[Json] = [
            {
                "judge": f"{TASK}/{JUDGE}",
                "given": case.given,
                "expected": case.expected,
                "answer": answer,
            }
            for case, answer in zip(cases, answers, strict=True)
        ]

        def work(sandbox: Sandbox) -> Replies | CandidateFailed:
            sandbox.write(self._ours(), ours=True)
            judge = Function(file=_HARNESS, name="judge")
            return replies(sandbox, judge, requests, limits=self._limits())

        found = self.sandboxes.attempt(work)
        if isinstance(found, CandidateFailed):
            said = _failure(found.why, found.completed)
            message = f"the judge gave no verdict: {said.message}"
            raise Spoilt(Failure(cause=Cause.INVALID_SCORE, message=message, log=said.log))
        return found.answers

    # In one sandbox with its evaluator

    def _shared(self, contract: Staged | Written | Printed, tree: Tree) -> Verified:
        def work(sandbox: Sandbox) -> Verified:
            _write_program(sandbox, tree)
            sandbox.write(self._ours(), ours=True)
            measured, seconds = self._measured(contract, sandbox)
            self._check_intact(sandbox)
            return Verified(
                measured=measured, held=sandbox.confinement, shared=self.digest, seconds=seconds
            )

        return self.sandboxes.attempt(work)

    def _measured(
        self, contract: Staged | Written | Printed, sandbox: Sandbox
    ) -> tuple[Measured, float]:
        if isinstance(contract, Staged):
            return self._staged(contract, sandbox)
        if isinstance(contract, Written):
            return self._written(contract, sandbox)
        return self._printed(contract, sandbox)

    def _staged(self, contract: Staged, sandbox: Sandbox) -> tuple[Measured, float]:
        measured, seconds = Measured(metrics={}), 0.0
        for place, function in enumerate(contract.functions):
            more, took = self._stage(contract.file, function, sandbox)
            measured = _merged(measured, more)
            seconds += took
            if place < len(contract.gates):
                _pass(contract.gates[place], function, measured, self.objective)
        return measured, seconds

    def _stage(self, file: str, function: str, sandbox: Sandbox) -> tuple[Measured, float]:
        request: Json = {
            "evaluator": f"{TASK}/{file}",
            "function": function,
            "program": f"{PROGRAM}/{self.main}",
        }
        harness = Function(file=_HARNESS, name="evaluate")
        found = self._had(replies(sandbox, harness, [request], limits=self._limits()))
        answer = found.answers[0]
        return _scored(lambda: scores.returned(answer), found.completed), found.completed.seconds

    def _written(self, contract: Written, sandbox: Sandbox) -> tuple[Measured, float]:
        words = (f"{TASK}/{contract.file}", f"{PROGRAM}/{self.main}", RESULTS)
        ended = sandbox.run(Script(file=_HARNESS, arguments=words), self._limits())
        names = [f"{RESULTS}/{name}" for name in ("metrics.json", "correct.json")]
        left = sandbox.read(names, ExportCaps(file=MIB, total=2 * MIB)).files
        if not ended.ok:
            raise Spoilt(_failure(ended.why, ended))
        if missing := [name for name in names if name not in left]:
            raise Spoilt(_failure(f"the evaluator wrote no {missing[0]}", ended))
        said = _scored(lambda: scores.written(*(parsed(left[name]) for name in names)), ended)
        return said, ended.seconds

    def _printed(self, contract: Printed, sandbox: Sandbox) -> tuple[Measured, float]:
        words = tuple(
            word.replace("{program}", f"{PROGRAM}/{self.main}").replace("{task}", TASK)
            for word in contract.command
        )
        ended = sandbox.run(Command(words=words), self._limits())
        if not ended.ok:
            raise Spoilt(_failure(ended.why, ended))
        lines = ended.stdout.strip().splitlines() or [b""]
        return _scored(lambda: scores.printed(parsed(lines[-1])), ended), ended.seconds

    def _check_intact(self, sandbox: Sandbox) -> None:
        ours = self._ours()
        sizes = [len(content) for content in ours.values()]
        caps = ExportCaps(file=max(sizes) + 1, total=sum(sizes) + 1, count=len(sizes) + 1)
        left = sandbox.read(list(ours), caps).files
        changed = sorted(path for path, content in ours.items() if left.get(path) != content)
        if changed:
            message = f"the evaluator's {changed[0]} was changed while it ran"
            raise Spoilt(Failure(cause=Cause.INVALID_SCORE, message=message))

    def _ours(self) -> Mapping[str, bytes]:
        task = {f"{TASK}/{path}": content for path, content in self.evaluator.items()}
        return {**task, **_harness()}

    def _had(self, found: Replies | CandidateFailed) -> Replies:
        if isinstance(found, CandidateFailed):
            raise Spoilt(_failure(found.why, found.completed))
        return found

    def _limits(self) -> Limits:
        return Limits(seconds=self.seconds, output=4 * MIB, kept=64 * 1024, answer=MIB)


def digest_of(evaluator: Mapping[str, bytes]) -> str:
    """A name for an evaluator: a digest of its files."""
    digest = sha256()
    for path, content in sorted(evaluator.items()):
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _by_sameness(cases: Sequence[TaskCase], answers: Sequence[Json]) -> Sequence[Json]:
    return [float(same(answer, case.expected)) for case, answer in zip(cases, answers, strict=True)]


def _write_program(sandbox: Sandbox, tree: Tree) -> None:
    try:
        sandbox.write({f"{PROGRAM}/{path}": text for path, text in tree.items()})
    except ValueError as error:
        raise Spoilt(Failure(cause=Cause.IMPOSSIBLE, message=str(error))) from error


def _merged(before: Measured, more: Measured) -> Measured:
    return Measured(
        metrics={**before.metrics, **more.metrics},
        feedback=trimmed(f"{before.feedback}\n{more.feedback}".strip()),
    )


def _pass(gate: float, stage: str, measured: Measured, objective: str) -> None:
    try:
        reached = scores.objective_of(measured.metrics, objective)
    except BadScore as error:
        raise Spoilt(Failure(cause=Cause.INVALID_SCORE, message=str(error))) from error
    if reached < gate:
        message = f"{stage}: {objective} is {reached:g}, and its gate {gate:g}"
        raise Spoilt(Failure(cause=Cause.GATE, message=message, log=measured.feedback))


def _scored(score: Callable[[], Measured], completed: Completed) -> Measured:
    try:
        return score()
    except (BadScore, NoAnswer) as fault:
        log = _log(completed)
        failure = Failure(cause=Cause.INVALID_SCORE, message=str(fault), log=log)
        raise Spoilt(failure) from fault


def _failure(why: str, completed: Completed) -> Failure:
    cause = Cause.INVALID_SCORE if completed.ok else Cause.CRASHED
    if completed.death is Death.TIME:
        cause = Cause.TIMED_OUT
    last = _last_line(completed.stderr)
    message = f"{why}: {last}" if last and not completed.death and not completed.ok else why
    return Failure(cause=cause, message=message[:1000], log=_log(completed))


def _last_line(stream: bytes) -> str:
    lines = stream.decode(errors="replace").strip().splitlines()
    return lines[-1].strip()[:400] if lines else ""


def _log(completed: Completed) -> str:
    """The ends of what a program wrote."""
    parts = {"stderr": completed.stderr, "stdout": completed.stdout}
    shown = [
        f"{name}:\n{trimmed(text, _LOG // 2)}"
        for name, stream in parts.items()
        if (text := stream.decode(errors="replace").strip())
    ]
    return "\n".join(shown)


@lru_cache(maxsize=1)
def _harness() -> Mapping[str, bytes]:
    """What enters a sandbox with an evaluator."""
    return dict(_contents(files("goexplore.domains.program") / "inside", HARNESS))


def _contents(folder: Traversable, path: str) -> Sequence[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for each in folder.iterdir():
        if each.is_dir() and each.name != "__pycache__":
            found += _contents(each, f"{path}/{each.name}")
        elif each.name.endswith(".py"):
            found.append((f"{path}/{each.name}", each.read_bytes()))
    return found
