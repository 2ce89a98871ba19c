"""A model for the code inside, without a key and without a network there.

It speaks with the host over the sandbox's own line, in the format of OpenAI or of Anthropic, so
that their libraries work unchanged. A gateway has an allowance, and is made for one lease.
"""

import json
import socket
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from threading import Lock
from typing import Protocol, cast

from sandboxes import hypertext, wire
from sandboxes.base import Json
from sandboxes.hypertext import Request, Response
from sandboxes.services import PORTS
from sandboxes.wire import Format, Question, Reply

_MINUTE = 60.0
_PLACEHOLDER = "none"
"""Where a library insists on a key. It opens nothing."""


class Unanswerable(Exception):
    """A question that a model did not answer. `retry`: seconds after which it may; or never."""

    def __init__(self, message: str, *, retry: float | None = None) -> None:
        super().__init__(message)
        self.retry = retry


class Answerer(Protocol):
    """Whoever answers. Several threads may ask at once."""

    def answer(self, question: Question) -> Reply:
        """The reply to a question.

        Raises:
            Unanswerable: there is none.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A question that was put, and what came of it. `refused`: why it had no reply, or nothing."""

    format: Format
    model: str
    prompt_tokens: int
    completion_tokens: int
    dollars: float
    seconds: float
    refused: str


class Calls(Protocol):
    """Takes note of calls. Several threads may report at once."""

    def report(self, call: Call) -> None:
        """Take note of a call."""
        ...


