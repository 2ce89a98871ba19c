"""Models asked in one of OpenAI's wire formats: its own, Ollama, vLLM, llama.cpp and others."""

import time
from dataclasses import replace

from mutators.llm.base import Answer, Finish, Model, Request, Usage
from mutators.llm.openai_chat import Chat
from mutators.llm.openai_responses import Responses
from mutators.llm.openai_server import HOME, OpenAIServer
from mutators.llm.outcome import Complaint
from mutators.llm.schema import in_the_prompt

_FLAGGED = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "invalid_prompt",
        "bio_policy",
        "misalignment_policy_violation",
    }
)
"""Codes of a complaint that means: this will not be answered; another question may be."""

_NO_FORMAT = frozenset({400, 422, 501})
"""How servers answer that do not take a schema."""


class OpenAIModel:
    """A model behind chat completions or responses, as `model.api` says, asked once per call.

    A server that does not take a schema gets it in the prompt instead, and from then on always;
    `model.structured` says which of the two.

    served: what its server calls the model.
    key: empty where the server asks for none.
    url: of the server; OpenAI's own if left out.
    timeout: seconds until a call without an answer counts as failed.
    """

    def __init__(
        self, model: Model, served: str, *, key: str, url: str = HOME, timeout: float = 300.0
    ) -> None:
        self._model = model
        self._format = _format(model, served, key=key, url=url, timeout=timeout)

    @property
    def model(self) -> Model:
        return self._model

    def ask(self, request: Request) -> Answer:
        """Put a request, once.

        Raises:
            Setback: asking again may help.
            LLMError: it would not.
        """
        self._model.check(request)
        if not self._model.temperature:
            request = replace(request, temperature=None)
        if not self._model.seeded:
            request = replace(request, seed=None)
        began = time.monotonic()
        said = self._put(request)
        seconds = time.monotonic() - began
        if not isinstance(said, Complaint):
            return replace(said, seconds=seconds)
        if said.codes & _FLAGGED:
            return _refused(said, seconds)
        raise said.as_error()

    def _put(self, request: Request) -> Answer | Complaint:
        if request.schema is None:
            return self._format.put(request)
        if not self._model.structured:
            return self._format.put(in_the_prompt(request))
        said = self._format.put(request)
        if isinstance(said, Complaint) and said.status in _NO_FORMAT and not said.codes & _FLAGGED:
            return self._put_without_format(in_the_prompt(request))
        return said

    def _put_without_format(self, request: Request) -> Answer | Complaint:
        said = self._format.put(request)
        if not isinstance(said, Complaint):
            self._model = replace(self._model, structured=False)
        return said


def _format(model: Model, served: str, *, key: str, url: str, timeout: float) -> Chat | Responses:
    server = OpenAIServer(model.name, key=key, url=url, timeout=timeout)
    if model.api == "responses":
        return Responses(server, served, name=model.name)
    return Chat(server, served)


def _refused(said: Complaint, seconds: float) -> Answer:
    return Answer(text=said.message, finish=Finish.REFUSAL, usage=Usage(), seconds=seconds)
