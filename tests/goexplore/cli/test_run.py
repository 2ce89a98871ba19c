"""`goexplore run` and `goexplore resume`."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from goexplore.domains.game24 import check

Command = Callable[..., CompletedProcess[str]]

PUZZLES = "Rank,Puzzles\n1,1 1 4 6\n2,1 1 1 1\n3,4 4 6 8\n"


def test_a_puzzle_is_solved_and_its_solution_is_true(goexplore: Command) -> None:
    ended = goexplore("run", "game24", "4", "4", "6", "8")

    assert ended.returncode == 0
    (line,) = [line for line in ended.stdout.splitlines() if line.startswith("solution")]
    check(line.removeprefix("solution").partition("=")[0].strip(), (4, 4, 6, 8))


def test_json_is_one_document_and_nothing_else(goexplore: Command) -> None:
    ended = goexplore("run", "game24", "4", "4", "6", "8", "--json")

    document = json.loads(ended.stdout)
    assert document["runs"][0]["solved"] is True
    assert ended.stderr == ""


def test_the_same_command_again_goes_on_with_the_same_run(goexplore: Command) -> None:
    puzzle = ("run", "game24", "4", "4", "6", "8", "--json")

    first = json.loads(goexplore(*puzzle, "--verifications", "3").stdout)["runs"][0]
    second = json.loads(goexplore(*puzzle).stdout)["runs"][0]

    assert first["outcome"] == "out of verifications"
    assert first["verifications"] == 3
    assert second["run"] == first["run"]
    assert second["solved"]
    assert second["steps_this_session"] == second["steps"] - first["steps"]


def test_a_run_that_has_reached_its_goal_says_so_and_shows_it_again(goexplore: Command) -> None:
    puzzle = ("run", "game24", "4", "4", "6", "8")
    first = goexplore(*puzzle)

    second = goexplore(*puzzle)

    assert "had ended before" in second.stderr
    assert [line for line in second.stdout.splitlines() if not line.startswith("seconds")] == [
        line for line in first.stdout.splitlines() if not line.startswith("seconds")
    ]


def test_resume_goes_on_with_the_newest_run(goexplore: Command) -> None:
    begun = json.loads(
        goexplore(
            "run", "game24", "4", "4", "6", "8", "--preset", "depth-first", "--steps", "1", "--json"
        ).stdout
    )["runs"][0]

    resumed = json.loads(goexplore("resume", "--json").stdout)["runs"][0]

    assert resumed["run"] == begun["run"]
    assert resumed["solved"]


def test_a_run_goes_on_in_either_kind_of_database(goexplore: Command, database_url: str) -> None:
    place = ("--archive", database_url)
    goexplore("run", "game24", "4", "4", "6", "8", "--steps", "2", *place)

    resumed = json.loads(goexplore("resume", "--json", *place).stdout)["runs"][0]

    assert resumed["solved"]
    assert resumed["steps_this_session"] == resumed["steps"] - 2
    assert goexplore("lineage", *place).stdout.startswith("#1 ")
    assert goexplore("doctor", *place).returncode == 0


def test_resume_keeps_a_deterministic_run_as_it_was(goexplore: Command) -> None:
    puzzle = ("run", "game24", "1", "4", "6", "6", "--workers", "3", "--deterministic", "--json")
    goexplore(*puzzle, "--steps", "4", "--name", "interrupted")
    goexplore("resume", "interrupted")
    goexplore(*puzzle, "--name", "whole")

    exports = [goexplore("export", "--run", name).stdout for name in ("interrupted", "whole")]

    assert exports[0] == exports[1]


def test_fresh_begins_beside_a_run_that_is_there(goexplore: Command) -> None:
    puzzle = ("run", "game24", "4", "4", "6", "8", "--json")
    first = json.loads(goexplore(*puzzle).stdout)["runs"][0]

    second = json.loads(goexplore(*puzzle, "--fresh").stdout)["runs"][0]

    assert second["run"] == f"{first['run']}-2"
    assert second["steps_this_session"] > 0


def test_many_puzzles_are_told_with_their_totals(goexplore: Command, folder: Path) -> None:
    (folder / "p.csv").write_text(PUZZLES)

    ended = goexplore("run", "game24", "--puzzles", "p.csv", "--json")

    document = json.loads(ended.stdout)
    assert document["summary"]["outcomes"] == {"solved": 2, "refused": 1}
    assert "proof by exhaustion" in document["runs"][1]["why"]


def test_a_range_chooses_rows_counted_from_0(goexplore: Command, folder: Path) -> None:
    (folder / "p.csv").write_text(PUZZLES)

    ended = goexplore("run", "game24", "--puzzles", "p.csv", "--range", "2:3", "--json")

    assert [run["title"] for run in json.loads(ended.stdout)["runs"]] == ["4 4 6 8"]


def test_a_name_given_to_many_puzzles_is_given_to_each(goexplore: Command, folder: Path) -> None:
    (folder / "p.csv").write_text("1 1 4 6\n4 4 6 8\n")

    ended = goexplore("run", "game24", "--puzzles", "p.csv", "--name", "mine", "--json")

    names = [run["run"] for run in json.loads(ended.stdout)["runs"]]
    assert names == ["mine-1-1-4-6", "mine-4-4-6-8"]


def test_rules_are_those_asked_for(goexplore: Command) -> None:
    ended = goexplore("run", "game24", "1", "5", "5", "5", "--rules", "exact", "--json")

    assert json.loads(ended.stdout)["runs"][0]["result"] == "(5 - 1 / 5) * 5 = 24"


def test_a_run_file_is_run_with_overrides_above_it(goexplore: Command, folder: Path) -> None:
    (folder / "run.toml").write_text(
        '[domain]\nkind = "game24"\nnumbers = [4, 4, 6, 8]\n[selection]\nkind = "dgm"\n'
    )

    ended = goexplore("run", "run.toml", "-s", "selection.kind=uniform", "--json")

    assert json.loads(ended.stdout)["runs"][0]["solved"]
    listed = json.loads(goexplore("runs", "--json").stdout)
    assert listed[0]["spec"]["selection"] == {"kind": "uniform"}


def test_a_world_of_the_users_own_is_named_by_its_module(goexplore: Command) -> None:
    ended = goexplore(
        *("run", "slow_world:Slow", "-s", "domain.pause=0.0"),
        *("-s", "mutation.kind=slow_world:AddOne", "--steps", "5", "--json"),
    )

    assert json.loads(ended.stdout)["runs"][0]["steps"] == 5


def test_the_environment_says_where_the_archive_is(
    goexplore: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOEXPLORE_ARCHIVE", "sqlite:///elsewhere.db")

    goexplore("run", "game24", "4", "4", "6", "8")

    assert (folder / "elsewhere.db").exists()
    assert not (folder / "goexplore.db").exists()


def test_what_is_no_terminal_gets_no_colours(goexplore: Command) -> None:
    ended = goexplore("run", "game24", "4", "4", "6", "8")

    assert "\x1b" not in ended.stdout + ended.stderr


def test_a_run_says_how_its_choices_have_spread_over_the_elites(goexplore: Command) -> None:
    ran = goexplore("run", "game24", "4", "4", "6", "8")
    as_json = goexplore("run", "game24", "4", "4", "6", "8", "--json")

    assert "8, 4 set out from; children of one: 0.9 on average, 3 at most" in ran.stdout
    (run,) = json.loads(as_json.stdout)["runs"]
    assert run["elites_chosen"] == 4
    assert run["children_of_an_elite"] == {"mean": 0.88, "max": 3}


def test_a_selection_by_cases_where_there_are_none_is_one_line(goexplore: Command) -> None:
    ran = goexplore("run", "game24", "4", "4", "6", "8", "-s", "selection.kind=pareto")

    assert ran.returncode == 2
    assert ran.stderr.startswith("goexplore: [selection] pareto goes by the scores of single cases")
    assert ran.stderr.count("\n") == 1


def test_a_beam_search_is_a_preset(goexplore: Command) -> None:
    ran = goexplore("run", "game24", "4", "4", "6", "8", "--preset", "beam", "--json")

    (run,) = json.loads(ran.stdout)["runs"]
    assert (run["outcome"], run["steps"]) == ("exhausted", 50)
    assert run["children_of_an_elite"]["max"] == 5
