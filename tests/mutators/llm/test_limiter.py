"""Not asking a model more than it allows."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from threading import Lock, Thread
from time import sleep

import pytest

from mutators.llm.base import Answer, Finish, Message, Model, Request, Usage
from mutators.llm.clock import SystemClock
from mutators.llm.limiter import Limited, Limiter, Limits, estimate
from mutators.llm.outcome import Setback
from mutators.llm.stopping import Stopped, StopSign
from tests.mutators.llm.clocks import FakeClock
from tests.mutators.llm.waits import is_stopped

REQUEST = Request(system="", messages=(), max_tokens=100)


class Counting:
    """A model that takes so many tokens, and knows how many asked at once."""

    model = Model(name="some", context_window=1, structured=False, prices=None)

    def __init__(self, tokens: int = 100, *, throttled: bool = False) -> None:
        self.tokens = tokens
        self.throttled = throttled
        self.asked = 0
        self.most_at_once = 0
        self._under_way = 0
        self._lock = Lock()

    def ask(self, request: Request) -> Answer:
        with self._lock:
            self.asked += 1
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        sleep(0.001)
        with self._lock:
            self._under_way -= 1
        if self.throttled:
            raise Setback("too many", throttled=True)
        usage = Usage(completion=self.tokens)
        return Answer(text="", finish=Finish.STOP, usage=usage, seconds=0.0)


def most_in_a_minute(times: list[float]) -> int:
    return max(sum(begin <= time < begin + 60 for time in times) for begin in times)


def beginnings(limits: Limits, calls: int, *, tokens: int = 100) -> list[float]:
    """When calls began that many threads made."""
    limiter = Limiter(limits, clock=FakeClock())

    def begun(_: int) -> float:
        with limiter.admitted(tokens, StopSign()) as spent:
            return spent.at

    with ThreadPoolExecutor(16) as pool:
        return sorted(pool.map(begun, range(calls)))


def test_no_more_calls_are_under_way_than_allowed() -> None:
    model = Counting()
    limited = Limited(model, Limiter(Limits(concurrency=3), clock=SystemClock()))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(limited.ask, [REQUEST] * 200))

    assert model.most_at_once == 3
    assert model.asked == 200


def test_no_minute_sees_more_requests_than_allowed_and_each_as_many() -> None:
    times = beginnings(Limits(requests_per_minute=10), 50)

    assert times == sorted([0.0, 61.0, 122.0, 183.0, 244.0] * 10)


def test_no_minute_sees_more_tokens_than_allowed() -> None:
    times = beginnings(Limits(tokens_per_minute=350), 12)

    assert most_in_a_minute(times) == 3
    assert times[-1] == 183


def test_what_was_thought_to_be_taken_gives_way_to_what_was_taken() -> None:
    clock = FakeClock()
    model = Counting(tokens=10)
    limited = Limited(model, Limiter(Limits(tokens_per_minute=200), clock=clock))

    for _ in range(11):
        limited.ask(REQUEST)

    assert clock.elapsed() == 0


def test_a_call_larger_than_a_minute_allows_has_a_minute_of_its_own() -> None:
    assert beginnings(Limits(tokens_per_minute=50), 3) == [0, 61, 122]


@pytest.mark.parametrize("limits", [Limits(), Limits(concurrency=16)])
def test_a_server_that_turns_calls_away_is_asked_half_as_much_and_slowly_more(
    limits: Limits,
) -> None:
    limiter = Limiter(limits, clock=FakeClock())
    limited = Limited(Counting(), limiter)
    with ExitStack() as under_way:
        for _ in range(16):
            under_way.enter_context(limiter.admitted(1, StopSign()))
        for _ in range(16):
            limiter.throttled()

    halved = limiter.width
    for _ in range(9):
        limited.ask(REQUEST)

    assert (halved, limiter.width) == (8, 9)


def test_a_sign_to_stop_ends_the_waits_of_its_run_and_of_no_other() -> None:
    limiter = Limiter(Limits(concurrency=1), clock=SystemClock())
    theirs, sign = Counting(), StopSign()
    ours = Limited(Counting(), limiter, sign)
    others = Thread(target=lambda: Limited(theirs, limiter).ask(REQUEST), daemon=True)

    with limiter.admitted(1, StopSign()):
        others.start()
        stopped = is_stopped(lambda: ours.ask(REQUEST), sign)
        waited = others.is_alive()
    others.join(timeout=20)

    assert stopped
    assert waited
    assert theirs.asked == 1


def test_a_minute_that_is_full_is_not_waited_for_when_the_run_is_to_end() -> None:
    sign = StopSign()
    limiter = Limiter(Limits(requests_per_minute=1), clock=SystemClock())
    limited = Limited(Counting(), limiter, sign)
    limited.ask(REQUEST)

    assert is_stopped(lambda: limited.ask(REQUEST), sign)


def test_no_call_begins_after_the_sign_to_stop() -> None:
    model, sign = Counting(), StopSign()
    sign.show()

    with pytest.raises(Stopped):
        Limited(model, Limiter(Limits(), clock=FakeClock()), sign).ask(REQUEST)

    assert model.asked == 0


def test_a_server_that_turns_away_every_fifth_call_is_asked_as_much_as_before() -> None:
    model = Counting()
    limiter = Limiter(Limits(concurrency=16), clock=FakeClock())
    limited = Limited(model, limiter)

    for number in range(200):
        model.throttled = number % 5 == 0
        with suppress(Setback):
            limited.ask(REQUEST)

    assert limiter.width == 16


def test_calls_begin_in_the_order_in_which_they_came() -> None:
    limiter = Limiter(Limits(concurrency=1), clock=SystemClock())
    began: list[int] = []

    def call(number: int) -> None:
        with limiter.admitted(1, StopSign()):
            began.append(number)

    with limiter.admitted(1, StopSign()):
        threads = [Thread(target=call, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
            sleep(0.01)
    for thread in threads:
        thread.join()

    assert began == list(range(8))


def test_a_call_that_fails_makes_room() -> None:
    clock = FakeClock()
    model = Counting(throttled=True)
    limited = Limited(model, Limiter(Limits(concurrency=1), clock=clock))
    outcomes = Counter[str]()

    for _ in range(5):
        try:
            limited.ask(REQUEST)
        except Setback:
            outcomes["setback"] += 1

    assert outcomes["setback"] == 5


def test_an_estimate_counts_the_prompt_and_the_longest_answer() -> None:
    request = Request(
        system="abc", messages=(Message(speaker="user", text="défghi"),), max_tokens=50
    )

    assert estimate(request) == 54
