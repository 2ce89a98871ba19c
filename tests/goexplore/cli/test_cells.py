"""`goexplore cells`, and what a run says of its cells at its end."""

import json
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

Command = Callable[..., CompletedProcess[str]]

GRID = (
    "-s",
    "cells.kind=grid",
    "-s",
    'cells.measures=["lines", "objective"]',
    "-s",
    "cells.ranges=[[0, 4], [0, 1]]",
    "-s",
    "cells.dims=[4, 2]",
)
PUZZLE = ("run", "game24", "4", "4", "6", "8")


@pytest.fixture
def ran(goexplore: Command) -> Command:
    """The command, after a run in cells of its domain."""
    goexplore(*PUZZLE)
    return goexplore


def test_the_elites_of_a_run_are_shown_the_best_first(ran: Command) -> None:
    ended = ran("cells")

    assert ended.returncode == 0
    assert ended.stdout.partition("objective")[2].splitlines()[1].split()[:3] == ["24", "#9", "1"]
    assert "filled    8" in ended.stdout


def test_a_run_can_be_seen_in_other_cells_and_stays_as_it_was(ran: Command) -> None:
    before = ran("export").stdout

    ended = ran("cells", *GRID)

    assert "of 8 (" in ended.stdout
    assert "objective 0 to 1 upwards, lines 0 to 4 to the right\n...9\n" in ended.stdout
    assert ran("export").stdout == before


def test_json_has_the_words_of_pyribs(ran: Command) -> None:
    document = json.loads(ran("cells", *GRID, "--json").stdout)

    assert document["cells"] == "grid"
    assert document["quality"]["coverage"] == document["quality"]["num_elites"] / 8
    assert {"qd_score", "norm_qd_score", "obj_max", "obj_mean"} <= document["quality"].keys()
    assert document["figure"]["lines"][0] == "...9"


def test_the_history_ends_with_what_there_is(ran: Command) -> None:
    document = json.loads(ran("cells", *GRID, "--json", "--history").stdout)

    assert document["history"][-1]["quality"] == document["quality"]
    assert document["history"][-1]["verifications"] == 8
    assert "verifications  filled" in ran("cells", "--history").stdout


def test_the_offset_can_be_given(ran: Command) -> None:
    document = json.loads(ran("cells", "--offset", "-10", "--json").stdout)

    assert document["quality"]["qd_score"] == 81.0  # eight elites, of which one is worth 1


def test_a_run_says_at_its_end_how_many_of_its_cells_it_has_filled(goexplore: Command) -> None:
    ended = goexplore(*PUZZLE, *GRID, "--verifications", "40")
    document = json.loads(goexplore(*PUZZLE, *GRID, "--json").stdout)

    assert "of 8 (" in ended.stdout
    assert "QD score" in ended.stdout
    assert document["runs"][0]["quality"]["coverage"] > 0


def test_only_cells_and_admission_can_be_others(ran: Command) -> None:
    ended = ran("cells", "-s", "selection.kind=dgm")

    assert ended.returncode == 2
    assert ended.stderr.startswith("goexplore: -s: a run can be seen in other [cells]")


def test_a_measure_that_there_is_not_is_named_with_those_that_there_are(goexplore: Command) -> None:
    ended = goexplore(
        *PUZZLE, *GRID[:2], "-s", 'cells.measures=["a"]', "-s", "cells.ranges=[[0,1]]",
        "-s", "cells.dims=[2]",
    )  # fmt: skip

    assert ended.returncode == 1
    assert "no measure 'a'; the domain measures none of its own" in ended.stderr


def test_a_run_is_gone_on_with_in_other_cells_under_another_name(ran: Command) -> None:
    name = json.loads(ran("runs", "--json").stdout)[0]["name"]

    ended = ran("recell", *GRID)
    gone_on = json.loads(ran("resume", f"{name}-2", "--json").stdout)["runs"][0]

    assert ended.stdout == f"{name}-2: 9 entries of {name}, in other cells\n"
    assert gone_on["quality"]["coverage"] > 0
    assert "cells.kind=grid" in ran("recell").stderr
