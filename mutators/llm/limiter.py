"""Not asking a model more than it allows: calls at once, requests and tokens a minute."""

import math
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Lock

from mutators.llm.base import LLM, Answer, Model, Request
from mutators.llm.clock import Clock
from mutators.llm.outcome import Setback
from mutators.llm.stopping import StopSign
from mutators.llm.tokens import tokens_of

MINUTE = 60.0

TRAVEL = 1.0
"""Seconds that a call may take to arrive.

A call that takes longer than one that begins a minute later would be one too many in the minute
that the server sees.
"""

_ROUND = 8
"""Calls, at least, before it is judged whether too many are under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a model allows. Tokens are those of prompts and answers together.

    concurrency: calls at once; by default as many as the SDKs keep connections, so that the
        workers of a run decide, and less as soon as the server turns most of them away.
    """

    concurrency: int = 1000
    requests_per_minute: float = math.inf
    tokens_per_minute: float = math.inf


@dataclass(slots=True)
class _Spent:
    """A call's share of what a minute allows, until its minute is over."""

    at: float
    tokens: int


@dataclass(slots=True)
class _Minute:
    """What the calls of the last sixty seconds took."""

    limits: Limits
    calls: deque[_Spent] = field(default_factory=deque[_Spent])
    tokens: int = 0

    def wait(self, tokens: int, now: float) -> float:
        """Seconds until a call of so many tokens may begin; 0 if it may now."""
        self._forget(now)
        excess = self.tokens + tokens - self.limits.tokens_per_minute
        crowd = len(self.calls) + 1 - self.limits.requests_per_minute
        until = now
        for number, call in enumerate(self.calls):
            if crowd <= number and excess <= 0:
                break
            excess -= call.tokens
            until = call.at + MINUTE + TRAVEL
        return until - now

    def spend(self, tokens: int, now: float) -> _Spent:
        spent = _Spent(now, tokens)
        self.calls.append(spent)
        self.tokens += tokens
        return spent

    def settle(self, spent: _Spent, tokens: int, now: float) -> None:
        """Put what a call took in the place of what it was thought to take."""
        self._forget(now)
        if self.calls and spent.at >= self.calls[0].at:
            self.tokens += tokens - spent.tokens
            spent.tokens = tokens

    def _forget(self, now: float) -> None:
        while self.calls and self.calls[0].at + MINUTE + TRAVEL <= now:
            self.tokens -= self.calls.popleft().tokens


@dataclass(slots=True)
class _Width:
    """How many calls may be under way at once.

    Halved where a server turned away more than half of a round, widened by one call for each
    round that it takes, up to what is allowed. A round is as many calls as are under way.
    """

    most: int
    now: float
    busy: int = 0
    taken: int = 0
    refused: int = 0

    def note(self, under_way: int, *, refused: bool) -> None:
        """Take in what became of one of so many calls under way."""
        self.busy = max(self.busy, under_way)
        self.taken += not refused
        self.refused += refused
        if not refused:
            self.now = min(self.most, self.now + 1 / self.now)
        if self.refused + self.taken >= max(_ROUND, self.busy):
            self._judge()

    def _judge(self) -> None:
        # A server that takes most of the calls is asked about as much as it bears; to halve at
        # each refusal would leave much of what it allows unused.
        if self.refused > self.taken:
            # Half of what was too much: the width may be far beyond what was ever under way.
            self.now = max(1.0, min(self.now, self.busy) / 2)
        self.busy = self.taken = self.refused = 0


class Limiter:
    """Lets calls begin one after the other, in the order in which they came, within limits.

    No sixty seconds see more requests or tokens than a minute allows. A call that needs more
    tokens than that by itself waits until it has a minute of its own.
    """

    def __init__(self, limits: Limits, *, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._queue = deque[Condition]()
        self._under_way = 0
        self._minute = _Minute(limits)
        self._width = _Width(limits.concurrency, float(limits.concurrency))

    @property
    def width(self) -> int:
        """How many calls may be under way at once, as things are."""
        return int(self._width.now)

    @contextmanager
    def admitted(self, tokens: int, sign: StopSign) -> Generator[_Spent]:
        """Room for a call of about so many tokens, as soon as there is any.

        Raises:
            Stopped: a sign to stop was shown before.
        """
        spent = self._enter(tokens, sign)
        try:
            yield spent
        finally:
            self._leave()

    def settle(self, spent: _Spent, tokens: int) -> None:
        """Say how many tokens a call took that the server answered."""
        with self._lock:
            self._minute.settle(spent, tokens, self._clock.elapsed())
            self._width.note(self._under_way, refused=False)
            self._wake()

    def throttled(self) -> None:
        """Say that the server turned a call away."""
        with self._lock:
            self._width.note(self._under_way, refused=True)

    def _enter(self, tokens: int, sign: StopSign) -> _Spent:
        turn = Condition(self._lock)
        with self._lock, sign.waking(turn):
            self._queue.append(turn)
            try:
                self._wait(turn, tokens, sign)
                spent = self._minute.spend(tokens, self._clock.elapsed())
                self._under_way += 1
            finally:
                self._queue.remove(turn)
                self._wake()
        return spent

    def _wait(self, turn: Condition, tokens: int, sign: StopSign) -> None:
        while True:
            sign.heed()
            if self._queue[0] is not turn or self._under_way >= self.width:
                self._clock.wait(turn, None)
                continue
            seconds = self._minute.wait(tokens, self._clock.elapsed())
            if seconds <= 0:
                return
            self._clock.wait(turn, seconds)

    def _leave(self) -> None:
        with self._lock:
            self._under_way -= 1
            self._wake()

    def _wake(self) -> None:
        if self._queue:
            self._queue[0].notify()


class Limited:
    """A model that is not asked more than it allows, and no more once a sign to stop is shown."""

    def __init__(self, llm: LLM, limiter: Limiter, sign: StopSign | None = None) -> None:
        self._llm = llm
        self._limiter = limiter
        self._sign = sign or StopSign()

    @property
    def model(self) -> Model:
        return self._llm.model

    def ask(self, request: Request) -> Answer:
        with self._limiter.admitted(estimate(request), self._sign) as spent:
            try:
                answer = self._llm.ask(request)
            except Setback as setback:
                if setback.throttled:
                    self._limiter.throttled()
                raise
            usage = answer.usage
            self._limiter.settle(spent, usage.prompt + usage.completion)
            return answer


def estimate(request: Request) -> int:
    """About how many tokens a call takes; rather more than fewer."""
    texts = (message.text for message in request.messages)
    return tokens_of(request.system, *texts) + request.max_tokens
