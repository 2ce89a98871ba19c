"""Questions of one kind: their prompts, and the model that they are put to."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from archive.entry import Failure
from mutators.llm.asking import Asking
from mutators.llm.base import Answer, Json, Message, Request, Role
from mutators.llm.inquiry import Inquiry
from mutators.prompt import load

Value = TypeVar("Value")


class Questions:
    """Puts questions that differ in what stands in the places of their prompt.

    stem: of the prompts' files, `STEM.system.txt`, `STEM.user.txt` and `STEM.repair.txt`; from
        the folder `prompts` where one is given.
    known: placeholders of the user's text. needed: those of them that it must have.
    max_tokens: of an answer.

    Raises:
        PromptError: one of these files is not there or cannot be used.
    """

    def __init__(
        self,
        asking: Asking,
        brief: str,
        *,
        role: Role,
        stem: str,
        known: Sequence[str],
        needed: Sequence[str],
        temperature: float,
        max_tokens: int,
        prompts: Path | None = None,
    ) -> None:
        self._temperature = temperature
        self._max_tokens = max_tokens
        system = load(f"{stem}.system.txt", known=["brief"], folder=prompts)
        self._system = system.substitute(brief=brief)
        self._user = load(f"{stem}.user.txt", known=known, needed=needed, folder=prompts)
        repair = load(
            f"{stem}.repair.txt", known=["error", "count"], needed=["error"], folder=prompts
        )
        self._inquiry = Inquiry(asking, role, repair)

    def put(
        self,
        words: Mapping[str, object],
        schema: Mapping[str, Json],
        read: Callable[[Answer], Value | Failure],
        *,
        step: int,
        sample: str,
    ) -> Value | Failure:
        """What `read` makes of the answer to the question with these words in its places.

        Raises:
            LLMError: the model cannot be asked.
            BudgetSpent: the budget does not allow to ask it.
        """
        request = Request(
            system=self._system,
            messages=(Message(speaker="user", text=self._user.substitute(words)),),
            max_tokens=self._max_tokens,
            schema=schema,
            temperature=self._temperature,
        )
        count = words.get("count", 0)
        return self._inquiry.put(request, read, step=step, sample=sample, count=count)
