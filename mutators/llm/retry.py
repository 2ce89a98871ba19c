"""Asking again after a setback, later each time."""

import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from itertools import count
from random import Random

from mutators.llm.base import LLM, Answer, LLMError, Model, Request
from mutators.llm.clock import Clock
from mutators.llm.outcome import Setback
from mutators.llm.stopping import StopSign

_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to keep asking.

    attempts: at most, the first included.
    seconds: from the first attempt until the last may begin.
    shortest, longest: seconds; the first and the longest ceiling of a pause, which doubles.
    """

    attempts: int = 10
    seconds: float = 900.0
    shortest: float = 0.5
    longest: float = 60.0


class Retrying:
    """A model that is asked again after a setback.

    Pauses are exponential with full jitter: drawn evenly between nothing and a ceiling that
    doubles (Brooker 2015, "Exponential Backoff and Jitter"). A server that says how long to leave
    it alone is left alone for that long and a little jitter more.

    sign: ends a pause, and with it the call.
    """

    def __init__(
        self,
        llm: LLM,
        patience: Patience,
        *,
        random: Random,
        clock: Clock,
        sign: StopSign | None = None,
    ) -> None:
        self._llm = llm
        self._patience = patience
        self._random = random
        self._clock = clock
        self._sign = sign or StopSign()
        self._answered = False

    @property
    def model(self) -> Model:
        return self._llm.model

    def ask(self, request: Request) -> Answer:
        began = self._clock.elapsed()
        for attempt in count(1):
            try:
                answer = self._llm.ask(request)
            except Setback as setback:
                if setback.absent and not self._answered:
                    # A server that has never answered is not busy: it is not there.
                    raise LLMError(
                        f"{setback}; nobody answers there: start the server, or check its address"
                    ) from setback
                pause = self._pause(attempt, setback)
                passed = self._clock.elapsed() - began
                if attempt >= self._patience.attempts or passed + pause > self._patience.seconds:
                    raise _given_up(setback, attempt, passed) from setback
            else:
                self._answered = True
                return answer
            self._clock.sleep(pause, self._sign)
            self._sign.heed()
        raise AssertionError("counting never ends")

    def _pause(self, attempt: int, setback: Setback) -> float:
        ceiling = min(self._patience.longest, self._patience.shortest * 2 ** (attempt - 1))
        asked = seconds_until(setback.retry_after, self._clock.wall())
        if asked is None:
            return self._random.uniform(0.0, ceiling)
        return asked + self._random.uniform(0.0, self._patience.shortest)


def seconds_until(retry_after: str, now: float) -> float | None:
    """Seconds that a Retry-After header asks for; `None` if it cannot be read.

    now: seconds since 1970, for a header that names a date (RFC 9110, 10.2.3).
    """
    if _SECONDS.fullmatch(retry_after.strip()):
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).replace(tzinfo=UTC).timestamp() - now)
    except ValueError:
        return None


def _given_up(setback: Setback, attempts: int, passed: float) -> LLMError:
    tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    return LLMError(f"{setback}; given up after {tries} in {passed:.0f} s; try again later")
