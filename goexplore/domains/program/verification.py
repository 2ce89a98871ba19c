"""One run: a program and its evaluator go into a sandbox, and what comes out is scored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from archive.entry import Cause, Failure, Interval, Tree
from goexplore.domains.program import scores
from goexplore.domains.program.contracts import (
    HARNESS,
    PROGRAM,
    RESULTS,
    TASK,
    Printed,
    Staged,
    Written,
)
from goexplore.domains.program.scores import BadScore, Measured, trimmed
from goexplore.domains.program.task import TaskCase
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
from sandboxes.judge import CandidateFailed, NoAnswer, Replies, parsed, replies
from sandboxes.limits import MIB, ExportCaps, Limits
from sandboxes.pool import Pool

SEED = "GOEXPLORE_SEED"
"""The variable that tells evaluators and programs the seed of a run."""

HARNESS_FILE = f"{HARNESS}/harness.py"
_LOG = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a verification measured, and how far it is to be believed.

    held: what held the program. shared: the digest of the evaluator that ran where the program
    did, which could have forged what it says; `""` where the program was gone.
    seconds: that programs took. interval: of the objective, where not all cases were asked.
    """

    measured: Measured
    held: Confinement
    shared: str
    seconds: float
    interval: Interval | None = None

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run of a program.

    seed: what an evaluator and its program are given, so that they can be noisy as it says.
    fresh: in sandboxes that nobody has used before.
    needed: the share of cases that ought to pass, by which a run may end early; `None`: none may.
    """

    seed: int
    fresh: bool = False
    needed: float | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """What programs and evaluators learn of it."""
        return {SEED: str(self.seed)}


class Spoilt(Exception):
    """A run that shows nothing, through a fault of the program or its evaluator."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Runs programs in one sandbox with their evaluator.

    main: the file of the program that an evaluator is given. evaluator: the task's other files.
    seconds: that each stage may take.
    """

    sandboxes: Pool
    contract: Staged | Written | Printed
    main: str
    evaluator: Mapping[str, bytes]
    objective: str
    seconds: Sequence[float]

    def verify(self, tree: Tree, cases: Sequence[TaskCase], trial: Trial) -> Verified | Failure:
        """Run a program. Here it is not asked any cases: its evaluator knows what to ask.

        Raises:
            SandboxError: there is no sandbox, or it broke twice.
        """
        del cases
        try:
            return self._verified(tree, trial)
        except Spoilt as end:
            return end.failure

    def _verified(self, tree: Tree, trial: Trial) -> Verified:
        def work(sandbox: Sandbox) -> Verified:
            write_program(sandbox, tree)
            sandbox.write(self._ours(), ours=True)
            measured, seconds = self._measured(sandbox, trial)
            self._check_intact(sandbox)
            digest = digest_of(self.evaluator)
            return Verified(
                measured=measured, held=sandbox.confinement, shared=digest, seconds=seconds
            )

        return self.sandboxes.attempt(work, fresh=trial.fresh)

    def _measured(self, sandbox: Sandbox, trial: Trial) -> tuple[Measured, float]:
        match self.contract:
            case Staged() as contract:
                return self._staged(contract, sandbox, trial)
            case Written() as contract:
                return self._written(contract, sandbox, trial)
            case contract:
                return self._printed(contract, sandbox, trial)

    def _staged(self, contract: Staged, sandbox: Sandbox, trial: Trial) -> tuple[Measured, float]:
        measured, seconds = Measured(metrics={}), 0.0
        for place, function in enumerate(contract.functions):
            limits = limits_of(self.seconds[place])
            more, took = self._stage(contract.file, function, sandbox, limits, trial)
            measured = _merged(measured, more)
            seconds += took
            if place < len(contract.gates):
                check_gate(contract.gates[place], function, measured, self.objective)
        return measured, seconds

    def _stage(
        self, file: str, function: str, sandbox: Sandbox, limits: Limits, trial: Trial
    ) -> tuple[Measured, float]:
        request: Json = {
            "evaluator": f"{TASK}/{file}",
            "function": function,
            "program": f"{PROGRAM}/{self.main}",
        }
        harness = Function(file=HARNESS_FILE, name="evaluate")
        found = had(
            replies(sandbox, harness, [request], limits=limits, environment=trial.environment)
        )
        answer = found.answers[0]
        return scored(lambda: scores.returned(answer), found.completed), found.completed.seconds

    def _written(self, contract: Written, sandbox: Sandbox, trial: Trial) -> tuple[Measured, float]:
        words = (f"{TASK}/{contract.file}", f"{PROGRAM}/{self.main}", RESULTS)
        script = Script(file=HARNESS_FILE, arguments=words)
        ended = sandbox.run(script, limits_of(self.seconds[0]), trial.environment)
        names = [f"{RESULTS}/{name}" for name in ("metrics.json", "correct.json")]
        left = sandbox.read(names, ExportCaps(file=MIB, total=2 * MIB)).files
        if not ended.ok:
            raise Spoilt(failure_of(ended.why, ended))
        if missing := [name for name in names if name not in left]:
            raise Spoilt(failure_of(f"the evaluator wrote no {missing[0]}", ended))
        said = scored(lambda: scores.written(*(parsed(left[name]) for name in names)), ended)
        return said, ended.seconds

    def _printed(self, contract: Printed, sandbox: Sandbox, trial: Trial) -> tuple[Measured, float]:
        words = tuple(
            word.replace("{program}", f"{PROGRAM}/{self.main}").replace("{task}", TASK)
            for word in contract.command
        )
        ended = sandbox.run(Command(words=words), limits_of(self.seconds[0]), trial.environment)
        if not ended.ok:
            raise Spoilt(failure_of(ended.why, ended))
        lines = ended.stdout.strip().splitlines() or [b""]
        return scored(lambda: scores.printed(parsed(lines[-1])), ended), ended.seconds

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
        return evaluator_files(self.evaluator)


def evaluator_files(evaluator: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """What enters a sandbox of a task's evaluator, and of ours beside it."""
    return {**{f"{TASK}/{path}": content for path, content in evaluator.items()}, **_harness()}


