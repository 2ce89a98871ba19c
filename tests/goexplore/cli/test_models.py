"""`run --model`, `costs`, `replay`: runs that ask a model."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from archive.library import Library
from mutators.llm.connect import connect
from mutators.llm.embedding import LedgeredEmbedder
from mutators.llm.models import parse
from mutators.llm.purse import Purse
from mutators.llm.stopping import StopSign
from tests.mutators.llm.servers import complaint, completion, embeddings, serving

Command = Callable[..., CompletedProcess[str]]

PUZZLE = ("run", "game24", "4", "4", "6", "8", "--preset", "choose-action", "--model")


@pytest.fixture
def script(folder: Path) -> str:
    (folder / "script.jsonl").write_text(json.dumps({"text": '{"choice": 1}'}) + "\n")
    return "scripted:script.jsonl"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_a_model_chooses_and_its_tokens_are_told(goexplore: Command, script: str) -> None:
    ran = goexplore(*PUZZLE, script, "--verifications", "12", "--json")

    (run,) = json.loads(ran.stdout)["runs"]
    assert ran.returncode == 0
    assert run["verifications"] == 12
    assert run["tokens"] > 100
    assert run["dollars"] == 0


def test_costs_are_told_by_role_and_model(goexplore: Command, script: str) -> None:
    goexplore(*PUZZLE, script, "--verifications", "12")

    (spending,) = json.loads(goexplore("costs", "--json").stdout)

    assert (spending["role"], spending["model"], spending["calls"]) == ("act", script, 12)
    assert "act" in goexplore("costs").stdout


def test_what_embedding_costs_is_told_like_the_rest(goexplore: Command, folder: Path) -> None:
    with (
        serving(embeddings([1.0, 2.0], [2.0, 1.0], prompt=40)) as server,
        Library(f"sqlite:///{folder / 'goexplore.db'}") as library,
        library.open("some", {}) as run,
    ):
        name = f"openai:small@{server.url}/v1"
        table: dict[str, dict[str, object]] = {
            name: {"dimension": 2, "prices": {"prompt": 0.5, "completion": 0}}
        }
        llm = connect(parse(name), keys={}, table=table).llm(StopSign())
        embedder = LedgeredEmbedder(llm, ledger=run.ledger, purse=Purse(dollars=1.0))
        embedder.embed(["one", "two"], step=12)

    (embed,) = json.loads(goexplore("costs", "some", "--json").stdout)

    assert (embed["role"], embed["model"], embed["calls"]) == ("embed", name, 2)
    assert (embed["prompt_tokens"], embed["completion_tokens"]) == (40, 0)
    assert embed["dollars"] == pytest.approx(40 * 0.5 / 1e6)
    assert "embed" in goexplore("costs", "some").stdout


def test_a_run_that_asked_nobody_has_no_costs(goexplore: Command) -> None:
    goexplore("run", "game24", "4", "4", "6", "8")

    assert "This run has asked no model." in goexplore("costs").stderr


def test_a_replay_comes_out_identical(goexplore: Command, script: str) -> None:
    goexplore(*PUZZLE, script, "--verifications", "12")

    replayed = goexplore("replay")

    assert (replayed.returncode, replayed.stdout) == (0, "identical: 13 entries\n")


def test_a_replay_that_differs_fails_and_shows_where(
    goexplore: Command, script: str, folder: Path
) -> None:
    goexplore(*PUZZLE, script, "--verifications", "12")
    with closing(sqlite3.connect(folder / "goexplore.db")) as connection, connection:
        connection.execute("UPDATE bodies SET rationale = 'whim' WHERE id = 3")

    replayed = goexplore("replay")

    assert replayed.returncode == 1
    assert "identical up to entry #2" in replayed.stdout
    assert "whim" in replayed.stdout


def test_a_spent_budget_of_tokens_ends_the_run_and_a_larger_one_goes_on(
    goexplore: Command, script: str
) -> None:
    command = (*PUZZLE, script, "--json", "--verifications", "30", "--tokens")
    first = json.loads(goexplore(*command, "4000").stdout)["runs"][0]

    second = json.loads(goexplore(*command, "400000").stdout)["runs"][0]

    assert first["outcome"] == "out of tokens"
    assert first["tokens"] <= 4000
    assert second["outcome"] == "out of verifications"
    assert second["run"] == first["run"]


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        ("openai:gpt-4o", "openai:gpt-4o needs a key: set OPENAI_API_KEY"),
        ("opnai:gpt-4o", "did you mean 'openai'?"),
        ("scripted:nowhere.jsonl", "nowhere.jsonl"),
        ("local:nowhere.gguf", "nowhere.gguf"),
        ("openai:some@http://127.0.0.1:9/v1", "nobody answers there: start the server"),
    ],
)
def test_a_model_that_cannot_be_asked_is_one_clear_line(
    goexplore: Command, model: str, complaint: str
) -> None:
    ran = goexplore(*PUZZLE, model)

    assert ran.returncode == 1
    assert complaint in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_a_preset_that_needs_a_model_says_so(goexplore: Command) -> None:
    ran = goexplore("run", "game24", "4", "4", "6", "8", "--preset", "choose-action")

    assert ran.returncode == 2
    assert "[mutation] choose-action asks a model: name one with --model" in ran.stderr


def test_a_wrong_key_stops_the_run_at_once(goexplore: Command) -> None:
    with serving(complaint(401, "bad key")) as server:
        ran = goexplore(*PUZZLE, f"openai:some@{server.url}/v1")

    assert ran.returncode == 1
    assert "the key is wrong: set another" in ran.stderr
    assert len(server.calls) == 1


def test_a_dollar_budget_holds_for_a_priced_server(goexplore: Command, folder: Path) -> None:
    with serving(completion('{"choice": 1}', prompt=100, completion=10)) as server:
        name = f"openai:some@{server.url}/v1"
        prices = "prices = { prompt = 10.0, completion = 100.0 }"
        (folder / "run.toml").write_text(
            '[domain]\nkind = "game24"\nnumbers = [3, 3, 8, 8]\nrules = "exact"\n'
            f'[models."{name}"]\n{prices}\n'
        )
        ran = goexplore(
            "run", "run.toml", "--preset", "choose-action", "--model", name, "--dollars", "0.1",
            "--workers", "8", "--json",
        )  # fmt: skip

    (run,) = json.loads(ran.stdout)["runs"]
    assert run["outcome"] == "out of dollars"
    assert 0.05 < run["dollars"] <= 0.1
    assert run["dollars"] == pytest.approx(len(server.calls) * 0.002)
