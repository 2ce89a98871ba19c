"""What models were asked and what they said."""

from collections.abc import Iterator

import pytest

from archive.admission import Better
from archive.connection import Database
from archive.entry import EntryId, RunId, TurnRecord
from archive.ledger import Call, Cost, calls_of, spending_of
from archive.library import Library
from archive.sql import SqlArchive
from tests.conformance.making import attempt, found, roots, step


def call(key: str, **changes: object) -> Call:
    values: dict[str, object] = {
        "key": key,
        "step": 1,
        "sample": "1.0.0",
        "role": "act",
        "model": "scripted:x",
        "request": '{"system": "é"}',
        "text": "answer \udcff",
        "finish": "stop",
        "prompt_tokens": 10,
        "cached_tokens": 4,
        "completion_tokens": 3,
        "dollars": 0.5,
        "seconds": 0.25,
    }
    return Call(**{**values, **changes})  # type: ignore[arg-type]  # the fields' own types


def turn(number: int) -> TurnRecord:
    return TurnRecord(
        number=number,
        chosen=EntryId(1),
        choices=1,
        probability=0.5,
        granted=2,
        as_of=EntryId(1),
        ahead=1,
    )


@pytest.fixture
def run(database_url: str) -> Iterator[SqlArchive]:
    with Library(database_url) as library, library.open("run", {}) as opened:
        yield opened


def test_a_recorded_call_is_found_again_by_its_key(run: SqlArchive) -> None:
    run.ledger.record(call("a"))

    assert run.ledger.find("a") == call("a")
    assert run.ledger.find("b") is None


def test_a_call_keeps_what_else_was_likely_and_what_was_left_out(run: SqlArchive) -> None:
    kept = call("a", alternatives='[["Yes", -0.5]]', left_out="all of feedback (9)")
    run.ledger.record(kept)

    assert run.ledger.find("a") == kept


def test_calls_that_were_answered_together_are_kept_together(run: SqlArchive) -> None:
    run.ledger.record(call("a"), call("b"))

    assert [run.ledger.find(key) for key in "ab"] == [call("a"), call("b")]


def test_a_call_is_safe_when_record_returns(database_url: str, run: SqlArchive) -> None:
    run.ledger.record(call("a"))

    other = Database(database_url)
    assert list(calls_of(other, RunId(1))) == [call("a")]
    other.close()


def test_what_each_call_of_some_steps_cost_is_told_step_by_step(run: SqlArchive) -> None:
    run.ledger.record(call("c", step=3, sample="3.0.1", role="mutate", dollars=None))
    run.ledger.record(call("b", step=2, sample="2.0.2"), call("a", step=2, sample="2.0.1"))
    run.ledger.record(call("d", step=4), call("e", step=1))

    assert list(run.ledger.costs(2, 3)) == [
        Cost(step=2, sample="2.0.1", role="act", tokens=13, dollars=0.5),
        Cost(step=2, sample="2.0.2", role="act", tokens=13, dollars=0.5),
        Cost(step=3, sample="3.0.1", role="mutate", tokens=13, dollars=None),
    ]
    assert list(run.ledger.costs(5, 9)) == []


def test_the_calls_of_a_step_in_a_role_are_found(run: SqlArchive) -> None:
    note = call("n", step=2, role="note", sample="note.1")
    run.ledger.record(call("a", step=2), note, call("b", step=3, role="note"))

    assert run.ledger.answered(2, "note") == [note]
    assert list(run.calls("note")) == [note, call("b", step=3, role="note")]


def test_spending_is_summed_by_role_and_model(database_url: str, run: SqlArchive) -> None:
    run.ledger.record(call("a"))
    run.ledger.record(call("b", dollars=None))
    run.ledger.record(call("c", role="judge", dollars=0.25))

    database = Database(database_url)
    act, judge = spending_of(database, RunId(1))
    database.close()

    assert (act.role, act.calls, act.prompt_tokens, act.dollars, act.unpriced) == (
        "act",
        2,
        20,
        0.5,
        1,
    )
    assert (judge.role, judge.calls, judge.dollars, judge.unpriced) == ("judge", 1, 0.25, 0)


def test_spending_is_summed_by_step_too(run: SqlArchive) -> None:
    run.ledger.record(call("a", step=2))
    run.ledger.record(call("b", step=1))
    run.ledger.record(call("c", step=1, role="judge"))
    run.ledger.record(call("d", step=2))

    found = [
        (each.step, each.role, each.calls, each.prompt_tokens) for each in run.spending_by_step()
    ]

    assert found == [(1, "act", 1, 10), (1, "judge", 1, 10), (2, "act", 2, 20)]


def test_the_largest_call_of_a_role_is_that_with_the_longest_prompt(run: SqlArchive) -> None:
    run.ledger.record(call("a"))
    run.ledger.record(call("b", prompt_tokens=30))
    run.ledger.record(call("c", prompt_tokens=50, role="judge"))

    assert run.largest_call("act", "scripted:x") == call("b", prompt_tokens=30)
    assert run.largest_call("admit", "scripted:x") is None


def test_a_step_that_was_set_out_on_is_unfinished_until_it_is_recorded(run: SqlArchive) -> None:
    run.add(roots(found("a")), Better())
    run.set_out(turn(1))
    run.set_out(turn(2))
    run.add(step(1, attempt(found("b"), 1)), Better())
    run.flush()

    assert run.unfinished() == [turn(2)]


def test_a_step_may_be_set_out_on_again(run: SqlArchive) -> None:
    run.set_out(turn(1))
    run.set_out(turn(1))
    run.flush()

    assert run.unfinished() == [turn(1)]
