"""Time, and waiting for it; passed in, so that a test need not wait."""

import time
from threading import Condition
from typing import Protocol

from mutators.llm.stopping import StopSign


class Clock(Protocol):
    """What the time is, and waiting until it is later. Several threads may use it at once."""

    def wall(self) -> float:
        """Seconds since 1970."""
        ...

    def elapsed(self) -> float:
        """Seconds since some moment; never fewer than before."""
        ...

    def sleep(self, seconds: float, sign: StopSign) -> None:
        """Wait, until a sign to stop is shown at the latest."""
        ...

    def wait(self, condition: Condition, seconds: float | None) -> None:
        """Wait until a condition, whose lock is held, is notified, or so many seconds."""
        ...


class SystemClock:
    """The machine's own clock."""

    def wall(self) -> float:
        return time.time()

    def elapsed(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float, sign: StopSign) -> None:
        sign.wait(seconds)

    def wait(self, condition: Condition, seconds: float | None) -> None:
        condition.wait(seconds)
