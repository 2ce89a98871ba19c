"""Answers from a script, for tests and for demonstrations without a key."""

import re
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from mutators.llm.base import Answer, Finish, LLMError, Model, Request, Usage

Script = Callable[[Request], str | None]
"""What is answered to a request; `None` where the script has no answer."""


class Rule(BaseModel):
    """A line of a script.

    match: a regular expression, found somewhere in the system text or the messages, or that text
        itself; matches everything if left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    match: str = ""

    def fits(self, asked: str) -> bool:
        """Whether the line answers what is asked."""
        return self.match in asked or _found(self.match, asked)


class Scripted:
    """A model that answers from a script: the same request, the same answer. It counts words.

    Raises:
        LLMError: the script has no answer.
    """

    def __init__(self, model: Model, script: Script) -> None:
        self._model = model
        self._script = script

    @property
    def model(self) -> Model:
        return self._model

    def ask(self, request: Request) -> Answer:
        self._model.check(request)
        text = self._script(request)
        if text is None:
            asked = request.messages[-1].text if request.messages else request.system
            raise LLMError(f"{self._model.name} has no answer to {asked[:100]!r}: add a rule")
        words = text.split()
        usage = Usage(prompt=len(_asked(request).split()), completion=len(words))
        if len(words) <= request.max_tokens:
            return Answer(text=text, finish=Finish.STOP, usage=usage, seconds=0.0)
        return _cut_short(words, usage, request.max_tokens)


def rules(path: Path) -> Script:
    """The script in a JSONL file: the first line that fits answers.

    Raises:
        LLMError: the file is missing, or a line is no rule.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LLMError(f"no script {str(path)!r}: {error}") from error
    script = [_rule(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    return lambda request: _first(script, _asked(request))


def _cut_short(words: list[str], usage: Usage, most: int) -> Answer:
    usage = Usage(prompt=usage.prompt, completion=most)
    return Answer(text=" ".join(words[:most]), finish=Finish.LENGTH, usage=usage, seconds=0.0)


def _asked(request: Request) -> str:
    return "\n".join([request.system, *(message.text for message in request.messages)])


def _first(script: list[Rule], asked: str) -> str | None:
    return next((rule.text for rule in script if rule.fits(asked)), None)


def _rule(path: Path, number: int, line: str) -> Rule:
    try:
        return Rule.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        what = ".".join(str(step) for step in first["loc"])
        raise LLMError(f"{path}, line {number}: {what} {first['msg'].lower()}".strip()) from error


def _found(pattern: str, asked: str) -> bool:
    try:
        return re.search(pattern, asked) is not None
    except re.error:
        return False
