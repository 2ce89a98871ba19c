"""Values as rows, and rows as values. Rows never leave the folder."""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from hashlib import sha256
from operator import attrgetter

from archive.entry import (
    Admission,
    Appraisal,
    Attempt,
    Candidate,
    Cause,
    Entry,
    EntryId,
    Evaluation,
    Failure,
    Interval,
    Option,
    RunId,
    Status,
    Step,
    TaskResult,
    Tree,
)
from archive.facts import NO_CELL, Fact
from archive.trees import encode

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A row of `bodies` without its tree."""

    mutator: str
    rationale: str | None = None
    why: str | None = None
    cell: str | None = None
    observation: str | None = None
    measures: str | None = None
    options: str | None = None
    cause: str | None = None
    message: str | None = None
    log: str | None = None
    snapshot: str | None = None
    tasks: int = 0
    crossed: int = 0
    appraised: int = 0
    domain_cell: str | None = None
    interval: str | None = None
    first_seen: float | None = None


_BODY_VALUES = attrgetter(*(field.name for field in fields(Body)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """What the side tables hold of an entry."""

    other_parents: tuple[EntryId, ...] = ()
    tasks: tuple[TaskResult, ...] = ()
    appraisal: Appraisal | None = None
    blobs: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An entry with the tree that its own is stored against, and how far that is from whole."""

    entry: Entry
    place: int
    base: Tree | None
    hops: int


def step_row(run: RunId, step: Step, now: float) -> Row:
    selection = step.selection
    return (
        run,
        step.number,
        selection.chosen if selection else None,
        selection.choices if selection else 0,
        selection.probability if selection else 1.0,
        step.granted,
        step.as_of,
        sum(attempt.verifications for attempt in step.attempts),
        step.elapsed,
        now,
        step.ahead,
    )


def body_row(run: RunId, recorded: Recorded) -> Row:
    entry = recorded.entry
    base = entry.parents[0] if recorded.base is not None else None
    tree = encode(entry.candidate.tree, recorded.base)
    body = (
        _failed(entry, entry.result)
        if isinstance(entry.result, Failure)
        else _evaluated(entry, entry.result)
    )
    return (run, entry.id, base, recorded.hops, tree, *_BODY_VALUES(body))


def _failed(entry: Entry, failure: Failure) -> Body:
    log = _log(failure)
    return Body(
        mutator=entry.candidate.mutator,
        rationale=entry.candidate.rationale or None,
        cause=failure.cause.value,
        message=failure.message,
        log=None if log is None else _digest(log),
        crossed=len(entry.candidate.other_parents),
    )


def _evaluated(entry: Entry, evaluation: Evaluation) -> Body:
    options = [[option.text, option.promise] for option in evaluation.options]
    return Body(
        mutator=entry.candidate.mutator,
        rationale=entry.candidate.rationale or None,
        why=entry.admission.why or None,
        cell=evaluation.cell,
        observation=evaluation.observation or None,
        measures=json.dumps(dict(evaluation.measures)) if evaluation.measures else None,
        options=json.dumps(options) if options else None,
        snapshot=None if evaluation.snapshot is None else _digest(evaluation.snapshot),
        tasks=len(evaluation.tasks),
        crossed=len(entry.candidate.other_parents),
        appraised=int(entry.appraisal is not None),
        domain_cell=evaluation.domain_cell,
        interval=json.dumps(astuple(evaluation.interval)) if evaluation.interval else None,
        first_seen=evaluation.first_seen,
    )


def blob_rows(result: Evaluation | Failure) -> list[tuple[str, bytes]]:
    """The large things of a result, by digest."""
    data = _log(result) if isinstance(result, Failure) else result.snapshot
    return [] if data is None else [(_digest(data), zlib.compress(data))]


def parent_rows(run: RunId, entry: Entry) -> list[Row]:
    others = enumerate(entry.candidate.other_parents)
    return [(run, entry.id, place, parent) for place, parent in others]


def storable_step(step: Step) -> Step:
    """The step as it will be read back, with the texts in it that a database can keep."""
    attempts = tuple(map(_storable_attempt, step.attempts))
    if attempts == step.attempts:
        return step
    return replace(step, attempts=attempts)


def _storable_attempt(attempt: Attempt) -> Attempt:
    candidate, result = attempt.candidate, attempt.result
    rationale = storable(candidate.rationale)
    stored = _storable_failure(result) if isinstance(result, Failure) else _storable_scores(result)
    said = _storable_appraisal(attempt.appraisal) if attempt.appraisal else None
    if rationale is candidate.rationale and stored is result and said is attempt.appraisal:
        return attempt
    candidate = replace(candidate, rationale=rationale)
    return replace(attempt, candidate=candidate, result=stored, appraisal=said)


