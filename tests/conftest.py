"""What all tests share: an empty database of each kind."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, once of each kind; it is gone after the test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'archive.db'}"
        return
    yield from empty_database(postgres_server())


@pytest.fixture
def gguf() -> Path:
    """A small language model that talks; mark a test that takes it with `model`."""
    return Path(service("GOEXPLORE_TEST_GGUF", "small language model"))


def postgres_server() -> URL:
    """The server that `GOEXPLORE_TEST_POSTGRES` names."""
    return make_url(service("GOEXPLORE_TEST_POSTGRES", "PostgreSQL"))


def service(variable: str, name: str) -> str:
    """What a variable says of a service.

    Without it the test is skipped, or fails where `GOEXPLORE_REQUIRE_SERVICES` is set.
    """
    if said := os.environ.get(variable):
        return said
    missing = f"no {name}: {variable} is not set"
    if os.environ.get("GOEXPLORE_REQUIRE_SERVICES"):
        pytest.fail(missing)
    pytest.skip(missing)


def empty_database(server: URL) -> Iterator[str]:
    """A database of its own on a server, dropped at the end even if someone still uses it."""
    name = f"goexplore_test_{uuid4().hex}"
    # template0, since a copy of template1 fails while anyone is connected to that.
    execute(server, sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        execute(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def execute(server: URL, statement: sql.Composed) -> None:
    """Run one statement outside of any transaction."""
    address = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True, connect_timeout=10) as connection:
        connection.execute(statement)
