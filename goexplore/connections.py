"""The models that runs ask, each connected once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from archive.entry import Entry, EntryId
from archive.errors import UnknownEntry
from archive.ledger import Call, Cost
from mutators.llm.base import LLM, Answer, LLMError, Model, Request, Role
from mutators.llm.connect import Connection, connect
from mutators.llm.models import describe, parse
from mutators.llm.stopping import StopSign
from mutators.llm.vectors import Vectors

Facts = Mapping[str, Mapping[str, object]]
"""What is known of models, by name; see `mutators.llm.models.ModelFacts`."""


class Connections:
    """Connects models when they are first wanted; all runs share a model and its limits."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        """`keys`: by provider, `openai` and `anthropic`, or by the URL of another server."""
        self._keys = keys
        self._connected: dict[str, Connection] = {}

    def llm(self, name: str, facts: Facts, sign: StopSign | None = None) -> LLM:
        """The model of a name, such as `openai:gpt-4o` or `local:FILE`.

        sign: of the run that asks it, shown when the run is to end.

        Raises:
            LLMError: it cannot be asked; the message says what would help.
        """
        if name not in self._connected:
            self._connected[name] = connect(parse(name), keys=self._keys, table=facts)
        return self._connected[name].llm(sign or StopSign())


@dataclass(frozen=True, slots=True)
class Silent:
    """A model that is known by name and cannot be asked: in a replay the ledger answers."""

    model: Model

    @classmethod
    def of(cls, name: str, facts: Facts) -> Self:
        """The silent double of a model."""
        return cls(describe(parse(name), facts))

    def ask(self, request: Request) -> Answer:
        """Nothing can be asked.

        Raises:
            LLMError: always.
        """
        asked = request.messages[-1].text.strip().partition("\n")[0]
        raise LLMError(
            f"the ledger has no answer of {self.model.name} to {asked[:80]!r}: "
            "the run, or the code that makes its prompts, is not what it was"
        )


@dataclass(frozen=True, slots=True)
class Unasked:
    """A model that a part is made with to see whether it can be made; see `Asking`."""

    model: Model

    def ask(self, request: Request, *, role: Role, step: int, sample: str) -> Answer:
        """Nothing can be asked.

        Raises:
            LLMError: always.
        """
        del request, role, step, sample
        raise LLMError(f"{self.model.name} is not to be asked before the run has begun")


class Unread:
    """The past of a run that has not begun; see `mutators.base.Past`."""

    def entry(self, entry: EntryId) -> Entry:
        """There is none.

        Raises:
            UnknownEntry: always.
        """
        raise UnknownEntry(f"no entry #{entry} in a run that has not begun")

    def costs(self, first: int, last: int) -> Sequence[Cost]:
        """None."""
        del first, last
        return ()

    def answered(self, step: int, role: str) -> Sequence[Call]:
        """None."""
        del step, role
        return ()


@dataclass(frozen=True, slots=True)
class Unembedded:
    """The same for a model that embeds; see `Embedder`."""

    model: Model

    @property
    def dimension(self) -> int:
        """As long are its vectors; 0 where that is not known."""
        return self.model.dimension

    def embed(self, texts: Sequence[str], *, step: int) -> Vectors:
        """Nothing can be embedded.

        Raises:
            LLMError: always.
        """
        del texts, step
        raise LLMError(f"{self.model.name} is not to be asked before the run has begun")
