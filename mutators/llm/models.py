"""Which model is meant, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, PositiveInt, ValidationError
from pydantic_core import ErrorDetails

from mutators.llm.base import Api, LLMError, Model, Prices
from mutators.llm.limiter import Limits

Provider = Literal["openai", "anthropic", "local", "scripted"]

PROVIDERS: tuple[Provider, ...] = get_args(Provider)

FREE = Prices(prompt=0.0, cached=0.0, completion=0.0)

_EXAMPLES = "openai:NAME, openai:NAME@http://HOST/v1, anthropic:NAME, local:PATH or scripted:FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRef:
    """A model as it is written to choose it.

    name: of the model at its provider; the path of a file for `local` and `scripted`.
    url: of a server other than the provider's own; `None` for that one.
    """

    provider: Provider
    name: str
    url: str | None = None

    def __str__(self) -> str:
        at = f"@{self.url}" if self.url else ""
        return f"{self.provider}:{self.name}{at}"

    @property
    def ours(self) -> bool:
        """Whether it runs on this machine, so that its tokens cost nothing."""
        if self.provider in ("local", "scripted"):
            return True
        return self.url is not None and on_loopback(self.url)


class PriceFacts(BaseModel):
    """US dollars per million tokens, as a user writes them. `cached` is as `prompt` if left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    prompt: NonNegativeFloat
    completion: NonNegativeFloat
    cached: NonNegativeFloat | None = None


class ModelFacts(BaseModel):
    """What a user says of a model; what is left out stays as it was known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    context_window: PositiveInt | None = None
    structured: bool | None = None
    prices: PriceFacts | None = None
    logprobs: bool | None = None
    temperature: bool | None = None
    seeded: bool | None = None
    api: Api | None = None
    dimension: PositiveInt | None = None
    concurrency: PositiveInt | None = None
    requests_per_minute: PositiveInt | None = None
    tokens_per_minute: PositiveInt | None = None


def on_loopback(url: str) -> bool:
    """Whether a server is on this machine, reachable from it alone."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def parse(text: str) -> ModelRef:
    """The model that a user wrote, such as `openai:gpt-4o` or `openai:NAME@http://HOST/v1`.

    Raises:
        LLMError: it is written in no such way.
    """
    provider, _, rest = text.partition(":")
    name, url = _parted(rest)
    if provider not in PROVIDERS:
        raise LLMError(f"no model {text!r}: {_hint(provider, list(PROVIDERS))}write {_EXAMPLES}")
    if not name:
        raise LLMError(f"no model {text!r}: its name is missing; write {_EXAMPLES}")
    if url is None:
        return ModelRef(provider=provider, name=name)
    _check_url(text, provider, url)
    return ModelRef(provider=provider, name=name, url=url.rstrip("/"))


def describe(ref: ModelRef, table: Mapping[str, Mapping[str, object]]) -> Model:
    """What is known of a model: what the table says of it, and what comes along.

    table: a model as it is written, with or without its server -> fields of `ModelFacts`. A price
        or a wire format without a server is of the provider's own and holds for no other.

    Raises:
        LLMError: the table has an unknown key or a wrong value.
    """
    model = _known(ref)
    here = str(ref)
    for written in dict.fromkeys((f"{ref.provider}:{ref.name}", here)):
        if written in table:
            facts = _facts(written, table[written])
            if facts.api and ref.provider != "openai":
                raise LLMError(f"model {written!r}: api: only a model of openai: has a choice")
            model = _with(model, facts, at_home=written == here)
    return model


def limits_of(ref: ModelRef, table: Mapping[str, Mapping[str, object]]) -> Limits:
    """What a model allows, as the table of `describe` has it; no limit where it says nothing.

    Raises:
        LLMError: the table has an unknown key or a wrong value.
    """
    limits = Limits()
    for written in dict.fromkeys((f"{ref.provider}:{ref.name}", str(ref))):
        facts = _facts(written, table.get(written, {}))
        limits = Limits(
            concurrency=facts.concurrency or limits.concurrency,
            requests_per_minute=facts.requests_per_minute or limits.requests_per_minute,
            tokens_per_minute=facts.tokens_per_minute or limits.tokens_per_minute,
        )
    return limits


def _parted(rest: str) -> tuple[str, str | None]:
    for scheme in ("@http://", "@https://"):
        name, at, address = rest.partition(scheme)
        if at:
            return name, scheme[1:] + address
    return rest, None


def _check_url(text: str, provider: Provider, url: str) -> None:
    if provider in ("local", "scripted"):
        raise LLMError(f"no model {text!r}: a {provider} model is a file and has no server")
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise LLMError(f"no model {text!r}: {url!r} is no address of a server")


