"""One run, read from its database."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, select

from archive.connection import Database
from archive.entry import (
    NO_ENTRY,
    Appraisal,
    Entry,
    EntryId,
    Glimpse,
    Refusals,
    RunId,
    Shortlist,
    StepRecord,
    TaskResult,
    Tree,
    Verdict,
)
from archive.errors import ArchiveError, UnknownEntry
from archive.facts import Fact
from archive.judging import (
    interests_of,
    refusals_of,
    shortlist_of,
    undecided,
    verdicts_of,
)
from archive.ledger import (
    Answered,
    Call,
    Cost,
    Ledger,
    Spending,
    StepSpending,
    calls_of,
    costs_of,
    largest_call,
    spending_by_step,
    spending_of,
)
from archive.prepared import Query
from archive.recent import Kept, Recent
from archive.rows import Body, Related, appraisal_of, blobs_of, entry_of, options_of
from archive.tables import (
    appraisals,
    blobs,
    bodies,
    entries,
    events,
    other_parents,
    steps,
    task_results,
)
from archive.trees import decode, rebuild

_RECENT = 1024
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """Something that happened to a run as a whole. `at`: seconds since 1970."""

    number: int
    at: float
    kind: str
    detail: str


# The columns of `Fact` and `Body`, in their order; `Fact.key` is named `cell_key` in the table.
FACT = tuple(entries.c["cell_key" if name == "key" else name] for name in Fact._fields)
_BODY_NAMES = tuple(field.name for field in fields(Body))
_BODY = tuple(bodies.c[name] for name in _BODY_NAMES)


def _run() -> BindParameter[int]:
    return bindparam("run", type_=entries.c.run.type)


_RANGE = (
    select(bodies.c.base, bodies.c.tree, bodies.c.hops, *FACT, *_BODY)
    .join(bodies, (bodies.c.run == entries.c.run) & (bodies.c.id == entries.c.id))
    .where(
        entries.c.run == _run(),
        entries.c.id > bindparam("after"),
        entries.c.id <= bindparam("upto"),
    )
    .order_by(entries.c.id)
)


def _chain() -> Select[bytes, int]:
    """The trees that an entry's is rebuilt from, the whole one last."""
    link = select(bodies.c.base, bodies.c.tree, bodies.c.hops).where(bodies.c.run == _run())
    chain = link.where(bodies.c.id == bindparam("id")).cte("chain", recursive=True)
    chain = chain.union_all(link.where(bodies.c.id == chain.c.base))
    return select(chain.c.tree, chain.c.hops)


_CHAIN = _chain()

_STEPS = (
    select(*(steps.c[field.name] for field in fields(StepRecord)))
    .where(steps.c.run == _run())
    .order_by(steps.c.number)
)


def _step_record(row: Row[*tuple[Any, ...]]) -> StepRecord:
    return StepRecord(**dict(zip((f.name for f in fields(StepRecord)), row, strict=True)))


def _refuse(answered: Answered) -> None:
    raise ArchiveError(f"a run that is only read has no place for the call {answered[0].sample}")


