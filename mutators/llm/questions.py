"""Questions of one kind: their prompts, and the model that they are put to."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from archive.entry import Failure
from mutators.llm.asking import Asking
from mutators.llm.base import Answer, Json, Message, Model, Request, Role
from mutators.llm.inquiry import Inquiry
from mutators.packing import Packed, Section, pack, room
from mutators.prompt import load

Value = TypeVar("Value")


class Questions:
    """Puts questions that differ in what stands in the places of their prompt.

    stem: of the prompts' files, `STEM.system.txt`, `STEM.user.txt` and `STEM.repair.txt`; from
        the folder `prompts` where one is given.
    known: placeholders of the user's text. needed: those of them that it must have.
    max_tokens: of an answer.
    form: how an answer is to look, in words, for the placeholder $form of the system's text and of
        the repair.

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
        form: str = "",
    ) -> None:
        self._model = asking.model
        self._temperature = temperature
        self._max_tokens = max_tokens
        shape = {"form": form} if form else {}
        system = load(f"{stem}.system.txt", known=["brief", *shape], folder=prompts)
        self._system = system.substitute(brief=brief, **shape)
        self._user = load(f"{stem}.user.txt", known=known, needed=needed, folder=prompts)
        known_to_repair = ["error", "count", *shape]
        repair = load(f"{stem}.repair.txt", known=known_to_repair, needed=["error"], folder=prompts)
        self._shape = shape
        self._inquiry = Inquiry(asking, role, repair)

    def put(
        self,
        words: Mapping[str, object],
        schema: Mapping[str, Json] | None,
        read: Callable[[Answer], Value | Failure],
        *,
        step: int,
        sample: str,
    ) -> Value | Failure:
        """What `read` makes of the answer to the question with these words in its places.

        words: by placeholder. A `Section` is cut where the prompt does not fit the model's window;
            what else is said is not.
        schema: that the answer follows; `None` for free text.

        Raises:
            LLMError: the model cannot be asked.
            BudgetSpent: the budget does not allow to ask it.
        """
        packed = self._packed(words)
        request = Request(
            system=self._system,
            messages=(Message(speaker="user", text=self._user.substitute(words, **packed.texts)),),
            max_tokens=self._max_tokens,
            schema=schema,
            temperature=self._temperature,
            left_out=packed.left_out,
        )
        more = {"count": words.get("count", 0), **self._shape}
        return self._inquiry.put(request, read, step=step, sample=sample, **more)

    def room(self, count: int) -> int:
        """How many tokens each of `count` things of equal right may take of a prompt."""
        empty = self._user.safe_substitute()
        return max(0, room(self._model, self._max_tokens, self._system, empty)) // count

    @property
    def model(self) -> Model:
        """The model that is asked."""
        return self._model

    def _packed(self, words: Mapping[str, object]) -> Packed:
        sections = [word for word in words.values() if isinstance(word, Section)]
        fixed = {name: "" if isinstance(word, Section) else word for name, word in words.items()}
        left = room(self._model, self._max_tokens, self._system, self._user.substitute(fixed))
        return pack(sections, tokens=left, model=self._model)
