"""Edits of programs: each form, and whatever models get wrong about it."""

import re
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.entry import Failure, Tree
from mutators.edit import (
    Limits,
    Replacement,
    apply_blocks,
    apply_diff,
    apply_replacements,
    apply_rewrite,
    difference,
    explanation,
)
from mutators.editing.regions import frozen
from tests.mutators.edit_cases import (
    BAD_BLOCKS,
    BAD_DIFFS,
    BAD_REWRITES,
    GOOD_BLOCKS,
    GOOD_DIFFS,
    GOOD_REWRITES,
    PROGRAM,
    TWO,
    Bad,
    Good,
    block,
)


def tree(program: str | Tree) -> Tree:
    return {"main.py": program} if isinstance(program, str) else program


def ids(cases: list[Good] | list[Bad]) -> list[str]:
    return [case.name for case in cases]


def see_good(apply: Callable[[str, Tree], Tree | Failure], case: Good) -> None:
    assert apply(case.answer, tree(case.before)) == tree(case.after)


def see_bad(apply: Callable[[str, Tree], Tree | Failure], case: Bad) -> None:
    result = apply(case.answer, tree(case.before))

    assert isinstance(result, Failure), result
    assert re.search(case.message, result.message), result.message
    assert result.cause is case.cause
    assert "\n" not in result.message


# Search/replace blocks


@pytest.mark.parametrize("case", GOOD_BLOCKS, ids=ids(GOOD_BLOCKS))
def test_blocks_that_can_be_applied_are(case: Good) -> None:
    see_good(apply_blocks, case)


@pytest.mark.parametrize("case", BAD_BLOCKS, ids=ids(BAD_BLOCKS))
def test_blocks_that_cannot_be_applied_say_why(case: Bad) -> None:
    see_bad(apply_blocks, case)


@pytest.mark.parametrize(
    "path",
    [
        "../x.py",
        "/etc/passwd",
        "a/../b.py",
        "a\\b.py",
        "C:\\x.py",
        ".git/config",
        "a/.GIT/x",
        "a//b.py",
        "./x.py",
        "~/.bashrc",
        "nul.txt",
        "-x.py",
        "a/b/",
        "x:y.py",
        "MAIN.py",
        "main.py/x.py",
        "é.py",
        201 * "a" + ".py",
        11 * "a/" + "b.py",
    ],
)
@pytest.mark.parametrize("form", ["blocks", "diff", "rewrite", "replacements"])
def test_a_file_is_made_nowhere_but_inside_the_tree(form: str, path: str) -> None:
    result = {
        "blocks": lambda: apply_blocks(f"{path}\n" + block("", "x\n"), tree(PROGRAM)),
        "diff": lambda: apply_diff(
            f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n", tree(PROGRAM)
        ),
        "rewrite": lambda: apply_rewrite(f"{path}\n```\nx\n```\n", tree(PROGRAM)),
        "replacements": lambda: apply_replacements(
            [Replacement(file=path, search="", replace="x")], tree(PROGRAM)
        ),
    }[form]()

    assert isinstance(result, Failure)


def test_new_files_do_not_clash_with_each_other() -> None:
    lines = "x\n"
    answer = f"a.d\n{block('', lines)}`a.d/b`\n{block('', lines)}"

    result = apply_blocks(answer, tree(PROGRAM))

    assert isinstance(result, Failure)
    assert "cannot lie beside" in result.message


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("// EVOLVE-BLOCK-START", "// EVOLVE-BLOCK-END"),
        ("/* EVOLVE-BLOCK-START */", "/* EVOLVE-BLOCK-END */"),
        ("<!-- EVOLVE-BLOCK-START -->", "<!-- EVOLVE-BLOCK-END -->"),
        ("-- EVOLVE-BLOCK-START", "-- EVOLVE-BLOCK-END"),
        ("% EVOLVE-BLOCK-START", "% EVOLVE-BLOCK-END"),
        ("  ;; EVOLVE-BLOCK-START here", "\t;; EVOLVE-BLOCK-END"),
        ("REM EVOLVE-BLOCK-START", "rem EVOLVE-BLOCK-END"),
        ("(* EVOLVE-BLOCK-START *)", "(* EVOLVE-BLOCK-END *)"),
        ("EVOLVE-BLOCK-START", "EVOLVE-BLOCK-END"),
        ("#EVOLVE-BLOCK-START", "#EVOLVE-BLOCK-END"),
    ],
)
def test_markers_are_found_in_any_comment(start: str, end: str) -> None:
    before = f"a\n{start}\nb\n{end}\nc\n"

    inside = apply_blocks(block("b\n", "x\n"), tree(before))
    outside = apply_blocks(block("c\n", "x\n"), tree(before))

    assert inside == tree(f"a\n{start}\nx\n{end}\nc\n")
    assert isinstance(outside, Failure)


def test_a_word_in_a_string_is_no_marker() -> None:
    before = 'x = "EVOLVE-BLOCK-START"\ny\n'

    assert apply_blocks(block("y\n", "z\n"), tree(before)) == tree(before.replace("y\n", "z\n"))


def test_too_many_files_are_refused() -> None:
    lines = "x\n"
    answer = "".join(f"f{n}.py\n{block('', lines)}" for n in range(3))

    result = apply_blocks(answer, tree(PROGRAM), Limits(files=3))

    assert isinstance(result, Failure)
    assert "would have 4 files; 3 are allowed" in result.message


def test_a_program_that_is_too_large_already_may_shrink() -> None:
    limits = Limits(size=10)

    assert apply_blocks(block("    y = x\n", ""), tree(PROGRAM), limits) == tree(
        "def f(x):\n    return y\n"
    )