class RunReader:
    """The entries and events of one run. Every method may be called by any thread."""

    def __init__(self, database: Database, run: RunId) -> None:
        self._database = database
        self.run = run
        self._recent = Recent(_RECENT)

    def look(self) -> AbstractContextManager[Connection]:
        """A connection to read from."""
        return self._database.look()

    def entry(self, entry: EntryId) -> Entry:
        """An entry, whole.

        Raises:
            UnknownEntry: there is none of that number.
        """
        return self._kept(entry).entry

    def entries(self, after: EntryId = NO_ENTRY) -> Iterator[Entry]:
        """All recorded entries after one, in order of their ids, a few in memory at a time."""
        while group := self._read(after, EntryId(after + _CHUNK)):
            yield from (kept.entry for kept in group)
            after = group[-1].entry.id

    def facts(self) -> Iterator[Fact]:
        """The narrow facts of all recorded entries, in order of their ids."""
        statement = select(*FACT).where(entries.c.run == self.run).order_by(entries.c.id)
        with self.look() as connection:
            for row in connection.execute(statement):
                yield Fact(*row)

    def scores(self) -> Iterator[tuple[EntryId, tuple[TaskResult, ...]]]:
        """The scores by task of all recorded entries that have some, in order of their ids."""
        c = task_results.c
        statement = select(c.entry, c.task, c.score).where(c.run == self.run)
        with self.look() as connection:
            rows = connection.execute(statement.order_by(c.entry, c.place))
            for entry, group in groupby(rows, itemgetter(0)):
                yield EntryId(entry), tuple(TaskResult(task=t, score=s) for _, t, s in group)

    def step(self, number: int) -> StepRecord:
        """What was recorded of a step.

        Raises:
            ArchiveError: there is none of that number.
        """
        with self.look() as connection:
            row = connection.execute(
                _STEPS.where(steps.c.number == number), {"run": self.run}
            ).first()
        if row is None:
            raise ArchiveError(f"run {self.run} has no step {number}")
        return _step_record(row)

    def step_records(self) -> Iterator[StepRecord]:
        """What was recorded of all steps, in order."""
        with self.look() as connection:
            for row in connection.execute(_STEPS, {"run": self.run}):
                yield _step_record(row)

    def glimpses(self, wanted: Sequence[EntryId], as_of: EntryId) -> list[Glimpse]:
        """Entries as a judge is shown them, in the order wanted, with what was tried by `as_of`.

        Raises:
            UnknownEntry: there is none of that number, or it is a failure.
        """
        with self.look() as connection:
            rows = {row.id: row for row in connection.execute(_glimpsed(self.run, wanted))}
            tried = _tried(connection, self.run, wanted, as_of)
        if missing := [entry for entry in wanted if entry not in rows]:
            raise UnknownEntry(f"run {self.run} has no evaluated entry #{missing[0]}")
        return [_glimpse(rows[entry], tried.get(entry, set())) for entry in wanted]

    def shortlist(self, number: int) -> Shortlist | None:
        """The shortlist from which a step was chosen; `None` where it was not chosen from one."""
        return shortlist_of(self._database, self.run, number)

    def undecided(self) -> list[Shortlist]:
        """The shortlists of steps that were never recorded, in order."""
        return undecided(self._database, self.run)

    def verdicts(self) -> Iterator[tuple[int, EntryId, Verdict]]:
        """What came of all shortlists, each with its step and that step's first entry."""
        return verdicts_of(self._database, self.run)

    def verdict(self, number: int) -> Verdict | None:
        """What came of the shortlist of a step; `None` where it was not chosen from one."""
        found = verdicts_of(self._database, self.run, number)
        return next((verdict for _, _, verdict in found), None)

    def refusals(self) -> Refusals:
        """What was said of whether to keep entries."""
        return refusals_of(self._database, self.run)

    def interests(self) -> dict[EntryId, float]:
        """How interesting entries were found to be, where somebody said."""
        return interests_of(self._database, self.run)

    def calls(self, role: str | None = None) -> Iterator[Call]:
        """All calls of models, or those in a role, in the order of their steps."""
        return calls_of(self._database, self.run, role)

    def costs(self, first: int, last: int) -> Iterator[Cost]:
        """What each call of the steps from one to another cost, step by step."""
        return costs_of(self._database, self.run, first, last)

    def answers(self) -> Ledger:
        """What models have answered, to be read and not added to."""
        return Ledger(self._database, self.run, _refuse)

    def spending(self) -> list[Spending]:
        """What the calls of models came to, by role and model."""
        return spending_of(self._database, self.run)

    def spending_by_step(self) -> list[StepSpending]:
        """The same by step, in the order of the steps."""
        return spending_by_step(self._database, self.run)

    def largest_call(self, role: str, model: str) -> Call | None:
        """The call of a role and a model with the longest prompt; `None` where there is none."""
        return largest_call(self._database, self.run, role, model)

    def events(self) -> list[RunEvent]:
        """What happened to the run as a whole, in order."""
        statement = select(events.c.number, events.c.at, events.c.kind, events.c.detail)
        with self.look() as connection:
            found = connection.execute(
                statement.where(events.c.run == self.run).order_by(events.c.number)
            ).all()
        return [
            RunEvent(number=n, at=at, kind=kind, detail=detail) for n, at, kind, detail in found
        ]

    def _kept(self, entry: EntryId) -> Kept:
        if kept := self._recent.get(entry):
            return kept
        group = self._read(EntryId(entry - 1), entry)
        if not group:
            raise UnknownEntry(f"run {self.run} has no entry #{entry}")
        return group[0]

    def _read(self, after: EntryId, upto: EntryId) -> list[Kept]:
        with self.look() as connection:
            rows = self._ask(connection, _RANGE, after=after, upto=upto)
            return [self._remember(connection, row) for row in rows]

    def _ask(
        self, connection: Connection, statement: Select[*tuple[Any, ...]], **values: object
    ) -> list[tuple[Any, ...]]:
        return list(
            Query.of(statement, connection.dialect).rows(connection, run=self.run, **values)
        )

    def _remember(self, connection: Connection, row: tuple[Any, ...]) -> Kept:
        base, packed, hops, *rest = row
        fact = Fact(*rest[: len(FACT)])
        body = Body(**dict(zip(_BODY_NAMES, rest[len(FACT) :], strict=True)))
        tree = decode(packed) if base is None else self._tree(connection, fact.id, base, packed)
        entry = entry_of(fact, body, tree, self._related(connection, fact, body))
        kept = Kept(entry=entry, hops=hops)
        self._recent.put(kept)
        return kept

    def _tree(self, connection: Connection, entry: int, base: int, packed: bytes) -> Tree:
        if kept := self._recent.get(EntryId(base)):
            return decode(packed, kept.entry.candidate.tree)
        links = self._ask(connection, _CHAIN, id=entry)
        # In Python, as a database would set up a table for the few rows to sort.
        return rebuild([packed for packed, _ in sorted(links, key=itemgetter(1))])

    def _related(self, connection: Connection, fact: Fact, body: Body) -> Related:
        return Related(
            other_parents=self._other_parents(connection, fact.id) if body.crossed else (),
            tasks=self._tasks(connection, fact.id) if body.tasks else (),
            appraisal=self._appraisal(connection, fact.id) if body.appraised else None,
            blobs=_blobs(connection, [d for d in (body.log, body.snapshot) if d]),
        )

    def _other_parents(self, connection: Connection, entry: int) -> tuple[EntryId, ...]:
        c = other_parents.c
        statement = select(c.parent).where(c.run == self.run, c.child == entry).order_by(c.place)
        return tuple(EntryId(parent) for parent in connection.execute(statement).scalars())

    def _tasks(self, connection: Connection, entry: int) -> tuple[TaskResult, ...]:
        c = task_results.c
        statement = select(c.task, c.score).where(c.run == self.run, c.entry == entry)
        found = connection.execute(statement.order_by(c.place))
        return tuple(TaskResult(task=task, score=score) for task, score in found)

    def _appraisal(self, connection: Connection, entry: int) -> Appraisal:
        c = appraisals.c
        statement = select(c.interest, c.refused, c.anyway, c.vector)
        row = connection.execute(statement.where(c.run == self.run, c.entry == entry)).first()
        if row is None:
            raise ArchiveError(f"run {self.run} has lost the appraisal of #{entry}")
        return appraisal_of(*row)


