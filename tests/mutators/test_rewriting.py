"""Programs that a model edits."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from archive.entry import (
    MIGRATION,
    Admission,
    Candidate,
    Cause,
    Entry,
    EntryId,
    Evaluation,
    Failure,
    Status,
    TaskResult,
    Tree,
)
from mutators.base import Mutator, MutatorError, Parent, Remembering
from mutators.forms import FormName, single_lines
from mutators.llm.base import Finish, LLMError, Role
from mutators.memory import CELLS, WINDOW, Memory
from mutators.rewriting import Crossover, Diff, Fix, Inspired, Rewrite, shown
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


def entry(  # an entry with a program of one line
    number: int,
    *,
    score: float | None = None,
    cell: str = "",
    parents: tuple[int, ...] = (1,),
    status: Status = Status.NEW,
) -> Entry:
    failed = Failure(cause=Cause.CRASHED, message=f"error {number}", log=f"log {number}")
    result = failed if score is None else Evaluation(cell=cell or str(number), objective=score)
    return Entry(
        id=EntryId(number),
        step=number,
        parents=tuple(map(EntryId, parents)),
        candidate=Candidate(
            tree={"main.py": f"program = {number}\n"},
            mutator="diff",
            rationale=f"idea {number}",
            other_parents=tuple(map(EntryId, parents[1:])),
        ),
        result=result,
        admission=Admission(status=Status.FAILED if score is None else status, why=""),
        depth=1,
    )


def first(as_of: int) -> Parent:
    """The parent of most entries, as a step sees it that knows so many of them."""
    return replace(parent(), id=EntryId(1), as_of=EntryId(as_of))


def remembering(mutator: Diff | Fix | Inspired | Crossover, *entries: Entry) -> Mutator:
    assert isinstance(mutator, Remembering)
    for each in entries:
        mutator.remember([each])
    return mutator


def text_of(model: Scripted) -> str:
    return model.asked[0].messages[0].text


def made(mutator: Mutator, ours: Parent | None = None) -> Candidate | Failure:
    return mutator.propose(ours or parent(), Random(0))


@pytest.mark.parametrize(
    ("kind", "form", "answer"),
    [
        (Diff, None, f"Double it.\n{BLOCK}"),
        (Diff, "diff", f"Double it.\n{UNIFIED}"),
        (Diff, "schema", AS_SCHEMA),
        (Diff, "lines", AS_LINES),
        (Diff, "words", edits(("    y = x", "  y = 2 * x "))),
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

    made(make(model, BRIEF), parent({"b.md": "```\n", "a.py": "x\n"}, tasks=2))

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


@pytest.mark.parametrize(("program", "most"), [("y = 1\n", 1), ("a\nb\n", 2), ("a\nb\nc\nd\n", 3)])
def test_no_more_edits_can_be_written_than_there_are_lines_to_change(
    program: str, most: int
) -> None:
    model = Scripted(AS_LINES, AS_LINES)

    made(Diff(model, BRIEF, form="lines"), parent({"main.py": program}))

    assert f"'maxItems': {most}" in str(model.asked[0].schema)


def test_a_line_of_words_has_none_that_stand_in_no_line_that_may_change() -> None:
    program = """def solve(room, item_left):
    # EVOLVE-BLOCK-START
    return room - item
    # EVOLVE-BLOCK-END
