"""The connection to a database, and its complaints in plain words."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from archive.entry import RunId
from archive.errors import ArchiveError, RunInUse

_BUSY_SECONDS = 30
_LOCK_CLASS = 0x60E8  # tells our advisory locks in PostgreSQL from anybody else's

_ADVICE = {
    "database is locked": "another process has been writing to it for too long; try again",
    "readonly database": "it cannot be written; change its permissions or name another database",
    "read-only": "it cannot be written; change its permissions or name another database",
    "disk is full": "the disk is full; make room and run the same command again",
    "no space left": "the disk is full; make room and run the same command again",
    "disk i/o error": "the disk is full or gone; run the same command again when it is back",
    "unable to open": "it cannot be opened; is the folder there, and may you write to it?",
    "not a database": "the file is no SQLite database; name another one",
    "malformed": "the file is damaged; restore it from a copy",
    "refused": "no server answers there; start it, or check host and port",
    "password": "the server refuses the user or the password; check the URL",
    "does not exist": "it is not there; create it, or check the URL",
}


class Lock(Protocol):
    """Something held until it is released, or its process ends."""

    def release(self) -> None: ...


class Database:
    """One database, as two engines: every statement on its own for reading, transactions to write.

    Raises:
        ArchiveError: the URL cannot be used.
    """

    def __init__(self, url: str) -> None:
        self.name = url
        self._driver_error: type[Exception] = DBAPIError
        with self.asking():
            parsed = _parsed(url)
            self.name = parsed.render_as_string(hide_password=True)
            self._sqlite = parsed.get_backend_name() == "sqlite"
            self._file = Path(parsed.database or "")
            if self._sqlite and _in_memory(parsed):
                raise ArchiveError(
                    f"{url} is no file; an archive outlives its process: sqlite:///FILE"
                )
            self.reading = self._engine(
                url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None
            )
            self.writing = self._engine(url)
            self._driver_error = self.writing.dialect.loaded_dbapi.Error
        if self._sqlite:
            event.listen(self.writing, "begin", _begin_immediate)

    def _engine(self, url: str, **options: str | None) -> Engine:
        if not self._sqlite:
            return create_engine(url, paramstyle="format", **options)
        # The driver's own transaction control begins them late; ours begin with BEGIN IMMEDIATE.
        options.pop("isolation_level", None)
        engine = create_engine(
            url, connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None}, **options
        )
        event.listen(engine, "connect", _set_up_sqlite)
        return engine

    @contextmanager
    def asking(self) -> Generator[None]:
        """Turn what the database complains about into an `ArchiveError` that says what to do."""
        try:
            yield
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise ArchiveError(
                f"cannot use the database URL {self.name!r} ({error}); "
                "write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
            ) from error
        except DBAPIError as error:
            raise ArchiveError(f"{self.name}: {_advice(str(error.orig))}") from error
        except self._driver_error as error:
            raise ArchiveError(f"{self.name}: {_advice(str(error))}") from error

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """A transaction to write in.

        Raises:
            ArchiveError: it could not be committed.
        """
        with self.asking(), self.writing.begin() as connection:
            yield connection

    @contextmanager
    def look(self) -> Generator[Connection]:
        """A connection to read from.

        Raises:
            ArchiveError: the database does not answer.
        """
        with self.asking(), self.reading.connect() as connection:
            yield connection

    def lock(self, run: RunId) -> Lock:
        """Keep a run to this process until the lock is released or the process ends.

        Raises:
            RunInUse: another process has it.
        """
        lock = self._file_lock(run) if self._sqlite else self._server_lock(run)
        if lock is None:
            raise RunInUse(f"run {run} of {self.name} is being explored by another process")
        return lock

    def _file_lock(self, run: RunId) -> Lock | None:
        lock = _FileLock(Path(f"{self._file}.run{run}.lock"))
        return lock if lock.taken(0) else None

    def _server_lock(self, run: RunId) -> Lock | None:
        connection = self.reading.connect()
        key = {"class": _LOCK_CLASS, "run": run}
        if connection.execute(text("SELECT pg_try_advisory_lock(:class, :run)"), key).scalar():
            return _ServerLock(connection)
        connection.close()
        return None

    @contextmanager
    def alone(self) -> Generator[Connection]:
        """A transaction in which no other process makes the database ready.

        Raises:
            ArchiveError: it could not be committed.
        """
        if self._sqlite:
            self._log_ahead()
        with self.transaction() as connection:
            if not self._sqlite:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_CLASS})"))
            yield connection

    def _log_ahead(self) -> None:
        # The one statement that SQLite does not wait for others with.
        lock = _FileLock(Path(f"{self._file}.lock"))
        if not lock.taken(_BUSY_SECONDS):
            raise ArchiveError(f"{self.name}: {_ADVICE['database is locked']}")
        try:
            with self.look() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        finally:
            lock.release()

    def close(self) -> None:
        """Close all connections."""
        self.reading.dispose()
        self.writing.dispose()


class _FileLock:
    """A lock file. It is removed on release; what a killed process leaves behind locks nothing."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = FileLock(file)

    def taken(self, seconds: float) -> bool:
        """Whether it could be had within so many seconds."""
        try:
            self._lock.acquire(timeout=seconds)
        except Timeout:
            return False
        except OSError as error:
            reason = error.strerror or error
            raise ArchiveError(f"{self._file}: cannot be written ({reason})") from error
        return True

    def release(self) -> None:
        with suppress(OSError):
            self._file.unlink()
        self._lock.release()


class _ServerLock:
    """An advisory lock of PostgreSQL; it lives and dies with its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def release(self) -> None:
        # Closing would do, but the server may take its time to notice.
        self._connection.execute(text("SELECT pg_advisory_unlock_all()"))
        self._connection.close()


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ValueError as error:
        raise ArgumentError(str(error)) from error


def _in_memory(url: URL) -> bool:
    file = url.database or ":memory:"
    return ":memory:" in file or "mode=memory" in file or url.query.get("mode") == "memory"


def _advice(complaint: str) -> str:
    known = (advice for sign, advice in _ADVICE.items() if sign in complaint.lower())
    return next(known, complaint.strip().partition("\n")[0])


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _set_up_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()
