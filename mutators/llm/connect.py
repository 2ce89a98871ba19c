"""From a model's name to a model that can be asked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from mutators.llm.base import LLM, LLMError, Model
from mutators.llm.clock import Clock, SystemClock
from mutators.llm.limiter import Limited, Limiter, Limits
from mutators.llm.models import ModelRef, describe, limits_of
from mutators.llm.retry import Patience, Retrying
from mutators.llm.scripted import Scripted, rules
from mutators.llm.stopping import StopSign

_KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}

TIMEOUT = 300.0
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A model and its limits, which all runs that ask it share."""

    client: LLM
    limiter: Limiter
    patience: Patience
    random: Random
    clock: Clock

    def llm(self, sign: StopSign) -> LLM:
        """The model as a run asks it that shows this sign when it is to end."""
        limited = Limited(self.client, self.limiter, sign)
        return Retrying(limited, self.patience, random=self.random, clock=self.clock, sign=sign)


def connect(
    ref: ModelRef,
    *,
    keys: Mapping[str, str],
    table: Mapping[str, Mapping[str, object]] | None = None,
    limits: Limits | None = None,
    patience: Patience | None = None,
    timeout: float = TIMEOUT,
    random: Random | None = None,
    clock: Clock | None = None,
) -> Connection:
    """Connect a model that keeps within its limits and is asked again after setbacks.

    One whose vectors' length is known embeds texts; see `mutators.llm.embedding`. The limits are
    of what is returned: connect a model once and share it.

    limits: what the table says of them, if left out.

    keys: `openai` and `anthropic`, each for that provider's own server and no other; those of
        other servers by their URL.
    table: what is known of models, as `describe` takes it.
    timeout: seconds until a call without an answer counts as failed.
    random: draws the jitter of pauses.

    Raises:
        LLMError: a key, a file or an extra is missing, or the table is wrong.
    """
    clock = clock or SystemClock()
    client = _client(ref, describe(ref, table or {}), keys, timeout)
    limits = _limits(ref, limits or limits_of(ref, table or {}))
    return Connection(
        client=client,
        limiter=Limiter(limits, clock=clock),
        patience=patience or Patience(),
        random=random or Random(),
        clock=clock,
    )


def _limits(ref: ModelRef, limits: Limits) -> Limits:
    # It answers one at a time; those that queue at it would run into their time-outs.
    return replace(limits, concurrency=1) if ref.provider == "local" else limits


def _client(ref: ModelRef, model: Model, keys: Mapping[str, str], timeout: float) -> LLM:
    if ref.provider == "scripted":
        return Scripted(model, rules(Path(ref.name)))
    if ref.provider == "local":
        return _local(ref, model, timeout)
    key = _key(ref, keys)
    if ref.provider == "openai":
        return _openai(ref, model, key, timeout)
    return _anthropic(ref, model, key, timeout)


def _key(ref: ModelRef, keys: Mapping[str, str]) -> str:
    # A key goes to the server that it is for: not to any that a run file happens to name.
    key = keys.get(ref.url or ref.provider, "")
    if not key and ref.url is None:
        raise LLMError(f"{ref} needs a key: set {_KEYS[ref.provider]}")
    return key


# The SDKs take up to a second to load; who asks another model, or none, need not wait for them.


def _local(ref: ModelRef, model: Model, timeout: float) -> LLM:
    from mutators.llm.local import LocalEmbeddings, LocalModel  # noqa: PLC0415

    kind = LocalEmbeddings if model.dimension else LocalModel
    return kind(model, Path(ref.name).expanduser(), timeout=timeout)


def _openai(ref: ModelRef, model: Model, key: str, timeout: float) -> LLM:
    from mutators.llm.openai import OpenAIModel  # noqa: PLC0415
    from mutators.llm.openai_embeddings import OpenAIEmbeddings  # noqa: PLC0415
    from mutators.llm.openai_server import HOME  # noqa: PLC0415

    kind = OpenAIEmbeddings if model.dimension else OpenAIModel
    return kind(model, ref.name, key=key, url=ref.url or HOME, timeout=timeout)


def _anthropic(ref: ModelRef, model: Model, key: str, timeout: float) -> LLM:
    from mutators.llm.anthropic import HOME, AnthropicModel  # noqa: PLC0415

    return AnthropicModel(model, ref.name, key=key, url=ref.url or HOME, timeout=timeout)
