"""Time, and waiting for it; passed in, so that a test need not wait."""

import time
from threading import Condition
from typing import Protocol


class Clock(Protocol):
    """What the time is, and waiting until it is later. Several threads may use it at once."""

    def wall(self) -> float:
        """Seconds since 1970."""
        ...

    def elapsed(self) -> float:
        """Seconds since some moment; never fewer than before."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
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

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def wait(self, condition: Condition, seconds: float | None) -> None:
        condition.wait(seconds)
