"""The archive of one run in a SQL database."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from archive.admission import AdmissionRule, heeding
from archive.closing import Closing
from archive.commit import GroupCommit
from archive.connection import Database, Lock
from archive.elites import Elites
from archive.entry import (
    Admission,
    Attempt,
    Entry,
    EntryId,
    Evaluation,
    Glimpse,
    RunId,
    Shortlist,
    Status,
    Step,
    TurnRecord,
    flaw,
)
from archive.facts import Fact, Rows, fact_of, promises_of
from archive.judging import forecast_rows, shortlist_row, verdict_row
from archive.ledger import Answered, Ledger, call_row
from archive.prepared import Inserting, Query, Writer
from archive.reading import RunReader
from archive.recent import Kept
from archive.rows import (
    Recorded,
    Row,
    appraisal_rows,
    blob_rows,
    body_row,
    options_of,
    parent_rows,
    step_row,
    storable,
    storable_step,
    task_rows,
)
from archive.tables import (
    appraisals,
    blobs,
    bodies,
    calls,
    entries,
    events,
    forecasts,
    other_parents,
    shortlists,
    steps,
    task_results,
    turns,
    verdicts,
)
from archive.trees import MAX_HOPS, size_of

_ALL = 2**31 - 1
_SCAN = (
    select(*(entries.c["cell_key" if f.name == "key" else f.name] for f in fields(Rows)))
    .where(entries.c.run == bindparam("run"), entries.c.id <= bindparam("upto"))
    .order_by(entries.c.id)
)
_SCAN_ISLAND = _SCAN.where(entries.c.island == bindparam("island"))


@dataclass(frozen=True, slots=True)
class _Batch:
    """A step on its way to the database."""

    step: Step
    facts: tuple[Fact, ...]
    recorded: tuple[Recorded, ...]


_Item = _Batch | TurnRecord | Shortlist | Answered


class SqlArchive(RunReader, Closing):
    """The archive of one run, to add to; see `archive.base.Archive`."""

    def __init__(self, database: Database, run: RunId, lock: Lock) -> None:
        super().__init__(database, run)
        self._lock = lock
        self.elites = self.elites_at(None)
        with self.look() as connection:
            count, last, verifications, elapsed = connection.execute(
                select(
                    func.count(),
                    func.max(steps.c.number),
                    func.sum(steps.c.verifications),
                    func.max(steps.c.elapsed),
                ).where(steps.c.run == run)
            ).one()
        self.step_count = max(0, count - 1)
        self.last_step = -1 if last is None else int(last)
        self.verifications = int(verifications or 0)
        self.elapsed = float(elapsed or 0.0)
        self._writer = Writer(database)
        self._commit: GroupCommit[_Item] = GroupCommit(self._write)
        self.ledger = Ledger(database, run, self._write_calls)

    def elites_at(self, newest: EntryId | None, island: int | None = None) -> Elites:
        """The elites as they stood when an entry was the newest; as they stand for `None`.

        island: of which alone they are to be.
        """
        upto = _ALL if newest is None else newest
        with self.look() as connection:
            rows = Rows.of(self._scan(connection, upto, island))
            elites = Elites.load(rows, self._promises(connection))
            self._add_opinions(connection, elites, upto)
        if island is not None:
            elites.see(min(self.elites.newest, EntryId(upto)))
        return elites

    def _scan(
        self, connection: Connection, upto: int, island: int | None
    ) -> Iterable[tuple[Any, ...]]:
        values = {"run": self.run, "upto": upto}
        if island is None:
            return Query.of(_SCAN, connection.dialect).rows(connection, **values)
        query = Query.of(_SCAN_ISLAND, connection.dialect)
        return query.rows(connection, **values, island=island)

    def _add_opinions(self, connection: Connection, elites: Elites, upto: int) -> None:
        said = select(appraisals.c.entry, appraisals.c.interest).where(
            appraisals.c.run == self.run, appraisals.c.interest.is_not(None)
        )
        for entry, interest in connection.execute(said.where(appraisals.c.entry <= upto)):
            elites.rate(EntryId(entry), interest)
        gone = select(verdicts.c.retired).where(
            verdicts.c.run == self.run, verdicts.c.entry <= upto, verdicts.c.retired.is_not(None)
        )
        for retired in connection.execute(gone.order_by(verdicts.c.entry)).scalars():
            elites.retire([EntryId(entry) for entry, _ in json.loads(retired)])

    def _promises(self, connection: Connection) -> dict[int, list[float]]:
        statement = select(bodies.c.id, bodies.c.options).where(
            bodies.c.run == self.run, bodies.c.options.is_not(None)
        )
        found = connection.execute(statement)
        return {entry: [o.promise for o in options_of(options)] for entry, options in found}

    def add(self, step: Step, rule: AdmissionRule) -> list[Entry]:
        """Admit the attempts of a step, one after the other, and record them; see `Archive`."""
        self._check(step)
        step = storable_step(step)
        recorded: list[Recorded] = []
        facts: list[Fact] = []
        for attempt in step.attempts:
            before = recorded[-1].entry if recorded and step.number else None
            recorded.append(self._admit(step, attempt, before, rule, len(recorded)))
            facts.append(fact_of(recorded[-1].entry, recorded[-1].place))
            self.elites.take(facts[-1], promises_of(attempt.result))
            if (said := attempt.appraisal) and said.interest is not None:
                self.elites.rate(recorded[-1].entry.id, said.interest)
        self.elites.end_step(facts)
        if step.verdict:
            self.elites.retire([entry for entry, _ in step.verdict.retired])
        self._count(step)
        self._commit.bring(_Batch(step, tuple(facts), tuple(recorded)))
        return [each.entry for each in recorded]

    def _check(self, step: Step) -> None:
        """Refuse a step before any of it is admitted."""
        for place, attempt in enumerate(step.attempts):
            if isinstance(attempt.result, Evaluation) and (fault := flaw(attempt.result)):
                raise ValueError(fault)
            before = step.attempts[place - 1].result if place and step.number else None
            parent = self._kept(attempt.parent).entry.result if attempt.parent else before
            option = attempt.candidate.option
            offered = len(parent.options) if isinstance(parent, Evaluation) else 0
            if option is not None and not 0 <= option < offered:
                raise ValueError(f"option {option} of a parent that offers {offered}")

    def _count(self, step: Step) -> None:
        self.step_count += step.number > 0
        self.last_step = max(self.last_step, step.number)
        self.verifications += sum(attempt.verifications for attempt in step.attempts)
        self.elapsed = max(self.elapsed, step.elapsed)

    def _admit(
        self, step: Step, attempt: Attempt, before: Entry | None, rule: AdmissionRule, place: int
    ) -> Recorded:
        parent = self._kept(attempt.parent) if attempt.parent else self._kept_of(before)
        made_from = (parent.entry.id,) if parent else ()
        entry = Entry(
            id=EntryId(self.elites.newest + 1),
            step=step.number,
            parents=made_from + attempt.candidate.other_parents,
            candidate=attempt.candidate,
            result=attempt.result,
            admission=self._judge(attempt, rule),
            depth=parent.entry.depth + (not attempt.candidate.copied) if parent else 0,
            appraisal=attempt.appraisal,
            island=attempt.island,
        )
        near = parent if parent and parent.hops < MAX_HOPS else None
        hops = near.hops + 1 if near else 0
        self._recent.pin(Kept(entry=entry, hops=hops))
        base = near.entry.candidate.tree if near else None
        return Recorded(entry=entry, place=place, base=base, hops=hops)

    def _kept_of(self, entry: Entry | None) -> Kept | None:
        return self._kept(entry.id) if entry else None

    def _judge(self, attempt: Attempt, rule: AdmissionRule) -> Admission:
        result = attempt.result
        if not isinstance(result, Evaluation):
            return Admission(status=Status.FAILED, why="")
        holder = self.elites.standing(result.cell, island=attempt.island)
        ruled = rule.judge(result, size_of(attempt.candidate.tree), holder)
        return heeding(ruled, attempt.appraisal) if attempt.appraisal else ruled

    def consider(self, shortlist: Shortlist) -> None:
        """Record what a step is about to be chosen from; see `Archive`."""
        self._commit.bring(shortlist)

    def glimpses(self, wanted: Sequence[EntryId], as_of: EntryId) -> list[Glimpse]:
        """Entries as a judge is shown them; see `RunReader`."""
        self.flush()
        return super().glimpses(wanted, as_of)

    def set_out(self, turn: TurnRecord) -> None:
        """Record that a step is about to be taken; see `Archive`."""
        self._commit.bring(turn)

    def unfinished(self) -> list[TurnRecord]:
        """Steps that were set out on and never recorded, in order; see `Archive`."""
        names = [field.name for field in fields(TurnRecord)]
        done = select(steps.c.number).where(steps.c.run == self.run)
        statement = (
            select(*(turns.c[name] for name in names))
            .where(turns.c.run == self.run, turns.c.number.not_in(done))
            .order_by(turns.c.number)
        )
        with self.look() as connection:
            found = connection.execute(statement).all()
        return [TurnRecord(**dict(zip(names, row, strict=True))) for row in found]

    def _write_calls(self, answered: Answered) -> None:
        self._commit.bring(answered)
        self._commit.flush()

    def _write(self, group: Sequence[_Item]) -> None:
        with self._writer.transaction() as rows:
            set_out = [item for item in group if isinstance(item, TurnRecord)]
            # A step that is taken again has been set out on before.
            rows.insert_missing(turns, [(self.run, *astuple(turn)) for turn in set_out])
            listed = [item for item in group if isinstance(item, Shortlist)]
            rows.insert_missing(shortlists, [shortlist_row(self.run, each) for each in listed])
            answered = [call for item in group if isinstance(item, tuple) for call in item]
            rows.insert_missing(calls, [call_row(self.run, call) for call in answered])
            self._write_steps(rows, [item for item in group if isinstance(item, _Batch)])
        self._let_go(group)

    def _write_steps(self, rows: Inserting, group: Sequence[_Batch]) -> None:
        now = time.time()
        recorded = [each for batch in group for each in batch.recorded]
        large = dict(row for each in recorded for row in blob_rows(each.entry.result))
        rows.insert_missing(blobs, list(large.items()))
        rows.insert(steps, [step_row(self.run, batch.step, now) for batch in group])
        rows.insert(entries, [(self.run, *fact) for batch in group for fact in batch.facts])
        rows.insert(bodies, [body_row(self.run, each) for each in recorded])
        rows.insert(other_parents, _rows(self.run, recorded, parent_rows))
        rows.insert(task_results, _rows(self.run, recorded, task_rows))
        rows.insert(appraisals, _rows(self.run, recorded, appraisal_rows))
        for batch in group:
            self._write_verdict(rows, batch)

    def _write_verdict(self, rows: Inserting, batch: _Batch) -> None:
        step, verdict = batch.step, batch.step.verdict
        if verdict is None:
            return
        first = batch.recorded[0].entry.id
        rows.insert(verdicts, [verdict_row(self.run, step, verdict, first)])
        rows.insert(forecasts, forecast_rows(self.run, step, verdict))

    def _let_go(self, group: Sequence[_Item]) -> None:
        for batch in group:
            for each in batch.recorded if isinstance(batch, _Batch) else ():
                self._recent.release(each.entry.id)

    def flush(self) -> None:
        """Wait until every added step would survive the loss of power; see `Archive`."""
        self._commit.flush()

    def note(self, kind: str, detail: str = "") -> None:
        """Record that something happened to the run as a whole; see `Archive`."""
        self.flush()
        with self._database.transaction() as connection:
            newest = select(func.max(events.c.number)).where(events.c.run == self.run)
            number = (connection.execute(newest).scalar() or 0) + 1
            connection.execute(
                events.insert().values(
                    run=self.run,
                    number=number,
                    at=time.time(),
                    kind=kind,
                    detail=storable(detail),
                )
            )

    def close(self) -> None:
        """Write what waits and let other processes have the run."""
        self._commit.close()
        self._writer.close()
        self._lock.release()


def _rows(
    run: RunId, recorded: Sequence[Recorded], rows_of: Callable[[RunId, Entry], list[Row]]
) -> list[Row]:
    return [row for each in recorded for row in rows_of(run, each.entry)]
