"""What judges were shown and said, as rows."""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, fields
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from archive.connection import Database
from archive.entry import (
    Comparison,
    EntryId,
    Forecast,
    Refusals,
    RunId,
    Shortlist,
    Shown,
    Status,
    Step,
    Verdict,
)
from archive.facts import COPY, Fact
from archive.rows import Row, storable
from archive.tables import appraisals, forecasts, shortlists, steps, verdicts

_ASIDE = ("within", "base_rate", "weights", "picks")
"""Fields of a shortlist that are kept with what it shows."""


def fruitful(facts: Sequence[Fact], origin: float) -> bool:
    """Whether a step was: something was admitted, and where everything is kept, something better.

    origin: the objective of the entry that it set out from.
    """
    return any(
        fact.status in (Status.NEW, Status.IMPROVED)
        or (fact.status == Status.KEPT and fact.objective > origin)
        for fact in facts
        if fact.option != COPY
    )


class StepFruit(NamedTuple):
    """Whether a step was fruitful. chosen: where it set out from. newest: its last entry."""

    step: int
    chosen: EntryId
    newest: EntryId
    fruitful: bool


def fruits(facts: Iterable[Fact]) -> Iterator[StepFruit]:
    """Which steps of a run were fruitful, in the order in which they were recorded.

    facts: those of all entries, in order of their ids.
    """
    objective: dict[int, float] = {}
    for step, group in groupby(facts, attrgetter("step")):
        made = list(group)
        objective |= {fact.id: fact.objective for fact in made}
        if step:
            origin = EntryId(made[0].parent)
            fruit = fruitful(made, objective[origin])
            yield StepFruit(step, origin, EntryId(made[-1].id), fruit)


def shortlist_row(run: RunId, shortlist: Shortlist) -> Row:
    aside = {name: getattr(shortlist, name) for name in _ASIDE}
    shown = {**aside, "shown": [astuple(each) for each in shortlist.shown]}
    return (
        run,
        shortlist.number,
        shortlist.as_of,
        shortlist.granted,
        shortlist.choices,
        shortlist.judge,
        zlib.compress(json.dumps(shown).encode()),
    )


def verdict_row(run: RunId, step: Step, verdict: Verdict, first: EntryId) -> Row:
    comparisons = [astuple(each) for each in verdict.comparisons]
    return (
        run,
        step.number,
        first,
        verdict.judge,
        storable(verdict.fell_back) or None,
        json.dumps(comparisons) if comparisons else None,
        json.dumps(verdict.retired) if verdict.retired else None,
    )


def forecast_rows(run: RunId, step: Step, verdict: Verdict) -> list[Row]:
    return [
        (run, step.number, place, each.judge, each.entry, each.chance, int(each.pick))
        for place, each in enumerate(verdict.forecasts)
    ]


def shortlist_of(database: Database, run: RunId, number: int) -> Shortlist | None:
    """The shortlist from which a step was chosen; `None` where it was not chosen from one."""
    statement = select(shortlists).where(shortlists.c.run == run, shortlists.c.number == number)
    return next(_shortlists(database, statement), None)


def undecided(database: Database, run: RunId) -> list[Shortlist]:
    """The shortlists of steps that were never recorded, in order."""
    done = select(steps.c.number).where(steps.c.run == run)
    statement = (
        select(shortlists)
        .where(shortlists.c.run == run, shortlists.c.number.not_in(done))
        .order_by(shortlists.c.number)
    )
    return list(_shortlists(database, statement))


def verdicts_of(
    database: Database, run: RunId, step: int | None = None
) -> Iterator[tuple[int, EntryId, Verdict]]:
    """The verdicts of a run or of a step, each with its step and that step's first entry."""
    statement = select(verdicts).where(verdicts.c.run == run).order_by(verdicts.c.entry)
    if step is not None:
        statement = statement.where(verdicts.c.step == step)
    said = _forecasts(database, run, step)
    with database.look() as connection:
        for row in connection.execute(statement):
            compared: list[list[int]] = json.loads(row.comparisons or "[]")
            retired: list[list[int]] = json.loads(row.retired or "[]")
            verdict = Verdict(
                judge=row.judge,
                fell_back=row.fell_back or "",
                forecasts=said.get(row.step, ()),
                comparisons=tuple(
                    Comparison(first=EntryId(a), second=EntryId(b), outcome=outcome)
                    for a, b, outcome in compared
                ),
                retired=tuple((EntryId(entry), EntryId(better)) for entry, better in retired),
            )
            yield row.step, EntryId(row.entry), verdict


def refusals_of(database: Database, run: RunId) -> Refusals:
    """What was said of whether to keep entries."""
    c = appraisals.c
    statement = select(c.entry, c.refused, c.anyway).where(c.run == run, c.refused.is_not(None))
    with database.look() as connection:
        rows = connection.execute(statement.order_by(c.entry)).all()
    return Refusals(
        asked=len(rows),
        refused=sum(row.refused != "" for row in rows),
        anyway=tuple(EntryId(row.entry) for row in rows if row.anyway),
    )


def interests_of(database: Database, run: RunId) -> dict[EntryId, float]:
    """How interesting entries were found to be, where somebody said."""
    c = appraisals.c
    statement = select(c.entry, c.interest).where(c.run == run, c.interest.is_not(None))
    with database.look() as connection:
        found = connection.execute(statement.order_by(c.entry)).all()
    return {EntryId(entry): interest for entry, interest in found}


def _forecasts(database: Database, run: RunId, step: int | None) -> dict[int, tuple[Forecast, ...]]:
    c = forecasts.c
    statement = select(c.step, c.judge, c.entry, c.chance, c.pick).where(c.run == run)
    if step is not None:
        statement = statement.where(c.step == step)
    with database.look() as connection:
        rows = connection.execute(statement.order_by(c.step, c.place)).all()
    return {
        number: tuple(
            Forecast(judge=judge, entry=EntryId(entry), chance=chance, pick=bool(pick))
            for _, judge, entry, chance, pick in group
        )
        for number, group in groupby(rows, lambda row: row.step)
    }


def _shortlists(database: Database, statement: Select[*tuple[Any, ...]]) -> Iterator[Shortlist]:
    names = [field.name for field in fields(Shown)]
    with database.look() as connection:
        found = connection.execute(statement).all()
    for row in found:
        kept = json.loads(zlib.decompress(row.shown))
        shown = (Shown(**dict(zip(names, each, strict=True))) for each in kept.pop("shown"))
        yield Shortlist(
            number=row.number,
            as_of=EntryId(row.as_of),
            granted=row.granted,
            choices=row.choices,
            judge=row.judge,
            shown=tuple(shown),
            **kept,
        )
