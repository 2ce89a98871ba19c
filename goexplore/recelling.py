"""A run gone on with in other cells: one of its own, which begins with all that the first found."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from operator import attrgetter

from archive.admission import AdmissionRule
from archive.entry import Attempt, Entry, Failure, Selection, Step, StepRecord, Verdict
from archive.errors import ArchiveError
from archive.ledger import Call
from archive.library import Library
from archive.reading import RunReader
from archive.sql import SqlArchive
from goexplore.cells.base import CellError
from goexplore.config import BEGUN_AGAIN, RunConfig, placing
from goexplore.overview import NOWHERE, placed_again

DONE = "recelled"
_CALLS = 200


def recell(library: Library, name: str, config: RunConfig, version: str = "") -> int:
    """Begin a run with all entries of another, each admitted anew in its cells; says how many.

    The other run stays as it is, and can be gone on with as before. Entries keep their numbers,
    steps and parents, and what they cost is counted. One that was interrupted is finished.

    config: of the new run.

    Raises:
        RunInUse: another process explores one of the two.
        ArchiveError: the new run is there already.
        CellError: an entry cannot be placed in its cells.
    """
    cells, rule = placing(config)
    with library.open(name, library.find(name).spec) as before:
        for entry in placed_again(before.entries(), cells, rule):
            if entry.admission is NOWHERE:
                raise CellError(f"#{entry.id} is in none of these cells: a measure is missing")
        with library.open(config.name, config.spec, version) as after:
            _check_begun(after, config.name, name)
            again, rule = placing(config)
            _copy_steps(before, after, placed_again(before.entries(), again, rule), rule)
            _copy_calls(before.calls(), after)
            after.note(DONE, f"{before.elites.newest} entries of {name}")
            return before.elites.newest


def origin(run: RunReader) -> str | None:
    """What a run began with, where that was another's; `None` where it was not."""
    return next((event.detail for event in run.events() if event.kind == DONE), None)


def _check_begun(after: SqlArchive, name: str, before: str) -> None:
    """Note what a new run is about to begin with, or that it is the one that was interrupted."""
    kinds = [event.kind for event in after.events()]
    if after.last_step >= 0 and kinds != [BEGUN_AGAIN]:
        raise ArchiveError(f"there is a run {name!r} already; give another name with --name")
    if not kinds:
        after.note(BEGUN_AGAIN, before)


def _copy_steps(
    before: SqlArchive, after: SqlArchive, entries: Iterable[Entry], rule: AdmissionRule
) -> None:
    verdicts = {number: verdict for number, _, verdict in before.verdicts()}
    there = after.step_count + (after.last_step >= 0)
    for number, group in islice(groupby(entries, attrgetter("step")), there, None):
        if shortlist := before.shortlist(number):
            after.consider(shortlist)
        after.add(_step(before.step(number), list(group), verdicts), rule)


def _step(record: StepRecord, made: list[Entry], verdicts: Mapping[int, Verdict]) -> Step:
    return Step(
        number=record.number,
        attempts=tuple(_attempts(made, record.verifications)),
        selection=None if record.chosen is None else _selection(record),
        as_of=record.as_of,
        granted=record.granted,
        ahead=record.ahead,
        elapsed=record.elapsed,
        verdict=verdicts.get(record.number),
    )


def _selection(record: StepRecord) -> Selection:
    chosen = record.chosen
    if chosen is None:
        raise ValueError(f"step {record.number} set out from nowhere")
    return Selection(chosen=chosen, slot=0, choices=record.choices, probability=record.probability)


def _attempts(made: list[Entry], verifications: int) -> Iterator[Attempt]:
    """The attempts of a step, of which so many were verified: first those with an evaluation."""
    by_worth = sorted(made, key=lambda entry: (isinstance(entry.result, Failure), entry.id))
    run = [entry.id for entry in by_worth if not entry.candidate.copied][:verifications]
    more = {run[0]: verifications - len(run)} if run else {}
    for entry in made:
        parent = entry.parents[0] if entry.parents else None
        yield Attempt(
            # A child of the same step follows the one before it, and is not told whom.
            parent=None if parent is not None and parent >= made[0].id else parent,
            candidate=entry.candidate,
            result=entry.result,
            verified=entry.id in run,
            # Whose confirmations they were is not recorded, and counts for nothing but their sum.
            confirmed=more.get(entry.id, 0),
            appraisal=entry.appraisal,
            island=entry.island,
        )


def _copy_calls(calls: Iterable[Call], after: SqlArchive) -> None:
    left = iter(calls)
    while some := tuple(islice(left, _CALLS)):
        after.ledger.record(*some)
