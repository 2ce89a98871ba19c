"""Asking a foundation model: the contract."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Literal, Protocol, Self

from mutators.base import MutatorError

Api = Literal["chat", "responses"]
"""Which of OpenAI's wire formats: chat completions, that all its imitators speak, or responses."""

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


_WRITTEN = 0.25
"""What a token costs that is written to a cache, above others; see `Usage.paid`."""


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
    NOTE = "note"
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
    logprobs: whether its server says how likely a token and its alternatives are.
    temperature: whether it may be given one; models that reason mostly may not.
    seeded: whether its server draws an answer from a seed that it is given.
    api: in which wire format it is asked, if OpenAI's.
    dimension: length of its vectors, if it embeds texts; 0 where it is not known.
    """

    name: str
    context_window: int
    structured: bool
    prices: Prices | None
    logprobs: bool = False
    temperature: bool = True
    seeded: bool = False
    api: Api = "chat"
    dimension: int = 0

    def check(self, request: "Request") -> None:
        """See that it can do what is asked.

        Raises:
            LLMError: it does not say how likely alternatives are.
        """
        if request.alternatives and not self.logprobs:
            raise LLMError(
                f"{self.name} does not say how likely its answers are; choose a model that does, "
                "or give logprobs = true under [models] if this one does"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of a call. `cached` are those of the prompt that cost less."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0

    @classmethod
    def paid(cls, *, prompt: int, cached: int, written: int, completion: int) -> Self:
        """Tokens as they are paid for: those of the prompt that are written to a cache count more.

        written: of `prompt`; they cost 1.25 times what others do, at Anthropic for five minutes
            (platform.claude.com/docs/en/build-with-claude/prompt-caching) and at OpenAI from
            gpt-5.6 on (developers.openai.com/api/docs/models/gpt-5.6-terra), November 2026.
        """
        more = math.ceil(_WRITTEN * written)
        return cls(prompt=prompt + more, cached=cached, completion=completion)

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
    alternatives: for the first token of the answer, how many of the likeliest are wanted.
    left_out: what of the prompt was cut to fit the window, in words; kept beside the call.
    seed: to draw the answer from, where the server takes one; `None` leaves it to the server.
    """

    system: str
    messages: tuple[Message, ...]
    max_tokens: int
    schema: Mapping[str, Json] | None = None
    temperature: float | None = None
    alternatives: int = 0
    left_out: str = ""
    seed: int | None = None

    def canonical(self, model: str, sample: str) -> str:
        """The request as JSON that is equal for equal requests of the same sample of a model."""
        content: dict[str, object] = {
            "model": model,
            "sample": sample,
            "system": self.system,
            "messages": [[message.speaker, message.text] for message in self.messages],
            "max_tokens": self.max_tokens,
            "schema": self.schema,
            "temperature": self.temperature,
        }
        if self.alternatives:  # left out otherwise, so that older ledgers keep their keys
            content["alternatives"] = self.alternatives
        return json.dumps(content, sort_keys=True)

    def key(self, model: str, sample: str) -> str:
        """SHA-256 of the canonical request."""
        return sha256(self.canonical(model, sample).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Alternative:
    """A token that an answer could have begun with. `logprob`: natural logarithm of its chance."""

    token: str
    logprob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model said. May be empty or cut short.

    seconds: from asking until the last token.
    alternatives: for its first token, the likeliest first, as many as were wanted at most; none
        where the server gave none.
    """

    text: str
    finish: Finish
    usage: Usage
    seconds: float
    alternatives: tuple[Alternative, ...] = ()


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
