"""Models behind OpenAI's chat completions: OpenAI's own, Ollama, vLLM, llama.cpp and others."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from weakref import finalize

from openai import APIConnectionError, APIStatusError, DefaultHttpxClient, OpenAI
from pydantic import BaseModel, Field, ValidationError

from mutators.llm.base import Answer, Finish, Json, Model, Request, Usage
from mutators.llm.models import on_loopback
from mutators.llm.outcome import Complaint, Setback, complaint, excerpt, nobody_there

HOME = "https://api.openai.com/v1"

Body = dict[str, Json]

_FLAGGED = frozenset({"content_filter", "content_policy_violation"})
"""Codes of a 400 that means: this will not be answered; another question may be."""

_NO_FORMAT = frozenset({400, 422, 501})
"""How servers answer that do not take a schema."""

_FINISHES = {"length": Finish.LENGTH, "content_filter": Finish.REFUSAL}

_INSTEAD = "Answer with one JSON value that follows this JSON schema, and with nothing else:"


class _PromptDetails(BaseModel):
    cached_tokens: int | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _PromptDetails | None = None


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: tuple[_Choice, ...] = Field(min_length=1)
    usage: _Usage | None = None


class OpenAIModel:
    """A model behind OpenAI's chat completions, asked once per call.

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
        self._served = served
        # OpenAI's reasoning models know the new name only, other servers often the old one only.
        self._limit = "max_completion_tokens" if url == HOME else "max_tokens"
        self._client = OpenAI(
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
        began = time.monotonic()
        reply = self._put(request)
        seconds = time.monotonic() - began
        if not isinstance(reply, Complaint):
            return _answer(reply, seconds)
        if reply.codes & _FLAGGED:
            return _refused(reply, seconds)
        raise reply.as_error()

    def _put(self, request: Request) -> _Completion | Complaint:
        if request.schema is None:
            return self._post(self._body(request))
        if not self._model.structured:
            return self._post(self._body(_with_schema(request, request.schema)))
        reply = self._post(self._body(request) | _format(request.schema))
        if isinstance(reply, Complaint) and reply.status in _NO_FORMAT:
            return self._put_without_format(_with_schema(request, request.schema))
        return reply

    def _put_without_format(self, request: Request) -> _Completion | Complaint:
        reply = self._post(self._body(request))
        if not isinstance(reply, Complaint):
            self._model = replace(self._model, structured=False)
        return reply

    def _body(self, request: Request) -> Body:
        body: Body = {
            "model": self._served,
            "messages": _turns(request),
            self._limit: request.max_tokens,
        }
        if request.temperature is not None:
            body["temperature"] = request.temperature
        return body

    def _post(self, body: Body) -> _Completion | Complaint:
        try:
            # As text: what a server sends is checked here, and half an answer is seen as such.
            text = self._client.post("/chat/completions", cast_to=str, body=body)
        except APIStatusError as error:
            response = error.response
            return complaint(self._name, response.status_code, response.headers, response.text)
        except APIConnectionError as error:
            raise Setback(
                f"{self._name}: {error} ({error.__cause__})", absent=nobody_there(error)
            ) from error
        return self._checked(text)

    def _checked(self, text: str) -> _Completion:
        try:
            return _Completion.model_validate_json(text)
        except ValidationError as error:
            raise Setback(f"{self._name}: this is no answer: {excerpt(text)!r}") from error

    @property
    def _name(self) -> str:
        return self._model.name


def _turns(request: Request) -> list[Json]:
    system: Json = {"role": "system", "content": request.system}
    said: list[Json] = [
        {"role": message.speaker, "content": message.text} for message in request.messages
    ]
    return [system, *said] if request.system else said


def _answer(completion: _Completion, seconds: float) -> Answer:
    choice = completion.choices[0]
    finish = _FINISHES.get(choice.finish_reason or "", Finish.STOP)
    if choice.message.refusal:
        finish = Finish.REFUSAL
    text = choice.message.refusal or choice.message.content or ""
    return Answer(text=text, finish=finish, usage=_usage(completion.usage), seconds=seconds)


def _usage(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    details = usage.prompt_tokens_details
    cached = (details.cached_tokens if details else None) or 0
    return Usage(prompt=usage.prompt_tokens, cached=cached, completion=usage.completion_tokens)


def _refused(reply: Complaint, seconds: float) -> Answer:
    return Answer(text=reply.message, finish=Finish.REFUSAL, usage=Usage(), seconds=seconds)


def _with_schema(request: Request, schema: Mapping[str, Json]) -> Request:
    instead = f"{_INSTEAD}\n{json.dumps(schema)}"
    return replace(request, system=f"{request.system}\n\n{instead}".strip())


def _format(schema: Mapping[str, Json]) -> Body:
    wanted: Json = {"name": "answer", "schema": dict(schema), "strict": _strict(dict(schema))}
    return {"response_format": {"type": "json_schema", "json_schema": wanted}}


def _strict(schema: Json) -> bool:
    """Whether OpenAI can hold an answer to a schema: its objects are closed and complete."""
    if isinstance(schema, list):
        return all(_strict(each) for each in schema)
    if not isinstance(schema, dict):
        return True
    return _closed(schema) and all(_strict(each) for each in schema.values())


def _closed(schema: dict[str, Json]) -> bool:
    fields, required = schema.get("properties"), schema.get("required")
    if schema.get("type") != "object":
        return True
    if not isinstance(fields, dict) or not isinstance(required, list):
        return False
    return schema.get("additionalProperties") is False and set(fields) == set(map(str, required))
