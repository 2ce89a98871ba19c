"""Asking for something of a known form, and once more where the answer has not got it."""

from pathlib import Path
from string import Template
from threading import Thread

import pytest

from archive.entry import Cause, Failure
from mutators.base import MutatorError
from mutators.llm.base import Answer, Finish, LLMError, Message, Request, Role
from mutators.llm.inquiry import STUBBORN, Inquiry
from mutators.llm.parsing import Choice, choice_schema, parse_choice
from mutators.llm.questions import Questions
from tests.mutators.asking import Said, Scripted

QUESTION = Request(
    system="be brief", messages=(Message(speaker="user", text="Which?"),), max_tokens=9
)


def read(answer: Answer) -> Choice | Failure:
    return parse_choice(answer, 3, Choice)


def inquiry(model: Scripted) -> Inquiry:
    return Inquiry(model, Role.JUDGE, Template("No: $error. From 1 to $count."))


def put(asking: Inquiry, step: int = 7) -> Choice | Failure:
    return asking.put(QUESTION, read, step=step, sample=f"{step}.why", count=3)


# An inquiry


def test_a_usable_answer_is_read_and_no_more_is_asked() -> None:
    model = Scripted('{"choice": 2}')

    assert put(inquiry(model)) == Choice(choice=2)
    assert model.asked == [QUESTION]
    assert model.calls == [(Role.JUDGE, 7, "7.why.1")]


def test_an_answer_is_repaired_once_with_what_is_wrong_with_it() -> None:
    model = Scripted('{"choice": 9}', '{"choice": 3}')

    assert put(inquiry(model)) == Choice(choice=3)
    assert [message.text for message in model.asked[1].messages] == [
        "Which?",
        '{"choice": 9}',
        "No: there is no number 9; the numbers are 1 to 3. From 1 to 3.",
    ]
    assert model.asked[1].system == "be brief"
    assert model.calls[1] == (Role.JUDGE, 7, "7.why.2")


def test_a_second_answer_that_cannot_be_used_is_the_end_of_it() -> None:
    model = Scripted("hm", "hm?")

    failure = put(inquiry(model))

    assert isinstance(failure, Failure)
    assert (failure.cause, failure.log) == (Cause.UNPARSABLE, "hm?")
    assert len(model.asked) == 2


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (Said('{"choice": 1}', Finish.LENGTH), Cause.TRUNCATED),
        (Said("no", Finish.REFUSAL), Cause.REFUSED),
        (Said(" "), Cause.EMPTY),
    ],
)
def test_what_is_no_answer_is_not_repaired(reply: Said, cause: Cause) -> None:
    model = Scripted(reply)

    failure = put(inquiry(model))

    assert isinstance(failure, Failure)
    assert failure.cause is cause
    assert len(model.asked) == 1


def test_a_model_that_gives_a_hundred_unusable_answers_in_a_row_is_not_asked_again() -> None:
    model = Scripted(*["hm"] * 200)
    asking = inquiry(model)
    for step in range(STUBBORN // 2 - 1):
        put(asking, step)

    with pytest.raises(LLMError) as stubborn:
        put(asking, 99)

    message = str(stubborn.value)
    assert len(model.asked) == STUBBORN == 100
    assert message.startswith("scripted has given 100 answers in a row that cannot be used for")
    assert "'judge', the last: unparsable answer, the answer holds no JSON object" in message
    assert "\n" not in message


def test_a_model_that_is_understood_now_and_then_is_asked_on() -> None:
    model = Scripted(*[*["hm"] * 98, '{"choice": 1}', ""] * 3)
    asking = inquiry(model)

    said = [put(asking, step) for step in range(3 * 51)]

    assert said.count(Choice(choice=1)) == 3
    assert len(model.asked) == 300


def test_answers_are_counted_over_all_threads() -> None:
    model = Scripted(*[""] * 200)
    asking = inquiry(model)
    stopped: list[LLMError] = []

    def ask() -> None:
        try:
            for step in range(100):
                put(asking, step)
        except LLMError as error:
            stopped.append(error)

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(stopped) == 4
    assert STUBBORN <= len(model.asked) < STUBBORN + 4


# Questions of a kind


def prompts(folder: Path, **changed: str) -> Path:
    texts = {"system": "Rules: $brief", "user": "Rate $entry.", "repair": "No: $error ($count)"}
    for part, text in (texts | changed).items():
        (folder / f"mark.{part}.txt").write_text(text)
    return folder


def questions(model: Scripted, folder: Path) -> Questions:
    return Questions(
        model,
        "$5 a look",
        role=Role.ADMIT,
        stem="mark",
        known=("entry", "count"),
        needed=["entry"],
        temperature=0.25,
        max_tokens=33,
        prompts=folder,
    )


def test_a_question_stands_in_its_prompt_and_is_put_with_its_settings(tmp_path: Path) -> None:
    model = Scripted('{"choice": 2}')

    said = questions(model, prompts(tmp_path)).put(
        {"entry": "a hall, for $1", "count": 3}, choice_schema(3), read, step=4, sample="4.mark"
    )

    assert said == Choice(choice=2)
    assert model.asked == [
        Request(
            system="Rules: $5 a look",
            messages=(Message(speaker="user", text="Rate a hall, for $1."),),
            max_tokens=33,
            schema=choice_schema(3),
            temperature=0.25,
        )
    ]
    assert model.calls == [(Role.ADMIT, 4, "4.mark.1")]


def test_a_repair_may_say_how_many_there_are_and_need_not_know(tmp_path: Path) -> None:
    model = Scripted("hm", '{"choice": 2}', "hm", '{"choice": 2}')
    asking = questions(model, prompts(tmp_path))

    for words in ({"entry": "a", "count": 3}, {"entry": "a"}):
        asking.put(words, choice_schema(3), read, step=4, sample="4.mark")

    repairs = [model.asked[n].messages[-1].text for n in (1, 3)]
    assert repairs == [f"No: the answer holds no JSON object ({n})" for n in (3, 0)]


@pytest.mark.parametrize(
    ("part", "text", "message"),
    [
        ("system", "$entry", r"mark\.system\.txt has an unknown placeholder \$entry"),
        ("user", "$entry $goal", r"mark\.user\.txt has an unknown placeholder \$goal; known are"),
        ("user", "Rate it.", r"mark\.user\.txt lacks the placeholder \$entry"),
        ("repair", "No! $count", r"mark\.repair\.txt lacks the placeholder \$error"),
        ("repair", " ", r"mark\.repair\.txt is empty"),
    ],
)
def test_prompts_that_cannot_be_used_are_refused_at_once(
    tmp_path: Path, part: str, text: str, message: str
) -> None:
    folder = prompts(tmp_path, **{part: text})

    with pytest.raises(MutatorError, match=message):
        questions(Scripted(), folder)


def test_a_prompt_that_is_missing_is_refused_at_once(tmp_path: Path) -> None:
    (prompts(tmp_path) / "mark.user.txt").unlink()

    with pytest.raises(MutatorError, match=r"mark\.user\.txt"):
        questions(Scripted(), tmp_path)
