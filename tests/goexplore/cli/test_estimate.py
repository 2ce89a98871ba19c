"""`goexplore estimate`: what runs will cost, beside what they did cost."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

Command = Callable[..., CompletedProcess[str]]

SCRIPT = (
    {"match": '"keep"', "text": '{"reason": "who knows", "keep": true}'},
    {"match": '"chance"', "text": '{"choice": 1, "chance": 40}'},
    {"text": '{"choice": 1}'},
)
NUMBERS = ("game24", "4", "4", "6", "8", "--preset", "ige", "--model")


@pytest.fixture
def script(folder: Path) -> str:
    (folder / "script.jsonl").write_text("\n".join(map(json.dumps, SCRIPT)))
    return "scripted:script.jsonl"


def estimated(goexplore: Command, *words: str) -> Any:  # noqa: ANN401  # JSON
    told = goexplore("estimate", *words, "--json")
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def lies_in(value: float, within: Mapping[str, float]) -> bool:
    return within["low"] <= value <= within["high"]


def test_what_a_second_seed_costs_lies_where_the_first_foretold(
    goexplore: Command, script: str
) -> None:
    budget = ("--steps", "12")
    goexplore("run", *NUMBERS, script, "--seed", "2", *budget)

    told = estimated(goexplore, *NUMBERS, script, "--seed", "3", *budget)

    goexplore("run", *NUMBERS, script, "--seed", "3", *budget)
    really = json.loads(goexplore("costs", "--json").stdout)
    assert told["based_on"]["source"] == "runs"
    assert {line["role"] for line in told["lines"]} == {each["role"] for each in really}
    assert lies_in(sum(each["calls"] for each in really), told["calls"])
    tokens = sum(each["prompt_tokens"] + each["completion_tokens"] for each in really)
    assert lies_in(tokens, told["tokens"])


def test_where_nothing_was_measured_a_rehearsal_says_what_is_asked(
    goexplore: Command, script: str, folder: Path
) -> None:
    told = goexplore("estimate", *NUMBERS, script, "--steps", "12")

    assert told.returncode == 0
    assert "Nothing like it was measured here" in told.stdout
    assert "answers take from 1/32 of what they may to all of it" in told.stdout
    assert all(role in told.stdout for role in ("select", "act", "admit"))
    assert not (folder / "goexplore.db").exists()


def test_an_estimate_leaves_no_trace_in_the_archive(goexplore: Command, script: str) -> None:
    goexplore("run", *NUMBERS, script, "--steps", "2")
    before = goexplore("runs", "--json").stdout

    goexplore("estimate", *NUMBERS, script, "--seed", "9")

    assert goexplore("runs", "--json").stdout == before


def test_another_models_tokens_cost_this_ones_prices(goexplore: Command, script: str) -> None:
    goexplore("run", *NUMBERS, script, "--steps", "12")

    told = estimated(goexplore, *NUMBERS, "openai:gpt-4o-mini", "--steps", "12")

    assert told["based_on"]["source"] == "other models"
    assert told["based_on"]["models"] == [script]
    assert {line["model"] for line in told["lines"]} == {"openai:gpt-4o-mini"}
    assert told["dollars"]["expected"] > 0


def test_a_budget_in_dollars_is_what_stops_a_dear_run(goexplore: Command, script: str) -> None:
    goexplore("run", *NUMBERS, script, "--steps", "12")

    told = estimated(goexplore, *NUMBERS, "openai:gpt-4o", "--dollars", "0.02")

    assert told["dollars"]["high"] <= 0.02
    assert told["stops"]["dollars"] > 0.5


def test_a_model_on_this_machine_costs_nothing_and_its_tokens_are_told(
    goexplore: Command, script: str
) -> None:
    told = estimated(goexplore, *NUMBERS, script, "--steps", "3")

    assert told["dollars"] == {"low": 0, "expected": 0, "high": 0}
    assert told["tokens"]["low"] > 0


@pytest.mark.parametrize(
    ("setting", "role", "model"),
    [
        ("selection.kind=novelty", "embed", "openai:text-embedding-3-small"),
        ("selection.kind=likelihood", "judge", "openai:gpt-4o"),
    ],
)
def test_embeddings_and_likelihoods_are_rehearsed_too(
    goexplore: Command, setting: str, role: str, model: str
) -> None:
    embedder = ("-s", f"selection.embedder={model}") if role == "embed" else ()
    words = (*NUMBERS, "openai:gpt-4o", "-s", setting, *embedder, "--steps", "4")

    told = estimated(goexplore, *words)

    assert (role, model) in {(line["role"], line["model"]) for line in told["lines"]}


def test_an_unknown_price_is_said_and_not_guessed(goexplore: Command) -> None:
    told = goexplore("estimate", *NUMBERS, "openai:some-new-model", "--steps", "3")

    assert "unknown" in told.stdout
    assert "No price is known for openai:some-new-model" in told.stdout


def test_an_unknown_price_under_a_budget_in_dollars_is_refused_as_the_run_would_be(
    goexplore: Command,
) -> None:
    told = goexplore("estimate", *NUMBERS, "openai:some-new-model", "--dollars", "1")

    assert told.returncode == 1
    assert "no price is known for openai:some-new-model" in told.stderr
    assert told.stderr.count("\n") == 1


def test_a_run_that_asks_no_model_costs_nothing(goexplore: Command) -> None:
    told = goexplore("estimate", "game24", "4", "4", "6", "8")

    assert (told.returncode, told.stdout) == (
        0,
        "No part of this asks a model, so it costs nothing.\n",
    )


def test_many_puzzles_add_up_and_those_without_a_solution_cost_nothing(
    goexplore: Command, script: str, folder: Path
) -> None:
    (folder / "p.csv").write_text("1 1 4 6\n1 1 1 1\n4 4 6 8\n")
    preset = ("--preset", "ige", "--model", script, "--steps", "3")

    told = estimated(goexplore, "game24", "--puzzles", "p.csv", *preset)

    assert (told["runs"], told["refused"]) == (2, 1)
    assert told["steps"]["high"] == 6


def test_a_run_that_was_begun_costs_what_is_left_of_it(goexplore: Command, script: str) -> None:
    goexplore("run", *NUMBERS, script, "--seed", "2", "--steps", "4")

    left = estimated(goexplore, *NUMBERS, script, "--seed", "2", "--steps", "6")
    afresh = estimated(goexplore, *NUMBERS, script, "--seed", "2", "--steps", "6", "--fresh")

    assert (left["begun"], left["steps"]["high"]) == (1, 2)
    assert (afresh["begun"], afresh["steps"]["high"]) == (0, 6)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("game24", "--preset", "ige"), "needs a puzzle"),
        (("game24", "4", "4", "6", "8", "--preset", "ige"), "asks a model: name one with --model"),
        ((*NUMBERS, "opnai:gpt-4o"), "did you mean 'openai'?"),
        ((*NUMBERS, "openai:gpt-4o", "-s", "selection.sise=3"), "did you mean 'size'?"),
        (("game24", "1", "1", "1", "1", "--preset", "ige", "--model", "local:x"), "proof by"),
        (("nowhere.toml",), "nowhere.toml"),
    ],
)
def test_what_makes_no_run_is_one_clear_line(
    goexplore: Command, words: tuple[str, ...], complaint: str
) -> None:
    told = goexplore("estimate", *words)

    assert told.returncode in (1, 2)
    assert complaint in told.stderr
    assert told.stderr.count("\n") == 1
