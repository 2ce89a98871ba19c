"""`costs --mutators`, `notes` and `estimate` of a run with a mixture."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Command = Callable[..., CompletedProcess[str]]

BLOCK = "Go on.\n<<<<<<< SEARCH\nvalue = {}\n=======\nvalue = {}\n>>>>>>> REPLACE\n"

RUN = """
[run]
name = "mixed"
deterministic = true

[domain]
kind = "tests.goexplore.ladder:Ladder"

[selection]
kind = "greedy"

[mutation]
kind = "mixture"
arms = [
    { kind = "diff", name = "up", model = "scripted:up.jsonl" },
    { kind = "diff", name = "mute", model = "scripted:mute.jsonl" },
]

[notes]
every = 10

[budget]
steps = 45
"""


@pytest.fixture
def run(folder: Path) -> str:
    """A run file of a mixture: one of its models adds one, the other has nothing to say."""
    up = [{"match": f"(?m)^value = {n}$", "text": BLOCK.format(n, n + 1)} for n in range(60)]
    notes = [
        {"match": r"The note so far:\n\(none yet\)", "text": "Up is good."},
        {"match": "You keep", "text": ""},
    ]
    for name, rules in (("up", [*notes, *up]), ("mute", [{"text": ""}])):
        lines = "".join(json.dumps(rule) + "\n" for rule in rules)
        (folder / f"{name}.jsonl").write_text(lines)
    (folder / "run.toml").write_text(RUN)
    return "run.toml"


def test_what_came_of_each_arm_is_told(goexplore: Command, run: str) -> None:
    assert goexplore("run", run).returncode == 0

    up, mute = json.loads(goexplore("costs", "--mutators", "--json").stdout)

    assert (up["mutator"], mute["mutator"]) == ("up", "mute")
    assert up["children"] + mute["children"] == 45
    assert up["share"] == up["children"] / 45
    assert (up["failed"], mute["failed"]) == (0, mute["children"])
    assert (up["fruitful"], mute["fruitful"]) == (up["children"], 0)
    assert (up["mean_gain"], mute["mean_gain"]) == (1.0, 0.0)
    assert up["unit"] == mute["unit"]
    assert up["tokens"] > mute["tokens"] > 0
    rows = goexplore("costs", "--mutators").stdout.splitlines()
    assert rows[0].split()[:2] == ["mutator", "children"]
    assert rows[1].split()[0] == "up"


def test_notes_can_be_read_and_those_that_came_to_nothing_are_counted(
    goexplore: Command, run: str
) -> None:
    goexplore("run", run)

    found = json.loads(goexplore("notes", "--json").stdout)
    told = goexplore("notes")

    assert [(note["number"], note["text"]) for note in found] == [
        (1, "Up is good."),
        (2, ""),
        (3, ""),
        (4, ""),
    ]
    assert "note 1, after step 9, by scripted:up.jsonl\nUp is good.\n" in told.stdout
    assert "3 of 4 came to nothing" in told.stderr
    assert json.loads(goexplore("notes", "--last", "--json").stdout)[0]["number"] == 1
    roles = {
        each["role"]: each["calls"] for each in json.loads(goexplore("costs", "--json").stdout)
    }
    assert roles["note"] == 4


def test_a_run_without_notes_says_so(goexplore: Command, run: str) -> None:
    goexplore("run", run, "-s", "notes.every=0")

    assert "No notes have been kept" in goexplore("notes").stderr


def test_what_a_mixture_will_cost_is_told_by_model(goexplore: Command, run: str) -> None:
    said = json.loads(goexplore("estimate", run, "--json").stdout)

    asked = {(line["role"], line["model"]) for line in said["lines"]}
    assert asked == {
        ("mutate", "scripted:up.jsonl"),
        ("mutate", "scripted:mute.jsonl"),
        ("note", "scripted:up.jsonl"),
    }


def test_a_run_with_a_mixture_goes_on_by_its_name(goexplore: Command, run: str) -> None:
    goexplore("run", run, "--steps", "20")

    resumed = goexplore("resume", "mixed", "--steps", "45")

    assert resumed.returncode == 0, resumed.stderr
    assert goexplore("replay").returncode == 0


def test_an_arm_that_is_misspelled_names_its_nearest(goexplore: Command, run: str) -> None:
    arms = '[{kind="diff", modl="x"}, {kind="fix", model="openai:gpt-4o"}]'

    told = goexplore("run", run, "-s", f"mutation.arms={arms}")

    assert told.returncode == 2
    assert "arm 1: [mutation] has no key 'modl'; did you mean 'model'?" in told.stderr


def test_the_settings_of_a_mixture_are_shown_as_a_run_file(
    goexplore: Command, run: str, folder: Path
) -> None:
    with (folder / "run.toml").open("a") as file:
        file.write('\n[models."scripted:up.jsonl"]\nprices = { prompt = 0.1, completion = 0.2 }\n')

    shown = goexplore("config", "show", run).stdout
    (folder / "again.toml").write_text(shown)

    assert [arm["name"] for arm in tomllib.loads(shown)["mutation"]["arms"]] == ["up", "mute"]
    assert goexplore("config", "show", "again.toml").stdout == shown
