"""What models were asked and what they said: every call of a run, written before it is used."""

import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, select

from archive.connection import Database
from archive.entry import RunId
from archive.prepared import Query
from archive.rows import Row
from archive.tables import calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a model that was answered.

    key: digest of the request with its model and sample; no two calls of a run share one.
    sample: tells equal requests apart. request: the whole of it, as JSON. finish: how the answer
    ended. dollars: `None` where the price is not known. seconds: from asking to the last token.
    alternatives: JSON, [[token, logprob], ...]; `None` where none were given. left_out: what of
    the prompt was cut to fit the window; `None` where nothing was.
    """

    key: str
    step: int
    sample: str
    role: str
    model: str
    request: str
    text: str
    finish: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    dollars: float | None
    seconds: float
    alternatives: str | None = None
    left_out: str | None = None


Answered = tuple[Call, ...]
"""Calls that were answered together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What the calls of one role of one model came to."""

    role: str
    model: str
    calls: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    dollars: float
    unpriced: int
    seconds: float


class Cost(NamedTuple):
    """What a call cost. sample, role, dollars: as in `Call`; tokens: of prompt and answer."""

    step: int
    sample: str
    role: str
    tokens: int
    dollars: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSpending:
    """What the calls of one role of one model came to in one step."""

    step: int
    role: str
    model: str
    calls: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


_CALL = tuple(calls.c[field.name] for field in fields(Call))
_COSTS = (
    select(
        calls.c.step,
        calls.c.sample,
        calls.c.role,
        calls.c.prompt_tokens + calls.c.completion_tokens,
        calls.c.dollars,
    )
    .where(
        calls.c.run == bindparam("run"),
        calls.c.step >= bindparam("first"),
        calls.c.step <= bindparam("last"),
    )
    .order_by(calls.c.step, calls.c.sample, calls.c.key)
)
_FIND = select(*_CALL).where(calls.c.run == bindparam("run"), calls.c.key == bindparam("key"))


def call_row(run: RunId, call: Call) -> Row:
    """The row of `calls` that keeps a call."""
    values = {field.name: getattr(call, field.name) for field in fields(Call)}
    values |= {"request": _packed(call.request), "text": _packed(call.text)}
    values |= {"run": run, "at": time.time()}
    return tuple(values[column.name] for column in calls.columns)


class Ledger:
    """The calls of one run. Several threads may use it at once."""

    def __init__(self, database: Database, run: RunId, write: Callable[[Answered], None]) -> None:
        """`write` returns when calls would survive the loss of power, all of them or none."""
        self._database = database
        self._run = run
        self._write = write

    def find(self, key: str) -> Call | None:
        """The call of a key; `None` if it has not been answered yet."""
        with self._database.look() as connection:
            found = Query.of(_FIND, connection.dialect).rows(connection, run=self._run, key=key)
            return next((_call_of(row) for row in found), None)

    def answered(self, step: int, role: str) -> list[Call]:
        """The calls of a step in a role, in the order of their samples."""
        c = calls.c
        statement: Select[*tuple[Any, ...]] = select(*_CALL).where(
            c.run == self._run, c.step == step, c.role == role
        )
        with self._database.look() as connection:
            found = connection.execute(statement.order_by(c.sample, c.key)).all()
        return [_call_of(tuple(row)) for row in found]

    def costs(self, first: int, last: int) -> Iterator[Cost]:
        """What each call of the steps from one to another cost."""
        return costs_of(self._database, self._run, first, last)

    def record(self, *answered: Call) -> None:
        """Keep calls, all or none; they are safe when this returns.

        Raises:
            ArchiveError: it could not be recorded.
        """
        self._write(answered)


def calls_of(database: Database, run: RunId, role: str | None = None) -> Iterator[Call]:
    """All calls of a run, or those in a role, in the order of their steps."""
    statement: Select[*tuple[Any, ...]] = (
        select(*_CALL).where(calls.c.run == run).order_by(calls.c.step, calls.c.at, calls.c.key)
    )
    if role is not None:
        statement = statement.where(calls.c.role == role)
    with database.look() as connection:
        for row in connection.execute(statement):
            yield _call_of(tuple(row))


def costs_of(database: Database, run: RunId, first: int, last: int) -> Iterator[Cost]:
    """What each call of the steps of a run from one to another cost, step by step."""
    with database.look() as connection:
        found = Query.of(_COSTS, connection.dialect)
        for row in found.rows(connection, run=run, first=first, last=last):
            yield Cost(*row)


def spending_of(database: Database, run: RunId) -> list[Spending]:
    """What the calls of a run came to, by role and model."""
    summed = ("prompt_tokens", "cached_tokens", "completion_tokens", "seconds")
    statement = (
        select(
            calls.c.role,
            calls.c.model,
            func.count().label("calls"),
            *(func.sum(calls.c[name]).label(name) for name in summed),
            func.coalesce(func.sum(calls.c.dollars), 0.0).label("dollars"),
            (func.count() - func.count(calls.c.dollars)).label("unpriced"),
        )
        .where(calls.c.run == run)
        .group_by(calls.c.role, calls.c.model)
        .order_by(calls.c.role, calls.c.model)
    )
    names = [field.name for field in fields(Spending)]
    with database.look() as connection:
        found = connection.execute(statement).mappings().all()
    return [Spending(**{name: row[name] for name in names}) for row in found]


def spending_by_step(database: Database, run: RunId) -> list[StepSpending]:
    """What the calls of a run came to, by step, role and model, in the order of their steps."""
    kinds = (calls.c.step, calls.c.role, calls.c.model)
    summed = ("prompt_tokens", "cached_tokens", "completion_tokens")
    statement = (
        select(
            *kinds,
            func.count().label("calls"),
            *(func.sum(calls.c[name]).label(name) for name in summed),
        )
        .where(calls.c.run == run)
        .group_by(*kinds)
        .order_by(*kinds)
    )
    names = [field.name for field in fields(StepSpending)]
    with database.look() as connection:
        found = connection.execute(statement).mappings().all()
    return [StepSpending(**{name: row[name] for name in names}) for row in found]


def largest_call(database: Database, run: RunId, role: str, model: str) -> Call | None:
    """The call of a role and a model with the longest prompt; `None` where there is none."""
    c = calls.c
    statement: Select[*tuple[Any, ...]] = (
        select(*_CALL)
        .where(c.run == run, c.role == role, c.model == model)
        .order_by(c.prompt_tokens.desc(), c.key)
        .limit(1)
    )
    with database.look() as connection:
        found = connection.execute(statement).first()
    return _call_of(tuple(found)) if found else None


def _call_of(row: tuple[Any, ...]) -> Call:
    values: dict[str, Any] = dict(zip((f.name for f in fields(Call)), row, strict=True))
    values |= {name: _unpacked(values[name]) for name in ("request", "text")}
    return Call(**values)


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"))


def _unpacked(data: bytes) -> str:
    return zlib.decompress(data).decode("utf-8", "surrogatepass")
