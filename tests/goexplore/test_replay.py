"""A run, run again from its ledger."""

import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.entry import EntryId, TurnRecord
from archive.ledger import Spending
from archive.library import Library
from goexplore.config import RunConfig, checked, options, prepare
from goexplore.replay import replay
from mutators.llm.base import LLMError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


@pytest.fixture
def library(file: Path) -> Iterator[Library]:
    with Library(f"sqlite:///{file}") as opened:
        yield opened


def asking(
    folder: Path,
    *,
    workers: int,
    steps: int,
    tokens: int | None = None,
    deterministic: bool = False,
) -> RunConfig:
    script = folder / "script.jsonl"
    script.write_text(json.dumps({"text": '{"choice": 1}'}) + "\n")
    world = {"kind": "tests.goexplore.walk:Walk", "size": 30, "goal": None, "pause": 0.002}
    settings = {
        "run": {
            "name": "run",
            "workers": workers,
            "horizon": 3,
            "deterministic": deterministic,
            "lag": 4 if deterministic else None,
        },
        "domain": {key: value for key, value in world.items() if value is not None},
        "selection": {"kind": "go-explore-2019"},
        "mutation": {"kind": "choose-action", "model": f"scripted:{script}"},
        "admission": {"kind": "better-or-shorter"},
        "budget": {"steps": steps, "tokens": tokens},
    }
    return checked([options(settings)])


def explored(config: RunConfig, library: Library) -> None:
    with prepare(config, library=library) as run:
        run.engine.run()


def test_a_run_of_many_workers_comes_out_identical_without_a_network(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    explored(asking(tmp_path, workers=16, steps=500), library)

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a socket in a replay")

    monkeypatch.setattr(socket, "socket", forbidden)

    result = replay(library, "run")

    assert result.identical
    assert result.entries == library.find("run").entries > 500


def test_a_run_without_models_can_be_replayed_too(library: Library) -> None:
    settings = {
        "run": {"name": "run", "workers": 8, "horizon": 3},
        "domain": {"kind": "tests.goexplore.walk:Walk", "size": 30, "pause": 0.002},
        "selection": {"kind": "uniform"},
        "mutation": {"kind": "append-action", "order": "promise"},
        "admission": {"kind": "better-or-shorter"},
        "budget": {"steps": 200},
    }
    explored(checked([options(settings)]), library)

    assert replay(library, "run").identical


def test_an_answer_that_is_missing_is_an_error_that_names_the_question(
    library: Library, file: Path, tmp_path: Path
) -> None:
    explored(asking(tmp_path, workers=1, steps=5), library)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM calls WHERE step = 3")

    with pytest.raises(LLMError, match="the ledger has no answer of scripted:"):
        replay(library, "run")


def test_the_first_difference_is_shown(library: Library, file: Path, tmp_path: Path) -> None:
    explored(asking(tmp_path, workers=1, steps=5), library)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE bodies SET why = 'a whim' WHERE id = 3")

    result = replay(library, "run")

    assert not result.identical
    assert result.entries == 2
    assert '"why": "a whim"' in result.was
    assert '"why": ""' in result.is_now


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_run_that_ran_out_of_tokens_goes_on_and_asks_nothing_twice(
    library: Library, tmp_path: Path, deterministic: bool
) -> None:
    for tokens in (3_000, 9_000, 20_000, None):
        config = asking(tmp_path, workers=4, steps=60, tokens=tokens, deterministic=deterministic)
        explored(config, library)
        spent = sum(each.prompt_tokens + each.completion_tokens for each in run_spending(library))
        assert tokens is None or spent <= tokens

    calls = list(library.read("run").calls())
    assert library.find("run").steps == 60
    assert len({call.sample for call in calls}) == len(calls)
    assert replay(library, "run").identical


def run_spending(library: Library) -> list[Spending]:
    return library.read("run").spending()


def test_a_run_in_order_whose_every_worker_was_cut_short_goes_on(
    library: Library, tmp_path: Path
) -> None:
    no_question = 200
    config = asking(tmp_path, workers=4, steps=20, tokens=no_question, deterministic=True)
    explored(config, library)
    with library.open("run", config.spec) as archive:
        for number in range(1, 5):
            archive.set_out(set_out_from_the_root(number))

    explored(asking(tmp_path, workers=4, steps=20, deterministic=True), library)

    assert library.find("run").steps == 20
    assert replay(library, "run").identical


def set_out_from_the_root(number: int) -> TurnRecord:
    return TurnRecord(
        number=number,
        chosen=EntryId(1),
        choices=1,
        probability=1.0,
        granted=3,
        as_of=EntryId(1),
        ahead=0,
    )
