"""OpenAI's chat completions, which all who imitate it speak: Ollama, vLLM, llama.cpp and others."""

from pydantic import BaseModel, Field

from mutators.llm.base import Alternative, Answer, Finish, Json, Request, Usage
from mutators.llm.openai_schema import named
from mutators.llm.openai_server import HOME, Body, OpenAIServer
from mutators.llm.outcome import Complaint

_FINISHES = {"length": Finish.LENGTH, "content_filter": Finish.REFUSAL}


class _PromptDetails(BaseModel):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _PromptDetails | None = None


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Likely(BaseModel):
    token: str
    logprob: float


class _Token(BaseModel):
    top_logprobs: tuple[_Likely, ...] = ()


class _Logprobs(BaseModel):
    content: tuple[_Token, ...] | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Completion(BaseModel):
    choices: tuple[_Choice, ...] = Field(min_length=1)
    usage: _Usage | None = None


class Chat:
    """Chat completions of a model. `served`: what its server calls it."""

    def __init__(self, server: OpenAIServer, served: str) -> None:
        self._server = server
        self._served = served
        # OpenAI's reasoning models know the new name only, other servers often the old one only.
        self._limit = "max_completion_tokens" if server.url == HOME else "max_tokens"

    def put(self, request: Request) -> Answer | Complaint:
        """Put a request, once.

        Raises:
            Setback: there was no answer, or none that can be read.
        """
        reply = self._server.post("/chat/completions", self._body(request), _Completion)
        return reply if isinstance(reply, Complaint) else _answer(reply)

    def _body(self, request: Request) -> Body:
        body: Body = {
            "model": self._served,
            "messages": _turns(request),
            self._limit: request.max_tokens,
        }
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.seed is not None:
            body["seed"] = request.seed
        if request.schema is not None:
            format_: Json = {"type": "json_schema", "json_schema": named(request.schema)}
            body["response_format"] = format_
        if request.alternatives:
            body |= {"logprobs": True, "top_logprobs": request.alternatives}
        return body


def _turns(request: Request) -> list[Json]:
    system: Json = {"role": "system", "content": request.system}
    said: list[Json] = [
        {"role": message.speaker, "content": message.text} for message in request.messages
    ]
    return [system, *said] if request.system else said


def _answer(completion: _Completion) -> Answer:
    choice = completion.choices[0]
    finish = _FINISHES.get(choice.finish_reason or "", Finish.STOP)
    if choice.message.refusal:
        finish = Finish.REFUSAL
    return Answer(
        text=choice.message.refusal or choice.message.content or "",
        finish=finish,
        usage=_usage(completion.usage),
        seconds=0.0,
        alternatives=_alternatives(choice.logprobs),
    )


def _alternatives(logprobs: _Logprobs | None) -> tuple[Alternative, ...]:
    if logprobs is None or not logprobs.content:
        return ()
    return tuple(Alternative(each.token, each.logprob) for each in logprobs.content[0].top_logprobs)


def _usage(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    details = usage.prompt_tokens_details or _PromptDetails()
    return Usage.paid(
        prompt=usage.prompt_tokens,
        cached=details.cached_tokens or 0,
        written=details.cache_write_tokens or 0,
        completion=usage.completion_tokens,
    )
