"""How a run that is to end ends the waits of its calls."""

from collections.abc import Generator
from contextlib import contextmanager
from threading import Condition

from mutators.base import MutatorError


class Stopped(MutatorError):
    """The run is to end, and a call had not been sent yet, or not again."""

    def __init__(self) -> None:
        super().__init__("the run was asked to stop while a call waited")


class StopSign:
    """The sign that a run is to end: once shown, none of its calls is sent any more.

    A call waits for its turn, or to be sent again; the sign ends that. What has been sent is
    waited for, as it is paid for.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._shown = False
        self._waiting = set[Condition]()

    @property
    def shown(self) -> bool:
        """Whether the run is to end."""
        return self._shown

    def show(self) -> None:
        """End the run's waits, those to come included."""
        with self._changed:
            # A signal may show it while it is being shown.
            if self._shown:
                return
            self._shown = True
            self._changed.notify_all()
            waiting = list(self._waiting)
        for condition in waiting:
            with condition:
                condition.notify_all()

    def heed(self) -> None:
        """Go on only if the run does.

        Raises:
            Stopped: it is to end.
        """
        if self._shown:
            raise Stopped

    def wait(self, seconds: float) -> None:
        """Wait so many seconds, or until the sign is shown."""
        with self._changed:
            self._changed.wait_for(lambda: self._shown, seconds)

    @contextmanager
    def waking(self, condition: Condition) -> Generator[None]:
        """Notify a condition when the sign is shown, for as long as this lasts."""
        with self._changed:
            self._waiting.add(condition)
        try:
            yield
        finally:
            with self._changed:
                self._waiting.remove(condition)
