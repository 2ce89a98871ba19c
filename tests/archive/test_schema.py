"""The migrations make what the tables say."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

import archive
from archive.library import Library
from archive.schema import HEAD, check_schema
from archive.tables import metadata


def test_a_migrated_database_has_the_tables_that_the_code_knows(database_url: str) -> None:
    Library(database_url).close()
    engine = create_engine(database_url)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences: list[object] = list(compare_metadata(context, metadata))
        names = set(inspect(connection).get_table_names())

    engine.dispose()
    assert differences == []
    assert names == {*metadata.tables, "alembic_version"}


def test_a_migrated_database_has_the_indexes_that_the_code_knows(database_url: str) -> None:
    Library(database_url).close()
    engine = create_engine(database_url)

    with engine.connect() as connection:
        found = {
            (index["name"], table, tuple(index["column_names"]))
            for table in metadata.tables
            for index in inspect(connection).get_indexes(table)
            if not index["unique"]
        }

    engine.dispose()
    assert found == {
        ("bodies_with_options", "bodies", ("run", "id")),
        ("entries_by_parent", "entries", ("run", "parent")),
        ("other_parents_by_parent", "other_parents", ("run", "parent")),
    }


def test_the_newest_migration_is_the_one_that_the_code_knows() -> None:
    (folder,) = archive.__path__

    heads = ScriptDirectory(f"{folder}/migrations").get_heads()

    assert heads == [HEAD]


def test_a_migrated_database_is_left_alone(database_url: str) -> None:
    Library(database_url).close()
    Library(database_url).close()
    engine = create_engine(database_url)

    with engine.connect() as connection:
        ours = check_schema(connection)
        versions = connection.execute(text("SELECT version_num FROM alembic_version")).all()

    engine.dispose()
    assert ours
    assert [tuple(row) for row in versions] == [(HEAD,)]
