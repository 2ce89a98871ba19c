"""The runs of one database."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, true

from archive.closing import Closing
from archive.connection import Database
from archive.entry import EntryId, RunId, Status
from archive.errors import ArchiveError, UnknownRun
from archive.reading import RunReader
from archive.schema import ensure_schema
from archive.sql import SqlArchive
from archive.tables import entries, events, runs, steps

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run at a glance.

    spec: what makes it the run that it is. created_at: seconds since 1970. best: the highest
    objective, `None` before the first evaluation. last_event: its kind, `""` for none.
    """

    id: RunId
    name: str
    spec: Mapping[str, Json]
    created_at: float
    version: str
    steps: int
    entries: int
    verifications: int
    elapsed: float
    best: float | None
    best_entry: EntryId | None
    last_event: str
    last_detail: str


class Library(Closing):
    """The runs of one database.

    url: `sqlite:///FILE` or `postgresql+psycopg://USER@HOST/NAME`; made ready at its first use.

    Raises:
        ArchiveError: the database cannot be used; the message says what would help.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)
        try:
            ensure_schema(self._database)
        except ArchiveError:
            self._database.close()
            raise

    @property
    def name(self) -> str:
        """The URL without its password."""
        return self._database.name

    def runs(self) -> list[RunSummary]:
        """All runs, the oldest first."""
        with self._database.look() as connection:
            return _summaries(connection, true())

    def newest(self) -> RunSummary | None:
        """The run that was begun last; `None` where there is none."""
        with self._database.look() as connection:
            last = select(func.max(runs.c.run)).scalar_subquery()
            return next(iter(_summaries(connection, runs.c.run == last)), None)

    def find(self, name: str) -> RunSummary:
        """The run of a name.

        Raises:
            UnknownRun: there is none.
        """
        with self._database.look() as connection:
            for found in _summaries(connection, runs.c.name == name):
                return found
            raise UnknownRun(f"no run named {name!r}{_known(connection)}")

    def begun(self, name: str, spec: Mapping[str, Json]) -> RunSummary | None:
        """The run of a name and a spec; `None` where it is yet to begin.

        Raises:
            ArchiveError: a run of that name was begun with another spec.
        """
        with self._database.look() as connection:
            found = next(iter(_summaries(connection, runs.c.name == name)), None)
        if found:
            _check_same(name, _json(found.spec), _json(spec))
        return found

    def read(self, name: str) -> RunReader:
        """A run to read from, also while another process explores it.

        Raises:
            UnknownRun: there is none of that name.
        """
        return RunReader(self._database, self.find(name).id)

    def open(self, name: str, spec: Mapping[str, Json], version: str = "") -> "SqlArchive":
        """The archive of a run to explore: a new one, or the one of that name as it stands.

        spec: what makes the run the run that it is, as JSON.

        Raises:
            ArchiveError: a run of that name was begun with another spec.
            RunInUse: another process explores it.
        """
        with self._database.transaction() as connection:
            run = _begin(connection, name, spec, version)
        lock = self._database.lock(run)
        return SqlArchive(self._database, run, lock)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()


def _begin(connection: Connection, name: str, spec: Mapping[str, Json], version: str) -> RunId:
    text = json.dumps(spec, sort_keys=True)
    found = connection.execute(select(runs.c.run, runs.c.spec).where(runs.c.name == name)).first()
    if found is None:
        run = (connection.execute(select(func.max(runs.c.run))).scalar() or 0) + 1
        row = {"run": run, "name": name, "spec": text, "version": version}
        connection.execute(runs.insert().values(created_at=time.time(), **row))
        return RunId(run)
    _check_same(name, found.spec, text)
    return RunId(found.run)


def _check_same(name: str, before: str, now: str) -> None:
    """Two specs of one name, as JSON.

    Raises:
        ArchiveError: they differ.
    """
    if before != now:
        change = _first_difference(json.loads(before), json.loads(now), "")
        raise ArchiveError(
            f"run {name!r} was begun with other settings: {change}; "
            "give this one another name, or leave the name out"
        )


def _first_difference(before: Json, now: Json, where: str) -> str:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        # As JSON, since Python takes 1 for true.
        texts = [{key: _json(value) for key, value in side.items()} for side in (before, now)]
        key = min(key for key, _ in texts[0].items() ^ texts[1].items())
        inside = f"{where}.{key}".strip(".")
        if key not in before or key not in now:
            was, is_now = (side.get(key, "nothing") for side in texts)
            return f"{inside} was {was} and is now {is_now}"
        return _first_difference(before[key], now[key], inside)
    return f"{where} was {_json(before)} and is now {_json(now)}"


def _json(value: Json) -> str:
    return json.dumps(value, sort_keys=True)


def _summaries(connection: Connection, which: ColumnElement[bool]) -> list[RunSummary]:
    """The runs at a glance, with a query for each kind of fact and not for each run."""
    found = connection.execute(select(runs).where(which).order_by(runs.c.run)).all()
    of_them = select(runs.c.run).where(which)
    spent = _by_run(connection, _spent(of_them))
    best = _by_run(connection, _best(of_them))
    newest = _by_run(connection, _newest_entry(of_them))
    last = _by_run(connection, _last_event(of_them))
    return [
        RunSummary(
            id=RunId(row.run),
            name=row.name,
            spec=json.loads(row.spec),
            created_at=row.created_at,
            version=row.version,
            steps=spent[row.run].steps - 1 if row.run in spent else 0,
            entries=newest[row.run].id if row.run in newest else 0,
            verifications=int(spent[row.run].verifications) if row.run in spent else 0,
            elapsed=spent[row.run].elapsed if row.run in spent else 0.0,
            best=best[row.run].objective if row.run in best else None,
            best_entry=EntryId(best[row.run].id) if row.run in best else None,
            last_event=last[row.run].kind if row.run in last else "",
            last_detail=last[row.run].detail if row.run in last else "",
        )
        for row in found
    ]


_Columns = Select[*tuple[Any, ...]]
_Found = Row[*tuple[Any, ...]]


def _by_run(connection: Connection, statement: _Columns) -> dict[int, _Found]:
    return {row.run: row for row in connection.execute(statement)}


def _spent(of_runs: Select[int]) -> _Columns:
    return (
        select(
            steps.c.run,
            func.count().label("steps"),
            func.sum(steps.c.verifications).label("verifications"),
            func.max(steps.c.elapsed).label("elapsed"),
        )
        .where(steps.c.run.in_(of_runs))
        .group_by(steps.c.run)
    )


def _best(of_runs: Select[int]) -> _Columns:
    admitted = (entries.c.status >= Status.NEW) & entries.c.run.in_(of_runs)
    highest = (
        select(entries.c.run, func.max(entries.c.objective).label("objective"))
        .where(admitted)
        .group_by(entries.c.run)
        .subquery()
    )
    same = (entries.c.run == highest.c.run) & (entries.c.objective == highest.c.objective)
    return (
        select(entries.c.run, highest.c.objective, func.min(entries.c.id).label("id"))
        .join(highest, same)
        .where(admitted)
        .group_by(entries.c.run, highest.c.objective)
    )


def _newest_entry(of_runs: Select[int]) -> _Columns:
    return (
        select(entries.c.run, func.max(entries.c.id).label("id"))
        .where(entries.c.run.in_(of_runs))
        .group_by(entries.c.run)
    )


def _last_event(of_runs: Select[int]) -> _Columns:
    last = (
        select(events.c.run, func.max(events.c.number).label("number"))
        .where(events.c.run.in_(of_runs))
        .group_by(events.c.run)
        .subquery()
    )
    same = (events.c.run == last.c.run) & (events.c.number == last.c.number)
    return select(events.c.run, events.c.kind, events.c.detail).join(last, same)


def _known(connection: Connection) -> str:
    statement = select(runs.c.name).order_by(runs.c.run.desc()).limit(5)
    names = connection.execute(statement).scalars().all()
    return f"; the newest are {', '.join(names)}" if names else "; there is no run yet"