"""
    model = Scripted(edits(("    return room - item", "return item - room")))

    child = made(Diff(model, BRIEF, form="words"), parent({"main.py": program}))

    assert isinstance(child, Candidate)
    assert "    return item - room\n" in child.tree["main.py"]
    (pattern,) = re.findall(r"'pattern': '([^']*)'", str(model.asked[0].schema))
    fits = re.compile(pattern).fullmatch
    for line in ("return item - room", "return -(room % item)", "return item if room < 2 else 0.5"):
        assert fits(line)
    for line in ("return item_left", "solve(room)", "import os", "__import__", "return 'a'", ""):
        assert not fits(line)


def test_where_lines_are_listed_nothing_is_said_of_those_that_may_not_change() -> None:
    model = Scripted(edits(("y = 1", "y = 2")))

    made(Diff(model, BRIEF, form="lines"), parent({"main.py": EVOLVE}))

    assert "Only the lines between" not in text_of(model)


def test_lines_of_several_files_stand_once_in_all_of_them() -> None:
    assert single_lines({"b": "x\nz", "a": "x\ny\n\n"}) == ["y", "z"]


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
        "lines": AS_LINES, "words": AS_LINES,
    }  # fmt: skip
    model = Scripted(answers[form])

    child = made(Diff(model, BRIEF, form=form))

    signs = {"blocks": ">>>>>>> REPLACE", "diff": "@@ -10", "whole": "```", "schema": '"file":'}
    assert isinstance(child, Candidate)
    assert signs.get(form, '"edits":') in model.asked[0].system


# What a run has found so far


def test_what_was_tried_before_is_told_with_its_result() -> None:
    model = Scripted(BLOCK)
    entries = [entry(2, score=3.0), entry(3), entry(4, parents=(2,)), entry(5)]

    made(remembering(Diff(model, BRIEF), *entries), first(as_of=4))

    assert "what came of it:\n- idea 2: score 3\n- idea 3: crashed: error 3\n\n" in text_of(model)


def test_of_many_children_the_last_are_told() -> None:
    model = Scripted(BLOCK)

    made(remembering(Diff(model, BRIEF), *map(entry, range(2, 20))), first(as_of=19))

    assert text_of(model).count("crashed") == 8
    assert "- idea 19: crashed" in text_of(model)


def test_the_newest_child_that_did_not_run_is_mended() -> None:
    model = Scripted("Mend.\n" + BLOCK.replace("    y = x", "program = 3").replace("    y", "y"))

    child = made(remembering(Fix(model, BRIEF), *map(entry, range(2, 6))), first(as_of=3))

    assert isinstance(child, Candidate)
    assert child.tree == {"main.py": "y = 2 * x\n"}
    assert child.other_parents == (3,)
    assert "crashed: error 3\nlog 3\n" in text_of(model)
    assert "score: none" in text_of(model)


@pytest.mark.parametrize(("as_of", "mended"), [(3, 3), (4, 2), (5, None)])
def test_a_child_is_mended_once(as_of: int, mended: int | None) -> None:
    model = Scripted("hm", "hm")
    entries = [
        entry(2),
        entry(3),
        entry(4, score=1, parents=(1, 3)),
        entry(5, score=1, parents=(1, 2)),
    ]

    made(remembering(Fix(model, BRIEF), *entries), first(as_of=as_of))

    assert (f"program = {mended}" in text_of(model)) is (mended is not None)
    assert (PROGRAM in text_of(model)) is (mended is None)


def test_a_program_that_is_mended_to_what_it_was_is_no_child() -> None:
    model = Scripted("```\n" + PROGRAM + "```")

    failed = made(remembering(Fix(model, BRIEF, form="whole"), entry(2)), first(as_of=2))

    assert isinstance(failed, Failure)
    assert failed.cause is Cause.NO_EDIT


def test_the_best_of_other_cells_inspire() -> None:
    model = Scripted(BLOCK)
    entries = [
        entry(2, score=1.0, cell="b"),
        entry(3, score=5.0, cell="b"),
        entry(4, score=9.0, cell="a"),
        entry(5, score=3.0, cell="c"),
        entry(6, score=2.0, cell="d"),
        entry(7, score=8.0, cell="e", status=Status.REJECTED),
        entry(8, score=7.0, cell="c"),
    ]

    mutator = Inspired(model, BRIEF, best=2, others=0)
    child = made(remembering(mutator, *entries), first(as_of=7))

    assert isinstance(child, Candidate)
    assert child.other_parents == ()
    assert re.findall(r"^program = (\d)", text_of(model), re.MULTILINE) == ["3", "5"]
    assert "Score 5:\nmain.py\n```\nprogram = 3\n```\n\nScore 3:" in text_of(model)


def test_others_are_drawn_from_the_rest() -> None:
    model = Scripted(*30 * [BLOCK])
    entries = [entry(n, score=float(-n)) for n in range(2, 8)]
    mutator = remembering(Inspired(model, BRIEF, best=1, others=1), *entries)

    for seed in range(30):
        mutator.propose(first(as_of=6), Random(seed))

    shown_ = [re.findall(r"^program = (\d)", r.messages[0].text, re.MULTILINE) for r in model.asked]
    assert {each[0] for each in shown_} == {"2"}
    assert {each[1] for each in shown_} == {"3", "4", "5", "6"}


def test_a_crossover_has_two_parents() -> None:
    model = Scripted(f"Both.\n```\n{CHANGED}```")
    entries = [entry(n, score=float(-n)) for n in range(2, 8)]

    child = made(remembering(Crossover(model, BRIEF, among=1), *entries), first(as_of=7))

    assert isinstance(child, Candidate)
    assert child.other_parents == (2,)
    assert "Score -2:\nmain.py\n```\nprogram = 2\n" in text_of(model)


def test_a_crossover_without_another_program_improves_the_one_that_there_is() -> None:
    model = Scripted(f"```\n{CHANGED}```")

    child = made(Crossover(model, BRIEF))

    assert isinstance(child, Candidate)
    assert child.other_parents == ()
    assert "(none yet)" in text_of(model)


def test_what_is_remembered_is_bounded_and_the_best_stays() -> None:
    memory = Memory()
    for number in range(2, 4_000):
        memory.remember([entry(number, score=float(-number))])

    ours = first(as_of=3_999)

    assert len(memory.children(ours)) == WINDOW
    assert memory.children(replace(ours, as_of=EntryId(3_000)))[-1].id == 3_000
    assert [held.entry.id for held in memory.best(ours)] == [*range(2, 2 + CELLS)]


def test_what_is_on_another_island_is_not_shown_and_a_copy_is_nobodys_child() -> None:
    memory = Memory()
    copy = Candidate(tree={"main.py": "pass\n"}, mutator=MIGRATION)
    memory.remember(
        [
            replace(entry(2, score=2.0), island=0),
            replace(entry(3, score=3.0), island=1),
            replace(entry(4, score=4.0), candidate=copy, island=1),
        ]
    )

    here, there = first(as_of=4), replace(first(as_of=4), island=1)

    assert [held.entry.id for held in memory.best(here)] == [2]
    assert [held.entry.id for held in memory.best(there)] == [4, 3]
    assert [child.id for child in memory.children(here)] == [2, 3]


@pytest.mark.parametrize("kind", [Diff, Rewrite])
@pytest.mark.parametrize(("tried", "told"), [(0, []), (1, [3]), (8, [2, 3])])
def test_of_so_many_children_a_model_is_told_and_of_none_where_that_is_0(
    kind: type[Diff | Rewrite], tried: int, told: list[int]
) -> None:
    model = Scripted("no edit", "none again")
    mutator = kind(model, BRIEF, tried=tried)
    for number in (2, 3):
        mutator.remember([entry(number, score=0.5)])

    mutator.propose(first(as_of=3), Random(0))

    assert [number for number in (2, 3) if f"idea {number}" in text_of(model)] == told


def test_a_negative_number_of_children_is_refused() -> None:
    with pytest.raises(ValueError, match="tried = -1"):
        Diff(Scripted(), BRIEF, tried=-1)
