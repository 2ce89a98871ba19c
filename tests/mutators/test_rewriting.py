"""Programs that a model edits."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import pytest

from archive.entry import Candidate, Cause, Evaluation, Failure, TaskResult, Tree
from mutators.base import Mutator, MutatorError, Parent
from mutators.forms import FormName, single_lines
from mutators.llm.base import Finish, LLMError, Role
from mutators.rewriting import Diff, Fix, Rewrite, shown
from tests.mutators.asking import Reply, Said, Scripted

BRIEF = "Sort numbers, for $0."
PROGRAM = "def f(x):\n    y = x\n    return y\n"
EVOLVE = "import os\n# EVOLVE-BLOCK-START\ny = 1\nz = 1\nz = 1\n# EVOLVE-BLOCK-END\n"
BLOCK = "<<<<<<< SEARCH\n    y = x\n=======\n    y = 2 * x\n>>>>>>> REPLACE\n"
WRONG = BLOCK.replace("y = x", "y = q")
UNIFIED = "@@ -2 +2 @@\n-    y = x\n+    y = 2 * x\n"
CHANGED = PROGRAM.replace("= x", "= 2 * x")


def edits(*pairs: tuple[str, str], **more: str) -> str:
    listed = [{"search": search, "replace": replace, **more} for search, replace in pairs]
    return json.dumps({"explanation": " Double it. ", "edits": listed})


AS_SCHEMA = edits(("y = x", "y = 2 * x"), file="main.py")
AS_LINES = edits(("    y = x", "    y = 2 * x"))


def parent(
    tree: Tree | None = None, *, observation: str = "a warning, costing $5", tasks: int = 0
) -> Parent:
    return Parent(
        tree=tree or {"main.py": PROGRAM},
        evaluation=Evaluation(
            cell="a",
            objective=-2.5,
            measures={"size": 3.0},
            tasks=tuple(TaskResult(task=f"case {n}", score=float(-n)) for n in range(tasks)),
            observation=observation,
        ),
        step=17,
        place=2,
    )


def made(mutator: Mutator, ours: Parent | None = None) -> Candidate | Failure:
    return mutator.propose(ours or parent(), Random(0))


@pytest.mark.parametrize(
    ("kind", "form", "answer"),
    [
        (Diff, None, f"Double it.\n{BLOCK}"),
        (Diff, "diff", f"Double it.\n{UNIFIED}"),
        (Diff, "schema", AS_SCHEMA),
        (Diff, "lines", AS_LINES),
        (Rewrite, None, f"Double it.\n```python\n{CHANGED}```\n"),
        (Fix, None, f"Double it.\n{BLOCK}"),
        (Fix, "whole", f"Double it.\n```\n{CHANGED}```\n"),
    ],
)
def test_the_edit_of_the_model_becomes_the_child_and_its_words_the_rationale(
    kind: type[Diff | Fix], form: FormName | None, answer: str
) -> None:
    model = Scripted(answer)
    mutator: Mutator = kind(model, BRIEF, form=form) if form else kind(model, BRIEF)

    child = made(mutator)

    assert child == Candidate(
        tree={"main.py": CHANGED}, mutator=mutator.name, rationale="Double it."
    )
    assert model.calls == [(Role.MUTATE, 17, "17.2.1")]
    assert mutator.can_propose(parent())


@pytest.mark.parametrize("make", [Diff, Rewrite, Fix])
def test_the_model_is_shown_the_program_and_all_that_running_it_showed(
    make: Callable[[Scripted, str], Mutator],
) -> None:
    model = Scripted("hm", "hm")

    made(make(model, BRIEF), parent({"a.py": "x\n", "b.md": "```\n"}, tasks=2))

    request, text = model.asked[0], model.asked[0].messages[0].text
    assert BRIEF in request.system
    assert "a.py\n```\nx\n```\n\nb.md\n````\n```\n````\n" in text
    assert "score: -2.5\n" in text
    assert "- size: 3\n" in text
    assert "- case 1: -1\n- case 0: 0\n" in text
    assert "a warning, costing $5\n" in text
    assert "EVOLVE" not in text
    assert request.schema is None


def test_evolve_blocks_are_told_of_where_there_are_any() -> None:
    model = Scripted("hm", "hm")

    made(Diff(model, BRIEF), parent({"main.py": EVOLVE}))

    assert "Only the lines between EVOLVE-BLOCK-START" in model.asked[0].messages[0].text


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (WRONG, "block 1: its SEARCH is not in main.py: no line there is 'y = q'"),
        ("I would double it.", "the answer holds no <<<<<<< SEARCH block"),
        (BLOCK.replace("2 * x", "x"), "the edit changes nothing"),
        (BLOCK[:-15], "block 1 (line 1 of the answer) is not closed"),
    ],
)
def test_an_edit_that_cannot_be_applied_is_shown_to_the_model_once(wrong: str, error: str) -> None:
    model = Scripted(wrong, BLOCK)

    child = made(Diff(model, BRIEF))

    assert isinstance(child, Candidate)
    assert child.tree == {"main.py": CHANGED}
    assert error in model.asked[1].messages[-1].text
    assert "<<<<<<< SEARCH" in model.asked[1].messages[-1].text
    assert [sample for _, _, sample in model.calls] == ["17.2.1", "17.2.2"]


@pytest.mark.parametrize(
    ("replies", "cause"),
    [
        ([WRONG, WRONG], Cause.UNPARSABLE),
        ([Said(BLOCK, Finish.LENGTH)], Cause.TRUNCATED),
        ([BLOCK[:-15], BLOCK[:-15]], Cause.TRUNCATED),
        ([Said("no", Finish.REFUSAL)], Cause.REFUSED),
        ([""], Cause.EMPTY),
        ([BLOCK.replace("2 * x", "x")] * 2, Cause.NO_EDIT),
    ],
)
def test_an_answer_that_comes_to_nothing_is_a_failure_with_its_log(
    replies: list[Reply], cause: Cause
) -> None:
    model = Scripted(*replies)

    failed = made(Diff(model, BRIEF))

    assert isinstance(failed, Failure)
    assert failed.cause is cause
    assert failed.log == (replies[0].text if isinstance(replies[0], Said) else replies[0])
    assert len(model.asked) == len(replies)


def test_a_program_of_two_files_takes_an_edit_by_schema_in_one() -> None:
    tree = {"a.py": "x\n", "b.py": "x\n"}
    model = Scripted(edits(("x", "y"), file="b.py"))

    child = made(Diff(model, BRIEF, form="schema"), parent(tree))

    assert isinstance(child, Candidate)
    assert child.tree == {"a.py": "x\n", "b.py": "y\n"}


def item(model: Scripted) -> Mapping[str, object]:
    """What the schema of a question says of an edit."""
    schema = json.loads(json.dumps(model.asked[0].schema))
    assert schema["required"] == ["explanation", "edits"]
    found: Mapping[str, object] = schema["properties"]["edits"]["items"]["properties"]
    return found


def test_a_schema_lists_the_files_where_none_may_be_made() -> None:
    model = Scripted(edits(), edits())

    failed = made(Diff(model, BRIEF, form="schema"), parent({"main.py": EVOLVE}))

    assert item(model)["file"] == {"type": "string", "enum": ["main.py"]}
    assert isinstance(failed, Failure)
    assert failed.message == "it holds no edit"


def test_a_schema_of_lines_lists_those_that_may_change_and_stand_once() -> None:
    model = Scripted(edits(("y = 1", "y = 2")))

    child = made(Diff(model, BRIEF, form="lines"), parent({"main.py": EVOLVE}))

    assert item(model)["search"] == {"type": "string", "enum": ["y = 1"]}
    assert isinstance(child, Candidate)
    assert child.tree == {"main.py": EVOLVE.replace("y = 1", "y = 2")}


def test_a_line_that_is_replaced_at_the_margin_is_indented_as_it_was() -> None:
    model = Scripted(edits(("    y = x", "if x:\n    y = 1\n\nz = 2")))

    child = made(Diff(model, BRIEF, form="lines"))

    assert isinstance(child, Candidate)
    assert child.tree["main.py"] == (
        "def f(x):\n    if x:\n        y = 1\n\n    z = 2\n    return y\n"
    )


def test_lines_of_several_files_stand_once_in_all_of_them() -> None:
    assert single_lines({"a": "x\ny\n\n", "b": "x\nz"}) == ["y", "z"]


@pytest.mark.parametrize(
    ("make", "kept", "cut"), [(Diff, "tasks", "feedback"), (Fix, "feedback", "tasks")]
)
def test_what_does_not_fit_is_cut_by_what_matters_most(
    make: Callable[[Scripted, str], Mutator], kept: str, cut: str
) -> None:
    model = Scripted("hm", "hm")
    ours = parent(observation="first" + 9_000 * "." + "last", tasks=900)

    made(make(model, BRIEF), ours)

    request = model.asked[0]
    assert PROGRAM in request.messages[0].text
    assert f"characters of {cut}" in request.left_out
    assert kept not in request.left_out


def test_feedback_is_trimmed_from_the_middle() -> None:
    model = Scripted("hm", "hm")

    made(Diff(model, BRIEF), parent(observation="first" + 30_000 * "." + "last"))

    text = model.asked[0].messages[0].text
    assert "\nfirst..." in text
    assert "...last\n" in text
    assert "characters left out" in text


def test_a_program_that_does_not_fit_the_window_is_an_error_that_says_so() -> None:
    with pytest.raises(LLMError, match="choose a model with more"):
        made(Diff(Scripted(), BRIEF), parent({"main.py": 30_000 * "#"}))


def test_a_child_that_would_outgrow_the_window_is_refused() -> None:
    model = Scripted(*2 * [BLOCK.replace("2 * x", 20_000 * "1")])

    failed = made(Diff(model, BRIEF))

    assert isinstance(failed, Failure)
    assert "bytes; " in failed.message


def test_prompts_of_ones_own_take_the_place_of_ours(tmp_path: Path) -> None:
    for part, text in {"system": "$brief", "user": "$program", "repair": "No: $error"}.items():
        (tmp_path / f"diff.{part}.txt").write_text(text)
    (tmp_path / "form-blocks.txt").write_text("unused")
    model = Scripted(WRONG, BLOCK)

    made(Diff(model, BRIEF, prompts=tmp_path))

    request = model.asked[1]
    assert request.system == BRIEF
    assert request.messages[0].text == shown({"main.py": PROGRAM})
    assert request.messages[2].text.startswith("No: block 1: its SEARCH")


@pytest.mark.parametrize(
    ("part", "text", "message"),
    [
        ("user", "Go on.", r"user\.txt lacks the placeholder \$program"),
        ("system", "$rules", r"unknown placeholder \$rules; known are \$brief, \$form"),
        ("repair", "Again.", r"repair\.txt lacks the placeholder \$error"),
    ],
)
def test_prompts_that_cannot_be_used_are_refused_at_once(
    tmp_path: Path, part: str, text: str, message: str
) -> None:
    texts = {"system": "$brief $form", "user": "$program", "repair": "$error $form", part: text}
    for name, each in texts.items():
        (tmp_path / f"diff.{name}.txt").write_text(each)

    with pytest.raises(MutatorError, match=message):
        Diff(Scripted(), BRIEF, prompts=tmp_path)


@pytest.mark.parametrize("form", ["blocks", "diff", "whole", "schema", "lines"])
def test_every_form_is_told_in_words(form: FormName) -> None:
    answers: Mapping[FormName, str] = {
        "blocks": BLOCK, "diff": UNIFIED, "whole": f"```\n{CHANGED}```", "schema": AS_SCHEMA,
        "lines": AS_LINES,
    }  # fmt: skip
    model = Scripted(answers[form])

    child = made(Diff(model, BRIEF, form=form))

    signs = {"blocks": ">>>>>>> REPLACE", "diff": "@@ -10", "whole": "```", "schema": '"file":'}
    assert isinstance(child, Candidate)
    assert signs.get(form, '"edits":') in model.asked[0].system
