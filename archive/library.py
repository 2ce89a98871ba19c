"""The runs of one database."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, func, select

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


class Library:
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
            names = connection.execute(select(runs.c.name).order_by(runs.c.run)).scalars().all()
            return [_summary(connection, name) for name in names]

    def find(self, name: str) -> RunSummary:
        """The run of a name.

        Raises:
            UnknownRun: there is none.
        """
        with self._database.look() as connection:
            return _summary(connection, name)

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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _begin(connection: Connection, name: str, spec: Mapping[str, Json], version: str) -> RunId:
    text = json.dumps(spec, sort_keys=True)
    found = connection.execute(select(runs.c.run, runs.c.spec).where(runs.c.name == name)).first()
    if found is None:
        run = (connection.execute(select(func.max(runs.c.run))).scalar() or 0) + 1
        row = {"run": run, "name": name, "spec": text, "version": version}
        connection.execute(runs.insert().values(created_at=time.time(), **row))
        return RunId(run)
    if found.spec != text:
        change = _first_difference(json.loads(found.spec), json.loads(text), "")
        raise ArchiveError(
            f"run {name!r} was begun with other settings: {change}; "
            "give this one another name, or leave the name out"
        )
    return RunId(found.run)


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


def _summary(connection: Connection, name: str) -> RunSummary:
    row = connection.execute(select(runs).where(runs.c.name == name)).first()
    if row is None:
        raise UnknownRun(f"no run named {name!r}{_known(connection)}")
    counted = connection.execute(
        select(func.count(), func.sum(steps.c.verifications), func.max(steps.c.elapsed)).where(
            steps.c.run == row.run
        )
    ).one()
    event = connection.execute(
        select(events.c.kind, events.c.detail)
        .where(events.c.run == row.run)
        .order_by(events.c.number.desc())
        .limit(1)
    ).first()
    best = connection.execute(
        select(entries.c.id, entries.c.objective)
        .where(entries.c.run == row.run, entries.c.status >= Status.NEW)
        .order_by(entries.c.objective.desc(), entries.c.id)
        .limit(1)
    ).first()
    newest = select(func.max(entries.c.id)).where(entries.c.run == row.run)
    return RunSummary(
        id=RunId(row.run),
        name=row.name,
        spec=json.loads(row.spec),
        created_at=row.created_at,
        version=row.version,
        steps=max(0, counted[0] - 1),
        entries=connection.execute(newest).scalar() or 0,
        verifications=int(counted[1] or 0),
        elapsed=counted[2] or 0.0,
        best=best.objective if best else None,
        best_entry=EntryId(best.id) if best else None,
        last_event=event.kind if event else "",
        last_detail=event.detail if event else "",
    )


def _known(connection: Connection) -> str:
    statement = select(runs.c.name).order_by(runs.c.run.desc()).limit(5)
    names = connection.execute(statement).scalars().all()
    return f"; the newest are {', '.join(names)}" if names else "; there is no run yet"
