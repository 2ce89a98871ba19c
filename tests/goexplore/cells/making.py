"""Short ways to write down what is placed, for tests of cells."""

from archive.entry import (
    Admission,
    Appraisal,
    Attempt,
    Candidate,
    Entry,
    EntryId,
    Evaluation,
    Status,
)
from goexplore.cells.base import Cells
from goexplore.cells.nearest import Nearest


def measured(objective: float = 0.0, **measures: float) -> Evaluation:
    """An evaluation with these measures."""
    return Evaluation(cell="the domain's", objective=objective, measures=measures)


def program(text: str = "x = 1\n") -> Candidate:
    """A program of one file."""
    return Candidate(tree={"main.py": text}, mutator="test")


def cell_of(cells: Cells, text: str = "x = 1\n", *, as_of: int = 0, **measures: float) -> str:
    """Where a program is."""
    found = cells.place(program(text), measured(**measures), step=1, as_of=EntryId(as_of))
    return found.cell


def placed(cells: Nearest, text: str = "x = 1\n", *, as_of: int = 0, **measures: float) -> Attempt:
    """An attempt at a program, in the cell that its step thinks it is in."""
    evaluation, candidate = measured(**measures), program(text)
    place = cells.place(candidate, evaluation, step=1, as_of=EntryId(as_of))
    return Attempt(
        parent=EntryId(1),
        candidate=candidate,
        result=Evaluation(cell=place.cell, objective=0.0, measures=evaluation.measures),
        appraisal=Appraisal(vector=place.vector) if place.vector else None,
    )


def record(cells: Nearest, number: int, *attempts: Attempt, as_of: int = 0) -> list[str]:
    """Settle the attempts of a step, tell the cells that they were recorded from a number on."""
    settled = cells.settle(attempts, EntryId(as_of))
    entries = [
        Entry(
            id=EntryId(number + place),
            step=number,
            parents=(),
            candidate=attempt.candidate,
            result=attempt.result,
            admission=Admission(status=Status.NEW, why=""),
            depth=0,
            appraisal=attempt.appraisal,
        )
        for place, attempt in enumerate(settled)
    ]
    cells.remember(entries)
    return [each.result.cell for each in settled if isinstance(each.result, Evaluation)]