def _hint(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f"did you mean {close[0]!r}? " if close else ""


def _known(ref: ModelRef) -> Model:
    known = KNOWN.get(str(ref)) or _unknown(ref)
    return replace(known, prices=FREE) if ref.ours else known


def _unknown(ref: ModelRef) -> Model:
    return Model(
        name=str(ref),
        context_window=CONTEXT_WINDOW,
        structured=ref.provider != "scripted",
        prices=None,
        logprobs=ref.provider == "local",
        seeded=ref.provider == "local",
    )


def _facts(written: str, facts: Mapping[str, object]) -> ModelFacts:
    try:
        return ModelFacts.model_validate(dict(facts))
    except ValidationError as error:
        raise LLMError(f"model {written!r}: {_complaint(error.errors()[0])}") from error


def _complaint(error: ErrorDetails) -> str:
    place = [str(step) for step in error["loc"]]
    if error["type"] != "extra_forbidden":
        return f"{'.'.join(place)}: {error['msg'].lower()}"
    fields = PriceFacts.model_fields if place[:-1] == ["prices"] else ModelFacts.model_fields
    known = ", ".join(fields)
    return f"unknown key {'.'.join(place)!r}; {_hint(place[-1], list(fields))}known are {known}"


def _with(model: Model, facts: ModelFacts, *, at_home: bool) -> Model:
    """What is known of a model with what a user says of it, there or at another server."""
    changed = replace(
        model,
        context_window=facts.context_window or model.context_window,
        structured=model.structured if facts.structured is None else facts.structured,
        logprobs=model.logprobs if facts.logprobs is None else facts.logprobs,
        temperature=model.temperature if facts.temperature is None else facts.temperature,
        seeded=model.seeded if facts.seeded is None else facts.seeded,
        dimension=facts.dimension or model.dimension,
    )
    if not at_home:
        return changed
    prices = _prices(facts.prices) if facts.prices else model.prices
    return replace(changed, prices=prices, api=facts.api or model.api)


def _prices(facts: PriceFacts) -> Prices:
    cached = facts.prompt if facts.cached is None else facts.cached
    return Prices(prompt=facts.prompt, cached=cached, completion=facts.completion)


CONTEXT_WINDOW = 8192
"""Tokens, where nothing is known of a model."""


def _talks(name: str, context_window: int, prices: tuple[float, float, float]) -> Model:
    """A model of the plain kind; `prices`: of the prompt, what is cached of it, and the answer."""
    prompt, cached, completion = prices
    return Model(
        name=name,
        context_window=context_window,
        structured=True,
        prices=Prices(prompt=prompt, cached=cached, completion=completion),
    )


def _weighs(name: str, context_window: int, prices: tuple[float, float, float]) -> Model:
    """One that says how likely its tokens are."""
    return replace(_talks(name, context_window, prices), logprobs=True)


def _reasons(name: str, context_window: int, prices: tuple[float, float, float]) -> Model:
    """One that reasons before it answers, is asked for responses and takes no temperature."""
    model = _talks(name, context_window, prices)
    return replace(model, api="responses", temperature=False)


def _thinks(name: str, context_window: int, prices: tuple[float, float, float]) -> Model:
    """One that always thinks: it may not be forced to use a tool, and takes no temperature."""
    return replace(_talks(name, context_window, prices), structured=False, temperature=False)


def _embeds(name: str, dimension: int, price: float) -> Model:
    model = _talks(name, 8191, (price, price, 0.0))
    return replace(model, structured=False, dimension=dimension)


# Standard prices of November 2026. OpenAI: developers.openai.com/api/docs/models and .../pricing,
# for gpt-6 and gpt-5.4 as others give what they read there in September and June. Anthropic:
# platform.claude.com/docs/en/about-claude/pricing, with what its models refuse as the overview of
# each says. Where a longer prompt costs more a token, the window is as long as the price holds:
# 272,000 tokens of 1,050,000 at OpenAI, 100,000 of a million for claude-haiku-5-5.
_ROWS = (
    _reasons("openai:gpt-6-sol", 272_000, (2.00, 0.20, 10.00)),
    _reasons("openai:gpt-6-luna", 272_000, (0.10, 0.01, 0.50)),
    _reasons("openai:gpt-5.6-sol", 272_000, (4.00, 0.40, 20.00)),
    _reasons("openai:gpt-5.6-terra", 272_000, (2.00, 0.20, 12.00)),
    _reasons("openai:gpt-5.6-luna", 272_000, (0.20, 0.02, 1.20)),
    _reasons("openai:gpt-5.4-mini", 272_000, (0.75, 0.075, 4.50)),
    _reasons("openai:gpt-5.4-nano", 272_000, (0.20, 0.02, 1.25)),
    _weighs("openai:gpt-4o", 128_000, (2.50, 1.25, 10.00)),
    _weighs("openai:gpt-4o-mini", 128_000, (0.15, 0.075, 0.60)),
    _weighs("openai:gpt-4.1", 1_047_576, (2.00, 0.50, 8.00)),
    _weighs("openai:gpt-4.1-mini", 1_047_576, (0.40, 0.10, 1.60)),
    _weighs("openai:gpt-4.1-nano", 1_047_576, (0.10, 0.025, 0.40)),
    _embeds("openai:text-embedding-3-small", 1536, 0.02),
    _embeds("openai:text-embedding-3-large", 3072, 0.13),
    _thinks("anthropic:claude-opus-5-5", 1_000_000, (4.00, 0.20, 20.00)),
    _thinks("anthropic:claude-sonnet-5-5", 1_000_000, (2.00, 0.10, 10.00)),
    _thinks("anthropic:claude-haiku-5-5", 100_000, (0.10, 0.01, 0.50)),
    _talks("anthropic:claude-opus-4-5", 200_000, (5.00, 0.50, 25.00)),
    _talks("anthropic:claude-sonnet-4-5", 200_000, (3.00, 0.30, 15.00)),
    _talks("anthropic:claude-haiku-4-5", 200_000, (1.00, 0.10, 5.00)),
)

KNOWN: Mapping[str, Model] = {model.name: model for model in _ROWS}
"""Models that come along, by name."""
