"""Whole runs over programs that a scripted model edits."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from archive.entry import Cause, Failure
from archive.library import Library
from goexplore.config import RunConfig, checked, options, prepare
from goexplore.events import Ending, Outcome
from goexplore.replay import replay

EDITS: Mapping[str, Mapping[str, object]] = {
    "diff": {"kind": "diff"},
    "unified": {"kind": "diff", "form": "diff"},
    "schema": {"kind": "diff", "form": "schema"},
    "lines": {"kind": "diff", "form": "lines"},
    "rewrite": {"kind": "rewrite"},
    "fix": {"kind": "fix"},
}


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(f"sqlite:///{tmp_path / 'archive.db'}") as opened:
        yield opened


def answer(form: str, old: str, new: str) -> str:
    """The answer of a model that changes a line, in each form."""
    pair = {"search": f"value = {old}", "replace": f"value = {new}"}
    if form == "schema":
        pair["file"] = "main.py"
    if form in ("schema", "lines"):
        return json.dumps({"explanation": "More.", "edits": [pair]})
    if form == "unified":
        return f"More.\n@@ -2 +2 @@\n-value = {old}\n+value = {new}\n"
    if form == "rewrite":
        return f"More.\n```python\nvalue = {new}\n```\n"
    return f"More.\n<<<<<<< SEARCH\nvalue = {old}\n=======\nvalue = {new}\n>>>>>>> REPLACE\n"


def script(folder: Path, form: str) -> Path:
    """A model that adds one, and errs at 3 until it is told so."""
    rules = [{"match": "value = 9", "text": answer(form, "3", "4")}]
    for old, new in [("1", "2"), ("2", "3"), ("4", "5"), ("5", "6"), ("6", "7")]:
        rules.append({"match": rf"(?m)^value = {old}$", "text": answer(form, old, new)})
    wrong = "hm: value = 9" if form in ("schema", "lines") else "```\n# value = 9"
    rules.append({"match": r"(?m)^value = 3$", "text": wrong})
    path = folder / "script.jsonl"
    path.write_text("".join(json.dumps(rule) + "\n" for rule in rules))
    return path


def programs(folder: Path, form: str, steps: int = 40) -> RunConfig:
    return searching(script(folder, form), EDITS[form], steps)


def searching(path: Path, mutation: Mapping[str, object], steps: int) -> RunConfig:
    model = f"scripted:{path}"
    settings = {
        "run": {"name": "run", "workers": 2, "model": model, "deterministic": True},
        "domain": {"kind": "tests.goexplore.sums:Sums"},
        "selection": {"kind": "greedy"},
        "mutation": dict(mutation),
        "admission": {"kind": "better"},
        "budget": {"steps": steps},
    }
    return checked([options(settings)])


def explored(config: RunConfig, library: Library) -> Outcome:
    with prepare(config, library=library) as run:
        return run.engine.run()


@pytest.mark.parametrize("form", list(EDITS))
def test_a_model_edits_a_program_until_it_is_right_and_the_run_can_be_replayed(
    library: Library, tmp_path: Path, form: str
) -> None:
    outcome = explored(programs(tmp_path, form), library)

    assert outcome.ending is Ending.GOAL
    assert outcome.objective == 0.0
    run = library.read("run")
    assert outcome.best is not None
    best = run.entry(outcome.best)
    assert best.candidate.tree["main.py"].splitlines()[1] == "value = 7"
    assert best.candidate.rationale == "More."
    assert best.depth == 6
    assert replay(library, "run").identical


def test_a_run_that_stopped_goes_on_and_comes_out_as_one_that_did_not(
    library: Library, tmp_path: Path
) -> None:
    explored(programs(tmp_path, "diff", steps=3), library)
    explored(programs(tmp_path, "diff"), library)

    samples = [call.sample for call in library.read("run").calls()]
    assert len(set(samples)) == len(samples)
    assert replay(library, "run").identical


def test_an_answer_that_is_no_edit_is_a_failure_in_the_archive(
    library: Library, tmp_path: Path
) -> None:
    config = programs(tmp_path, "diff", steps=4)
    (tmp_path / "script.jsonl").write_text(json.dumps({"text": "I do not know."}) + "\n")

    explored(config, library)

    results = [entry.result for entry in library.read("run").entries()]
    failures = [result for result in results if isinstance(result, Failure)]
    assert len(failures) == 4
    assert {failure.cause for failure in failures} == {Cause.UNPARSABLE}
    assert failures[0].log == "I do not know."


OUTSIDE = "FILE: ../main.py\n<<<<<<< SEARCH\n=======\nvalue = 7\n>>>>>>> REPLACE\n"
CUT_SHORT = "More.\n<<<<<<< SEARCH\nvalue = 1\n=======\nvalue"


@pytest.mark.parametrize(
    ("bad", "cause", "why"),
    [
        ("I do not know.", Cause.UNPARSABLE, "the answer holds no <<<<<<< SEARCH block"),
        (CUT_SHORT, Cause.TRUNCATED, "is not closed: no >>>>>>> REPLACE follows"),
        (OUTSIDE, Cause.UNPARSABLE, "'../main.py': no such file may be made"),
        (answer("diff", "8", "7"), Cause.UNPARSABLE, "its SEARCH is not in main.py"),
    ],
)
def test_a_bad_answer_is_recorded_and_the_next_prompt_shows_what_was_wrong(
    library: Library, tmp_path: Path, bad: str, cause: Cause, why: str
) -> None:
    rules = [("That edit cannot be applied", bad), (re.escape(why), answer("diff", "1", "7"))]
    path = ruled(tmp_path, *rules, ("", bad))

    outcome = explored(searching(path, {"kind": "diff"}, 6), library)

    results = [entry.result for entry in library.read("run").entries()]
    failures = [result for result in results if isinstance(result, Failure)]
    assert {failure.cause for failure in failures} == {cause}
    assert all(why in failure.message for failure in failures)
    assert failures[0].log == bad
    assert outcome.ending is Ending.GOAL
    assert replay(library, "run").identical


def ruled(folder: Path, *rules: tuple[str, str]) -> Path:
    """A script of these rules: what is matched, and what is answered."""
    path = folder / "script.jsonl"
    lines = [json.dumps({"match": match, "text": text}) + "\n" for match, text in rules]
    path.write_text("".join(lines))
    return path


def test_a_child_that_does_not_run_is_mended_and_is_the_second_parent(
    library: Library, tmp_path: Path
) -> None:
    breaks = answer("fix", "1", "one")
    mends = answer("fix", "one", "7")
    path = ruled(tmp_path, ("(?m)^value = one$", mends), ("(?m)^value = 1$", breaks))

    outcome = explored(searching(path, {"kind": "fix"}, 9), library)

    run = library.read("run")
    assert outcome.ending is Ending.GOAL
    assert outcome.best is not None
    best = run.entry(outcome.best)
    broken = run.entry(best.parents[1])
    assert best.parents[0] == 1
    assert broken.parents == (1,)
    assert isinstance(broken.result, Failure)
    assert replay(library, "run").identical


@pytest.mark.parametrize("kind", ["crossover", "inspired"])
def test_programs_of_other_cells_are_shown_and_the_run_can_be_replayed(
    library: Library, tmp_path: Path, kind: str
) -> None:
    form = "rewrite" if kind == "crossover" else "diff"
    rules = [(rf"irst program:\s+main.py\s[^v]*value = {n}\n", str(n)) for n in range(1, 7)]
    if kind == "inspired":
        rules = [(rf"\nThe program:\s+main.py\s[^v]*value = {n}\n", str(n)) for n in range(1, 7)]
    path = ruled(tmp_path, *[(rule, answer(form, n, str(int(n) + 1))) for rule, n in rules])

    outcome = explored(searching(path, {"kind": kind}, 30), library)

    run = library.read("run")
    assert outcome.ending is Ending.GOAL
    assert outcome.best is not None
    assert len(run.entry(outcome.best).parents) == (2 if kind == "crossover" else 1)
    assert "Score -" in [call.request for call in run.calls()][-1]
    assert replay(library, "run").identical
