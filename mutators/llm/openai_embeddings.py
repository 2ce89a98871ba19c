"""Models that embed texts, behind OpenAI's embeddings: its own, Ollama, vLLM, llama.cpp, others."""

import time

from pydantic import BaseModel

from mutators.llm.base import Answer, Finish, LLMError, Model, Request, Usage
from mutators.llm.openai_server import HOME, Body, OpenAIServer
from mutators.llm.outcome import Complaint, Setback
from mutators.llm.vectors import packed


class _Usage(BaseModel):
    prompt_tokens: int = 0


class _Embedding(BaseModel):
    index: int
    embedding: tuple[float, ...]


class Embeddings(BaseModel):
    """Vectors as a server sends them."""

    data: tuple[_Embedding, ...]
    usage: _Usage | None = None


class OpenAIEmbeddings:
    """A model that embeds, asked once per call.

    Each message of a request is a text, and each line of the answer is its vector, as
    `mutators.llm.vectors` writes it: so limits, retries and the ledger are those of all models.

    served, key, url, timeout: see `mutators.llm.openai.OpenAIModel`.
    """

    def __init__(
        self, model: Model, served: str, *, key: str, url: str = HOME, timeout: float = 300.0
    ) -> None:
        self._model = model
        self._served = served
        self._server = OpenAIServer(model.name, key=key, url=url, timeout=timeout)

    @property
    def model(self) -> Model:
        return self._model

    def ask(self, request: Request) -> Answer:
        """The vectors of texts.

        Raises:
            Setback: asking again may help.
            LLMError: it would not; or the model is asked to talk.
        """
        if request.max_tokens or request.system:
            raise LLMError(f"{self._model.name} embeds texts and answers none; choose another")
        began = time.monotonic()
        # Servers take no empty text.
        texts = [message.text or " " for message in request.messages]
        body: Body = {"model": self._served, "input": [*texts], "encoding_format": "float"}
        reply = self._server.post("/embeddings", body, Embeddings)
        if isinstance(reply, Complaint):
            raise reply.as_error()
        return Answer(
            text="\n".join(self._lines(reply, len(texts))),
            finish=Finish.STOP,
            usage=Usage(prompt=reply.usage.prompt_tokens if reply.usage else 0),
            seconds=time.monotonic() - began,
        )

    def _lines(self, reply: Embeddings, count: int) -> list[str]:
        found = {each.index: each.embedding for each in reply.data}
        if sorted(found) != [*range(count)]:
            raise Setback(f"{self._model.name}: {len(found)} vectors came of {count} texts")
        return [self._line(found[place]) for place in range(count)]

    def _line(self, vector: tuple[float, ...]) -> str:
        name, expected = self._model.name, self._model.dimension
        if len(vector) != expected:
            raise LLMError(
                f"the vectors of {name} have {len(vector)} components and not {expected}; "
                f"give dimension = {len(vector)} under [models]"
            )
        line = packed(vector)
        if line is None:
            raise Setback(f"{name}: a vector came that has no direction")
        return line