def limits_of(seconds: float) -> Limits:
    """What a program or an evaluator may use."""
    return Limits(seconds=seconds, output=4 * MIB, kept=64 * 1024, answer=MIB)


def had(found: Replies | CandidateFailed) -> Replies:
    """Answers that were given.

    Raises:
        Spoilt: they were not.
    """
    if isinstance(found, CandidateFailed):
        raise Spoilt(failure_of(found.why, found.completed))
    return found


def digest_of(evaluator: Mapping[str, bytes]) -> str:
    """A name for an evaluator: a digest of its files."""
    digest = sha256()
    for path, content in sorted(evaluator.items()):
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def digest_of_tree(tree: Tree) -> str:
    """A name for a program: a digest of its files."""
    digest = sha256()
    for path, text in sorted(tree.items()):
        digest.update(f"{path}\0{text}\0".encode(errors="replace"))
    return digest.hexdigest()[:16]


def write_program(sandbox: Sandbox, tree: Tree) -> None:
    """Write the files of a program.

    Raises:
        Spoilt: one of them cannot be written.
    """
    try:
        sandbox.write({f"{PROGRAM}/{path}": text for path, text in tree.items()})
    except ValueError as error:
        raise Spoilt(Failure(cause=Cause.IMPOSSIBLE, message=str(error))) from error


def _merged(before: Measured, more: Measured) -> Measured:
    return Measured(
        metrics={**before.metrics, **more.metrics},
        feedback=trimmed(f"{before.feedback}\n{more.feedback}".strip()),
    )


def check_gate(gate: float, stage: str, measured: Measured, objective: str) -> None:
    """Let what was measured so far pass a gate.

    Raises:
        Spoilt: it does not.
    """
    try:
        reached = scores.objective_of(measured.metrics, objective)
    except BadScore as error:
        raise Spoilt(Failure(cause=Cause.INVALID_SCORE, message=str(error))) from error
    if reached < gate:
        message = f"{stage}: {objective} is {reached:g}, and its gate {gate:g}"
        raise Spoilt(Failure(cause=Cause.GATE, message=message, log=measured.feedback))


def scored(score: Callable[[], Measured], completed: Completed) -> Measured:
    """What was measured, if it is a score.

    Raises:
        Spoilt: it is none.
    """
    try:
        return score()
    except (BadScore, NoAnswer) as fault:
        log = _log(completed)
        failure = Failure(cause=Cause.INVALID_SCORE, message=str(fault), log=log)
        raise Spoilt(failure) from fault


def failure_of(why: str, completed: Completed) -> Failure:
    """Why a program or its evaluator showed nothing."""
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
