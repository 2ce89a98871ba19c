"""From what an evaluator said to numbers that can be trusted to be numbers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from archive.entry import TaskResult
from sandboxes.base import Json

_MOST_METRICS = 200
_MOST_FEEDBACK = 4000
_TIMES = re.compile(
    r"(?:(?:eval|evaluation|execution|run|wall|cpu|total|mean|average|elapsed)_)*"
    r"(?:time|runtime|seconds|duration|elapsed)(?:_(?:s|ms|seconds|mean|std|min|max|total))?"
)


class BadScore(Exception):
    """What an evaluator said is no score; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What an evaluator measured of a program. `feedback`: what a model is shown of it."""

    metrics: Mapping[str, float]
    tasks: tuple[TaskResult, ...] = ()
    feedback: str = ""


def number(name: str, value: Json) -> float:
    """A finite number; a time is not negative.

    Raises:
        BadScore: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadScore(f"metric {name!r} is {_shown(value)}, and no finite number")
    try:
        found = float(value)
    except OverflowError as error:
        raise BadScore(f"metric {name!r} is beyond all numbers") from error
    if not isfinite(found):
        raise BadScore(f"metric {name!r} is {found}, and no finite number")
    if found < 0 and _TIMES.fullmatch(name):
        raise BadScore(f"metric {name!r} is {found:g}, and no time is negative")
    return found


def numbers(value: Json) -> dict[str, float]:
    """Metrics by name.

    Raises:
        BadScore: one is none.
    """
    if not isinstance(value, Mapping):
        raise BadScore(f"metrics are an object, not {_shown(value)}")
    if not 0 < len(value) <= _MOST_METRICS:
        raise BadScore(f"{len(value)} metrics; 1 to {_MOST_METRICS} are fit")
    return {name: number(name, each) for name, each in value.items()}


def returned(value: Json) -> Measured:
    """What a function of openevolve's contract returned: metrics, and artifacts as feedback.

    Raises:
        BadScore: it is no score.
    """
    said = _object(value)
    return Measured(metrics=numbers(said.get("metrics")), feedback=_told(said.get("artifacts")))


def written(metrics: Json, correct: Json) -> Measured:
    """What a script of ShinkaEvolve's contract wrote. Beside numbers it may write what it likes.

    Raises:
        BadScore: it is no score, or it says that the program is not correct.
    """
    verdict, said = _object(correct), _object(metrics)
    if verdict.get("correct") is not True:
        why = verdict.get("error") or "the evaluator does not say why"
        raise BadScore(f"not correct: {str(why)[:_MOST_FEEDBACK]}")
    public = said.get("public")
    plain = {name: each for name, each in said.items() if _is_number(each)}
    plain |= {name: each for name, each in _object(public or {}).items() if _is_number(each)}
    return Measured(metrics=numbers(plain), feedback=_text(said.get("text_feedback")))


def printed(value: Json) -> Measured:
    """What a command of our contract printed.

    Raises:
        BadScore: it is no score.
    """
    said = _object(value)
    if odd := sorted(said.keys() - {"objective", "measures", "cases", "feedback"}):
        raise BadScore(f"a key {odd[0][:80]!r} beside objective, measures, cases and feedback")
    if "objective" not in said:
        raise BadScore("no objective")
    objective = {"objective": number("objective", said["objective"])}
    measures = numbers(said["measures"]) if said.get("measures") else {}
    cases = _object(said.get("cases") or {})
    return Measured(
        metrics=measures | objective,
        tasks=tuple(TaskResult(task=name, score=number(name, s)) for name, s in cases.items()),
        feedback=_text(said.get("feedback")),
    )


def judged(names: Sequence[str], verdicts: Sequence[Json]) -> Measured:
    """What a judge said of the answers to cases: means over all, and the score of each.

    Raises:
        BadScore: one is no score, or an answer that the judge calls invalid.
    """
    each = [_verdict(name, verdict) for name, verdict in zip(names, verdicts, strict=True)]
    if odd := next((one for one in each if one.metrics.keys() != each[0].metrics.keys()), None):
        raise BadScore(_difference(each[0].metrics, odd.metrics))
    told = [f"{n}: {one.feedback}" for n, one in zip(names, each, strict=True) if one.feedback]
    return Measured(
        metrics={m: _mean(one.metrics[m] for one in each) for m in each[0].metrics},
        tasks=tuple(
            TaskResult(task=name, score=one.metrics["score"])
            for name, one in zip(names, each, strict=True)
        ),
        feedback=trimmed("\n".join(told)),
    )


