"""Puzzles of 24: those that have a solution, and those that a user brings."""

from fractions import Fraction
from pathlib import Path

import pytest

from goexplore.domains.game24 import (
    PuzzleError,
    Rules,
    parse_numbers,
    read_puzzles,
    rows,
    solvable,
    solvable_puzzles,
)
from goexplore.domains.game24.rules import Number
from goexplore.domains.game24.solver import values

TABLE = """\
Rank,Puzzles,AMT (s),Solved rate
1,1 1 4 6,4.4,99.20%
2,1 1 11 11,4.41,99.60%
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "puzzles.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_1362_puzzles_of_cards_have_a_solution() -> None:
    assert len(solvable_puzzles()) == 1362
    assert len(set(solvable_puzzles())) == 1362
    assert all(tuple(sorted(numbers)) == numbers for numbers in solvable_puzzles())


def test_1346_of_them_have_one_under_the_ige_rules() -> None:
    assert sum(solvable(numbers, "ige") for numbers in solvable_puzzles()) == 1346


@pytest.mark.parametrize(
    ("rules", "expected"), [("ige", {1, 2, 3}), ("exact", {1, 2, 3, -1, Fraction(1, 2)})]
)
def test_everything_that_two_numbers_make_is_listed(rules: Rules, expected: set[Number]) -> None:
    assert values((1, 2), rules) == expected


def test_everything_that_three_numbers_make_is_listed() -> None:
    # Of 1 and 1 come 0, 1, 2, each then joined with 2; of 1 and 2 come 1, 2, 3, each with 1.
    assert values((1, 1, 2), "ige") == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("text", ["4 9 10 13", "4,9,10,13", " 4, 9 ,10   13\n"])
def test_numbers_may_stand_between_spaces_or_commas(text: str) -> None:
    assert parse_numbers(text) == (4, 9, 10, 13)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 2 3",
        "1 2 3 4 5",
        "1 2 3 x",
        "1 2 3 4.0",
        "1 2 3 -4",
        "1,,2,3",
        "1 2 3 1001",
        "1 2 3 ٤",
    ],
)
def test_what_are_not_four_whole_numbers_is_refused(text: str) -> None:
    with pytest.raises(PuzzleError) as caught:
        parse_numbers(text)

    assert "a puzzle is four whole numbers from 0 to 1000, such as '4 9 10 13'" in str(caught.value)
    assert "; found '" in str(caught.value)


def test_a_number_of_many_digits_is_refused() -> None:
    with pytest.raises(PuzzleError, match="four whole numbers"):
        parse_numbers("1 2 3 " + "9" * 10_000)


def test_a_table_of_puzzles_is_read(tmp_path: Path) -> None:
    assert read_puzzles(written(tmp_path, TABLE)) == ((1, 1, 4, 6), (1, 1, 11, 11))


def test_a_table_may_have_spaces_after_its_commas(tmp_path: Path) -> None:
    assert read_puzzles(written(tmp_path, "Rank, Puzzles\n1, 1 1 4 6\n")) == ((1, 1, 4, 6),)


@pytest.mark.parametrize("text", ["Puzzles\n1 1 4 6\n", "1 1 4 6\n"])
def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path, text: str) -> None:
    assert read_puzzles(written(tmp_path, f"\ufeff{text}")) == ((1, 1, 4, 6),)


def test_a_plain_file_of_puzzles_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, "1 1 4 6\n\n1,1,11,11\n")

    assert read_puzzles(path) == ((1, 1, 4, 6), (1, 1, 11, 11))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{TABLE}3,1 1 3,4.5,99%\n", "line 4: a puzzle is four whole numbers"),
        (f"{TABLE}3\n", "line 4: a puzzle is four whole numbers"),
        (f"{TABLE}3,,4.5,99%\n", "line 4: a puzzle is four whole numbers"),
        ("\n1 1 4 6\n\n1 1 4\n", "line 4: a puzzle is four whole numbers"),
        (f'{TABLE}3,"1 1 3 8\n', "line 4: unexpected end of data"),
        ("1 1 4 6\n1 1 4 six\n", "line 2: a puzzle is four whole numbers"),
        ("Rank,Numbers\n1,1 1 4 6\n", "line 1: neither four whole numbers nor a header with"),
    ],
)
def test_a_broken_line_is_named_with_its_file_and_number(
    tmp_path: Path, text: str, why: str
) -> None:
    path = written(tmp_path, text)

    with pytest.raises(PuzzleError) as caught:
        read_puzzles(path)

    assert str(caught.value).startswith(f"{path}, {why}")


@pytest.mark.parametrize("text", ["", "\n\n", "Rank,Puzzles\n"])
def test_a_file_without_puzzles_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PuzzleError, match="there is no puzzle in it"):
        read_puzzles(written(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PuzzleError) as caught:
        read_puzzles(tmp_path / "none.csv")

    assert str(caught.value) == f"{tmp_path / 'none.csv'}: No such file or directory"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "puzzles.csv"
    path.write_bytes(b"1 1 4 6\n\xff\xfe")

    with pytest.raises(PuzzleError, match=r"not a text file in UTF-8 \(byte 8\)"):
        read_puzzles(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("900:1000", range(900, 1000)),
        (":3", range(3)),
        ("1360:", range(1360, 1362)),
        (":", range(1362)),
        (" 0:1 ", range(1)),
    ],
)
def test_a_range_selects_rows_counted_from_0(text: str, expected: range) -> None:
    assert rows(text, 1362) == expected


@pytest.mark.parametrize("text", ["", "7", "a:b", "-5:3", "1:2:3", "1.0:2"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(PuzzleError, match="a range of puzzles looks like '900:1000'; found"):
        rows(text, 1362)


@pytest.mark.parametrize("text", ["900:1000", "5:5", "7:3", "100:", "0:101"])
def test_a_range_beyond_the_rows_is_refused(text: str) -> None:
    with pytest.raises(PuzzleError, match=f"range {text} is no part of 0:100, the rows there are"):
        rows(text, 100)
