"""Which schema a database has, and how it gets ours."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from archive.connection import Database
from archive.errors import ArchiveError, NewerSchema

HEAD = "0006"
"""The newest migration. Migrations are numbered, so that a newer database can be told."""


def ensure_schema(database: Database) -> None:
    """Give a new or older database our schema.

    Raises:
        NewerSchema: it was written by a newer goexplore.
        ArchiveError: it holds something else.
    """
    with database.look() as connection:
        if check_schema(connection):
            return
    with database.alone() as connection:
        if not check_schema(connection):
            _migrate(connection)


def check_schema(connection: Connection) -> bool:
    """Whether a database has our schema; false for an older or an empty one.

    Raises:
        NewerSchema: it was written by a newer goexplore.
        ArchiveError: it holds something else.
    """
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" not in tables:
        if tables:
            raise ArchiveError(
                f"{_name(connection)} holds tables of something else "
                f"({', '.join(sorted(tables))}); name another database"
            )
        return False
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found > HEAD:
        raise NewerSchema(
            f"{_name(connection)} has schema {found}, and this goexplore knows up to {HEAD}; "
            "upgrade goexplore, or name another database"
        )
    return bool(found == HEAD)


def _name(connection: Connection) -> str:
    return connection.engine.url.render_as_string(hide_password=True)


def _migrate(connection: Connection) -> None:
    # Needed once in the life of a database, and as slow to import as all else of a short command.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
