"""A model that gives the replies of a script in turn: `mutators.llm.asking.Asking` for tests."""

from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from mutators.llm.base import Answer, Finish, Model, Request, Role, Usage


class Said(NamedTuple):
    """A text and how it ended."""

    text: str
    finish: Finish = Finish.STOP


Reply = str | Said | Callable[[Request], str]


def said(reply: Reply, request: Request) -> Said:
    """What a reply comes to."""
    if isinstance(reply, str):
        return Said(reply)
    return reply if isinstance(reply, Said) else Said(reply(request))


class Scripted:
    """Gives its replies in turn, and remembers what it was asked."""

    def __init__(self, *replies: Reply) -> None:
        self._replies = list(replies)
        self._lock = Lock()
        self.asked: list[Request] = []
        self.calls: list[tuple[Role, int, str]] = []

    @property
    def model(self) -> Model:
        return Model(name="scripted", context_window=8192, structured=True, prices=None)

    def ask(self, request: Request, *, role: Role, step: int, sample: str) -> Answer:
        with self._lock:
            self.asked.append(request)
            self.calls.append((role, step, sample))
            text, finish = said(self._replies.pop(0), request)
        return Answer(text=text, finish=finish, usage=Usage(completion=5), seconds=0.0)
