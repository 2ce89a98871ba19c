"""Worlds for tests of processes: they do what they are told, and are soon imported."""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.entry import Candidate, Evaluation, Failure, Tree
from goexplore.domain import DomainError
from mutators.actions import ACTIONS_FILE
from mutators.base import Parent
from tests.goexplore.walk import Walk


class Odd(Exception):
    """Cannot be unpickled: what it is made with is not what it tells."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")


@dataclass(frozen=True)
class Obedient:
    """Does what a candidate says."""

    goal: float | None = None

    def roots(self) -> Sequence[Tree]:
        return ({"do": "nothing"},)

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        word, _, rest = candidate.tree["do"].partition(" ")
        match word:
            case "end":
                os._exit(7)
            case "leave":
                sys.exit("left")
            case "raise":
                raise Odd("odd", "so it is")
            case "broken":
                raise DomainError("the world is broken")
            case "meet":
                meet(Path(rest))
            case "sleep":
                time.sleep(30)
            case "interrupt":
                os.kill(os.getpid(), signal.SIGINT)
            case _:
                pass
        return Evaluation(cell=str(os.getpid()), objective=0.0)


def meet(place: Path) -> None:
    """Wait until there are two here."""
    (place / str(os.getpid())).touch()
    until = time.monotonic() + 5
    while len(list(place.iterdir())) < 2:
        assert time.monotonic() < until, "nobody else came"
        time.sleep(0.01)


class NoCopy(Obedient):
    """Can be pickled, and nothing can be made of that."""

    def __reduce__(self) -> tuple[Callable[[], object], tuple[()]]:
        return no_copy, ()


def no_copy() -> object:
    raise ValueError("no copy")


class Mined(Walk):
    """A walk whose third row ends the process."""

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        if candidate.tree[ACTIONS_FILE].split().count("north") == 2:
            os._exit(7)
        return super().verify(candidate, parent)
