"""The formats in which OpenAI and Anthropic speak, as far as a gateway has to."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Literal
from uuid import uuid4

from sandboxes.base import Json
from sandboxes.hypertext import Response

Format = Literal["openai", "anthropic"]
Body = dict[str, Json]


class Finish(StrEnum):
    """How a reply ended."""

    STOP = "stop"
    LENGTH = "length"
    REFUSAL = "refusal"
    CALLS = "calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that a model wants to be used. `arguments`: JSON, as text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the code inside asks of a model.

    body: the request as it came, in its format, checked to be an object with messages.
    max_tokens: of the answer, within what is allowed.
    """

    format: Format
    model: str
    body: Mapping[str, Json]
    max_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model said, and what that took."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    finish: Finish = Finish.STOP
    calls: tuple[ToolCall, ...] = ()


_OPENAI_FINISH = {
    Finish.STOP: "stop",
    Finish.LENGTH: "length",
    Finish.REFUSAL: "content_filter",
    Finish.CALLS: "tool_calls",
}
_ANTHROPIC_FINISH = {
    Finish.STOP: "end_turn",
    Finish.LENGTH: "max_tokens",
    Finish.REFUSAL: "refusal",
    Finish.CALLS: "tool_use",
}

_ANTHROPIC_ERRORS = {
    400: "invalid_request_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    502: "api_error",
    529: "overloaded_error",
}


def answer(question: Question, reply: Reply) -> Response:
    """A reply in the format of its question, as a stream where one was asked for."""
    streamed = question.body.get("stream") is True
    if question.format == "openai":
        parts = _openai_stream(question, reply) if streamed else None
        whole = _openai(question, reply)
    else:
        parts = _anthropic_stream(question, reply) if streamed else None
        whole = _anthropic(question, reply)
    if parts is None:
        return Response(status=200, body=json.dumps(whole).encode())
    return Response(status=200, body="".join(parts).encode(), kind="text/event-stream")


def error(form: Format, status: int, message: str, *, code: str, retry: float | None) -> Response:
    """A refusal as a client of the format knows it. `retry`: after how many seconds; or never."""
    headers = {"x-should-retry": "false"}
    if retry is not None:
        headers = {"x-should-retry": "true", "retry-after": f"{max(1, round(retry))}"}
    what: Body = {"message": message, "type": code, "param": None, "code": code}
    body: Body = {"error": what}
    if form == "anthropic":
        kind = _ANTHROPIC_ERRORS.get(status, "api_error")
        body = {"type": "error", "error": {"type": kind, "message": message}}
    return Response(status=HTTPStatus(status), body=json.dumps(body).encode(), headers=headers)


def models(form: Format, names: Sequence[str]) -> Response:
    """The list of models."""
    if form == "anthropic":
        listed: list[Json] = [
            {"type": "model", "id": n, "display_name": n, "created_at": "1970-01-01T00:00:00Z"}
            for n in names
        ]
        body: Body = {"data": listed, "has_more": False, "first_id": None, "last_id": None}
    else:
        known: list[Json] = [
            {"id": n, "object": "model", "created": 0, "owned_by": "goexplore"} for n in names
        ]
        body = {"object": "list", "data": known}
    return Response(status=200, body=json.dumps(body).encode())


# OpenAI


def _openai(question: Question, reply: Reply) -> Body:
    message: Body = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if reply.calls:
        message["tool_calls"] = _tool_calls(reply)
    choice: Body = {"index": 0, "message": message, "finish_reason": _OPENAI_FINISH[reply.finish]}
    return _completion("chat.completion", question, [choice], usage=_openai_usage(reply))


def _completion(kind: str, question: Question, choices: list[Json], *, usage: Json) -> Body:
    return {
        "id": f"chatcmpl-{uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": question.model,
        "choices": choices,
        "usage": usage,
    }


def _tool_calls(reply: Reply) -> list[Json]:
    return [
        {
            "index": n,
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for n, call in enumerate(reply.calls)
    ]


def _openai_usage(reply: Reply) -> Body:
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": reply.prompt_tokens + reply.completion_tokens,
    }


def _openai_stream(question: Question, reply: Reply) -> Iterator[str]:
    delta: Body = {"role": "assistant", "content": reply.text}
    if reply.calls:
        delta["tool_calls"] = _tool_calls(reply)
    end: Body = {"index": 0, "delta": {}, "finish_reason": _OPENAI_FINISH[reply.finish]}
    first: Body = {"index": 0, "delta": delta, "finish_reason": None}
    for choices in ([first], [end]):
        chunk = _completion("chat.completion.chunk", question, list(choices), usage=None)
        yield f"data: {json.dumps(chunk)}\n\n"
    wanted = question.body.get("stream_options")
    if isinstance(wanted, Mapping) and wanted.get("include_usage") is True:
        last = _completion("chat.completion.chunk", question, [], usage=_openai_usage(reply))
        yield f"data: {json.dumps(last)}\n\n"
    yield "data: [DONE]\n\n"


# Anthropic


def _anthropic(question: Question, reply: Reply) -> Body:
    return {
        "id": f"msg_{uuid4().hex}",
        "type": "message",
        "role": "assistant",
        "model": question.model,
        "content": _blocks(reply),
        "stop_reason": _ANTHROPIC_FINISH[reply.finish],
        "stop_sequence": None,
        "usage": {"input_tokens": reply.prompt_tokens, "output_tokens": reply.completion_tokens},
    }


def _blocks(reply: Reply) -> list[Json]:
    said: list[Json] = [{"type": "text", "text": reply.text}] if reply.text else []
    calls: list[Json] = [
        {"type": "tool_use", "id": each.id, "name": each.name, "input": _parsed(each.arguments)}
        for each in reply.calls
    ]
    return [*said, *calls]


def _parsed(text: str) -> Json:
    try:
        value: Json = json.loads(text)
    except ValueError:
        return {}
    return value


def _anthropic_stream(question: Question, reply: Reply) -> Iterator[str]:
    whole = _anthropic(question, reply)
    begun: Body = {**whole, "content": [], "stop_reason": None}
    yield _event("message_start", {"message": begun})
    for n, block in enumerate(_blocks(reply)):
        empty, delta = _split(block)
        yield _event("content_block_start", {"index": n, "content_block": empty})
        yield _event("content_block_delta", {"index": n, "delta": delta})
        yield _event("content_block_stop", {"index": n})
    end: Body = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    usage: Body = {"output_tokens": reply.completion_tokens}
    yield _event("message_delta", {"delta": end, "usage": usage})
    yield _event("message_stop", {})


def _split(block: Json) -> tuple[Body, Body]:
    """A block as it begins, and what comes to it."""
    found = dict(block) if isinstance(block, Mapping) else {}
    if found.get("type") == "text":
        return {**found, "text": ""}, {"type": "text_delta", "text": found["text"]}
    arguments = json.dumps(found["input"])
    return {**found, "input": {}}, {"type": "input_json_delta", "partial_json": arguments}


def _event(kind: str, body: Body) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **body})}\n\n"
