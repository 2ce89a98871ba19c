"""The migrations make what the tables say."""

from dataclasses import replace
from pathlib import Path
from zlib import compress

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

import archive
from archive.admission import Better
from archive.entry import (
    Appraisal,
    EntryId,
    Evaluation,
    Forecast,
    Interval,
    TurnRecord,
    Verdict,
)
from archive.library import Library
from archive.schema import HEAD, check_schema
from archive.tables import metadata
from archive.trees import encode
from tests.conformance.making import appraised, attempt, found, judged, listed, step

BEFORE_INTERVALS = "0004"


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
        ("calls_by_step", "calls", ("run", "step")),
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


def at_first_schema(url: str) -> None:
    """A database as the first release left it, with one finished run."""
    config = Config()
    config.set_main_option("script_location", str(Path(archive.__path__[0]) / "migrations"))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO runs VALUES (1, 'old', '{}', 0, '0.1.0')"))
        connection.execute(text("INSERT INTO steps VALUES (1, 0, NULL, 0, 1, 0, 0, 0, 0, 0)"))
        connection.execute(
            text("INSERT INTO entries VALUES (1, 1, 0, 0, 0, -1, 5, 0.5, 2, 1, -1, 0)")
        )
        bodies = "INSERT INTO bodies (run, id, hops, tree, mutator, cell, tasks, crossed)"
        whole = {"tree": encode({"a.txt": "hello\n"})}
        connection.execute(text(f"{bodies} VALUES (1, 1, 0, :tree, 'root', 'a', 0, 0)"), whole)
    engine.dispose()


def at_second_schema(url: str) -> None:
    """A database as it was before alternatives, with one answered call."""
    at_first_schema(url)
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(archive.__path__[0]) / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        values = {"request": compress(b"{}"), "text": compress(b"yes")}
        connection.execute(
            text(
                "INSERT INTO calls VALUES (1, 'a', 1, '1.0.1', 'act', 'some', :request, :text, "
                "'stop', 10, 4, 3, 0.5, 0.25, 0)"
            ),
            values,
        )
    engine.dispose()


def test_a_call_of_the_second_schema_is_found_and_others_are_recorded(database_url: str) -> None:
    at_second_schema(database_url)

    with Library(database_url) as library, library.open("old", {}) as run:
        old = run.ledger.find("a")
        assert old is not None
        run.ledger.record(replace(old, key="b", alternatives="[]", left_out="all"))

        assert (old.text, old.alternatives, old.left_out) == ("yes", None, None)
        assert run.ledger.find("b") == replace(old, key="b", alternatives="[]", left_out="all")


def test_a_run_of_the_first_schema_can_be_read_and_gone_on_with(database_url: str) -> None:
    at_first_schema(database_url)

    with Library(database_url) as library, library.open("old", {}) as run:
        run.set_out(
            TurnRecord(
                number=1,
                chosen=EntryId(1),
                choices=1,
                probability=1.0,
                granted=1,
                as_of=EntryId(1),
                ahead=0,
            )
        )
        run.flush()

        assert run.entry(EntryId(1)).candidate.tree == {"a.txt": "hello\n"}
        assert run.step(0).ahead == 0
        assert [turn.number for turn in run.unfinished()] == [1]


