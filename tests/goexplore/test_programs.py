"""Whole runs over programs that a scripted model edits."""

import json
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
    model = f"scripted:{script(folder, form)}"
    settings = {
        "run": {"name": "run", "workers": 2, "model": model, "deterministic": True},
        "domain": {"kind": "tests.goexplore.sums:Sums"},
        "selection": {"kind": "greedy"},
        "mutation": dict(EDITS[form]),
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
