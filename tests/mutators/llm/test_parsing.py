"""What an answer says, and why it may say nothing."""

import pytest

from archive.entry import Cause, Failure
from mutators.llm.base import Answer, Finish, Usage
from mutators.llm.parsing import Choice, choice_schema, parse, parse_choice, read


def answer(text: str, finish: Finish = Finish.STOP) -> Answer:
    return Answer(text=text, finish=finish, usage=Usage(completion=7), seconds=0.1)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ('{"choice": 3}', 3),
        ('  {"choice":3}\n', 3),
        ('{\n  "choice": 3\n}', 3),
        ('```json\n{"choice": 3}\n```', 3),
        ('```\n{"choice": 3}\n```\nThat one.', 3),
        ('I take 4 + 6, since 24 = 4 * 6: {"choice": 12}. Good luck!', 12),
        ('{"choice": 3, "why": "a } in a text"}', 3),
        ('{"why": "half a surrogate \ud800", "choice": 3}', 3),
        ('{"choice": -1}', -1),
    ],
)
def test_one_object_is_read_whatever_stands_around_it(text: str, choice: int) -> None:
    assert read(text, Choice) == Choice(choice=choice)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("3", "no JSON object"),
        ("} and {", "no JSON object"),
        ("choice: 3", "no JSON object"),
        ('{"choice": 3', "no JSON object"),
        ("{'choice': 3}", "Invalid JSON"),
        ("{choice: 3}", "Invalid JSON"),
        ('{"choice": 3} or {"choice": 4}', "Invalid JSON"),
        ('{"a":' * 5000 + "}" * 5000, "Invalid JSON"),
        ('{"choice": ' + "9" * 5000 + "}", "Invalid JSON"),
        ("{}", "choice: Field required"),
        ('{"answer": {"choice": 3}}', "choice: Field required"),
        ('{"choice": "3"}', "choice: Input should be a valid integer"),
        ('{"choice": 3.0}', "choice: Input should be a valid integer"),
        ('{"choice": true}', "choice: Input should be a valid integer"),
        ('{"choice": null}', "choice: Input should be a valid integer"),
        ('{"choice": [3]}', "choice: Input should be a valid integer"),
    ],
)
def test_what_is_no_such_object_says_why(text: str, wrong: str) -> None:
    found = read(text, Choice)

    assert isinstance(found, str)
    assert wrong in found
    assert "\n" not in found


@pytest.mark.parametrize(
    ("text", "finish", "cause", "message"),
    [
        ('{"choice": 1}', Finish.LENGTH, Cause.TRUNCATED, "the answer was cut off after 7 tokens"),
        ("", Finish.LENGTH, Cause.TRUNCATED, "the answer was cut off after 7 tokens"),
        ("I will\nnot.", Finish.REFUSAL, Cause.REFUSED, "the model refused: I will not."),
        ("", Finish.REFUSAL, Cause.REFUSED, "the model refused"),
        (" \n", Finish.STOP, Cause.EMPTY, "the answer is empty"),
        ("one", Finish.STOP, Cause.UNPARSABLE, "the answer holds no JSON object"),
    ],
)
def test_answers_that_say_nothing_are_told_apart(
    text: str, finish: Finish, cause: Cause, message: str
) -> None:
    found = parse(answer(text, finish), Choice)

    assert isinstance(found, Failure)
    assert (found.cause, found.message) == (cause, message)
    assert found.log.strip() == text.strip()


@pytest.mark.parametrize("number", [1, 5])
def test_a_choice_is_among_the_numbers(number: int) -> None:
    said = parse_choice(answer(f'{{"choice": {number}}}'), 5, Choice)

    assert said == Choice(choice=number)


@pytest.mark.parametrize("number", [-1, 0, 6, 10**30])
def test_a_number_that_is_not_there_is_no_choice(number: int) -> None:
    text = f'{{"choice": {number}}}'

    assert parse_choice(answer(text), 5, Choice) == Failure(
        cause=Cause.UNPARSABLE,
        message=f"there is no number {number}; the numbers are 1 to 5",
        log=text,
    )


def test_the_schema_allows_the_numbers_and_nothing_else() -> None:
    assert choice_schema(3) == {
        "type": "object",
        "properties": {"choice": {"type": "integer", "enum": [1, 2, 3]}},
        "required": ["choice"],
        "additionalProperties": False,
    }
