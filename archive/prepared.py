"""Statements that are asked many times a second: compiled once, and put to the driver itself.

For statements as small as these, SQLAlchemy's own execution takes longer than the database's.
"""

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Self, cast

from sqlalchemy import Connection, Dialect, Select, Table
from sqlalchemy.engine.interfaces import DBAPICursor

from archive.connection import Database
from archive.rows import Row


@dataclass(frozen=True, slots=True)
class Query:
    """A statement as text, with the names of its parameters in the order of their places."""

    text: str
    names: Sequence[str]

    @classmethod
    @cache
    def of(cls, statement: Select[*tuple[Any, ...]], dialect: Dialect) -> Self:
        """Compile a statement whose parameters and columns are plain values."""
        compiled = statement.compile(dialect=dialect)
        return cls(str(compiled), tuple(compiled.positiontup or ()))

    def rows(self, connection: Connection, **values: object) -> Iterable[tuple[Any, ...]]:
        """What it finds with a value for each name: bare tuples, to be taken at once."""
        cursor = connection.connection.cursor()
        cursor.execute(self.text, tuple(values[name] for name in self.names))
        # Both drivers' cursors can be iterated, quicker than by any of the standard's methods.
        return cast("Iterable[tuple[Any, ...]]", cursor)


class Writer:
    """A connection kept for one thread that writes one transaction after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dialect = database.writing.dialect
        with database.asking():
            self._connection = database.writing.raw_connection()

    @contextmanager
    def transaction(self) -> Generator["Inserting"]:
        """A transaction to insert in.

        Raises:
            ArchiveError: it could not be committed.
        """
        with self._database.asking():
            cursor = self._connection.cursor()
            try:
                if self._dialect.name == "sqlite":
                    cursor.execute("BEGIN IMMEDIATE")
                yield Inserting(cursor, self._dialect)
                self._connection.commit()
            except BaseException:
                # The database may have ended the transaction itself, or be out of reach.
                with suppress(Exception):
                    self._connection.rollback()
                raise
            finally:
                cursor.close()

    def close(self) -> None:
        """Hand the connection back."""
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Inserting:
    """What can be done in a transaction. Rows have a value for each column, in their order."""

    cursor: DBAPICursor
    dialect: Dialect

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows."""
        if rows:
            self.cursor.executemany(_insertion(table, self.dialect), rows)

    def insert_missing(self, table: Table, rows: Sequence[Row]) -> None:
        """Insert the rows whose keys are not there yet."""
        if rows:
            # Both databases say it alike.
            insertion = f"{_insertion(table, self.dialect)} ON CONFLICT DO NOTHING"
            self.cursor.executemany(insertion, rows)


@cache
def _insertion(table: Table, dialect: Dialect) -> str:
    return str(table.insert().compile(dialect=dialect))
