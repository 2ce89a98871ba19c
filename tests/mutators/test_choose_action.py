"""One more action: the one that a model chooses."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from archive.entry import Candidate, Cause, Evaluation, Failure, Option
from mutators.actions import AppendAction, append
from mutators.base import Mutator, MutatorError, Parent, Taken
from mutators.choose_action import ChooseAction
from mutators.llm.asking import Asking
from mutators.llm.base import Finish, Message, Request, Role
from tests.mutators.asking import Reply, Said, Scripted

ACTIONS = ("north", "south", "east", "west")
BRIEF = "A maze. The goal: a way out, at $0."


def parent(
    untried: tuple[int, ...] = (3, 2, 0),
    *,
    actions: str = "up\ndown\n",
    options: tuple[str, ...] = ACTIONS,
) -> Parent:
    return Parent(
        tree={"actions.txt": actions},
        evaluation=Evaluation(
            cell="hall",
            objective=0.0,
            observation="a hall, costing $5",
            options=tuple(Option(text=text) for text in options),
        ),
        untried=untried,
        step=17,
        place=2,
    )


def choose(asking: Asking, ours: Parent | None = None, seed: int = 0) -> Candidate | Failure:
    return ChooseAction(asking, BRIEF).propose(ours or parent(), Random(seed))


def offered(request: Request) -> dict[str, int]:
    """What a request offers, with the numbers."""
    lines = re.findall(r"^(\d+)\. (.*)$", request.messages[0].text, re.MULTILINE)
    return {text: int(number) for number, text in lines}


def number_of(action: str) -> Callable[[Request], str]:
    """The reply of a model that wants one action."""
    return lambda request: f'{{"choice": {offered(request)[action]}}}'


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("option", [0, 2, 3])
def test_the_option_that_the_model_names_becomes_the_child(option: int, seed: int) -> None:
    child = choose(Scripted(number_of(ACTIONS[option])), seed=seed)

    assert child == append(parent(), option, mutator="choose-action")
    assert child == Candidate(
        tree={"actions.txt": f"up\ndown\n{ACTIONS[option]}\n"},
        mutator="choose-action",
        option=option,
    )


def test_a_child_is_that_of_append_action_but_for_its_name() -> None:
    chosen = choose(Scripted(number_of("west")))
    appended = AppendAction().propose(parent(), Random(0))

    assert isinstance(chosen, Candidate)
    assert isinstance(appended, Candidate)
    assert (chosen.tree, chosen.option) == (appended.tree, appended.option)


def test_the_whole_question_is_put() -> None:
    model = Scripted('{"choice": 1}')

    choose(model)

    request = model.asked[0]
    assert BRIEF in request.system
    assert "- up\n- down\n" in request.messages[0].text
    assert "a hall, costing $5" in request.messages[0].text
    assert "Tried from here already:\n- south\n" in request.messages[0].text
    assert offered(request).keys() == {"north", "east", "west"}
    assert request.schema is not None
    assert (request.temperature, request.max_tokens) == (0.7, 200)
    assert model.calls == [(Role.ACT, 17, "17.2.1")]


def test_at_the_beginning_there_are_no_actions_and_nothing_is_tried() -> None:
    model = Scripted('{"choice": 1}')

    choose(model, parent((0, 1, 2, 3), actions=""))

    assert "(none: this is the beginning)" in model.asked[0].messages[0].text
    assert "Tried from here already:\n(nothing)\n" in model.asked[0].messages[0].text


def test_of_a_long_way_the_last_actions_are_shown() -> None:
    model = Scripted('{"choice": 1}')

    choose(model, parent(actions="".join(f"step {n}\n" for n in range(13))))

    text = model.asked[0].messages[0].text
    assert "(3 before these)\n- step 3\n" in text
    assert "- step 12\n" in text
    assert "step 2\n" not in text


def test_no_more_than_thirty_options_are_offered_and_thirty_shown_as_tried() -> None:
    many = tuple(f"door {n}" for n in range(100))
    model = Scripted('{"choice": 30}')

    child = choose(model, parent(tuple(range(0, 100, 2)), options=many))

    shown = offered(model.asked[0])
    assert sorted(shown.values()) == list(range(1, 31))
    assert {int(text.split()[1]) % 2 for text in shown} == {0}
    assert isinstance(child, Candidate)
    assert child.option == int(next(t for t, n in shown.items() if n == 30).split()[1])
    assert model.asked[0].messages[0].text.count("- door") == 30
    assert "(and 20 more)" in model.asked[0].messages[0].text


def test_the_order_of_the_options_is_drawn() -> None:
    orders: set[tuple[str, ...]] = set()
    for seed in range(60):
        model = Scripted('{"choice": 1}')
        choose(model, seed=seed)
        orders.add(tuple(offered(model.asked[0])))

    assert len(orders) == 6


def test_the_same_stream_asks_the_same_and_makes_the_same() -> None:
    first, second = Scripted("what?", '{"choice": 2}'), Scripted("what?", '{"choice": 2}')

    children = [choose(model, seed=5) for model in (first, second)]

    assert children[0] == children[1]
    assert first.asked == second.asked
    assert first.calls == second.calls


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ("north, of course", "the answer holds no JSON object"),
        ('{"choice": "1"}', "valid integer"),
        ('{"choice": 4}', "there is no number 4; the numbers are 1 to 3"),
    ],
)
def test_an_answer_that_cannot_be_used_is_repaired_once(bad: str, error: str) -> None:
    model = Scripted(bad, number_of("east"))

    child = choose(model)

    assert child == append(parent(), 2, mutator="choose-action")
    question, first, repair = model.asked[1].messages
    assert question == model.asked[0].messages[0]
    assert first == Message(speaker="assistant", text=bad)
    assert repair.speaker == "user"
    assert error in repair.text
    assert model.calls == [(Role.ACT, 17, "17.2.1"), (Role.ACT, 17, "17.2.2")]


@pytest.mark.parametrize("again", ["north!", '{"choice": 0}', '{"choice": 2.0}'])
def test_what_one_repair_does_not_mend_is_unparsable(again: str) -> None:
    model = Scripted("north", again)

    failure = choose(model)

    assert isinstance(failure, Failure)
    assert (failure.cause, failure.log) == (Cause.UNPARSABLE, again)
    assert len(model.asked) == 2


LOST: list[tuple[Reply, Cause]] = [
    (Said('{"choice": 1}', Finish.LENGTH), Cause.TRUNCATED),
    (Said('{"choice": 1}', Finish.REFUSAL), Cause.REFUSED),
    ("  ", Cause.EMPTY),
]


@pytest.mark.parametrize(("reply", "cause"), LOST)
def test_an_answer_that_is_none_is_a_failure_without_repair(reply: Reply, cause: Cause) -> None:
    model = Scripted(reply)

    failure = choose(model)

    assert isinstance(failure, Failure)
    assert failure.cause is cause
    assert len(model.asked) == 1


@pytest.mark.parametrize(("reply", "cause"), LOST)
def test_a_repair_that_is_none_keeps_its_own_cause(reply: Reply, cause: Cause) -> None:
    failure = choose(Scripted("north", reply))

    assert isinstance(failure, Failure)
    assert failure.cause is cause


@pytest.mark.parametrize(("untried", "left"), [((), False), ((1,), True)])
def test_there_is_a_child_while_anything_is_untried(
    untried: tuple[int, ...], *, left: bool
) -> None:
    mutator: Mutator = ChooseAction(Scripted(), BRIEF)

    assert mutator.can_propose(parent(untried)) is left


def test_where_nothing_is_left_the_model_is_not_asked() -> None:
    model = Scripted()

    failure = choose(model, parent(()))

    assert failure == Failure(cause=Cause.NO_EDIT, message="every option has been tried")
    assert model.asked == []


# What a step has done


def test_what_the_step_has_done_is_shown() -> None:
    model = Scripted('{"choice": 1}')
    taken = (
        Taken(action="up", thought="", seen="a stair"),
        Taken(action="down", thought="back", seen="a hall"),
    )

    choose(model, replace(parent(), taken=taken))

    text = model.asked[0].messages[0].text
    assert "what you saw then:\n- up: a stair\n(thought: back)\n- down: a hall\n" in text


def test_before_it_has_done_anything_a_step_is_told_so() -> None:
    model = Scripted('{"choice": 1}')

    choose(model)

    assert "what you saw then:\n(nothing yet)\n" in model.asked[0].messages[0].text


def test_of_much_that_was_done_the_last_is_shown() -> None:
    model = Scripted('{"choice": 1}')
    taken = tuple(Taken(action=f"act {n}", thought="", seen="dust") for n in range(12))

    choose(model, replace(parent(), taken=taken))

    text = model.asked[0].messages[0].text
    assert "- act 2: dust\n" in text
    assert "- act 11: dust\n" in text
    assert "act 1:" not in text


# A model without an archive


def naive(model: Asking) -> ChooseAction:
    return ChooseAction(model, BRIEF, repeat=True)


def react(model: Asking) -> ChooseAction:
    return ChooseAction(model, BRIEF, repeat=True, think=True)


@pytest.mark.parametrize("make", [naive, react])
def test_with_repeat_all_options_are_offered_and_none_is_told_as_tried(
    make: Callable[[Asking], ChooseAction],
) -> None:
    model = Scripted(lambda request: f'{{"thought": "", "choice": {offered(request)["south"]}}}')

    child = make(model).propose(parent(()), Random(0))

    assert isinstance(child, Candidate)
    assert child.option == ACTIONS.index("south")
    assert offered(model.asked[0]).keys() == set(ACTIONS)
    assert "- south" not in model.asked[0].messages[0].text


@pytest.mark.parametrize("make", [naive, react])
@pytest.mark.parametrize(("options", "left"), [(ACTIONS, True), ((), False)])
def test_with_repeat_there_is_a_child_while_there_are_options(
    make: Callable[[Asking], ChooseAction], options: tuple[str, ...], *, left: bool
) -> None:
    assert make(Scripted()).can_propose(parent((), options=options)) is left


def test_who_thinks_is_asked_for_a_thought_that_is_kept() -> None:
    model = Scripted('{"thought": "on, for $3", "choice": 1}')

    child = react(model).propose(parent(), Random(0))

    request = model.asked[0]
    assert isinstance(child, Candidate)
    assert (child.mutator, child.rationale) == ("react", "on, for $3")
    assert request.schema
    assert request.schema["required"] == ["thought", "choice"]
    assert "Before each action you write down a thought" in request.system
    assert "learned from earlier attempts:\n(nothing yet)\n" in request.messages[0].text
    assert model.calls == [(Role.ACT, 17, "17.2.1")]


def test_an_answer_without_a_thought_is_repaired() -> None:
    model = Scripted('{"choice": 1}', '{"thought": "on", "choice": 1}')

    child = react(model).propose(parent(), Random(0))

    assert isinstance(child, Candidate)
    assert "thought: Field required" in model.asked[1].messages[-1].text


def test_lessons_are_told_a_line_each() -> None:
    model = Scripted('{"thought": "on", "choice": 1}')

    react(model).propose(parent(), Random(0), ["go north", "not up"])

    text = model.asked[0].messages[0].text
    assert "learned from earlier attempts:\n- go north\n- not up\n" in text


def test_who_does_not_think_gives_no_reason() -> None:
    model = Scripted('{"thought": "on", "choice": 1}')

    child = choose(model)

    assert isinstance(child, Candidate)
    assert child.rationale == ""


# Prompts of one's own


def own_prompts(folder: Path, **changed: str) -> Path:
    """A folder with all three prompts of one's own."""
    texts = {"system": "Rules: $brief", "user": "Pick:\n$options", "repair": "No: $error"}
    for part, text in (texts | changed).items():
        (folder / f"choose-action.{part}.txt").write_text(text)
    return folder


