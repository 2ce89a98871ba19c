"""The Game of 24: make 24 of four numbers, each used once, with + - * /."""

from goexplore.domains.game24.domain import Game24
from goexplore.domains.game24.proof import ProofError, check
from goexplore.domains.game24.puzzles import (
    Numbers,
    PuzzleError,
    parse_numbers,
    read_puzzles,
    rows,
    solvable,
    solvable_puzzles,
)
from goexplore.domains.game24.rules import ACTIONS, Rules
from goexplore.domains.game24.solution import expression

__all__ = [
    "ACTIONS",
    "Game24",
    "Numbers",
    "ProofError",
    "PuzzleError",
    "Rules",
    "check",
    "expression",
    "parse_numbers",
    "read_puzzles",
    "rows",
    "solvable",
    "solvable_puzzles",
]
