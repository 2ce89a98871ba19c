"""Asking a foundation model: the contract."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Literal, Protocol

from mutators.base import MutatorError

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class LLMError(MutatorError):
    """A model that cannot be asked; asking again would not help. The message says what would.

    A wrong key, an unknown model, an exhausted quota, a server that stays out of reach.
    """


class Role(StrEnum):
    """What a call is for."""

    SELECT = "select"
    ACT = "act"
    ADMIT = "admit"
    MUTATE = "mutate"
    JUDGE = "judge"
    EMBED = "embed"
    AGENT = "agent"


class Finish(StrEnum):
    """How an answer ended."""

    STOP = "stop"
    LENGTH = "length"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    speaker: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """US dollars per million tokens."""

    prompt: float
    cached: float
    completion: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model and what it can do.

    name: as it is written to choose it, such as `openai:gpt-4o` or `local:FILE`.
    context_window: tokens of prompt and answer together.
    structured: whether its server keeps an answer to a JSON schema.
    prices: `None` where they are not known; a model of one's own costs 0.
    """

    name: str
    context_window: int
    structured: bool
    prices: Prices | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of a call. `cached` are those of the prompt that cost less."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0

    def dollars(self, prices: Prices) -> float:
        """What they cost."""
        fresh = self.prompt - self.cached
        per_million = (
            fresh * prices.prompt
            + self.cached * prices.cached
            + self.completion * prices.completion
        )
        return per_million / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A question to a model.

    schema: a JSON schema that the answer is to follow; `None` for free text.
    temperature: `None` leaves it to the server.
    max_tokens: of the answer.
    """

    system: str
    messages: tuple[Message, ...]
    max_tokens: int
    schema: Mapping[str, Json] | None = None
    temperature: float | None = None

    def canonical(self, model: str, sample: str) -> str:
        """The request as JSON that is equal for equal requests of the same sample of a model."""
        content = {
            "model": model,
            "sample": sample,
            "system": self.system,
            "messages": [[message.speaker, message.text] for message in self.messages],
            "max_tokens": self.max_tokens,
            "schema": self.schema,
            "temperature": self.temperature,
        }
        return json.dumps(content, sort_keys=True)

    def key(self, model: str, sample: str) -> str:
        """SHA-256 of the canonical request."""
        return sha256(self.canonical(model, sample).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model said. `seconds`: from asking until the last token. May be empty or cut short."""

    text: str
    finish: Finish
    usage: Usage
    seconds: float


class LLM(Protocol):
    """A model that can be asked. Several threads may ask at once."""

    @property
    def model(self) -> Model:
        """Which model it is."""
        ...

    def ask(self, request: Request) -> Answer:
        """Put a request, waiting and asking again where that helps.

        Raises:
            LLMError: it cannot be asked.
        """
        ...
