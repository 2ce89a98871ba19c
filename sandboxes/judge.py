"""The judge: compares what a program answered with what was expected, out of the program's reach.

Expected values never enter a sandbox. What comes out of it is data in a strict form; nothing that
a candidate can do to itself makes a wrong answer right.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite

from sandboxes.base import (
    NO_ENVIRONMENT,
    Answered,
    Completed,
    Confinement,
    Function,
    Json,
    Program,
    Sandbox,
)
from sandboxes.limits import Limits

Agrees = Callable[[Json, Json], bool]


class NoAnswer(Exception):
    """An answer that is not in the form that was agreed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question, and the answer that is right."""

    given: Json
    expected: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Which cases a candidate answered right, and how long each took."""

    right: tuple[bool, ...]
    seconds: tuple[float, ...]
    completed: Completed
    confinement: Confinement

    @property
    def score(self) -> float:
        """The share that is right."""
        return sum(self.right) / len(self.right) if self.right else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateFailed:
    """A candidate without a score, by its own fault: why, in a few words."""

    why: str
    completed: Completed
    confinement: Confinement


def parsed(line: bytes) -> Json:
    """An answer.

    Raises:
        NoAnswer: it is not JSON, or holds a number that is not finite, or a name twice.
    """
    try:
        value: Json = json.loads(
            line.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_names_once
        )
    except (ValueError, RecursionError) as error:
        raise NoAnswer(f"no JSON: {str(error)[:200]}") from error
    if not _is_finite(value):
        raise NoAnswer("a number is not finite")
    return value


def same(answer: Json, expected: Json) -> bool:
    """Whether two values are the same, type for type: 1, 1.0 and true are three."""
    if type(answer) is not type(expected):
        return False
    if isinstance(answer, Mapping) and isinstance(expected, Mapping):
        return answer.keys() == expected.keys() and all(
            same(value, expected[name]) for name, value in answer.items()
        )
    if isinstance(answer, list) and isinstance(expected, list):
        return len(answer) == len(expected) and all(map(same, answer, expected))
    return answer == expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """What a candidate answered to cases, in a strict form. Nobody has judged it yet."""

    answers: tuple[Json, ...]
    seconds: tuple[float, ...]
    completed: Completed
    confinement: Confinement


def replies(
    sandbox: Sandbox,
    program: Program,
    given: Sequence[Json],
    *,
    limits: Limits | None = None,
    environment: Mapping[str, str] = NO_ENVIRONMENT,
) -> Replies | CandidateFailed:
    """Put cases to a program, for a judge of one's own. Its files have been written.

    Raises:
        SandboxBroke: the sandbox broke; nothing is known about the candidate.
    """
    answered = sandbox.ask(program, given, limits, environment)
    completed, confinement = answered.completed, sandbox.confinement
    if why := _failure(answered, len(given)):
        return CandidateFailed(why=why, completed=completed, confinement=confinement)
    try:
        answers = [parsed(answer.line) for answer in answered.answers]
    except NoAnswer as fault:
        return CandidateFailed(why=str(fault), completed=completed, confinement=confinement)
    return Replies(
        answers=tuple(answers),
        seconds=tuple(answer.seconds for answer in answered.answers),
        completed=completed,
        confinement=confinement,
    )


def judged(
    sandbox: Sandbox,
    program: Program,
    cases: Sequence[Case],
    limits: Limits | None = None,
    *,
    agrees: Agrees = same,
    environment: Mapping[str, str] = NO_ENVIRONMENT,
) -> Scored | CandidateFailed:
    """Put cases to a program and judge what it answers. Its files have been written.

    agrees: says of an answer and the expected one whether that will do; called here.

    Raises:
        SandboxBroke: the sandbox broke; nothing is known about the candidate.
    """
    # As JSON has them, so that a tuple that is expected is the list that comes back.
    expected = [parsed(json.dumps(case.expected).encode()) for case in cases]
    given = [case.given for case in cases]
    found = replies(sandbox, program, given, limits=limits, environment=environment)
    if isinstance(found, CandidateFailed):
        return found
    return Scored(
        right=tuple(map(agrees, found.answers, expected)),
        seconds=found.seconds,
        completed=found.completed,
        confinement=found.confinement,
    )


def _failure(answered: Answered, count: int) -> str:
    if answered.fault:
        return answered.fault
    if not answered.completed.ok:
        return answered.completed.why
    if len(answered.answers) != count:
        return f"answered {len(answered.answers)} of {count} cases"
    return ""


def metrics(value: Json, names: Iterable[str]) -> Mapping[str, float]:
    """Named numbers, none missing and none beside those that were asked for.

    Raises:
        NoAnswer: they are not.
    """
    if not isinstance(value, Mapping):
        raise NoAnswer(f"metrics are an object, not {type(value).__name__}")
    wanted = set(names)
    if missing := sorted(wanted - value.keys()):
        raise NoAnswer(f"no metric {missing[0]!r}")
    if extra := sorted(value.keys() - wanted):
        raise NoAnswer(f"a metric {extra[0][:80]!r} that nobody asked for")
    return {name: _number(name, each) for name, each in value.items()}


def _number(name: str, value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NoAnswer(f"metric {name!r} is {type(value).__name__}, no number")
    try:
        number = float(value)
    except OverflowError as error:
        raise NoAnswer(f"metric {name!r} is beyond all numbers") from error
    if not isfinite(number):
        raise NoAnswer(f"metric {name!r} is not finite")
    return number


# Evaluator and candidate in one process


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Metrics from an evaluator that had the candidate in its own process.

    That can be forged: the candidate runs where the metrics are made. It is kept with what can be
    known: the hashes of the evaluator's files before and after. `intact`: they are the same.
    """

    metrics: Mapping[str, float]
    before: Mapping[str, str]
    after: Mapping[str, str]
    completed: Completed
    confinement: Confinement

    @property
    def intact(self) -> bool:
        """Whether the evaluator's files are what they were."""
        return self.before == self.after


def evaluated_together(
    sandbox: Sandbox,
    evaluator: Mapping[str, str],
    *,
    function: Function,
    candidate: str,
    names: Sequence[str],
    limits: Limits | None = None,
) -> Shared | CandidateFailed:
    """Have an evaluator import a candidate, and take the metrics that it returns.

    evaluator: its files, which are written here, beside those of the candidate.
    function: takes the path of the candidate and returns its metrics by name.

    Raises:
        SandboxBroke: the sandbox broke.
    """
    sandbox.write(evaluator, ours=True)
    answered = sandbox.ask(function, [candidate], limits)
    completed, confinement = answered.completed, sandbox.confinement
    if why := _failure(answered, 1):
        return CandidateFailed(why=why, completed=completed, confinement=confinement)
    try:
        found = metrics(parsed(answered.answers[0].line), names)
    except NoAnswer as fault:
        return CandidateFailed(why=str(fault), completed=completed, confinement=confinement)
    left = sandbox.read(list(evaluator)).files
    return Shared(
        metrics=found,
        before={path: _digest(text.encode()) for path, text in evaluator.items()},
        after={path: _digest(content) for path, content in left.items()},
        completed=completed,
        confinement=confinement,
    )


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _refuse(constant: str) -> Json:
    raise ValueError(f"{constant} is no number")


def _names_once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def _is_finite(value: Json) -> bool:
    """Whether all numbers in a value are; 1e999 reads as infinite."""
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return True
