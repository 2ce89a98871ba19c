"""Which model is meant, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, PositiveInt, ValidationError
from pydantic_core import ErrorDetails

from mutators.llm.base import LLMError, Model, Prices
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
        without a server is of the provider's own and holds for no other.

    Raises:
        LLMError: the table has an unknown key or a wrong value.
    """
    model = _known(ref)
    here = str(ref)
    for written in dict.fromkeys((f"{ref.provider}:{ref.name}", here)):
        if written in table:
            model = _with(model, _facts(written, table[written]), priced=written == here)
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


def _with(model: Model, facts: ModelFacts, *, priced: bool) -> Model:
    return replace(
        model,
        context_window=facts.context_window or model.context_window,
        structured=model.structured if facts.structured is None else facts.structured,
        prices=_prices(facts.prices) if facts.prices and priced else model.prices,
    )


def _prices(facts: PriceFacts) -> Prices:
    cached = facts.prompt if facts.cached is None else facts.cached
    return Prices(prompt=facts.prompt, cached=cached, completion=facts.completion)


def _row(name: str, context_window: int, prices: tuple[float, float, float]) -> Model:
    prompt, cached, completion = prices
    return Model(
        name=name,
        context_window=context_window,
        structured=True,
        prices=Prices(prompt=prompt, cached=cached, completion=completion),
    )


CONTEXT_WINDOW = 8192
"""Tokens, where nothing is known of a model."""

# Standard prices and windows of October 2025, to be held against the providers' pages:
# platform.openai.com/docs/pricing and docs.claude.com/en/docs/about-claude/pricing.
_ROWS = (
    _row("openai:gpt-4o", 128_000, (2.50, 1.25, 10.00)),
    _row("openai:gpt-4o-mini", 128_000, (0.15, 0.075, 0.60)),
    _row("openai:gpt-4.1", 1_047_576, (2.00, 0.50, 8.00)),
    _row("openai:gpt-4.1-mini", 1_047_576, (0.40, 0.10, 1.60)),
    _row("openai:gpt-4.1-nano", 1_047_576, (0.10, 0.025, 0.40)),
    _row("anthropic:claude-sonnet-4-5", 200_000, (3.00, 0.30, 15.00)),
    _row("anthropic:claude-haiku-4-5", 200_000, (1.00, 0.10, 5.00)),
)

KNOWN: Mapping[str, Model] = {model.name: model for model in _ROWS}
"""Models that come along, by name."""
