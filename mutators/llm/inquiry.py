"""Asking a model for something of a known form, and once more where the answer has not got it."""

from collections.abc import Callable
from dataclasses import replace
from string import Template
from threading import Lock
from typing import TypeVar

from archive.entry import Cause, Failure
from mutators.llm.asking import Asking
from mutators.llm.base import Answer, Finish, LLMError, Message, Request, Role

Value = TypeVar("Value")

STUBBORN = 100
"""Answers in a row that cannot be used, after which a model is not asked again."""


class Inquiry:
    """Puts questions of one kind to a model.

    An answer that cannot be understood, or comes to nothing, is shown to the model once, with what
    is wrong with it; one that was cut off, refused or left empty is not.
    """

    def __init__(self, asking: Asking, role: Role, repair: Template) -> None:
        """`repair`: what is said to a wrong answer; its placeholder $error says what is wrong."""
        self._asking = asking
        self._role = role
        self._repair = repair
        self._unusable = 0
        self._lock = Lock()

    def put(
        self,
        request: Request,
        read: Callable[[Answer], Value | Failure],
        *,
        step: int,
        sample: str,
        **words: object,
    ) -> Value | Failure:
        """What `read` makes of the answer, after one repair if need be; or why nothing.

        words: for further placeholders of the repair.

        Raises:
            LLMError: the model cannot be asked, or has not kept to any form for too long.
            BudgetSpent: the budget does not allow to ask it.
        """
        # Timing has no part in the sample's name: a step that was killed asks for the same.
        answer = self._asking.ask(request, role=self._role, step=step, sample=f"{sample}.1")
        value = self._read(answer, read)
        if not isinstance(value, Failure) or not _can_be_mended(value, answer):
            return value
        error = self._repair.substitute(error=value.message, **words)
        again = _continued(request, answer, error)
        return self._read(
            self._asking.ask(again, role=self._role, step=step, sample=f"{sample}.2"), read
        )

    def _read(self, answer: Answer, read: Callable[[Answer], Value | Failure]) -> Value | Failure:
        value = read(answer)
        with self._lock:
            self._unusable = self._unusable + 1 if isinstance(value, Failure) else 0
            if isinstance(value, Failure) and self._unusable >= STUBBORN:
                raise LLMError(
                    f"{self._asking.model.name} has given {STUBBORN} answers in a row that cannot "
                    f"be used for {self._role.value!r}, the last: {value.cause}, {value.message}; "
                    "choose a model or a server that keeps to a JSON schema"
                )
        return value


def _can_be_mended(failure: Failure, answer: Answer) -> bool:
    """Whether a model that is told what is wrong may do better.

    What it left unfinished by itself it can finish; what ran into the limit would do so again.
    """
    if failure.cause is Cause.TRUNCATED:
        return answer.finish is Finish.STOP
    return failure.cause in (Cause.UNPARSABLE, Cause.NO_EDIT)


def _continued(request: Request, answer: Answer, text: str) -> Request:
    """A request that goes on after an answer."""
    reply = Message(speaker="assistant", text=answer.text)
    question = Message(speaker="user", text=text)
    return replace(request, messages=(*request.messages, reply, question))
