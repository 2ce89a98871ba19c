"""How the image of sandboxes comes on, for who waits for it."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from goexplore.cli.terminal import Terminal, safe

_STAGES = {
    "base": "looking for a base",
    "pull": "pulling the base",
    "local base": "making a base of this machine's Python",
    "packages": "fetching packages",
    "image": "building the image",
}


class Building:
    """Says each stage of an image in a line, once. `newest`: the step that it is at."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._said = set[str]()
        self.newest = ""

    def tell(self, stage: str, detail: str) -> None:
        """Hear of a step."""
        words = f"{_STAGES[stage]}: {detail}"
        if stage not in self._said:
            self._said.add(stage)
            self._terminal.say(words)
        self.newest = words


@contextmanager
def telling(terminal: Terminal) -> Generator[Callable[[str, str], None]]:
    """Say how an image comes on: a line for each stage, and where somebody watches, each step."""
    building = Building(terminal)
    with status(terminal) as show:

        def tell(stage: str, detail: str) -> None:
            building.tell(stage, detail)
            show(building.newest[:160])

        yield tell


@contextmanager
def status(terminal: Terminal) -> Generator[Callable[[str], None]]:
    """A line that moves, where somebody watches."""
    if not terminal.live:
        yield _show_nothing
        return
    with terminal.err.status("") as moving:
        yield lambda text: moving.update(safe(text))


def _show_nothing(text: str) -> None:
    """Nobody watches."""
