"""Short ways to write down what goes into an archive, for tests."""

from collections.abc import Sequence
from dataclasses import replace

from archive.entry import (
    Appraisal,
    Attempt,
    Candidate,
    Cause,
    EntryId,
    Evaluation,
    Failure,
    Option,
    Selection,
    Shortlist,
    Shown,
    Step,
    Verdict,
)

NO_EDIT = Failure(cause=Cause.NO_EDIT, message="no edit in the answer")
CRASHED = Failure(cause=Cause.CRASHED, message="exit code 1", log="Traceback ...")


def found(
    cell: str, objective: float = 0.0, *, options: Sequence[float] = (), terminal: bool = False
) -> Evaluation:
    """An evaluation; `options` are the promises of its options, named by their index."""
    return Evaluation(
        cell=cell,
        objective=objective,
        options=tuple(Option(text=f"option {n}", promise=p) for n, p in enumerate(options)),
        terminal=terminal,
    )


def attempt(
    result: Evaluation | Failure,
    parent: int | None = None,
    *,
    text: str = "pass\n",
    option: int | None = None,
    others: Sequence[int] = (),
    verified: bool = True,
) -> Attempt:
    """A candidate of one file and its result. Without a parent it follows the one before it."""
    candidate = Candidate(
        tree={"main.py": text},
        mutator="test",
        option=option,
        other_parents=tuple(map(EntryId, others)),
    )
    return Attempt(
        parent=None if parent is None else EntryId(parent),
        candidate=candidate,
        result=result,
        verified=verified,
    )


def roots(*results: Evaluation) -> Step:
    """Step 0."""
    return Step(number=0, attempts=tuple(attempt(result, verified=False) for result in results))


def step(number: int, *attempts: Attempt, as_of: int = 0, elapsed: float = 0.0) -> Step:
    """A step that set out from the parent of its first attempt."""
    chosen = attempts[0].parent
    assert chosen is not None, "a step sets out from an entry"
    return Step(
        number=number,
        attempts=attempts,
        selection=Selection(chosen=chosen, slot=0, choices=4, probability=0.25),
        as_of=EntryId(as_of or chosen),
        granted=len(attempts),
        elapsed=elapsed,
    )


def appraised(result: Evaluation, parent: int, said: Appraisal) -> Attempt:
    """An attempt of which something was thought."""
    return replace(attempt(result, parent), appraisal=said)


def listed(
    number: int, entries: Sequence[int], *, as_of: int, judge: str = "m", within: int = 1
) -> Shortlist:
    """A shortlist for step `number`; whatever counts and Thompson sampling pick is first on it."""
    shown = [
        Shown(
            entry=EntryId(entry),
            slot=entry - 1,
            objective=0.1 * entry,
            seen=3,
            chosen=2,
            children=1,
            ahead=0,
            fruitful=1,
            strength=-0.5,
        )
        for entry in entries
    ]
    return Shortlist(
        number=number,
        as_of=EntryId(as_of),
        granted=1,
        choices=len(entries),
        judge=judge,
        shown=tuple(shown),
        within=within,
        base_rate=1 / 3,
        weights={judge: 0.75, "counts": 0.25},
        picks={"counts": 0, "thompson": 0},
    )


def judged(step: Step, verdict: Verdict) -> Step:
    """A step that was chosen from a shortlist."""
    return replace(step, verdict=verdict)
