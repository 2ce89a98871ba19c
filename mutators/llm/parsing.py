"""What an answer says: text to a checked value, or why there is none."""

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from archive.entry import Cause, Failure
from mutators.llm.base import Answer, Finish, Json

Shape = TypeVar("Shape", bound=BaseModel)

_SHOWN = 200
"""Characters of what a model wrote that a message quotes at most."""


class Choice(BaseModel):
    """One of several numbered things."""

    model_config = ConfigDict(strict=True, frozen=True)

    choice: int


class Considered(Choice):
    """A choice with the thought behind it."""

    thought: str


class Foretold(Choice):
    """A choice with how sure the model is of it, in percent."""

    chance: Annotated[int, Field(ge=0, le=100)]


Chosen = TypeVar("Chosen", bound=Choice)

THOUGHT: Mapping[str, Json] = {"thought": {"type": "string"}}
CHANCE: Mapping[str, Json] = {"chance": {"type": "integer", "enum": [*range(0, 101, 5)]}}


def object_schema(fields: Mapping[str, Json]) -> dict[str, Json]:
    """The JSON schema of an object that has these fields, all of them and no others."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": [*fields],
        "additionalProperties": False,
    }


def number_schema(count: int) -> dict[str, Json]:
    """The JSON schema of a number from 1 to `count`."""
    # An enumeration and no bounds: more servers keep to it.
    return {"type": "integer", "enum": [*range(1, count + 1)]}


def choice_schema(count: int, **more: Json) -> dict[str, Json]:
    """The JSON schema of a choice among the numbers from 1 to `count`, after other fields."""
    return object_schema({**more, "choice": number_schema(count)})


def parse_choice(answer: Answer, count: int, shape: type[Chosen]) -> Chosen | Failure:
    """The choice of a number from 1 to `count` in an answer, or why there is none."""
    said = parse(answer, shape)
    if isinstance(said, Failure) or 1 <= said.choice <= count:
        return said
    message = f"there is no number {_short(str(said.choice))}; the numbers are 1 to {count}"
    return unusable(message, answer)


def unusable(message: str, answer: Answer) -> Failure:
    """An answer that was understood as text and is none to the question."""
    return Failure(cause=Cause.UNPARSABLE, message=message, log=answer.text)


def parse(answer: Answer, shape: type[Shape]) -> Shape | Failure:
    """The value that an answer holds, or why it holds none.

    A failure's cause tells truncated, refused, empty and unparsable answers apart; its log is the
    whole answer.
    """
    value = cut_off(answer) or read(answer.text, shape)
    return unusable(value, answer) if isinstance(value, str) else value


def read(text: str, shape: type[Shape]) -> Shape | str:
    """The value of the one JSON object in a text, or what is wrong with the text.

    Prose or a code fence may stand around the object. Types are never converted: neither "3" nor
    3.0 nor true is a whole number.
    """
    start, end = text.find("{"), text.rfind("}")
    if not 0 <= start < end:
        return "the answer holds no JSON object"
    # A half surrogate is no text that JSON knows, and no value of ours either.
    found = text[start : end + 1].encode("utf-8", "replace")
    try:
        return shape.model_validate_json(found)
    except ValidationError as error:
        return _what_is_wrong(error)


def cut_off(answer: Answer) -> Failure | None:
    """Why an answer is not worth reading."""
    text = answer.text
    if answer.finish is Finish.REFUSAL:
        message = f"the model refused: {_short(text)}" if text.strip() else "the model refused"
        return Failure(cause=Cause.REFUSED, message=message, log=text)
    if answer.finish is Finish.LENGTH:
        message = f"the answer was cut off after {answer.usage.completion} tokens"
        return Failure(cause=Cause.TRUNCATED, message=message, log=text)
    if not text.strip():
        return Failure(cause=Cause.EMPTY, message="the answer is empty")
    return None


def _what_is_wrong(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]


def _short(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "..."
