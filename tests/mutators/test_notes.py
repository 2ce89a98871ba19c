"""Notes that a model keeps of a run, and the changes that led to a program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event, Thread

import pytest

from archive.entry import NO_ENTRY, Entry, EntryId, Evaluation
from archive.ledger import Call, Cost
from mutators.ancestry import LONGEST, ancestors
from mutators.base import Parent, Past
from mutators.llm.base import Finish, Request, Role
from mutators.notes import Notes
from tests.mutators.asking import Reply, Said, Scripted
from tests.mutators.test_rewriting import entry

BRIEF = "Sort numbers."


@dataclass(frozen=True, slots=True)
class Known:
    """A past of a few entries and calls, which counts what is looked up."""

    entries: Mapping[int, Entry]
    calls: Sequence[Call] = ()
    looked_up: list[int] = field(default_factory=list[int])

    def entry(self, entry: EntryId) -> Entry:
        self.looked_up.append(entry)
        return self.entries[entry]

    def costs(self, first: int, last: int) -> Sequence[Cost]:
        raise AssertionError((first, last))

    def answered(self, step: int, role: str) -> Sequence[Call]:
        return [call for call in self.calls if (call.step, call.role) == (step, role)]


def run_of(length: int) -> dict[int, Entry]:
    """A root, and children of it: better and better, every third of them broken."""
    made = {n: entry(n, score=float(n) if n % 3 else None) for n in range(2, length + 1)}
    return {1: replace(entry(1, score=0.0, parents=()), step=0), **made}


def noting(model: Scripted, entries: Mapping[int, Entry], every: int = 4) -> Notes:
    notes = Notes(model, BRIEF, past=Known(entries), every=every, characters=100)
    for each in entries.values():
        notes.remember([each])
    return notes


def call(number: int, step: int, text: str) -> Call:
    return Call(
        key=str(number),
        step=step,
        sample=f"note.{number}",
        role=Role.NOTE,
        model="m",
        request="{}",
        text=text,
        finish=Finish.STOP,
        prompt_tokens=1,
        cached_tokens=0,
        completion_tokens=1,
        dollars=None,
        seconds=0.0,
    )


def test_a_note_is_written_on_what_was_tried_since_the_one_before() -> None:
    model = Scripted("Try harder.", "Try softer.")
    notes = noting(model, run_of(10))

    assert notes.note(EntryId(10)) == "Try softer."

    first, second = (request.messages[0].text for request in model.asked)
    assert "so far:\n(none yet)\n" in first
    assert "- diff: idea 2: score 0 -> 2\n- diff: idea 3: crashed: error 3\n" in first
    assert "idea 5" not in first
    assert "so far:\nTry harder.\n" in second
    assert "idea 5" in second
    assert "idea 4" not in second
    assert BRIEF in model.asked[0].system
    assert model.calls == [(Role.NOTE, 4, "note.1"), (Role.NOTE, 8, "note.2")]


@pytest.mark.parametrize(("as_of", "seen"), [(3, ""), (4, ""), (5, ""), (6, "one"), (9, "one")])
def test_which_note_is_seen_follows_from_what_a_step_knows(as_of: int, seen: str) -> None:
    notes = noting(Scripted("one", "two"), run_of(10))
    notes.note(EntryId(8))

    assert notes.note(EntryId(as_of)) == seen


def test_nobody_is_asked_before_there_is_enough_to_write_on() -> None:
    model = Scripted()

    assert noting(model, run_of(10)).note(EntryId(3)) == ""


@pytest.mark.parametrize("nothing", ["", " \n", Said("I will not.", Finish.REFUSAL)])
def test_a_note_that_comes_to_nothing_leaves_the_one_before(nothing: Reply) -> None:
    model = Scripted("one", nothing, "three")
    notes = noting(model, run_of(16))

    assert notes.note(EntryId(11)) == "one"
    assert notes.note(EntryId(15)) == "three"
    assert "so far:\none\n" in model.asked[2].messages[0].text


def test_a_note_is_no_longer_than_was_asked_for() -> None:
    notes = noting(Scripted(Said("x" * 500, Finish.LENGTH)), run_of(6))

    assert notes.note(EntryId(6)) == "x" * 100


def test_many_who_want_a_note_ask_for_it_once_and_who_can_do_without_does_not_wait() -> None:
    asked, answer = Event(), Event()

    def slow(_: Request) -> str:
        asked.set()
        assert answer.wait(30)
        return "one"

    model = Scripted(slow)
    notes = noting(model, run_of(7))
    seen: list[str] = []
    first = Thread(target=lambda: notes.note(EntryId(4)))
    others = [Thread(target=lambda: seen.append(notes.note(EntryId(6)))) for _ in range(3)]
    first.start()
    assert asked.wait(30)
    for other in others:
        other.start()

    assert notes.note(EntryId(5)) == ""
    assert not seen
    answer.set()
    for thread in (first, *others):
        thread.join(30)

    assert seen == ["one"] * 3
    assert len(model.asked) == 1


def test_a_long_run_that_goes_on_finds_its_last_note_without_what_it_was_written_on() -> None:
    entries = run_of(6000)
    calls = [call(1, 1000, "one"), call(2, 2000, " ")]
    model = Scripted("three", "four", "five", "six")
    notes = Notes(model, BRIEF, past=Known(entries, calls), every=1000)
    for each in entries.values():
        notes.remember([each])

    written = notes.note(EntryId(6000))

    samples = [sample for _, _, sample in model.calls]
    assert written == "five"
    assert samples == ["note.3", "note.4", "note.5", "note.6"]
    assert "so far:\none\n" in model.asked[0].messages[0].text


def parent_of(entry: Entry) -> Parent:
    assert isinstance(entry.result, Evaluation)
    return Parent(tree=entry.candidate.tree, evaluation=entry.result, id=entry.id)


def chain(length: int) -> Known:
    """Each entry is a child of the one before."""
    first = replace(entry(1, score=1.0, parents=()), step=0)
    later = {n: entry(n, score=float(n), parents=(n - 1,)) for n in range(2, length + 1)}
    return Known({1: first, **later})


def test_the_newest_changes_are_shown_the_oldest_first_and_little_is_looked_up() -> None:
    past = chain(50)

    shown = ancestors(parent_of(past.entries[50]), past, 2)

    assert shown == (
        "idea 49: score 48 -> 49\ndiff --git a/main.py b/main.py\n--- a/main.py\n+++ b/main.py\n"
        "@@ -1 +1 @@\n-program = 48\n+program = 49\n\n"
        "idea 50: score 49 -> 50\ndiff --git a/main.py b/main.py\n--- a/main.py\n+++ b/main.py\n"
        "@@ -1 +1 @@\n-program = 49\n+program = 50"
    )
    assert past.looked_up == [50, 49, 48]


def test_a_root_has_no_ancestors() -> None:
    past: Past = chain(1)

    assert ancestors(parent_of(chain(1).entries[1]), past, 3) == ""


def test_a_child_of_the_same_step_comes_from_the_entry_it_set_out_from() -> None:
    past = chain(3)
    child = Parent(
        tree={"main.py": "program = 4\n"},
        evaluation=Evaluation(cell="4", objective=4.0),
        id=NO_ENTRY,
        origin=EntryId(3),
    )

    shown = ancestors(child, past, 1)

    assert shown.startswith("score 3 -> 4\n")
    assert "-program = 3\n+program = 4" in shown


def test_a_long_change_is_cut_in_the_middle() -> None:
    past = chain(2)
    long = replace(past.entries[2].candidate, tree={"main.py": "line\n" * 2000})
    past = Known({1: past.entries[1], 2: replace(past.entries[2], candidate=long)})

    shown = ancestors(parent_of(past.entries[2]), past, 3)

    assert len(shown) < LONGEST + 100
    assert "-program = 1" in shown
    assert "characters left out ..." in shown
    assert shown.endswith("+line")
