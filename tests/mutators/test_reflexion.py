"""A model that looks back on its failed attempts."""

import re
from collections.abc import Sequence
from pathlib import Path
from random import Random
from threading import Thread
from time import sleep

import pytest

from archive.entry import (
    Admission,
    Candidate,
    Cause,
    Entry,
    EntryId,
    Evaluation,
    Failure,
    Option,
    Status,
)
from mutators.base import Mutator, Parent, Remembering
from mutators.llm.base import Finish, Request, Role
from mutators.prompt import PromptError
from mutators.reflexion import Reflexion
from tests.mutators.asking import Reply, Said, Scripted

BRIEF = "A maze. The goal: a way out, at $0."
ACT = '{"thought": "on", "choice": 1}'


def parent(as_of: int, step: int = 9) -> Parent:
    return Parent(
        tree={"actions.txt": ""},
        evaluation=Evaluation(
            cell="hall", objective=0.0, observation="a hall", options=(Option(text="north"),)
        ),
        step=step,
        as_of=EntryId(as_of),
    )


def made(number: int, step: int, actions: Sequence[str], seen: str, *, lost: bool = False) -> Entry:
    result = (
        Failure(cause=Cause.IMPOSSIBLE, message=seen)
        if lost
        else Evaluation(cell=seen, objective=0.0, observation=seen)
    )
    tree = {"actions.txt": "".join(f"{action}\n" for action in actions)}
    return Entry(
        id=EntryId(number),
        step=step,
        parents=(EntryId(1),),
        candidate=Candidate(tree=tree, mutator="react", option=0, rationale=f"try {actions[-1]}"),
        result=result,
        admission=Admission(status=Status.NEW, why=""),
        depth=len(actions),
    )


def attempt(number: int, step: int) -> list[Entry]:
    """A step of two actions that ended at a wall; its entries are `number` and the next."""
    return [
        made(number, step, ["north"], f"a stair of step {step}"),
        made(number + 1, step, ["north", "up"], f"a wall of step {step}", lost=True),
    ]


def lesson(text: str) -> str:
    return f'{{"lesson": " {text} "}}'


def told(request: Request) -> list[str]:
    """The lessons that a question gives."""
    text = request.messages[0].text
    lines = re.split(r"\n\n", text.partition("attempts:\n")[2])[0].split("\n")
    return [line.removeprefix("- ") for line in lines if line != "(nothing yet)"]


def reflexion(model: Scripted, *attempts: list[Entry], memory: int = 3) -> Reflexion:
    mutator = Reflexion(model, BRIEF, memory=memory)
    for entries in attempts:
        mutator.remember(entries)
    return mutator


def test_before_the_first_attempt_it_acts_as_react_does() -> None:
    model = Scripted(ACT)
    mutator: Mutator = reflexion(model)

    child = mutator.propose(parent(1), Random(0))

    assert child == Candidate(
        tree={"actions.txt": "north\n"}, mutator="reflexion", option=0, rationale="on"
    )
    assert mutator.name == "reflexion"
    assert model.calls == [(Role.ACT, 9, "9.0.1")]
    assert told(model.asked[0]) == []
    assert isinstance(mutator, Remembering)
    assert mutator.can_propose(parent(1))


def test_an_attempt_is_shown_whole_and_its_lesson_told_before_the_next() -> None:
    model = Scripted(lesson("look up"), ACT)

    reflexion(model, attempt(2, 1)).propose(parent(3), Random(0))

    question, action = model.asked
    assert BRIEF in question.system
    assert (
        "The attempt:\n"
        "(thought: try north)\n- north: a stair of step 1\n"
        "(thought: try up)\n- up: a wall of step 1\n"
    ) in question.messages[0].text
    assert "It ended with: a wall of step 1" in question.messages[0].text
    assert "before this attempt:\n(nothing yet)" in question.messages[0].text
    assert told(action) == ["look up"]
    assert model.calls == [(Role.ACT, 1, "1.reflect.1"), (Role.ACT, 9, "9.0.1")]


def test_a_lesson_is_asked_for_once() -> None:
    model = Scripted(lesson("look up"), ACT, ACT)
    mutator = reflexion(model, attempt(2, 1))

    for step in (8, 9):
        mutator.propose(parent(3, step), Random(0))

    assert [sample for _, _, sample in model.calls] == ["1.reflect.1", "8.0.1", "9.0.1"]
    assert told(model.asked[2]) == ["look up"]


@pytest.mark.parametrize(
    ("as_of", "lessons"), [(1, []), (2, []), (3, ["one"]), (4, ["one"]), (5, ["one", "two"])]
)
def test_only_attempts_that_are_over_and_may_be_known_are_learned_from(
    as_of: int, lessons: list[str]
) -> None:
    model = Scripted(*[lesson("one"), lesson("two")][: len(lessons)], ACT)

    reflexion(model, attempt(2, 1), attempt(4, 2)).propose(parent(as_of), Random(0))

    assert told(model.asked[-1]) == lessons


