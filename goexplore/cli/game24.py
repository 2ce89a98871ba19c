"""What the command line knows of the Game of 24: which puzzles, and how a solution is told."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from archive.entry import Entry, Evaluation
from goexplore.catalog import Choice
from goexplore.config import ConfigError
from goexplore.domains.game24 import (
    Numbers,
    PuzzleError,
    check,
    expression,
    parse_numbers,
    read_puzzles,
    rows,
    solvable,
)

NAME = "game24"
NEEDED = (
    "game24 needs a puzzle: four numbers (goexplore run game24 4 9 10 13) "
    "or a file of them (goexplore run game24 --puzzles FILE)"
)

_DEMO_SEED = 24
_LARGEST_CARD = 13


def asked(words: Sequence[str], file: Path | None, chosen: str | None) -> tuple[Numbers, ...]:
    """The puzzles that were asked for on the command line; none is a run file's business.

    Raises:
        ConfigError: they are none.
    """
    if words and file:
        raise ConfigError("give four numbers or --puzzles FILE, not both")
    if chosen and not file:
        raise ConfigError("--range chooses rows of a file: give --puzzles FILE, too")
    try:
        return _asked(words, file, chosen)
    except PuzzleError as error:
        raise ConfigError(str(error)) from error


def _asked(words: Sequence[str], file: Path | None, chosen: str | None) -> tuple[Numbers, ...]:
    if words:
        return (parse_numbers(" ".join(words)),)
    if file is None:
        return ()
    found = read_puzzles(file)
    return tuple(found[row] for row in rows(chosen, len(found))) if chosen else found


def generated(count: int) -> list[Numbers]:
    """Puzzles with a solution, cards from 1 to 13: always the same."""
    random = Random(_DEMO_SEED)
    found: list[Numbers] = []
    while len(found) < count:
        a, b, c, d = sorted(random.randint(1, _LARGEST_CARD) for _ in range(4))
        if (a, b, c, d) not in found and solvable((a, b, c, d), "ige"):
            found.append((a, b, c, d))
    return found


def title(domain: Choice) -> str:
    """A puzzle's numbers; `""` for any other domain."""
    return " ".join(map(str, numbers)) if (numbers := _numbers(domain)) else ""


def proven(domain: Choice, entry: Entry) -> str:
    """A solution as an expression that independent arithmetic agrees with; `""` for none.

    Raises:
        ProofError: it does not agree.
    """
    numbers, result = _numbers(domain), entry.result
    if numbers is None or not isinstance(result, Evaluation) or result.objective < 1:
        return ""
    text = expression(numbers, entry.candidate.tree)
    check(text, numbers)
    return f"{text} = 24"


def _numbers(domain: Choice) -> Numbers | None:
    if domain.part.name != NAME:
        return None
    numbers: Numbers = domain.parameters.model_dump()["numbers"]
    return numbers
