"""Which puzzles there are: four numbers from a user, a file, or all those with a solution."""

import csv
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations_with_replacement
from pathlib import Path

from goexplore.domain import DomainError
from goexplore.domains.game24.rules import TARGET, Rules
from goexplore.domains.game24.solver import stream

Numbers = tuple[int, int, int, int]
"""The four numbers of a puzzle, in any order."""

LARGEST = 1000
"""The largest number of a puzzle; cards go to 13, and files of puzzles seldom beyond 100."""

COLUMN = "Puzzles"
"""The column of a CSV file that holds the puzzles, as in the table of 4nums.com."""


class PuzzleError(DomainError):
    """A puzzle, or a file of puzzles, that cannot be played."""


def checked(numbers: Sequence[object]) -> Numbers:
    """Four numbers as a puzzle.

    Raises:
        PuzzleError: they are not four whole numbers from 0 to 1000.
    """
    match numbers:
        case (int(a), int(b), int(c), int(d)) if all(map(_fits, (a, b, c, d))):
            return (a, b, c, d)
        case _:
            raise _not_four(" ".join(map(str, numbers)))


def _fits(number: int) -> bool:
    return not isinstance(number, bool) and 0 <= number <= LARGEST


def _not_four(found: str) -> PuzzleError:
    wanted = f"a puzzle is four whole numbers from 0 to {LARGEST}, such as '4 9 10 13'"
    return PuzzleError(f"{wanted}; found {found[:80]!r}")


def parse_numbers(text: str) -> Numbers:
    """The puzzle that a text stands for: four numbers between spaces or commas.

    Raises:
        PuzzleError: they are not four whole numbers from 0 to 1000.
    """
    words = re.split(r"\s*,\s*|\s+", text.strip())
    # Nine digits are beyond the largest number, and still read at once.
    if not all(re.fullmatch("[0-9]{1,9}", word) for word in words):
        raise _not_four(text)
    return checked([int(word) for word in words])


def read_puzzles(path: Path) -> tuple[Numbers, ...]:
    """The puzzles of a file: a CSV file with a column `Puzzles`, or plain text, a line a puzzle.

    Raises:
        PuzzleError: the file cannot be read, a line is no puzzle, or there is none.
    """
    lines = _lines(path)
    table = bool(lines) and _is_header(path, *lines[0])
    texts = _column(path, lines) if table else lines
    found = tuple(_located(path, number, text) for number, text in texts)
    if not found:
        raise PuzzleError(f"{path}: there is no puzzle in it")
    return found


def _lines(path: Path) -> list[tuple[int, str]]:
    """The lines that are not blank, with their numbers from 1."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise PuzzleError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise PuzzleError(f"{path}: not a text file in UTF-8 (byte {error.start})") from error
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _is_header(path: Path, number: int, line: str) -> bool:
    if COLUMN in _cells(path, number, line):
        return True
    if re.search("[A-Za-z]", line):
        wanted = f"four whole numbers nor a header with a column {COLUMN!r}"
        raise PuzzleError(f"{path}, line {number}: neither {wanted}; found {line[:80]!r}")
    return False


def _column(path: Path, lines: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    header, *below = [(number, _cells(path, number, line)) for number, line in lines]
    place = header[1].index(COLUMN)
    return [(number, "".join(cells[place : place + 1])) for number, cells in below]


def _cells(path: Path, number: int, line: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True))]
    except csv.Error as error:
        raise PuzzleError(f"{path}, line {number}: {error}") from error


def _located(path: Path, number: int, text: str) -> Numbers:
    try:
        return parse_numbers(text)
    except PuzzleError as error:
        raise PuzzleError(f"{path}, line {number}: {error}") from error


def rows(text: str, count: int) -> range:
    """The rows that a range such as `900:1000` selects of `count`, counted from 0.

    Either end may be left out, as in `900:` and `:100`.

    Raises:
        PuzzleError: it is no range, or there are no such rows.
    """
    match = re.fullmatch(r"\s*([0-9]{0,9}):([0-9]{0,9})\s*", text)
    if match is None:
        raise PuzzleError(f"a range of puzzles looks like '900:1000'; found {text[:80]!r}")
    first, last = match.groups()
    chosen = range(int(first or 0), int(last or count))
    if not chosen or chosen.stop > count:
        raise PuzzleError(f"range {text.strip()} is no part of 0:{count}, the rows there are")
    return chosen


def solvable(numbers: Numbers, rules: Rules) -> bool:
    """Whether the numbers can make 24."""
    return TARGET in stream(tuple(sorted(numbers)), rules)


@lru_cache(maxsize=1)
def solvable_puzzles() -> tuple[Numbers, ...]:
    """All four of 1 to 13 that make 24 under the `exact` rules, in order: 1,362 of 1,820."""
    every = combinations_with_replacement(range(1, 14), 4)
    return tuple(numbers for numbers in every if solvable(numbers, "exact"))