def at_schema_before_judges(url: str) -> None:
    """A database as the release before judges left it: a step with a call, and one begun."""
    config = Config()
    config.set_main_option("script_location", str(Path(archive.__path__[0]) / "migrations"))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for row in (
            "runs VALUES (1, 'old', '{}', 0, '0.2.0')",
            "steps VALUES (1, 0, NULL, 0, 1, 0, 0, 0, 0, 0, 0)",
            "steps VALUES (1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0)",
            "turns VALUES (1, 2, 1, 2, 0.5, 1, 2, 0)",
            "entries VALUES (1, 1, 0, 0, 0, -1, 5, 0.5, 2, 1, -1, 0)",
            "entries VALUES (1, 2, 1, 0, 1, -1, -1, 0, 0, 1, 0, 1)",
        ):
            connection.execute(text(f"INSERT INTO {row}"))
        columns = "run, id, hops, tree, mutator, cell, cause, message, tasks, crossed"
        bodies = f"INSERT INTO bodies ({columns})"
        values = "(1, :id, 0, :tree, 'old', :cell, :cause, :message, 0, 0)"
        tree = encode({"a.txt": "hello\n"})
        for row in (
            {"id": 1, "tree": tree, "cell": "a", "cause": None, "message": None},
            {"id": 2, "tree": tree, "cell": None, "cause": "crashed", "message": "exit code 1"},
        ):
            connection.execute(text(f"{bodies} VALUES {values}"), row)
    engine.dispose()


def test_a_run_from_before_there_were_judges_can_be_read_and_gone_on_with(
    database_url: str,
) -> None:
    at_schema_before_judges(database_url)
    verdict = Verdict(
        judge="m", forecasts=(Forecast(judge="m", entry=EntryId(1), chance=0.5, pick=True),)
    )

    with Library(database_url) as library, library.open("old", {}) as run:
        before = [entry.appraisal for entry in run.entries()]
        unfinished = [turn.number for turn in run.unfinished()]
        verdicts = list(run.verdicts())
        run.consider(listed(2, (1,), as_of=2))
        said = Appraisal(interest=0.5, refused="")
        run.add(judged(step(2, appraised(found("b"), 1, said), as_of=2), verdict), Better())
        run.flush()

        assert before == [None, None]
        assert unfinished == [2]
        assert verdicts == []
        assert run.undecided() == run.unfinished() == []
        assert run.entry(EntryId(3)).appraisal == said
        assert list(run.verdicts()) == [(2, 3, verdict)]


def at_schema_before_cells(url: str) -> None:
    """A database as the release before cells and islands left it, with one root."""
    at_schema_before_judges(url)
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(archive.__path__[0]) / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
    engine.dispose()


def test_a_run_from_before_there_were_cells_beside_the_domains_can_be_gone_on_with(
    database_url: str,
) -> None:
    at_schema_before_cells(database_url)
    placed = replace(found("3,4"), domain_cell="the domain's")

    with Library(database_url) as library, library.open("old", {}) as run:
        before = [(entry.island, entry.result) for entry in run.entries()]
        run.add(step(2, attempt(placed, 1), as_of=2), Better())
        run.flush()
        elites = [len(run.elites_at(None, island)) for island in (0, 1)]

    with Library(database_url) as library:
        after = list(library.read("old").entries())
    assert [island for island, _ in before] == [0, 0]
    assert isinstance(before[0][1], Evaluation)
    assert (before[0][1].cell, before[0][1].domain_cell) == ("a", None)
    assert after[2].result == placed
    assert elites == [2, 0]


def at_schema_before_intervals(url: str) -> None:
    """A database as it was before anybody said how sure an objective is, with one entry."""
    at_schema_before_judges(url)
    config = Config()
    config.set_main_option("script_location", str(Path(archive.__path__[0]) / "migrations"))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE_INTERVALS)
    engine.dispose()


def test_a_run_from_before_intervals_can_be_read_and_gone_on_with(database_url: str) -> None:
    at_schema_before_intervals(database_url)
    interval = Interval(low=0.25, high=0.75, trials=3)
    sure = replace(found("b", 0.5), interval=interval, first_seen=0.9)

    with Library(database_url) as library, library.open("old", {}) as run:
        before = run.entry(EntryId(1)).result
        run.add(step(2, attempt(sure, 1), as_of=2), Better())
        run.flush()

    assert isinstance(before, Evaluation)
    assert (before.objective, before.interval, before.first_seen) == (0.5, None, None)
    with Library(database_url) as library:
        assert library.read("old").entry(EntryId(3)).result == sure