def pooled(each: Sequence[Measured]) -> Measured:
    """What the same program measured several times: means, and the feedback of the first.

    Raises:
        BadScore: not always the same metrics, or the same cases.
    """
    first = each[0]
    for one in each[1:]:
        same_set(one.metrics, first.metrics)
        if [task.task for task in one.tasks] != [task.task for task in first.tasks]:
            raise BadScore("other cases than when the same program was run before")
    return Measured(
        metrics={name: _mean(one.metrics[name] for one in each) for name in first.metrics},
        tasks=tuple(
            TaskResult(task=task.task, score=_mean(one.tasks[place].score for one in each))
            for place, task in enumerate(first.tasks)
        ),
        feedback=first.feedback,
    )


def passing(tasks: Sequence[TaskResult]) -> int:
    """How many cases passed, of such as pass or fail.

    Raises:
        BadScore: one does neither.
    """
    if odd := next((task for task in tasks if task.score not in (0.0, 1.0)), None):
        raise BadScore(
            f"case {odd.task} scores {odd.score:g}: a sequential test needs cases that pass (1) or "
            "fail (0)"
        )
    return sum(task.score == 1.0 for task in tasks)


def share(tasks: Sequence[TaskResult]) -> float | None:
    """The share of cases that passed; `None` where none did, and nothing can fall short of it."""
    return _mean(task.score for task in tasks) or None if tasks else None


def same_set(metrics: Mapping[str, float], before: Iterable[str]) -> None:
    """Hold metrics against the names that the evaluator gave before.

    Raises:
        BadScore: it gives others now.
    """
    known = dict.fromkeys(before, 0.0)
    if metrics.keys() != known.keys():
        raise BadScore(_difference(known, metrics))


def objective_of(metrics: Mapping[str, float], name: str) -> float:
    """The metric that is to be large.

    Raises:
        BadScore: it is not there; the message says which are, and where one is named.
    """
    if name not in metrics:
        known = ", ".join(sorted(metrics))[:400]
        raise BadScore(f"no metric {name!r}; name the objective in [domain]: there are {known}")
    return metrics[name]


def trimmed(text: str, most: int = _MOST_FEEDBACK) -> str:
    """A text without its middle, if it is too long."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters ...]\n{text[-half:]}"


def _verdict(name: str, verdict: Json) -> Measured:
    if not isinstance(verdict, Mapping):
        return Measured(metrics={"score": _scored(name, verdict)})
    if why := verdict.get("invalid"):
        raise BadScore(f"case {name}: {str(why)[:1000]}")
    measures = numbers(verdict["measures"]) if verdict.get("measures") else {}
    return Measured(
        metrics=measures | {"score": _scored(name, verdict.get("score"))},
        feedback=_text(verdict.get("feedback")),
    )


def _scored(case: str, value: Json) -> float:
    try:
        return number("score", value)
    except BadScore as error:
        raise BadScore(f"case {case}: {error}") from error


def _mean(values: Iterable[float]) -> float:
    every = list(values)
    return sum(every) / len(every)


def _difference(before: Mapping[str, float], now: Mapping[str, float]) -> str:
    missing, new = sorted(before.keys() - now.keys()), sorted(now.keys() - before.keys())
    parts = [
        *([f"no {', '.join(missing)}"] if missing else []),
        *([f"{', '.join(new)} beside it"] if new else []),
    ]
    return f"another set of metrics than before: {'; '.join(parts)}"[:1000]


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise BadScore(f"an object was to be there, not {_shown(value)}")
    return value


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _told(artifacts: Json) -> str:
    if not isinstance(artifacts, Mapping):
        return ""
    return trimmed("\n".join(f"{name}: {text}" for name, text in artifacts.items()))


def _text(value: Json) -> str:
    return trimmed(value if isinstance(value, str) else "")


def _shown(value: Json) -> str:
    return "nothing" if value is None else repr(value)[:80]