def test_prompts_of_ones_own_take_the_place_of_ours(tmp_path: Path) -> None:
    model = Scripted("hm", '{"choice": 1}')
    mutator = ChooseAction(model, BRIEF, prompts=own_prompts(tmp_path))

    mutator.propose(parent((1,)), Random(0))

    assert model.asked[1].system == f"Rules: {BRIEF}"
    assert [message.text for message in model.asked[1].messages] == [
        "Pick:\n1. south",
        "hm",
        "No: the answer holds no JSON object",
    ]


@pytest.mark.parametrize(
    ("part", "text", "message"),
    [
        ("system", "$rules", r"system\.txt has an unknown placeholder \$rules; known are \$brief"),
        ("user", "$options $goal", r"user\.txt has an unknown placeholder \$goal"),
        ("user", "Pick one.", r"user\.txt lacks the placeholder \$options"),
        ("repair", "Again!", r"repair\.txt lacks the placeholder \$error"),
    ],
)
def test_prompts_that_cannot_be_used_are_refused_at_once(
    tmp_path: Path, part: str, text: str, message: str
) -> None:
    folder = own_prompts(tmp_path, **{part: text})

    with pytest.raises(MutatorError, match=message):
        ChooseAction(Scripted(), BRIEF, prompts=folder)


def test_a_folder_without_one_of_the_prompts_is_refused_at_once(tmp_path: Path) -> None:
    (own_prompts(tmp_path) / "choose-action.repair.txt").unlink()

    with pytest.raises(MutatorError, match=r"choose-action\.repair\.txt"):
        ChooseAction(Scripted(), BRIEF, prompts=tmp_path)
