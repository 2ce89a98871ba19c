"""Asking again after a setback."""

from random import Random

import pytest

from mutators.llm.base import Answer, Finish, LLMError, Model, Request, Usage
from mutators.llm.clock import SystemClock
from mutators.llm.outcome import Setback
from mutators.llm.retry import Patience, Retrying, seconds_until
from mutators.llm.stopping import StopSign
from tests.mutators.llm.clocks import FakeClock
from tests.mutators.llm.waits import is_stopped

REQUEST = Request(system="", messages=(), max_tokens=1)
FINE = Answer(text="fine", finish=Finish.STOP, usage=Usage(), seconds=0.0)
MODEL = Model(name="some", context_window=1, structured=False, prices=None)


class Moody:
    """A model that gives its setbacks first, and then answers."""

    model = MODEL

    def __init__(self, *setbacks: Setback) -> None:
        self.left = list(setbacks)
        self.asked = 0

    def ask(self, request: Request) -> Answer:
        self.asked += 1
        if self.left:
            raise self.left.pop(0)
        return FINE


def patient(llm: Moody, clock: FakeClock, patience: Patience | None = None) -> Retrying:
    return Retrying(llm, patience or Patience(), random=Random(0), clock=clock)


def test_pauses_are_drawn_below_a_ceiling_that_doubles() -> None:
    clock = FakeClock()
    llm = Moody(*[Setback("busy")] * 9)

    assert patient(llm, clock).ask(REQUEST) == FINE

    ceilings = (0.5, 1, 2, 4, 8, 16, 32, 60, 60)
    assert len(clock.slept) == 9
    assert all(0 < pause < most for pause, most in zip(clock.slept, ceilings, strict=True))
    assert sum(clock.slept) > 10


def test_a_server_is_left_alone_as_long_as_it_asks() -> None:
    clock = FakeClock()

    patient(Moody(Setback("busy", retry_after="20")), clock).ask(REQUEST)

    assert 20 <= clock.slept[0] <= 20.5


def test_attempts_end() -> None:
    llm = Moody(*[Setback("busy")] * 9)

    with pytest.raises(LLMError, match=r"busy; given up after 3 attempts in .* s; try again later"):
        patient(llm, FakeClock(), Patience(attempts=3)).ask(REQUEST)

    assert llm.asked == 3


def test_no_pause_reaches_past_the_time_that_there_is() -> None:
    clock = FakeClock()
    llm = Moody(Setback("busy", retry_after="50"), Setback("busy", retry_after="50"))

    with pytest.raises(LLMError, match="given up after 2 attempts"):
        patient(llm, clock, Patience(seconds=100)).ask(REQUEST)

    assert len(clock.slept) == 1


def test_a_pause_ends_with_the_call_when_the_run_is_to_end() -> None:
    llm, sign = Moody(Setback("busy", retry_after="60")), StopSign()
    retrying = Retrying(llm, Patience(), random=Random(0), clock=SystemClock(), sign=sign)

    assert is_stopped(lambda: retrying.ask(REQUEST), sign)
    assert llm.asked == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0.25 ", 0.25),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:13:00 GMT", 0.0),
        ("", None),
        ("-3", None),
        ("nan", None),
        ("soon", None),
    ],
)
def test_how_long_a_server_asks_to_be_left_alone(header: str, seconds: float | None) -> None:
    assert seconds_until(header, 1_700_000_000.0) == seconds
