"""What the command line tells of the Game of 24."""

import pytest

from archive.entry import Admission, Candidate, Entry, EntryId, Evaluation, Status
from goexplore.catalog import Choice, find
from goexplore.cli.game24 import proven, title
from goexplore.domains.game24 import ProofError


def puzzle(*numbers: int) -> Choice:
    part = find("domain", "game24")
    return Choice(part=part, parameters=part.parameters(numbers=numbers))


def entry(actions: str, objective: float) -> Entry:
    """An entry that claims an objective for its actions."""
    return Entry(
        id=EntryId(2),
        step=1,
        parents=(EntryId(1),),
        candidate=Candidate(tree={"actions.txt": actions}, mutator="test"),
        result=Evaluation(cell="24", objective=objective, observation="trust me"),
        admission=Admission(status=Status.NEW, why=""),
        depth=3,
    )


def test_a_solution_is_told_as_an_expression() -> None:
    told = proven(puzzle(4, 4, 6, 8), entry("6 - 4\n8 - 2\n4 * 6\n", 1.0))

    assert told == "4 * (8 - (6 - 4)) = 24"


def test_a_solution_that_is_none_is_not_told() -> None:
    with pytest.raises(ProofError, match="makes 22, not 24"):
        proven(puzzle(4, 4, 6, 8), entry("4 + 4\n6 + 8\n8 + 14\n", 1.0))


def test_what_claims_to_be_no_solution_is_no_expression() -> None:
    assert proven(puzzle(4, 4, 6, 8), entry("6 - 4\n", 0.0)) == ""


def test_a_puzzle_is_called_by_its_numbers() -> None:
    assert title(puzzle(4, 4, 6, 8)) == "4 4 6 8"