def test_who_knows_less_is_told_less_though_others_have_learned_more() -> None:
    model = Scripted(lesson("one"), lesson("two"), ACT, ACT)
    mutator = reflexion(model, attempt(2, 1), attempt(4, 2))
    mutator.propose(parent(5), Random(0))

    mutator.propose(parent(3), Random(0))

    assert told(model.asked[-1]) == ["one"]


def test_a_lesson_builds_on_those_before_it() -> None:
    model = Scripted(lesson("one"), lesson("two"), ACT)

    reflexion(model, attempt(2, 1), attempt(4, 2)).propose(parent(5), Random(0))

    assert "before this attempt:\n- one\n" in model.asked[1].messages[0].text
    assert [sample for _, _, sample in model.calls[:2]] == ["1.reflect.1", "2.reflect.1"]


def test_the_lessons_of_the_last_attempts_are_remembered_the_oldest_first() -> None:
    model = Scripted(*[lesson(f"lesson {n}") for n in range(1, 6)], ACT)
    attempts = [attempt(2 * n, n) for n in range(1, 6)]

    reflexion(model, *attempts, memory=2).propose(parent(11), Random(0))

    assert told(model.asked[-1]) == ["lesson 4", "lesson 5"]
    assert "before this attempt:\n- lesson 3\n- lesson 4\n" in model.asked[4].messages[0].text


@pytest.mark.parametrize("replies", [["hm", "hm"], [""], [Said("", Finish.REFUSAL)]])
def test_an_attempt_without_a_usable_lesson_teaches_nothing_and_is_not_asked_about_again(
    replies: Sequence[Reply],
) -> None:
    model = Scripted(*replies, ACT, ACT)
    mutator = reflexion(model, attempt(2, 1))

    children = [mutator.propose(parent(3), Random(0)) for _ in range(2)]

    assert all(isinstance(child, Candidate) for child in children)
    assert told(model.asked[-1]) == []
    assert len(model.asked) == len(replies) + 2


def test_the_roots_are_no_attempt() -> None:
    model = Scripted(ACT)

    reflexion(model, [made(1, 0, ["root"], "a hall")]).propose(parent(9), Random(0))

    assert len(model.asked) == 1


def test_what_came_to_no_action_is_an_attempt_without_one() -> None:
    silent = Entry(
        id=EntryId(2),
        step=1,
        parents=(EntryId(1),),
        candidate=Candidate(tree={"actions.txt": ""}, mutator="react"),
        result=Failure(cause=Cause.EMPTY, message="the answer is empty"),
        admission=Admission(status=Status.FAILED, why=""),
        depth=1,
    )
    model = Scripted(lesson("speak"), ACT)

    reflexion(model, [silent]).propose(parent(2), Random(0))

    text = model.asked[0].messages[0].text
    assert "The attempt:\n(nothing yet)\n" in text
    assert "It ended with: the answer is empty" in text


def test_several_who_set_out_together_pay_for_a_lesson_once() -> None:
    model = Scripted(*[by_question] * 9)
    mutator = reflexion(model, attempt(2, 1))

    threads = [
        Thread(target=mutator.propose, args=(parent(3, step), Random(0))) for step in range(2, 10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    samples = [sample for _, _, sample in model.calls]
    assert samples.count("1.reflect.1") == 1
    assert len(samples) == 9
    assert [told(request) for request in model.asked[1:]] == [["one"]] * 8


def by_question(request: Request) -> str:
    """What is said to any question; a lesson takes long enough for others to come."""
    if "The attempt:" not in request.messages[0].text:
        return ACT
    sleep(0.1)
    return lesson("one")


def test_who_remembers_the_same_asks_the_same() -> None:
    first = Scripted(lesson("one"), ACT, lesson("two"), ACT)
    early = reflexion(first, attempt(2, 1))
    early.propose(parent(3, 2), Random(0))
    early.remember(attempt(4, 2))
    early.propose(parent(5, 3), Random(0))
    second = Scripted(lesson("one"), lesson("two"), ACT)

    reflexion(second, attempt(2, 1), attempt(4, 2)).propose(parent(5, 3), Random(0))

    samples = [sample for _, _, sample in first.calls]
    asked = dict(zip(samples, first.asked, strict=True))
    again = [asked[sample] for _, _, sample in second.calls]
    assert second.asked == again


def test_prompts_of_ones_own_need_the_attempt(tmp_path: Path) -> None:
    for name in ("react.system", "react.repair", "reflect.system", "reflect.repair"):
        (tmp_path / f"{name}.txt").write_text("$error" if "repair" in name else "$brief")
    (tmp_path / "react.user.txt").write_text("$options")
    (tmp_path / "reflect.user.txt").write_text("What now?")

    with pytest.raises(PromptError, match=r"reflect\.user\.txt lacks the placeholder \$attempt"):
        Reflexion(Scripted(), BRIEF, prompts=tmp_path)
