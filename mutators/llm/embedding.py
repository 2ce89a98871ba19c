"""Embedding texts in a run: the contract, and the way through the ledger to a model."""

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import accumulate, islice
from threading import Condition
from typing import Protocol

from archive.ledger import Call, Ledger
from mutators.llm.base import LLM, Answer, LLMError, Message, Model, Request, Role, Usage
from mutators.llm.ledgered import check_price, dollars_of, most_prompt_tokens
from mutators.llm.purse import Purse
from mutators.llm.vectors import Vectors, unpacked
from mutators.packing import Cut, Section, pack

BATCH = 32
"""Texts in a call at most: of 8,191 tokens each, what OpenAI takes at once."""


class Embedder(Protocol):
    """Makes vectors of texts: the nearer in meaning or in letters, the nearer the vectors.

    The same text has the same vector, whenever it is embedded in a run and whatever with. Several
    threads may embed at once.
    """

    @property
    def dimension(self) -> int:
        """How many components a vector has."""
        ...

    def embed(self, texts: Sequence[str], *, step: int) -> Vectors:
        """A vector of unit length for each text, one a row.

        step: the step of the search that asks.

        Raises:
            LLMError: a model that makes them cannot be asked.
            BudgetSpent: the budget does not allow it.
        """
        ...


class LedgeredEmbedder:
    """Embeds texts by a model, within a budget, and none twice; see `Embedder`.

    A text is a call of the ledger, whatever else was sent with it. One that does not fit the
    model's window loses its middle, which the ledger says.

    Raises:
        LLMError: the length of the model's vectors is not known; or there is a budget in dollars,
            and the model's price is not.
    """

    def __init__(self, llm: LLM, *, ledger: Ledger, purse: Purse) -> None:
        check_price(llm.model, purse)
        check_dimension(llm.model)
        self._llm = llm
        self._ledger = ledger
        self._purse = purse
        self._under_way: set[str] = set()
        self._moved = Condition()

    @property
    def model(self) -> Model:
        return self._llm.model

    @property
    def dimension(self) -> int:
        return self._llm.model.dimension

    def embed(self, texts: Sequence[str], *, step: int) -> Vectors:
        """A vector of unit length for each text; see `Embedder`."""
        lines: dict[str, str] = {}
        while left := dict.fromkeys(text for text in texts if text not in lines):
            with self._claimed(islice(left, BATCH)) as ours:
                lines |= self._lines(ours, step)
        return unpacked([lines[text] for text in texts], self.dimension)

    @contextmanager
    def _claimed(self, texts: Iterable[str]) -> Generator[list[str]]:
        """Those of some texts that nobody else is about to embed; waits if it is all of them."""
        with self._moved:
            ours = [text for text in texts if text not in self._under_way]
            if not ours:
                self._moved.wait()
            self._under_way.update(ours)
        try:
            yield ours
        finally:
            with self._moved:
                self._under_way.difference_update(ours)
                self._moved.notify_all()

    def _lines(self, texts: Sequence[str], step: int) -> dict[str, str]:
        """The vectors of texts, from the ledger if they have been made before."""
        found = {text: call.text for text in texts if (call := self._ledger.find(self._key(text)))}
        new = [text for text in texts if text not in found]
        return found | self._asked(new, step) if new else found

    def _asked(self, texts: Sequence[str], step: int) -> dict[str, str]:
        fitting = [_fitting(text, self.model) for text in texts]
        request = Request(system="", messages=tuple(fits for fits, _ in fitting), max_tokens=0)
        most = Usage(prompt=most_prompt_tokens(request))
        with self._purse.holding(most.prompt, dollars_of(most, self.model) or 0.0) as spend:
            answer = self._llm.ask(request)
            lines = dict(zip(texts, answer.text.split("\n"), strict=True))
            left_out = dict(zip(texts, (out for _, out in fitting), strict=True))
            calls = self._calls(answer, lines, left_out, step)
            spend(answer.usage.prompt, dollars_of(answer.usage, self.model) or 0.0)
            self._ledger.record(*calls)
        return lines

    def _calls(
        self, answer: Answer, lines: Mapping[str, str], left_out: Mapping[str, str], step: int
    ) -> list[Call]:
        shares = _shared(answer.usage.prompt, [len(text) + 1 for text in lines])
        return [
            Call(
                key=self._key(text),
                step=step,
                sample="",
                role=Role.EMBED.value,
                model=self.model.name,
                request=self._request(text),
                text=line,
                finish=answer.finish.value,
                prompt_tokens=share,
                cached_tokens=0,
                completion_tokens=0,
                dollars=dollars_of(Usage(prompt=share), self.model),
                seconds=answer.seconds / len(lines),
                left_out=left_out[text] or None,
            )
            for (text, line), share in zip(lines.items(), shares, strict=True)
        ]

    def _request(self, text: str) -> str:
        content = {"model": self.model.name, "dimension": self.dimension, "embed": text}
        return json.dumps(content, sort_keys=True)

    def _key(self, text: str) -> str:
        return sha256(self._request(text).encode()).hexdigest()


def check_dimension(model: Model) -> None:
    """See that a model is known to embed texts.

    Raises:
        LLMError: the length of its vectors is not known.
    """
    if not model.dimension:
        raise LLMError(
            f"it is not known how long the vectors of {model.name} are; if it embeds texts, give "
            "its dimension under [models]"
        )


def _fitting(text: str, model: Model) -> tuple[Message, str]:
    """A text, without its middle if need be, and what of it was left out."""
    section = Section(name="text", text=text, priority=0, cut=Cut.MIDDLE)
    packed = pack([section], tokens=model.context_window, model=model)
    return Message(speaker="user", text=packed.texts["text"]), packed.left_out


def _shared(tokens: int, sizes: Sequence[int]) -> list[int]:
    """Tokens shared among texts by their sizes, so that they come to as many as before."""
    ends = [tokens * upto // sum(sizes) for upto in accumulate(sizes)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]
