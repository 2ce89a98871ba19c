"""`judge`, and the presets in which a model judges: told by what the command prints."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Command = Callable[..., CompletedProcess[str]]

PUZZLE = ("run", "game24", "4", "4", "6", "8")
MODEL = ("--model", "scripted:script.jsonl")

CHOICE = '{"choice": 1, "chance": 50}'
KEEP = '{"reason": "new", "keep": true}'
REFUSE = '{"reason": "a dead end", "keep": false}'


def scripted(folder: Path, *, choose: str = CHOICE, admit: str = KEEP) -> None:
    """A model that takes the first of everything, but for these."""
    answers = [
        ("Is it kept?", admit),
        ("of all steps were fruitful", choose),
        ("What is to be done differently", '{"lesson": "multiply"}'),
        ("What do you think", '{"thought": "on", "choice": 1}'),
        ("States to compare", '{"choice": 1}'),
        ("The state to rate", '{"reach": 2, "novelty": 1, "room": 3}'),
        ("Which are pointless?", '{"pointless": []}'),
        ("", '{"choice": 1}'),
    ]
    lines = [json.dumps({"match": match, "text": text}) for match, text in answers]
    (folder / "script.jsonl").write_text("\n".join(lines))


# The presets


@pytest.mark.parametrize("preset", ["ige", "naive-model", "react", "reflexion"])
def test_a_preset_with_a_model_runs_to_an_end_and_is_replayed_identically(
    goexplore: Command, folder: Path, preset: str
) -> None:
    scripted(folder)

    ran = goexplore(*PUZZLE, "--preset", preset, *MODEL, "--verifications", "25", "--json")

    (run,) = json.loads(ran.stdout)["runs"]
    assert ran.returncode == 0
    assert run["outcome"] in {"solved", "out of verifications"}
    assert 3 <= run["verifications"] <= 25
    assert goexplore("replay").stdout.startswith("identical: ")


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("choose", "select"),
        ("guided", "select"),
        ("compare", "judge"),
        ("mixture", "select"),
        ("rate", "judge"),
    ],
)
def test_every_way_to_judge_can_be_named_and_is_replayed_identically(
    goexplore: Command, folder: Path, kind: str, role: str
) -> None:
    scripted(folder)
    judged = ("-s", f"selection.kind={kind}", "-s", "mutation.order=given", *MODEL)

    ran = goexplore(*PUZZLE, *judged, "--verifications", "20", "--json")
    roles = {each["role"] for each in json.loads(goexplore("costs", "--json").stdout)}

    assert ran.returncode == 0
    assert role in roles
    assert goexplore("replay").stdout.startswith("identical: ")


@pytest.mark.parametrize("preset", ["ige", "naive-model", "react", "reflexion"])
def test_a_preset_with_a_model_asks_for_one(goexplore: Command, preset: str) -> None:
    ran = goexplore(*PUZZLE, "--preset", preset)

    assert ran.returncode == 2
    assert "asks a model: name one with --model" in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_a_model_where_nothing_asks_one_is_a_mistake(goexplore: Command, folder: Path) -> None:
    scripted(folder)

    ran = goexplore(*PUZZLE, "--preset", "depth-first", *MODEL)

    assert ran.returncode == 2
    assert "no part of this run asks a model" in ran.stderr
    assert "'scripted:script.jsonl' would do nothing" in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_removing_asks_for_a_model(goexplore: Command) -> None:
    ran = goexplore(*PUZZLE, "-s", "selection.kind=by-counts", "-s", "selection.remove=2")

    assert ran.returncode == 2
    assert "remove asks a model: name one" in ran.stderr


def test_counts_choose_and_a_model_removes(goexplore: Command, folder: Path) -> None:
    scripted(folder)
    counts = ("-s", "selection.kind=by-counts", "-s", "selection.remove=2")

    goexplore(*PUZZLE, *counts, *MODEL, "--verifications", "12")

    (spending,) = json.loads(goexplore("costs", "--json").stdout)
    assert spending["role"] == "admit"


def test_a_model_that_keeps_to_no_form_stops_the_run_with_one_line(
    goexplore: Command, folder: Path
) -> None:
    (folder / "script.jsonl").write_text('{"text": "I would rather talk."}')

    ran = goexplore(*PUZZLE, "--preset", "ige", *MODEL, "--verifications", "500")

    assert ran.returncode == 1
    assert "has given 100 answers in a row that cannot be used for" in ran.stderr
    assert "choose a model or a server that keeps to a JSON schema" in ran.stderr
    assert [line for line in ran.stderr.splitlines() if "answers in a row" in line][1:] == []


# The table


def test_the_table_says_what_each_judge_foretold_and_what_it_cost(
    goexplore: Command, folder: Path
) -> None:
    scripted(folder)
    goexplore(*PUZZLE, "--preset", "ige", *MODEL, "--verifications", "25")

    told = goexplore("judge")

    lines = told.stdout.splitlines()
    rows = {line.split()[0]: line for line in lines if line.strip()}
    assert told.returncode == 0
    assert {"choose", "counts", "thompson"} <= rows.keys()
    assert "Brier" in rows["judge"]
    assert " % of" in lines[0].replace("%", " %")
    assert "calls for $0.000000" in told.stdout
    assert "The filter was asked" in told.stdout


def test_the_table_comes_as_json_too(goexplore: Command, folder: Path) -> None:
    scripted(folder)
    goexplore(*PUZZLE, "--preset", "ige", *MODEL, "--verifications", "25")

    record = json.loads(goexplore("judge", "--json").stdout)

    judges = {each["judge"]: each for each in record["judges"]}
    assert judges.keys() == {"choose", "counts", "thompson"}
    assert judges["choose"]["chosen"] > 3
    assert judges["choose"]["fell_back"] == 0
    assert judges["choose"]["brier"] is not None
    assert record["filter"]["refused"] == 0
    assert record["calls"] >= judges["choose"]["chosen"]


def test_where_counts_had_to_step_in_the_table_says_so(goexplore: Command, folder: Path) -> None:
    scripted(folder, choose="the first, of course")
    goexplore(*PUZZLE, "--preset", "ige", *MODEL, "--verifications", "25")

    record = json.loads(goexplore("judge", "--json").stdout)

    judges = {each["judge"]: each for each in record["judges"]}
    assert judges["choose"]["fell_back"] > 3
    assert judges["choose"]["chosen"] == 0
    assert judges["counts"]["chosen"] >= judges["choose"]["fell_back"]
    assert "too little has come of its forecasts" in goexplore("judge").stdout


def test_what_the_filter_refused_is_told(goexplore: Command, folder: Path) -> None:
    scripted(folder, admit=REFUSE)
    audit = ("-s", "admission.audit=0.5")
    goexplore(*PUZZLE, "--preset", "ige", *MODEL, *audit, "--verifications", "25")

    record = json.loads(goexplore("judge", "--json").stdout)

    found = record["filter"]
    assert found["asked"] == found["refused"] > 3
    assert 0 < found["kept_anyway"] < found["refused"]
    assert f"refused {found['refused']}." in goexplore("judge").stdout


def test_comparisons_are_told_with_their_flips_and_the_strongest(
    goexplore: Command, folder: Path
) -> None:
    scripted(folder)
    goexplore(*PUZZLE, "-s", "selection.kind=compare", *MODEL, "--verifications", "20")

    told = goexplore("judge").stdout

    # It names the first, whatever that is.
    assert "Changed its mind with the order in 100%. Strongest: #" in told


def test_of_a_run_without_judges_there_is_nothing_to_tell(goexplore: Command) -> None:
    goexplore(*PUZZLE)

    told = goexplore("judge")

    assert told.returncode == 0
    assert told.stdout == ""
    assert "Nobody has judged in this run" in told.stderr


def test_of_a_run_without_judges_there_is_json(goexplore: Command) -> None:
    goexplore(*PUZZLE)

    record = json.loads(goexplore("judge", "--json").stdout)

    assert record["judges"] == []
    assert record["filter"] is None
    assert record["steps"] > 0


def test_a_run_that_there_is_not_is_one_clear_line(goexplore: Command) -> None:
    goexplore(*PUZZLE)

    told = goexplore("judge", "nowhere")

    assert told.returncode != 0
    assert "nowhere" in told.stderr
    assert told.stderr.count("\n") == 1


def test_help_says_how_to_read_the_table(goexplore: Command) -> None:
    told = goexplore("judge", "--help")

    assert told.returncode == 0
    assert "A choice is a forecast" in told.stdout
    assert "--json" in told.stdout
