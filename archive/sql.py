"""The archive of one run in a SQL database."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import ColumnElement, Connection, Insert, Table, bindparam, func, select, true
from sqlalchemy.dialects import postgresql, sqlite

from archive.admission import AdmissionRule
from archive.commit import GroupCommit
from archive.connection import Database, Lock, insert_many
from archive.elites import Elites, Fact, Rows, fact_of, promises_of
from archive.entry import Admission, Attempt, Entry, EntryId, Evaluation, RunId, Status, Step, flaw
from archive.reading import RunReader
from archive.recent import Kept
from archive.rows import (
    Recorded,
    Row,
    blob_rows,
    body_row,
    options_of,
    parent_rows,
    step_row,
    task_rows,
)
from archive.tables import blobs, bodies, entries, events, other_parents, steps, task_results
from archive.trees import MAX_HOPS, size_of

_SCAN = 50_000
_ROW = tuple(entries.c["cell_key" if f.name == "key" else f.name] for f in fields(Rows))


@dataclass(frozen=True, slots=True)
class _Batch:
    """A step on its way to the database."""

    step: Step
    facts: tuple[Fact, ...]
    recorded: tuple[Recorded, ...]


class SqlArchive(RunReader):
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
        self._commit = GroupCommit(self._write)

    def elites_at(self, newest: EntryId | None) -> Elites:
        """The elites as they stood when an entry was the newest; as they stand for `None`."""
        upto = true() if newest is None else entries.c.id <= newest
        with self.look() as connection:
            return Elites.load(_scan(connection, self.run, upto), self._promises(connection))

    def _promises(self, connection: Connection) -> dict[int, list[float]]:
        statement = select(bodies.c.id, bodies.c.options).where(
            bodies.c.run == self.run, bodies.c.options.is_not(None)
        )
        found = connection.execute(statement)
        return {entry: [o.promise for o in options_of(options)] for entry, options in found}

    def add(self, step: Step, rule: AdmissionRule) -> list[Entry]:
        """Admit the attempts of a step, one after the other, and record them; see `Archive`."""
        for attempt in step.attempts:
            if isinstance(attempt.result, Evaluation) and (fault := flaw(attempt.result)):
                raise ValueError(fault)
        recorded: list[Recorded] = []
        facts: list[Fact] = []
        for attempt in step.attempts:
            before = recorded[-1].entry if recorded and step.number else None
            recorded.append(self._admit(step, attempt, before, rule, len(recorded)))
            facts.append(fact_of(recorded[-1].entry, recorded[-1].place))
            self.elites.take(facts[-1], promises_of(attempt.result))
        self.elites.end_step(facts)
        self._count(step)
        self._commit.bring(_Batch(step, tuple(facts), tuple(recorded)))
        return [each.entry for each in recorded]

    def _count(self, step: Step) -> None:
        self.step_count += step.number > 0
        self.last_step = max(self.last_step, step.number)
        self.verifications += sum(attempt.verified for attempt in step.attempts)
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
            depth=parent.entry.depth + 1 if parent else 0,
        )
        near = parent if parent and parent.hops < MAX_HOPS - 1 else None
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
        holder = self.elites.standing(result.cell)
        return rule.judge(result, size_of(attempt.candidate.tree), holder)

    def _write(self, group: Sequence[_Batch]) -> None:
        now = time.time()
        recorded = [each for batch in group for each in batch.recorded]
        large = {row["digest"]: row for each in recorded for row in blob_rows(each.entry.result)}
        with self._database.transaction() as connection:
            if large:
                connection.execute(_insert_missing(connection, blobs), list(large.values()))
            insert_many(connection, steps, [step_row(self.run, b.step, now) for b in group])
            facts = [(self.run, *fact) for batch in group for fact in batch.facts]
            insert_many(connection, entries, facts)
            insert_many(connection, bodies, [body_row(self.run, each) for each in recorded])
            insert_many(connection, other_parents, _rows(self.run, recorded, parent_rows))
            insert_many(connection, task_results, _rows(self.run, recorded, task_rows))
        for each in recorded:
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
            insert_many(connection, events, [(self.run, number, time.time(), kind, detail)])

    def close(self) -> None:
        """Write what waits and let other processes have the run."""
        self._commit.close()
        self._lock.release()


def _rows(
    run: RunId, recorded: Sequence[Recorded], rows_of: Callable[[RunId, Entry], list[Row]]
) -> list[Row]:
    return [row for each in recorded for row in rows_of(run, each.entry)]


def _scan(connection: Connection, run: RunId, which: ColumnElement[bool]) -> Rows:
    """The columns that elites are made of; bare tuples, a part at a time: they may be millions."""
    statement = (
        select(*_ROW)
        .where(entries.c.run == run, entries.c.id > bindparam("after"), which)
        .order_by(entries.c.id)
        .limit(_SCAN)
    )
    parts: list[Rows] = []
    after = 0
    while (cursor := connection.execute(statement, {"after": after}).cursor) and (
        part := cursor.fetchall()
    ):
        parts.append(Rows.of(part))
        after = part[-1][0]
    return Rows.joined(parts)


def _insert_missing(connection: Connection, table: Table) -> Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
