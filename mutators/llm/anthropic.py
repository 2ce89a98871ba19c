"""Models behind Anthropic's messages."""

import json
import time
from dataclasses import replace
from typing import Literal
from weakref import finalize

from anthropic import Anthropic, APIConnectionError, APIStatusError, DefaultHttpxClient
from pydantic import BaseModel, ValidationError

from mutators.llm.base import Answer, Finish, Json, Model, Request, Usage
from mutators.llm.models import on_loopback
from mutators.llm.outcome import Complaint, Setback, complaint, excerpt, nobody_there
from mutators.llm.schema import in_the_prompt

HOME = "https://api.anthropic.com"

Body = dict[str, Json]

_FINISHES = {
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "refusal": Finish.REFUSAL,
}


class _Usage(BaseModel):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class _Block(BaseModel):
    type: str
    text: str = ""
    input: object = None


class _Reply(BaseModel):
    type: Literal["message"]
    content: tuple[_Block, ...]
    stop_reason: str | None = None
    usage: _Usage = _Usage()


class AnthropicModel:
    """A model behind Anthropic's messages, asked once per call.

    A schema, which must be an object's, becomes a tool that the model has to use; it stands in the
    prompt instead where `model.structured` says so: the newest models may not be forced to use
    one. The system text is marked to be cached.

    served: what its server calls the model.
    url: of the server; Anthropic's own if left out.
    timeout: seconds until a call without an answer counts as failed.
    """

    def __init__(
        self, model: Model, served: str, *, key: str, url: str = HOME, timeout: float = 300.0
    ) -> None:
        self._model = model
        self._served = served
        self._client = Anthropic(
            api_key=key or "none",
            base_url=url,
            timeout=timeout,
            max_retries=0,
            # A proxy to the outside world does not know this machine's own servers.
            http_client=DefaultHttpxClient(trust_env=not on_loopback(url), timeout=timeout),
        )
        finalize(self, self._client.close)

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
        began = time.monotonic()
        reply = self._post(_body(self._allowed(request), self._served))
        seconds = time.monotonic() - began
        if isinstance(reply, Complaint):
            raise reply.as_error()
        finish = _FINISHES.get(reply.stop_reason or "", Finish.STOP)
        usage = _usage(reply.usage)
        return Answer(text=_text(reply.content), finish=finish, usage=usage, seconds=seconds)

    def _allowed(self, request: Request) -> Request:
        """A request as the model takes it."""
        if not self._model.temperature:
            request = replace(request, temperature=None)
        return request if self._model.structured else in_the_prompt(request)

    def _post(self, body: Body) -> _Reply | Complaint:
        name = self._model.name
        try:
            # As text: what a server sends is checked here, and half an answer is seen as such.
            text = self._client.post("/v1/messages", cast_to=str, body=body)
        except APIStatusError as error:
            response = error.response
            return complaint(name, response.status_code, response.headers, response.text)
        except APIConnectionError as error:
            raise Setback(
                f"{name}: {error} ({error.__cause__})", absent=nobody_there(error)
            ) from error
        try:
            return _Reply.model_validate_json(text)
        except ValidationError as error:
            raise Setback(f"{name}: this is no answer: {excerpt(text)!r}") from error


def _body(request: Request, served: str) -> Body:
    turns: list[Json] = [{"role": each.speaker, "content": each.text} for each in request.messages]
    body: Body = {"model": served, "messages": turns, "max_tokens": request.max_tokens}
    return body | _system(request) | _temperature(request) | _tool(request)


def _system(request: Request) -> Body:
    if not request.system:  # an empty block is an error to the server
        return {}
    mark: Json = {"type": "ephemeral"}
    return {"system": [{"type": "text", "text": request.system, "cache_control": mark}]}


def _temperature(request: Request) -> Body:
    return {} if request.temperature is None else {"temperature": request.temperature}


def _tool(request: Request) -> Body:
    if request.schema is None:
        return {}
    tool: Json = {
        "name": "answer",
        "description": "Gives the answer.",
        "input_schema": dict(request.schema),
    }
    return {"tools": [tool], "tool_choice": {"type": "tool", "name": "answer"}}


def _text(blocks: tuple[_Block, ...]) -> str:
    for block in blocks:
        if block.type == "tool_use":
            return json.dumps(block.input)
    return "".join(block.text for block in blocks if block.type == "text")


def _usage(usage: _Usage) -> Usage:
    read = usage.cache_read_input_tokens or 0
    written = usage.cache_creation_input_tokens or 0
    prompt = usage.input_tokens + read + written
    return Usage.paid(prompt=prompt, cached=read, written=written, completion=usage.output_tokens)
