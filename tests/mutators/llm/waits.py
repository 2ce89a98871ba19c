"""Calls that wait, in a thread of their own, so that a test need not wait with them."""

from collections.abc import Callable
from threading import Thread

from mutators.llm.stopping import Stopped, StopSign


def is_stopped(call: Callable[[], object], sign: StopSign) -> bool:
    """Whether a call that waits ends when the sign is shown; left alone, it waits for a minute."""
    stopped: list[Stopped] = []

    def work() -> None:
        try:
            call()
        except Stopped as error:
            stopped.append(error)

    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(timeout=0.1)
    assert thread.is_alive()
    sign.show()
    thread.join(timeout=20)
    return bool(stopped)
