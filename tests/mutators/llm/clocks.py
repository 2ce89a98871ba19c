"""A clock of a test's own: waiting takes no time."""

from threading import Condition

from mutators.llm.stopping import StopSign


class FakeClock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self, wall: float = 1_700_000_000.0) -> None:
        self.slept: list[float] = []
        self._began = wall
        self._passed = 0.0

    def wall(self) -> float:
        return self._began + self._passed

    def elapsed(self) -> float:
        return self._passed

    def sleep(self, seconds: float, sign: StopSign) -> None:
        self.slept.append(seconds)
        self._passed += seconds

    def wait(self, condition: Condition, seconds: float | None) -> None:
        if seconds is None:
            condition.wait()
            return
        self._passed += seconds
