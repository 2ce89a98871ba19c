"""Ctrl-C while a run goes on: once to finish what is under way, twice to drop it."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from goexplore.engine import Engine
from goexplore.events import Outcome

_MESSAGE = b"goexplore: finishing what is under way; once more to drop it\n"
_CLEAR_LINE = b"\r\x1b[2K"


class Dropped(BaseException):
    """Asked twice to stop. Not an `Exception`: nothing on the way out may take it for a crash."""


class Interruption:
    """What the user's signals ask of the engines that are run one after the other."""

    def __init__(self) -> None:
        self.asked = False
        self._engine: Engine | None = None

    @contextmanager
    def watching(self) -> Generator[None]:
        """Take Ctrl-C and SIGTERM as questions to stop for as long as this lasts."""
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._take) for number in signals}
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)

    def run(self, engine: Engine) -> Outcome:
        """Run an engine.

        Raises:
            Dropped: the user has asked twice.
        """
        self._engine = engine
        if self.asked:
            engine.stop()
        return engine.run()

    def _take(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self.asked:
            raise Dropped
        self.asked = True
        # Past every buffer: the signal may have come in the middle of a write to them.
        os.write(2, _CLEAR_LINE * os.isatty(2) + _MESSAGE)
        if self._engine:
            self._engine.stop()
