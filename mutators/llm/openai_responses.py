"""OpenAI's responses, the format that its newer models are asked in."""

from typing import Literal

from pydantic import BaseModel

from mutators.llm.base import Alternative, Answer, Finish, Json, Request, Usage
from mutators.llm.openai_schema import named
from mutators.llm.openai_server import Body, OpenAIServer
from mutators.llm.outcome import SERVER_FAULT, THROTTLED, Complaint, excerpt

_CUT_OFF = {"max_output_tokens": Finish.LENGTH, "content_filter": Finish.REFUSAL}


class _InputDetails(BaseModel):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _Usage(BaseModel):
    input_tokens: int = 0
    output_tokens: int = 0
    input_tokens_details: _InputDetails | None = None


class _Likely(BaseModel):
    token: str
    logprob: float


class _Token(BaseModel):
    top_logprobs: tuple[_Likely, ...] = ()


class _Part(BaseModel):
    type: str
    text: str = ""
    refusal: str = ""
    logprobs: tuple[_Token, ...] | None = None


class _Item(BaseModel):
    """A message, or what the model thought before it."""

    type: str
    content: tuple[_Part, ...] | None = None


class _Incomplete(BaseModel):
    reason: str | None = None


class _Error(BaseModel):
    code: str | None = None
    message: str = ""


class _Response(BaseModel):
    object: Literal["response"]
    status: str | None = None
    output: tuple[_Item, ...] = ()
    incomplete_details: _Incomplete | None = None
    error: _Error | None = None
    usage: _Usage | None = None


class Responses:
    """Responses of a model. `name`: as it is chosen. `served`: what its server calls it.

    OpenAI's own server takes no limit of fewer than 16 tokens here.
    """

    def __init__(self, server: OpenAIServer, served: str, *, name: str) -> None:
        self._server = server
        self._served = served
        self._name = name

    def put(self, request: Request) -> Answer | Complaint:
        """Put a request, once.

        Raises:
            Setback: there was no answer, or none that can be read.
        """
        reply = self._server.post("/responses", self._body(request), _Response)
        if isinstance(reply, Complaint):
            return reply
        if reply.status in ("completed", "incomplete", None):
            return _answer(reply)
        return self._failed(reply)

    def _body(self, request: Request) -> Body:
        turns: list[Json] = [{"role": m.speaker, "content": m.text} for m in request.messages]
        body: Body = {
            "model": self._served,
            "input": turns,
            "max_output_tokens": request.max_tokens,
            # What it would keep is in the ledger.
            "store": False,
        }
        if request.system:
            body["instructions"] = request.system
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.schema is not None:
            body["text"] = {"format": {"type": "json_schema", **named(request.schema)}}
        if request.alternatives:
            body["include"] = ["message.output_text.logprobs"]
            body["top_logprobs"] = request.alternatives
        return body

    def _failed(self, response: _Response) -> Complaint:
        """What came of a response that was begun and not finished, as a status would have said."""
        error = response.error or _Error(message=f"the response is {response.status}")
        throttled = error.code == "rate_limit_exceeded"
        return Complaint(
            model=self._name,
            status=THROTTLED if throttled else SERVER_FAULT,
            codes=frozenset({str(error.code)}),
            message=excerpt(error.message),
            retry_after="",
        )


def _answer(response: _Response) -> Answer:
    parts = [part for item in response.output if item.type == "message" for part in _parts(item)]
    refusal = "".join(part.refusal for part in parts if part.type == "refusal")
    return Answer(
        text=refusal or "".join(part.text for part in parts if part.type == "output_text"),
        finish=Finish.REFUSAL if refusal else _finish(response),
        usage=_usage(response.usage),
        seconds=0.0,
        alternatives=_alternatives(parts),
    )


def _parts(item: _Item) -> tuple[_Part, ...]:
    return item.content or ()


def _finish(response: _Response) -> Finish:
    if response.status != "incomplete":
        return Finish.STOP
    reason = response.incomplete_details.reason if response.incomplete_details else None
    # Whatever else cuts an answer off, it is not whole.
    return _CUT_OFF.get(reason or "", Finish.LENGTH)


def _alternatives(parts: list[_Part]) -> tuple[Alternative, ...]:
    first = next((token for part in parts for token in part.logprobs or ()), _Token())
    return tuple(Alternative(each.token, each.logprob) for each in first.top_logprobs)


def _usage(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    details = usage.input_tokens_details or _InputDetails()
    return Usage.paid(
        prompt=usage.input_tokens,
        cached=details.cached_tokens or 0,
        written=details.cache_write_tokens or 0,
        completion=usage.output_tokens,
    )
