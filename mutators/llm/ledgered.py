"""A model whose every answer is in the ledger before anyone uses it."""

import json
from dataclasses import replace
from hashlib import sha256

from archive.ledger import Call, Ledger
from mutators.llm.base import (
    LLM,
    Alternative,
    Answer,
    Finish,
    LLMError,
    Model,
    Request,
    Role,
    Usage,
)
from mutators.llm.limiter import estimate
from mutators.llm.purse import Purse
from mutators.llm.tokens import bytes_of

_TOKENS_A_MESSAGE = 16
"""More than any provider adds to a message for its speaker and its ends."""


class Ledgered:
    """Asks a model within a budget, and nothing twice; see `mutators.llm.asking.Asking`.

    seed: of the run. With it and what is asked the seed of an answer is given, where the model's
        server takes one.

    Raises:
        LLMError: there is a budget in dollars, and the price of the model is not known.
    """

    def __init__(self, llm: LLM, *, ledger: Ledger, purse: Purse, seed: int = 0) -> None:
        check_price(llm.model, purse)
        self._llm = llm
        self._ledger = ledger
        self._purse = purse
        self._seed = seed

    @property
    def model(self) -> Model:
        return self._llm.model

    def ask(self, request: Request, *, role: Role, step: int, sample: str) -> Answer:
        """The answer to a request, from the ledger if it has been given before."""
        key = request.key(self.model.name, sample)
        if call := self._ledger.find(key):
            return answer_of(call)
        self._check_window(request)
        prompt = most_prompt_tokens(request)
        most = Usage(prompt=prompt, completion=request.max_tokens)
        total = most.prompt + most.completion
        with self._purse.holding(total, dollars_of(most, self.model) or 0.0) as spend:
            answer = self._llm.ask(replace(request, seed=_seed_of(self._seed, key)))
            call = Call(
                key=key,
                step=step,
                sample=sample,
                role=role.value,
                model=self.model.name,
                request=request.canonical(self.model.name, sample),
                text=answer.text,
                finish=answer.finish.value,
                prompt_tokens=answer.usage.prompt,
                cached_tokens=answer.usage.cached,
                completion_tokens=answer.usage.completion,
                dollars=dollars_of(answer.usage, self.model),
                seconds=answer.seconds,
                alternatives=_written(answer.alternatives),
                left_out=request.left_out or None,
            )
            spend(call.prompt_tokens + call.completion_tokens, call.dollars or 0.0)
            self._ledger.record(call)
        return answer

    def _check_window(self, request: Request) -> None:
        needed, window = estimate(request), self.model.context_window
        if needed > window:
            raise LLMError(
                f"a prompt and its answer take about {needed} tokens, and {self.model.name} has "
                f"room for {window}; give its context_window under [models] if that is wrong, "
                "or choose a model with more"
            )


def check_price(model: Model, purse: Purse) -> None:
    """See that a budget in dollars can hold.

    Raises:
        LLMError: there is one, and the price of the model is not known.
    """
    if purse.in_dollars and model.prices is None:
        raise LLMError(
            f"no price is known for {model.name}, so a budget in dollars cannot hold; "
            "give its prices in the run file, or a budget in tokens instead"
        )


def dollars_of(usage: Usage, model: Model) -> float | None:
    """What tokens of a model cost; `None` where its price is not known."""
    return None if model.prices is None else usage.dollars(model.prices)


def answer_of(call: Call) -> Answer:
    """The answer that a call was given."""
    usage = Usage(
        prompt=call.prompt_tokens, cached=call.cached_tokens, completion=call.completion_tokens
    )
    return Answer(
        text=call.text,
        finish=Finish(call.finish),
        usage=usage,
        seconds=call.seconds,
        alternatives=_read(call.alternatives),
    )


def _seed_of(seed: int, key: str) -> int:
    """31 bits, which every server takes."""
    return int.from_bytes(sha256(f"{seed}:{key}".encode()).digest()[:4]) >> 1


def most_prompt_tokens(request: Request) -> int:
    """More tokens than the prompt can have: a token is a byte at least."""
    texts = [request.system, *(message.text for message in request.messages)]
    if request.schema is not None:
        texts.append(str(request.schema))
    return sum(map(bytes_of, texts)) + _TOKENS_A_MESSAGE * (len(texts) + 1)


def _written(alternatives: tuple[Alternative, ...]) -> str | None:
    """Alternatives as the ledger keeps them."""
    if not alternatives:
        return None
    return json.dumps([[each.token, each.logprob] for each in alternatives])


def _read(alternatives: str | None) -> tuple[Alternative, ...]:
    """Alternatives that the ledger kept."""
    kept: list[tuple[str, float]] = json.loads(alternatives) if alternatives else []
    return tuple(Alternative(token, logprob) for token, logprob in kept)
