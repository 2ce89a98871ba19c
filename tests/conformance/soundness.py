"""Whether a database says of its runs only what can be true, however its writers ended."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from hashlib import sha256
from itertools import groupby
from operator import attrgetter

import numpy as np
from sqlalchemy import Connection, Table, func, select

from archive.connection import Database
from archive.elites import EliteArrays, Elites
from archive.entry import (
    Appraisal,
    Entry,
    EntryId,
    Evaluation,
    Status,
    StepRecord,
    Verdict,
)
from archive.facts import COPY, UNBOUNDED, Fact, Rows, cell_key, promises_of
from archive.library import Library, RunSummary
from archive.reading import RunReader
from archive.rows import blobs_of
from archive.tables import (
    appraisals,
    blobs,
    bodies,
    forecasts,
    other_parents,
    runs,
    shortlists,
    steps,
    task_results,
    verdicts,
)
from archive.tables import entries as narrow
from archive.trees import MAX_HOPS, size_of

_OF_A_RUN = (
    steps,
    narrow,
    bodies,
    other_parents,
    task_results,
    appraisals,
    shortlists,
    verdicts,
    forecasts,
)


def assert_sound(url: str) -> None:
    """Fail unless every run of a database is whole.

    No entry without its step, body, parents, large things and tree, nothing without its entry,
    and the counts of steps, of elites and of the summary agree with the rows.
    """
    database = Database(url)
    try:
        with database.look() as connection:
            _check_strays(connection)
            _check_blobs(connection)
    finally:
        database.close()
    with Library(url) as library:
        for run in library.runs():
            _check_run(library.read(run.name), run)


def _check_run(reader: RunReader, summary: RunSummary) -> None:
    facts, entries = list(reader.facts()), list(reader.entries())
    records = {record.number: record for record in reader.step_records()}
    with reader.look() as connection:
        _check_ids(connection, summary, facts)
        _check_hops(connection, summary, {fact.id: fact for fact in facts})
        _check_forecasts(connection, summary)
    assert [entry.id for entry in entries] == [fact.id for fact in facts], "an entry has no body"
    for entry, fact in zip(entries, facts, strict=True):
        _check_entry(entry, fact, facts)
    _check_steps(facts, records)
    verdicts_by_step = {number: verdict for number, _, verdict in reader.verdicts()}
    _check_verdicts(reader, facts, records)
    _check_summary(summary, facts, records)
    _check_elites(facts, entries, verdicts_by_step)


def _check_strays(connection: Connection) -> None:
    known = set(connection.execute(select(runs.c.run)).scalars())
    for table in _OF_A_RUN:
        found = set(connection.execute(select(table.c.run).distinct()).scalars())
        assert found <= known, f"{table.name} has rows of unknown runs {found - known}"


def _check_blobs(connection: Connection) -> None:
    kept = blobs_of([(d, data) for d, data in connection.execute(select(blobs))])
    wanted = {
        digest
        for column in (bodies.c.log, bodies.c.snapshot)
        for digest in connection.execute(select(column).where(column.is_not(None))).scalars()
    }
    assert kept.keys() == wanted, "large things and the entries that name them do not agree"
    for digest, data in kept.items():
        assert sha256(data).hexdigest() == digest, f"blob {digest} holds something else"


def _ids(connection: Connection, table: Table, column: str, run: int) -> list[int]:
    statement = select(table.c[column]).where(table.c.run == run).order_by(table.c[column])
    return list(connection.execute(statement).scalars())


def _check_ids(connection: Connection, run: RunSummary, facts: list[Fact]) -> None:
    ids = list(range(1, len(facts) + 1))
    assert [fact.id for fact in facts] == ids, "ids are not dense from 1"
    assert _ids(connection, bodies, "id", run.id) == ids, "bodies and entries do not agree"
    for table, entry, count in (
        (other_parents, "child", bodies.c.crossed),
        (task_results, "entry", bodies.c.tasks),
        (appraisals, "entry", bodies.c.appraised),
    ):
        told = connection.execute(
            select(bodies.c.id, count).where(bodies.c.run == run.id, count > 0)
        )
        rows = Counter(_ids(connection, table, entry, run.id))
        assert {row[0]: row[1] for row in told} == rows, f"{table.name} and bodies do not agree"


def _check_hops(connection: Connection, run: RunSummary, facts: dict[int, Fact]) -> None:
    statement = select(bodies.c.id, bodies.c.base, bodies.c.hops).where(bodies.c.run == run.id)
    hops = {i: n for i, _, n in connection.execute(statement)}
    for i, base, n in connection.execute(statement):
        assert base in {None, facts[i].parent}, f"#{i} is a change of #{base}, which is no parent"
        assert n == (0 if base is None else hops[base] + 1), f"#{i} is miscounted from a whole tree"
        assert n <= MAX_HOPS, f"#{i} is too far from a whole tree"


def _check_entry(entry: Entry, fact: Fact, facts: list[Fact]) -> None:
    evaluated = isinstance(entry.result, Evaluation)
    parent = facts[fact.parent - 1] if fact.parent else None
    assert all(0 < other < entry.id for other in entry.parents), f"#{entry.id} came before a parent"
    edits = 0 if fact.option == COPY else 1
    assert fact.depth == (parent.depth + edits if parent else 0), f"#{entry.id} has a wrong depth"
    elsewhere = parent is not None and parent.island != fact.island
    assert elsewhere == (fact.option == COPY), f"#{entry.id} is on another island than its parent"
    assert fact.size == size_of(entry.candidate.tree), f"#{entry.id} has a wrong size"
    assert (fact.status == Status.FAILED) is not evaluated, f"#{entry.id} has a wrong status"
    if isinstance(entry.result, Evaluation):
        key = cell_key(entry.result.cell, entry.island)
        assert fact.key == key, f"#{entry.id} is of another cell"
    if parent and fact.option >= 0 and parent.options != UNBOUNDED:
        assert fact.option < parent.options, f"#{entry.id} took an option that there is not"
    if entry.appraisal:
        _check_appraisal(entry, entry.appraisal)


def _check_appraisal(entry: Entry, said: Appraisal) -> None:
    assert said.interest is None or 0 <= said.interest <= 1, f"#{entry.id} has an odd interest"
    assert said.refused or not said.anyway, f"#{entry.id} is kept anyway and was not refused"
    if said.refused and not said.anyway:
        assert entry.admission.status != Status.NEW, f"#{entry.id} was refused and is new"


def _check_steps(facts: list[Fact], records: dict[int, StepRecord]) -> None:
    taken = [(number, list(group)) for number, group in groupby(facts, attrgetter("step"))]
    assert len(taken) == len(records), "a step is not recorded in one piece"
    assert {number for number, _ in taken} == records.keys(), "steps and entries do not agree"
    for number, group in taken:
        assert [fact.place for fact in group] == list(range(len(group))), f"step {number} has gaps"
        _check_step(records[number], group)


def _check_step(record: StepRecord, group: list[Fact]) -> None:
    name, first = f"step {record.number}", group[0]
    if record.number == 0:
        assert record.verifications <= len(group), f"{name} counts more verifications than entries"
        assert record.chosen is None, f"{name} set out from somewhere"
        return
    evaluated = sum(fact.status != Status.FAILED and fact.option != COPY for fact in group)
    assert evaluated <= record.verifications <= record.granted, f"{name} miscounts verifications"
    assert record.chosen == first.parent, f"{name} set out from elsewhere than it says"
    assert 0 < first.parent <= record.as_of < first.id, f"{name} chose what it could not see"
    assert 0 < record.probability <= 1, f"{name} was not probable"
    assert record.choices >= 1, f"{name} had no choice"


def _check_verdicts(reader: RunReader, facts: list[Fact], records: dict[int, StepRecord]) -> None:
    """Whoever chose did so from a list, and what was on it could be seen."""
    firsts = {fact.step: fact.id for fact in facts if fact.place == 0}
    for number, first, verdict in reader.verdicts():
        record, shortlist = records.get(number), reader.shortlist(number)
        assert record, f"step {number} has a verdict and was never recorded"
        assert shortlist, f"step {number} was chosen from no list"
        shown = {each.entry for each in shortlist.shown}
        assert first == firsts[number], f"the verdict of step {number} names another first entry"
        assert record.chosen in shown, f"step {number} chose what was not listed"
        seen_by_then = max(shown) <= shortlist.as_of <= record.as_of
        assert seen_by_then, f"step {number} listed the future"
        assert {each.entry for each in verdict.forecasts} <= shown, f"step {number} foretold others"
        chances = [each.chance for each in verdict.forecasts]
        assert all(0 <= chance <= 1 for chance in chances), f"step {number} has odd chances"
        compared = {entry for each in verdict.comparisons for entry in (each.first, each.second)}
        assert compared <= shown, f"step {number} compared others"
        assert all(abs(each.outcome) <= 1 for each in verdict.comparisons)
        retired = {entry for pair in verdict.retired for entry in pair}
        assert retired <= shown, f"step {number} retired others"
        gone = {entry for entry, _ in verdict.retired}
        assert record.chosen not in gone, f"step {number} retired what it set out from"


def _check_forecasts(connection: Connection, run: RunSummary) -> None:
    foretold = set(_ids(connection, forecasts, "step", run.id))
    assert foretold <= set(_ids(connection, verdicts, "step", run.id)), "a forecast has no verdict"


def _check_summary(summary: RunSummary, facts: list[Fact], records: dict[int, StepRecord]) -> None:
    spent = [record for record in records.values() if record.number]
    admitted = [fact for fact in facts if fact.status >= Status.NEW]
    best = max(admitted, key=lambda fact: (fact.objective, -fact.id), default=None)
    assert summary.entries == len(facts)
    assert summary.steps == len(spent)
    assert summary.verifications == sum(record.verifications for record in spent)
    assert summary.best_entry == (best.id if best else None)
    assert summary.best == (best.objective if best else None)


def _check_elites(
    facts: list[Fact], entries: list[Entry], verdicts_by_step: Mapping[int, Verdict]
) -> None:
    """The elites that are loaded are those that had been there step by step."""
    names = [field.name for field in fields(Rows)]
    rows = Rows.of([tuple(getattr(fact, name) for name in names) for fact in facts])
    promises = {int(e.id): p for e in entries if (p := promises_of(e.result))}
    loaded, built = Elites.load(rows, promises), Elites()
    for number, group in groupby(entries, attrgetter("step")):
        built.take_step(list(group), verdicts_by_step.get(number))
    for entry in entries:
        if entry.appraisal and entry.appraisal.interest is not None:
            loaded.rate(entry.id, entry.appraisal.interest)
    for verdict in verdicts_by_step.values():
        loaded.retire([entry for entry, _ in verdict.retired])
    assert_same_elites(loaded, built)


def assert_same_elites(one: Elites, other: Elites) -> None:
    """Fail unless two say the same of every slot, and of every entry as a place."""
    assert len(one) == len(other)
    assert one.newest == other.newest
    mine, others = one.arrays(), other.arrays()
    for field in fields(EliteArrays):
        pair = np.asarray(getattr(mine, field.name)), np.asarray(getattr(others, field.name))
        same = np.array_equal(*pair, equal_nan=pair[0].dtype.kind == "f")
        assert same, f"{field.name}: {getattr(mine, field.name)} is {getattr(others, field.name)}"
    for slot in range(len(one)):
        assert one.holder(slot) == other.holder(slot), f"slot {slot} has another holder"
    for entry in map(EntryId, range(1, one.newest + 1)):
        assert one.slot(entry) == other.slot(entry), f"#{entry} has another slot"
        assert one.untried(entry) == other.untried(entry), f"#{entry} has other options"
        assert one.best_at(entry) == other.best_at(entry), f"another best stood at #{entry}"
    assert one.best_entry == other.best_entry


def rows_in(url: str) -> dict[str, int]:
    """How many rows each table has."""
    database = Database(url)
    try:
        with database.look() as connection:
            counted = select(func.count())
            return {
                table.name: connection.execute(counted.select_from(table)).scalar_one()
                for table in (runs, *_OF_A_RUN, blobs)
            }
    finally:
        database.close()
