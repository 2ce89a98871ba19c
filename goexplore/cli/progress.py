"""The live line: how good, how fast, how much, how long."""

from collections.abc import Generator
from contextlib import contextmanager
from math import inf, isfinite
from time import monotonic

from rich.live import Live
from rich.text import Text

from goexplore.budget import Budget, Spent
from goexplore.cli.images import Building
from goexplore.cli.terminal import Terminal, safe
from goexplore.events import Event, RunOpened, StepRecorded

_A_SECOND = 4


class Progress:
    """Watches runs, one after the other, and shows a line of the current one.

    The engine calls it with its lock held, so it only keeps the newest event; a thread of its own
    draws.
    """

    def __init__(self, terminal: Terminal, *, runs: int = 1) -> None:
        self._terminal = terminal
        self._runs = runs
        self._run = 0
        self._title = ""
        self._building = Building(terminal)
        self._opened = RunOpened(budget=Budget(), spent=Spent())
        self._newest: StepRecorded | None = None
        self._began = monotonic()

    @contextmanager
    def showing(self) -> Generator[None]:
        """Show the line for as long as this lasts, if anyone watches."""
        if not self._terminal.live:
            yield
            return
        with Live(
            console=self._terminal.err,
            get_renderable=self.line,
            refresh_per_second=_A_SECOND,
            transient=True,
        ):
            yield

    def next_run(self, title: str) -> None:
        """From now on it is about this run."""
        self._run += 1
        self._title = title
        self._newest = None
        self._building = Building(self._terminal)

    def building(self, stage: str, detail: str) -> None:
        """Take note of how the image of its sandboxes comes on; said line by line, too."""
        self._building.tell(stage, detail)

    def watch(self, event: Event) -> None:
        """Take note of what happened; an `Observer`."""
        if isinstance(event, RunOpened):
            self._opened, self._began, self._newest = event, monotonic(), None
            self._building = Building(self._terminal)
        if isinstance(event, StepRecorded):
            self._newest = event

    def line(self) -> Text:
        """The line as it is now."""
        count = f"[{self._run}/{self._runs}] " if self._runs > 1 else ""
        parts = [f"{count}{self._title}", *self._facts(self._newest)]
        line = safe("  ".join(parts))
        line.no_wrap, line.overflow = True, "ellipsis"
        return line

    def _facts(self, newest: StepRecorded | None) -> list[str]:
        if newest is None:
            return [self._building.newest or "opening"]
        done = newest.spent.verifications - self._opened.spent.verifications
        rate = done / max(monotonic() - self._began, 1e-3)
        best = f"best {newest.best:g}" if isfinite(newest.best) else "nothing yet"
        left = seconds_left(self._opened, newest.spent)
        return [
            best,
            f"{newest.spent.verifications} verified",
            f"{rate:,.0f}/s",
            f"{newest.elites} elites",
            *_cost(newest.spent),
            f"{_clock(left)} left" if isfinite(left) else "no limit",
        ]


def seconds_left(opened: RunOpened, spent: Spent) -> float:
    """How long the budget lasts if it is spent as it was since the run was opened."""
    took = max(spent.seconds - opened.spent.seconds, 1e-3)
    budget = opened.budget
    lasting = (
        _lasts(
            getattr(budget, unit) - getattr(spent, unit),
            (getattr(spent, unit) - getattr(opened.spent, unit)) / took,
        )
        for unit in ("steps", "verifications", "tokens", "dollars")
    )
    return max(0.0, min(*lasting, budget.seconds - spent.seconds))


def _cost(spent: Spent) -> list[str]:
    return [f"{spent.tokens:,} tokens, ${spent.dollars:.4f}"] if spent.tokens else []


def _lasts(left: float, rate: float) -> float:
    return left / rate if rate else inf


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