# Replacements by a schema


@pytest.mark.parametrize(
    ("search", "replace"),
    [("    y = x", "    y = 1"), ("    y = x\n", "    y = 1\n"), ("y = x", "y = 1")],
)
def test_replacements_are_applied_as_blocks_are(search: str, replace: str) -> None:
    edits = [Replacement(file="main.py", search=search, replace=replace)]

    assert apply_replacements(edits, TWO) == {**TWO, "main.py": PROGRAM.replace("= x", "= 1")}


def test_a_replacement_that_cannot_be_applied_is_named() -> None:
    result = apply_replacements([Replacement(search="q", replace="r")], TWO)

    assert isinstance(result, Failure)
    assert result.message.startswith("edit 1: its SEARCH is not in any file")


# Unified diffs


@pytest.mark.parametrize("case", GOOD_DIFFS, ids=ids(GOOD_DIFFS))
def test_diffs_that_can_be_applied_are(case: Good) -> None:
    see_good(apply_diff, case)


@pytest.mark.parametrize("case", BAD_DIFFS, ids=ids(BAD_DIFFS))
def test_diffs_that_cannot_be_applied_say_why(case: Bad) -> None:
    see_bad(apply_diff, case)


# Whole files


@pytest.mark.parametrize("case", GOOD_REWRITES, ids=ids(GOOD_REWRITES))
def test_whole_files_that_can_be_taken_are(case: Good) -> None:
    see_good(apply_rewrite, case)


@pytest.mark.parametrize("case", BAD_REWRITES, ids=ids(BAD_REWRITES))
def test_whole_files_that_cannot_be_taken_say_why(case: Bad) -> None:
    see_bad(apply_rewrite, case)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Use a heap.\n\nmain.py\n" + block("a\n", "b\n") + "Bye.", "Use a heap."),
        ("<think>hm\n```\n</think>Two\nlines.\n```python\nx\n```", "Two\nlines."),
        ("A diff:\n--- a/main.py\n+++ b/main.py\n", "A diff:"),
        (block("a\n", "b\n"), ""),
    ],
)
def test_what_is_said_before_the_first_edit_is_the_explanation(answer: str, said: str) -> None:
    assert explanation(answer, tree(PROGRAM)) == said


# Whatever is written

LINES = st.lists(
    st.sampled_from(
        [
            "a",
            "b",
            "  a",
            "\ta",
            "",
            " ",
            "-- a",
            "++ b",
            "@@ -1 +1 @@",
            "```",
            "\\ No newline",
            "é",
            "\x0c",
            "a\u2028b",
            "--- a/x",
            "+++ b/x",
            "diff --git a/x b/x",
            "a\r",
        ]
    ),
    max_size=12,
)
TEXTS = st.tuples(LINES, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\n", "\r\n"])).map(
    lambda made: made[1].join(made[0]) + made[2]
)
TREES = st.dictionaries(st.sampled_from(["a.py", "b.py", "lib/c.py", "d"]), TEXTS, min_size=1)


@settings(max_examples=500, deadline=None)
@given(before=TREES, after=TREES)
def test_the_diff_of_two_programs_turns_one_into_the_other(before: Tree, after: Tree) -> None:
    result = apply_diff(difference(before, after), before)

    if before == after:
        assert isinstance(result, Failure)
    else:
        assert result == after


MARKED = st.lists(
    st.sampled_from(["a", "b", "  a", "# EVOLVE-BLOCK-START", "# EVOLVE-BLOCK-END", ""]), max_size=6
).map(lambda lines: "".join(f"{line}\n" for line in lines))


@settings(max_examples=500, deadline=None)
@given(program=st.tuples(MARKED, MARKED, MARKED), search=MARKED, replace=MARKED, whole=MARKED)
def test_no_edit_changes_anything_outside_of_the_evolve_blocks(
    program: tuple[str, str, str], search: str, replace: str, whole: str
) -> None:
    head, inside, tail = program
    text = f"{head}# EVOLVE-BLOCK-START\n{inside}# EVOLVE-BLOCK-END\n{tail}"
    before = {"main.py": text, "other.py": "a\n"}
    diff = difference(before, {"main.py": whole, "other.py": "a\n"})

    results = [
        apply_blocks(block(search, replace), before),
        apply_blocks("main.py\n" + block(search, replace), before),
        apply_replacements([Replacement(search=search, replace=replace)], before),
        apply_rewrite(f"main.py\n```\n{whole}```\n", before),
        apply_diff(diff, before),
    ]

    for result in results:
        if not isinstance(result, Failure):
            assert frozen(result["main.py"]) == frozen(text)
            assert result["other.py"] == "a\n"


@settings(max_examples=500, deadline=None)
@given(
    answer=st.lists(
        st.sampled_from(
            [
                "<<<<<<< SEARCH",
                "=======",
                ">>>>>>> REPLACE",
                "a",
                "b",
                "```",
                "```python",
                "main.py",
                "../x",
                "--- a/main.py",
                "+++ b/main.py",
                "@@ -1 +1 @@",
                "-a",
                "+b",
                " b",
                "",
                "DELETE FILE: main.py",
                "diff --git a/x b/x",
                "new file mode 100644",
                "<think>",
                "</think>",
            ]
        ),
        max_size=14,
    ).map("\n".join)
)
def test_whatever_an_answer_holds_it_is_an_edit_or_says_why_not(answer: str) -> None:
    before: Mapping[str, str] = {"main.py": "a\nb\n", "other.py": "b\n"}

    for apply in (apply_blocks, apply_diff, apply_rewrite):
        result = apply(answer, before)

        assert result != before
        if isinstance(result, Failure):
            assert result.message