def _storable_appraisal(appraisal: Appraisal) -> Appraisal:
    refused = None if appraisal.refused is None else storable(appraisal.refused)
    return appraisal if refused is appraisal.refused else replace(appraisal, refused=refused)


def _storable_failure(failure: Failure) -> Failure:
    message = storable(failure.message)
    return failure if message is failure.message else replace(failure, message=message)


def _storable_scores(evaluation: Evaluation) -> Evaluation:
    cell, observation = storable(evaluation.cell), storable(evaluation.observation)
    names = [storable(result.task) for result in evaluation.tasks]
    same = all(name is result.task for name, result in zip(names, evaluation.tasks, strict=True))
    own = None if evaluation.domain_cell is None else storable(evaluation.domain_cell)
    same = same and own is evaluation.domain_cell
    if cell is evaluation.cell and observation is evaluation.observation and same:
        return evaluation
    pairs = zip(names, evaluation.tasks, strict=True)
    tasks = tuple(replace(result, task=name) for name, result in pairs)
    return replace(evaluation, cell=cell, observation=observation, tasks=tasks, domain_cell=own)


def storable(text: str) -> str:
    """What a database can keep of a text: programs write what they like, and some of it is none."""
    if text.isascii() and "\0" not in text:
        return text
    kept = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return text if kept == text else kept


def _log(failure: Failure) -> bytes | None:
    return failure.log.encode("utf-8", "surrogatepass") if failure.log else None


def task_rows(run: RunId, entry: Entry) -> list[Row]:
    if isinstance(entry.result, Failure):
        return []
    return [
        (run, entry.id, place, result.task, result.score)
        for place, result in enumerate(entry.result.tasks)
    ]


def appraisal_rows(run: RunId, entry: Entry) -> list[Row]:
    said = entry.appraisal
    if said is None:
        return []
    anyway, vector = int(said.anyway), said.vector or None
    return [(run, entry.id, said.interest, said.refused, anyway, vector)]


def appraisal_of(
    interest: float | None, refused: str | None, anyway: int, vector: bytes | None
) -> Appraisal:
    return Appraisal(interest=interest, refused=refused, anyway=bool(anyway), vector=vector or b"")


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def entry_of(fact: Fact, body: Body, tree: Tree, related: Related) -> Entry:
    """The entry that was recorded as these rows."""
    parents = ((EntryId(fact.parent),) if fact.parent else ()) + related.other_parents
    return Entry(
        id=EntryId(fact.id),
        step=fact.step,
        parents=parents,
        candidate=Candidate(
            tree=tree,
            mutator=body.mutator,
            rationale=body.rationale or "",
            option=None if fact.option < 0 else fact.option,
            other_parents=related.other_parents,
        ),
        result=_failure_of(body, related)
        if fact.key == NO_CELL
        else _evaluation_of(fact, body, related),
        admission=Admission(status=Status(fact.status), why=body.why or ""),
        depth=fact.depth,
        appraisal=related.appraisal,
        island=fact.island,
    )


def _failure_of(body: Body, related: Related) -> Failure:
    return Failure(
        cause=Cause(body.cause or Cause.CRASHED),
        message=body.message or "",
        log=related.blobs[body.log].decode("utf-8", "surrogatepass") if body.log else "",
    )


def _evaluation_of(fact: Fact, body: Body, related: Related) -> Evaluation:
    return Evaluation(
        cell=body.cell or "",
        objective=fact.objective,
        measures=json.loads(body.measures) if body.measures else {},
        tasks=related.tasks,
        observation=body.observation or "",
        options=options_of(body.options) if body.options else (),
        terminal=fact.options == 0,
        snapshot=related.blobs[body.snapshot] if body.snapshot else None,
        domain_cell=body.domain_cell,
        interval=interval_of(body.interval),
        first_seen=body.first_seen,
    )


def interval_of(text: str | None) -> Interval | None:
    if text is None:
        return None
    low, high, trials = json.loads(text)
    return Interval(low=low, high=high, trials=trials)


def options_of(text: str) -> tuple[Option, ...]:
    return tuple(Option(text=option, promise=promise) for option, promise in json.loads(text))


def blobs_of(rows: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    return {digest: zlib.decompress(data) for digest, data in rows}