class CallsInMemory:
    """Keeps calls for as long as it lives."""

    def __init__(self) -> None:
        self._calls: list[Call] = []

    @property
    def calls(self) -> tuple[Call, ...]:
        """All that were reported, in that order."""
        return tuple(self._calls)

    def report(self, call: Call) -> None:
        """Keep a call."""
        self._calls.append(call)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens."""

    prompt: float
    completion: float

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """What a call costs."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a lease may spend, and how fast.

    max_tokens: of one answer, also where nothing is said. request_bytes: of one question.
    """

    calls: float = inf
    tokens: float = inf
    dollars: float = inf
    calls_a_minute: float = inf
    max_tokens: int = 4096
    request_bytes: int = 1 << 20


class _Refused(Exception):
    def __init__(self, status: int, code: str, message: str, retry: float | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.retry = status, code, retry


class Gateway:
    """Answers the code in one lease. A `sandboxes.services.Service`.

    models: which may be asked, and what they cost; `None` where that is not known, which a
        budget in dollars does not allow.
    """

    port = PORTS[0]

    def __init__(
        self,
        answerer: Answerer,
        *,
        models: Mapping[str, Price | None],
        allowance: Allowance,
        calls: Calls,
    ) -> None:
        """Set up a gateway.

        Raises:
            ValueError: a budget in dollars, and a model whose price is not known.
        """
        unknown = [name for name, price in models.items() if price is None]
        if unknown and allowance.dollars < inf:
            raise ValueError(f"a budget in dollars needs the price of {unknown[0]!r}")
        self._answerer = answerer
        self._models = models
        self._allowance = allowance
        self._calls = calls
        self._lock = Lock()
        self._made = 0
        self._tokens = 0.0
        self._dollars = 0.0
        self._recent = deque[float]()

    @property
    def environment(self) -> Mapping[str, str]:
        """What tells both libraries where to ask."""
        home = f"http://127.0.0.1:{self.port}"
        return {
            "OPENAI_BASE_URL": f"{home}/v1",
            "OPENAI_API_KEY": _PLACEHOLDER,
            "ANTHROPIC_BASE_URL": home,
            "ANTHROPIC_API_KEY": _PLACEHOLDER,
        }

    def serve(self, link: socket.socket) -> None:
        """Answer what comes on a connection."""
        with hypertext.reader(link) as file:
            while request := hypertext.read(file, self._allowance.request_bytes):
                link.sendall(self._response(request).packed())
                if request.flaw:
                    return

    def _response(self, request: Request) -> Response:
        form: Format = "anthropic" if _is_anthropic(request) else "openai"
        try:
            if (request.method, request.path) == ("GET", "/v1/models"):
                return wire.models(form, list(self._models))
            return self._answered(form, _wanted(request))
        except _Refused as refused:
            return wire.error(
                form, refused.status, str(refused), code=refused.code, retry=refused.retry
            )

    def _answered(self, form: Format, body: bytes) -> Response:
        began = time.monotonic()
        question = self._question(form, body)
        price = self._models[question.model]
        try:
            most = self._hold(question, len(body), price)
        except _Refused as refused:
            self._report(question, None, began, str(refused))
            raise
        try:
            reply = self._answerer.answer(question)
        except Unanswerable as failure:
            self._settle(most, None, price)
            self._report(question, None, began, str(failure))
            raise _Refused(502, "api_error", str(failure), failure.retry) from failure
        self._settle(most, reply, price)
        self._report(question, reply, began, "")
        return wire.answer(question, reply)

    # What may be asked

    def _question(self, form: Format, data: bytes) -> Question:
        body = _parsed(data)
        model = body.get("model")
        if not isinstance(model, str) or model not in self._models:
            known = ", ".join(self._models)
            raise _Refused(404, "model_not_found", f"no model {str(model)[:80]!r}; known: {known}")
        if not isinstance(body.get("messages"), list):
            raise _Refused(400, "invalid_request_error", "messages are a list")
        if body.get("n", 1) != 1:
            raise _Refused(400, "invalid_request_error", "one answer at a time: n is 1")
        return Question(format=form, model=model, body=body, max_tokens=self._max_tokens(body))

    def _max_tokens(self, body: Mapping[str, Json]) -> int:
        asked = body.get("max_completion_tokens") or body.get("max_tokens")
        if asked is None:
            return self._allowance.max_tokens
        if isinstance(asked, bool) or not isinstance(asked, int) or asked < 1:
            raise _Refused(400, "invalid_request_error", "max_tokens is a whole number from 1 on")
        return min(asked, self._allowance.max_tokens)

    # What it may cost

    def _hold(self, question: Question, size: int, price: Price | None) -> tuple[float, float]:
        """Set aside the most that a call can cost. No token is shorter than a byte."""
        tokens = size + question.max_tokens
        dollars = price.of(size, question.max_tokens) if price else 0.0
        allowed = self._allowance
        with self._lock:
            self._check_rate()
            over = {
                "calls": self._made + 1 > allowed.calls,
                "tokens": self._tokens + tokens > allowed.tokens,
                "dollars": self._dollars + dollars > allowed.dollars,
            }
            for unit, spent in over.items():
                if spent:
                    message = f"the allowance of {unit} does not reach for this call"
                    raise _Refused(429, "insufficient_quota", message)
            self._made += 1
            self._recent.append(time.monotonic())
            self._tokens += tokens
            self._dollars += dollars
        return float(tokens), dollars

    def _check_rate(self) -> None:
        now = time.monotonic()
        while self._recent and now - self._recent[0] > _MINUTE:
            self._recent.popleft()
        if len(self._recent) >= self._allowance.calls_a_minute:
            wait = _MINUTE - (now - self._recent[0]) if self._recent else _MINUTE
            message = f"{self._allowance.calls_a_minute:g} calls a minute are allowed"
            raise _Refused(429, "rate_limit_exceeded", message, wait)

    def _settle(self, held: tuple[float, float], reply: Reply | None, price: Price | None) -> None:
        """Put back what a call did not need. What failed has cost nothing, as far as is known."""
        tokens = reply.prompt_tokens + reply.completion_tokens if reply else 0
        with self._lock:
            self._tokens += tokens - held[0]
            self._dollars += _dollars(reply, price) - held[1]

    def _report(self, question: Question, reply: Reply | None, began: float, why: str) -> None:
        call = Call(
            format=question.format,
            model=question.model,
            prompt_tokens=reply.prompt_tokens if reply else 0,
            completion_tokens=reply.completion_tokens if reply else 0,
            dollars=_dollars(reply, self._models[question.model]),
            seconds=time.monotonic() - began,
            refused=why,
        )
        self._calls.report(call)


_PLACES = {("POST", "/v1/chat/completions"), ("POST", "/v1/messages")}


def _wanted(request: Request) -> bytes:
    """The body of a request that can be answered."""
    if request.flaw:
        raise _Refused(request.flaw[0], "request_too_large", request.flaw[1])
    if (request.method, request.path) not in _PLACES:
        raise _Refused(404, "not_found", f"nothing at {request.method} {request.path}")
    return request.body


def _is_anthropic(request: Request) -> bool:
    return request.path == "/v1/messages" or "anthropic-version" in request.headers


def _dollars(reply: Reply | None, price: Price | None) -> float:
    return price.of(reply.prompt_tokens, reply.completion_tokens) if reply and price else 0.0


def _parsed(data: bytes) -> Mapping[str, Json]:
    try:
        body: object = json.loads(data)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise _Refused(400, "invalid_request_error", "the request is no JSON object")
    return cast("Mapping[str, Json]", body)
