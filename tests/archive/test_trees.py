"""Trees as bytes: what comes back, and what it costs."""

import random
from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ArchiveError
from archive.trees import MAX_HOPS, decode, encode, size_of

TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
PATHS = st.text(
    st.characters(codec=None, exclude_categories=(), exclude_characters="\0\n"),
    min_size=1,
    max_size=12,
)
TREES = st.dictionaries(PATHS, TEXT, max_size=6)

# 4 kB of lines that look like a program and do not repeat.
WORDS = random.Random(1).choices(["state", "action", "score", "reward", "depth"], k=400)
PROGRAM = "".join(f"    {word}_{n} = {word}({n * 7919 % 9973})\n" for n, word in enumerate(WORDS))[
    :4096
]
MIDDLE = PROGRAM.index("\n", 2000) + 1

# Noise, so that nothing of it can be had from anywhere but the base.
LARGE = {f"{n:03}.txt": random.Random(n).randbytes(500).hex() for n in range(60)}


def same(base: Mapping[str, str], tree: Mapping[str, str]) -> None:
    assert decode(encode(tree, base), base) == tree


@given(TREES)
def test_a_whole_tree_comes_back(tree: dict[str, str]) -> None:
    assert decode(encode(tree)) == tree


@given(TREES, TREES)
def test_a_tree_comes_back_from_any_other(tree: dict[str, str], base: dict[str, str]) -> None:
    same(base, tree)


@given(TREES, TREES)
def test_a_tree_comes_back_from_a_base_beyond_the_window(
    tree: dict[str, str], edited: dict[str, str]
) -> None:
    same({**LARGE, **tree}, {**LARGE, **edited})


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"empty": ""},
        {"a b/ü/-": "-", "-": "", "12 34": "5 6\n7"},
        {"lone": "\ud800 and \udfff", "\udc80.txt": "path, too"},
        {"nul": "\0", "lines": "\r\n\r\n\x85\u2028"},
        {f"{n}.py": f"{n}\n" for n in range(2000)},
    ],
    ids=["no file", "empty file", "odd paths", "surrogates", "control", "many files"],
)
def test_an_odd_tree_comes_back(tree: dict[str, str]) -> None:
    assert decode(encode(tree)) == tree
    same({}, tree)
    same(LARGE, tree)
    same({**LARGE, **tree}, tree)


@pytest.mark.parametrize("path", ["!\n", "!\0"])
def test_a_path_with_a_line_break_comes_back_from_a_base_beyond_the_window(path: str) -> None:
    same({path: PROGRAM, **LARGE}, {path: PROGRAM[MIDDLE:], **LARGE})


@pytest.mark.parametrize("base", [None, {"main.py": PROGRAM}])
def test_bytes_that_were_cut_short_are_no_tree(base: dict[str, str] | None) -> None:
    packed = encode({"main.py": PROGRAM, "notes.txt": "new\n"}, base)

    for end in range(1, len(packed)):
        with pytest.raises(ArchiveError, match="damaged"):
            decode(packed[:end], base)


def test_a_file_that_is_gone_is_gone() -> None:
    base = {"kept.py": "1\n", "gone.py": "2\n"}

    tree = decode(encode({"kept.py": "1\n"}, base), base)

    assert tree == {"kept.py": "1\n"}


def test_the_order_of_files_makes_no_difference() -> None:
    one = {"a": "1", "b": "2", "c": "3"}
    other = {"c": "3", "a": "1", "b": "2"}

    assert encode(one) == encode(other)
    assert encode({"b": "2"}, one) == encode({"b": "2"}, other)
    assert list(decode(encode(other))) == ["a", "b", "c"]
    assert list(decode(encode(other, {"b": "1"}), {"b": "1"})) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "edited",
    [
        PROGRAM,
        PROGRAM[:MIDDLE] + "    if depth > 3: return None\n" + PROGRAM[MIDDLE:],
        PROGRAM[:MIDDLE] + PROGRAM[PROGRAM.index("\n", MIDDLE) + 1 :],
        PROGRAM.replace("(0)", "(1)"),
        PROGRAM + "print(best)\n",
        "import math\n" + PROGRAM,
        PROGRAM[MIDDLE:] + PROGRAM[:MIDDLE],
        PROGRAM[:MIDDLE],
        PROGRAM[:500] + "x = 1\n" + PROGRAM[500:3500] + "y = 2\n" + PROGRAM[3500:],
    ],
    ids=[
        "nothing",
        "a line more",
        "a line less",
        "a number",
        "at the end",
        "at the start",
        "halves swapped",
        "half gone",
        "two places",
    ],
)
def test_an_edit_of_a_4_kb_program_costs_under_100_bytes(edited: str) -> None:
    assert len(PROGRAM) == 4096

    cost = len(encode({"main.py": edited}, {"main.py": PROGRAM}))

    assert cost < 100


def test_an_edit_costs_as_little_in_a_tree_beyond_the_window() -> None:
    base = {**LARGE, "000.txt": PROGRAM}
    edited = {**LARGE, "000.txt": PROGRAM[:MIDDLE] + "x = 1\n" + PROGRAM[MIDDLE:]}

    cost = len(encode(edited, base))

    assert cost < 100


def test_a_file_that_is_gone_costs_little() -> None:
    base = {"main.py": PROGRAM, "notes.txt": "n" * 4000}

    cost = len(encode({"main.py": PROGRAM}, base))

    assert cost < 30


def test_a_chain_of_changes_comes_back() -> None:
    trees = [{"actions.txt": "".join(f"{n}\n" for n in range(k))} for k in range(MAX_HOPS + 1)]
    packed = [encode(trees[0])]
    packed += [encode(tree, base) for base, tree in pairwise(trees)]

    tree = decode(packed[0])
    for change in packed[1:]:
        tree = decode(change, tree)

    assert tree == trees[-1]


@pytest.mark.parametrize(
    ("tree", "lines"),
    [
        ({}, 0),
        ({"a": ""}, 0),
        ({"a": "one"}, 1),
        ({"a": "one\n"}, 1),
        ({"a": "one\ntwo"}, 2),
        ({"a": "\n\n"}, 2),
        ({"a": "one\n", "b": "two\nthree"}, 3),
    ],
)
def test_size_is_lines_of_all_files(tree: dict[str, str], lines: int) -> None:
    assert size_of(tree) == lines
