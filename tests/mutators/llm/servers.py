"""Servers on loopback that speak the wire formats of foundation models, and answer as told."""

import json
import time
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Literal

from mutators.llm.base import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server does with a call.

    wait: seconds until it does so.
    drop: close the connection: without a word, or after half of the body.
    """

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    wait: float = 0.0
    drop: Literal["never", "at once", "half way"] = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as it arrived. Header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Json]


class Server:
    """A server with replies in store, the last of which it gives from then on."""

    def __init__(self, replies: Sequence[Reply]) -> None:
        self.calls: list[Call] = []
        self.most_at_once = 0
        self._replies = deque(replies)
        self._under_way = 0
        self._changed = Condition()
        self._http = _Listener(("127.0.0.1", 0), _Conversation)
        self._http.server = self
        self._thread = Thread(target=self._http.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def wait_for(self, calls: int) -> None:
        """Wait until so many calls have arrived."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.calls) >= calls, timeout=30)

    def begin(self, call: Call) -> Reply:
        """The next reply in store."""
        with self._changed:
            self.calls.append(call)
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
            self._changed.notify_all()
            return self._replies.popleft() if len(self._replies) > 1 else self._replies[0]

    def end(self) -> None:
        with self._changed:
            self._under_way -= 1


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    server: Server


class _Conversation(BaseHTTPRequestHandler):
    server: _Listener  # pyright: ignore[reportIncompatibleVariableOverride]  # the one kind that makes these
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # the library's name
        size = int(self.headers["content-length"])
        body: dict[str, Json] = json.loads(self.rfile.read(size))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.server.begin(Call(path=self.path, headers=headers, body=body))
        time.sleep(reply.wait)
        self.server.server.end()
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        content = reply.body.encode()
        self.close_connection = reply.drop != "never"
        if reply.drop == "at once":
            return
        self.send_response(reply.status)
        sent = {"content-type": "application/json", "content-length": str(len(content))}
        for name, value in {**sent, **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if reply.drop == "half way" else content)

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True  # the client did not wait

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        pass


@contextmanager
def serving(*replies: Reply) -> Generator[Server]:
    """A server that gives these replies, one a call, the last from then on."""
    server = Server(replies)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def completion(
    text: str | None = "fine",
    *,
    finish: str = "stop",
    refusal: str | None = None,
    prompt: int = 12,
    cached: int = 0,
    completion: int = 3,
    written: int = 0,
    likely: Mapping[str, float] | None = None,
    wait: float = 0.0,
) -> Reply:
    """An answer as OpenAI's chat completions give it. `likely`: logprobs of its first token."""
    message: Json = {"role": "assistant", "content": text, "refusal": refusal}
    logprobs: Json = {"content": _tokens(likely)} if likely else None
    body: Json = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "some-model",
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": logprobs,
                "finish_reason": finish,
            }
        ],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        },
    }
    return Reply(body=json.dumps(body), wait=wait)


def response(
    *parts: Json,
    status: str = "completed",
    reason: str | None = None,
    error: Json = None,
    prompt: int = 12,
    cached: int = 0,
    written: int = 0,
    completion: int = 3,
) -> Reply:
    """An answer as OpenAI's responses give it, after some thought. `reason`: it is incomplete."""
    thought: Json = {"type": "reasoning", "id": "rs_1", "summary": []}
    said: Json = {"type": "message", "id": "msg_1", "role": "assistant", "content": [*parts]}
    body: Json = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1700000000,
        "model": "some-model",
        "status": status,
        "error": error,
        "incomplete_details": reason and {"reason": reason},
        "output": [thought, said] if parts else [thought],
        "usage": {
            "input_tokens": prompt,
            "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
            "output_tokens": completion,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": prompt + completion,
        },
    }
    return Reply(body=json.dumps(body))


def output_text(text: str, likely: Mapping[str, float] | None = None) -> Json:
    """A part of a response that is text. `likely`: logprobs of its first token."""
    return {
        "type": "output_text",
        "text": text,
        "annotations": [],
        "logprobs": _tokens(likely) if likely else [],
    }


def refusal(text: str) -> Json:
    """A part of a response that is a refusal."""
    return {"type": "refusal", "refusal": text}


def _tokens(likely: Mapping[str, float]) -> Json:
    """A first token with its alternatives, and a second one."""
    top: list[Json] = [
        {"token": token, "logprob": logprob, "bytes": [*token.encode()]}
        for token, logprob in likely.items()
    ]
    first: Json = {"token": "?", "logprob": -1.0, "bytes": [63], "top_logprobs": top}
    second: Json = {"token": "!", "logprob": -9.0, "bytes": [33], "top_logprobs": []}
    return [first, second]


def embeddings(*vectors: Sequence[float], prompt: int = 12) -> Reply:
    """Vectors as OpenAI's embeddings give them, the last one first."""
    data: list[Json] = [
        {"object": "embedding", "index": index, "embedding": [*vector]}
        for index, vector in enumerate(vectors)
    ]
    body: Json = {
        "object": "list",
        "data": data[::-1],
        "model": "some-model",
        "usage": {"prompt_tokens": prompt, "total_tokens": prompt},
    }
    return Reply(body=json.dumps(body))


def message(
    text: str = "fine",
    *,
    stop: str = "end_turn",
    tool_input: Json = None,
    prompt: int = 12,
    read: int = 0,
    written: int = 0,
    completion: int = 3,
) -> Reply:
    """An answer as Anthropic's messages give it."""
    said: Json = {"type": "text", "text": text}
    used: Json = {"type": "tool_use", "id": "toolu_1", "name": "answer", "input": tool_input}
    body: Json = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "some-model",
        "content": [said] if tool_input is None else [said, used],
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {
            "input_tokens": prompt,
            "output_tokens": completion,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": read,
        },
    }
    return Reply(body=json.dumps(body))


def complaint(
    status: int, message: str = "no", *, code: str | None = None, **headers: str
) -> Reply:
    """An error as either provider gives it; headers are written with underscores."""
    body: Json = {"type": "error", "error": {"message": message, "type": code, "code": code}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, body=json.dumps(body), headers=named)
