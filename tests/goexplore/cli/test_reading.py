"""`runs`, `show`, `lineage`, `export`: what an archive tells."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import networkx as nx
import pytest

Command = Callable[..., CompletedProcess[str]]


@pytest.fixture
def solved(goexplore: Command) -> dict[str, object]:
    """A run that has found a solution, as its JSON tells it."""
    ended = goexplore("run", "game24", "1", "4", "6", "6", "--json")
    told: dict[str, object] = json.loads(ended.stdout)["runs"][0]
    return told


@pytest.mark.usefixtures("solved")
def test_runs_are_listed_with_how_they_stand(goexplore: Command) -> None:
    goexplore("run", "game24", "4", "4", "6", "8", "--steps", "2")

    heading, first, second = goexplore("runs").stdout.splitlines()

    assert heading.split() == ["run", "begun", "state", "steps", "entries", "best", "seconds"]
    assert first.startswith("game24-1-4-6-6-")
    assert " goal " in first
    assert " out of steps " in second


def test_an_entry_shows_its_tree_and_how_it_came_about(
    goexplore: Command, solved: dict[str, object]
) -> None:
    shown = goexplore("show", str(solved["best"])).stdout

    assert "probability" in shown
    assert "that could be chosen" in shown
    assert "actions.txt" in shown
    assert str(solved["result"]) in shown


def test_an_entry_as_json_has_its_parents_and_children(
    goexplore: Command, solved: dict[str, object]
) -> None:
    best = json.loads(goexplore("show", str(solved["best"]), "--json").stdout)
    (parent,) = best["parents"]

    above = json.loads(goexplore("show", str(parent), "--json").stdout)

    assert best["id"] in above["children"]
    assert best["step"]["chosen"] == parent
    assert best["admission"]["status"] == "new"


def test_a_failed_entry_shows_its_cause(goexplore: Command) -> None:
    goexplore("run", "game24", "1", "4", "6", "6", "--preset", "breadth-first")
    failed = next(
        entry
        for entry in map(json.loads, goexplore("export").stdout.splitlines())
        if entry["status"] == "failed"
    )

    shown = goexplore("show", str(failed["id"])).stdout

    assert failed["result"]["message"] in shown


def test_a_lineage_leads_from_the_beginning_to_the_solution(
    goexplore: Command, solved: dict[str, object]
) -> None:
    lines = goexplore("lineage").stdout.splitlines()

    assert lines[0].startswith("#1 ")
    assert f"#{solved['best']} " in lines[-1]
    assert lines[-1].endswith("<--")


@pytest.mark.usefixtures("solved")
def test_a_lineage_shows_what_came_of_an_entry_to_a_depth(goexplore: Command) -> None:
    one, two = (
        json.loads(goexplore("lineage", "1", "--depth", depth, "--json").stdout)["below"]
        for depth in ("1", "2")
    )

    assert {node["depth"] for node in one} == {1}
    assert {node["depth"] for node in two} == {1, 2}


@pytest.mark.usefixtures("solved")
def test_a_lineage_shows_what_came_to_nothing_only_when_asked(goexplore: Command) -> None:
    some, everything = (
        json.loads(goexplore("lineage", "1", "--json", *more).stdout)["below"]
        for more in ((), ("--all",))
    )

    assert {node["status"] for node in some} <= {"new", "improved", "kept"}
    assert {node["status"] for node in everything} & {"rejected", "failed"}


@pytest.mark.usefixtures("solved")
def test_an_export_is_what_it_says(goexplore: Command, folder: Path) -> None:
    assert goexplore("export", "--format", "dot").stdout.startswith("digraph")
    goexplore("export", "--format", "graphml", "-o", "run.graphml")

    assert len(nx.read_graphml(folder / "run.graphml")) > 1


@pytest.mark.usefixtures("solved")
def test_an_export_that_cannot_be_written_is_one_line(goexplore: Command) -> None:
    ended = goexplore("export", "-o", "nowhere/run.jsonl")

    assert ended.returncode == 1
    assert ended.stderr.startswith("goexplore: ")
    assert "nowhere/run.jsonl" in ended.stderr


@pytest.mark.parametrize("command", ["show", "lineage"])
def test_no_terminal_obeys_what_a_program_wrote(goexplore: Command, command: str) -> None:
    goexplore(
        *("run", "slow_world:Slow", "-s", "domain.pause=0.0"),
        *("-s", "mutation.kind=slow_world:AddOne", "--steps", "2"),
    )

    told = goexplore(command, "1").stdout

    assert r"\x1b[31m[red]so far" in told
    assert "\x1b" not in told


@pytest.mark.usefixtures("solved")
def test_what_brackets_hold_is_shown_and_not_obeyed(goexplore: Command) -> None:
    goexplore("run", "game24", "4", "4", "6", "8", "--name", "[red]x[/red]", "--steps", "1")

    assert "[red]x[/red]" in goexplore("runs").stdout