def _glimpsed(run: RunId, wanted: Sequence[EntryId]) -> Select[*tuple[Any, ...]]:
    narrow = (entries.c.id, entries.c.objective, entries.c.depth)
    return (
        select(*narrow, bodies.c.cell, bodies.c.observation, bodies.c.options, bodies.c.rationale)
        .join(bodies, (bodies.c.run == entries.c.run) & (bodies.c.id == entries.c.id))
        .where(entries.c.run == run, entries.c.id.in_(wanted), bodies.c.cell.is_not(None))
    )


def _tried(
    connection: Connection, run: RunId, wanted: Sequence[EntryId], as_of: EntryId
) -> dict[int, set[int]]:
    c = entries.c
    statement = select(c.parent, c.option).where(
        c.run == run, c.parent.in_(wanted), c.option >= 0, c.id <= as_of
    )
    found: dict[int, set[int]] = {}
    for parent, option in connection.execute(statement):
        found.setdefault(parent, set()).add(option)
    return found


def _glimpse(row: Row[*tuple[Any, ...]], tried: set[int]) -> Glimpse:
    options = options_of(row.options) if row.options else ()
    return Glimpse(
        id=EntryId(row.id),
        cell=row.cell,
        objective=row.objective,
        observation=row.observation or "",
        depth=row.depth,
        options=len(options),
        tried=tuple(options[option].text for option in sorted(tried)),
        rationale=row.rationale or "",
    )


def _blobs(connection: Connection, digests: Sequence[str]) -> Mapping[str, bytes]:
    if not digests:
        return {}
    statement = select(blobs.c.digest, blobs.c.data).where(blobs.c.digest.in_(digests))
    return blobs_of([(digest, data) for digest, data in connection.execute(statement)])
