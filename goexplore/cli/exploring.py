"""One run, or many one after the other, with somebody watching."""

import os
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import inf

import typer

from archive.entry import Entry, EntryId, Evaluation, Failure
from archive.errors import UnknownRun
from archive.library import Library
from goexplore import __version__
from goexplore.cli import game24
from goexplore.cli.interruption import Dropped, Interruption
from goexplore.cli.progress import Progress
from goexplore.cli.status import INTERRUPTED
from goexplore.cli.terminal import Terminal
from goexplore.config import PreparedRun, RunConfig, keys, prepare
from goexplore.connections import Connections
from goexplore.domain import DomainError, HoldingOut
from goexplore.events import Ending, Outcome
from mutators.base import MutatorError

_FIRST = EntryId(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Objectives on cases that steered the search, and on those that were held out.

    first: of the root; best: of the best. A failure counts as `None`.
    """

    first: tuple[float | None, float | None]
    best: tuple[float | None, float | None]

    @property
    def parted(self) -> bool:
        """Whether the search has gained what those that are held out do not show."""
        searched, held_out = (
            [-inf if value is None else value for value in pair]
            for pair in zip(self.first, self.best, strict=True)
        )
        return searched[1] > searched[0] and held_out[1] <= held_out[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a run. `result`: a solution or what else its best entry shows.

    archive: its URL, without a password. steps_before: how many had been taken before this session.
    fallbacks: by cause, how often counts chose because a judge had no usable answer.
    apart: how the best does on cases that are held out; `None` where there are none.
    """

    title: str
    name: str
    archive: str
    outcome: Outcome
    result: str
    steps_before: int
    fallbacks: Mapping[str, int]
    apart: Apart | None = None

    @property
    def solved(self) -> bool:
        """Whether the goal was reached."""
        return self.outcome.ending is Ending.GOAL

    @property
    def went_on(self) -> bool:
        """Whether this session took a step."""
        return self.outcome.spent.steps > self.steps_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A run that could not begin, and why."""

    title: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    library: Library
    interruption: Interruption
    progress: Progress
    connections: Connections
    many: bool


def explore(configs: Sequence[RunConfig], terminal: Terminal) -> Iterator[Report | Refusal]:
    """Explore runs of one archive, one after the other, and tell of each as it ends.

    Of many, one whose world cannot be explored is a `Refusal`.

    Raises:
        DomainError: that of a single one cannot.
        typer.Exit: the user has asked twice to stop.
    """
    with Library(configs[0].url) as library:
        session = _Session(
            library=library,
            interruption=Interruption(),
            progress=Progress(terminal, runs=len(configs)),
            connections=Connections(keys(os.environ)),
            many=len(configs) > 1,
        )
        with session.interruption.watching(), _dropping(library), session.progress.showing():
            for config in configs:
                if not session.interruption.asked:
                    yield _explored(config, session)


@contextmanager
def _dropping(library: Library) -> Generator[None]:
    try:
        yield
    except Dropped:
        typer.echo(
            f"goexplore: dropped; all that was recorded is in {library.name}, "
            "and the same command, or 'goexplore resume', goes on from there",
            err=True,
        )
        raise typer.Exit(INTERRUPTED) from None


def _explored(config: RunConfig, session: _Session) -> Report | Refusal:
    title = game24.title(config.domain) or config.name
    session.progress.next_run(title)
    try:
        run = prepare(
            config,
            library=session.library,
            version=__version__,
            observers=[session.progress.watch],
            connections=session.connections,
            tell=session.progress.building,
        )
    except DomainError as error:
        if not session.many:
            raise
        return Refusal(title=title, why=str(error))
    with run:
        return _reported(config, title, run, session.interruption)


def _reported(
    config: RunConfig, title: str, run: PreparedRun, interruption: Interruption
) -> Report:
    before = run.archive.step_count
    with _saying_what_was_spent(run):
        outcome = interruption.run(run.engine)
    best = run.archive.entry(outcome.best) if outcome.best else None
    return Report(
        title=title,
        name=run.name,
        archive=config.archive,
        outcome=outcome,
        result=_told(config, best) if best else "",
        steps_before=before,
        fallbacks=Counter(
            verdict.fell_back.partition(":")[0]
            for _, _, verdict in run.archive.verdicts()
            if verdict.fell_back
        ),
        apart=_apart(run, best) if best and outcome.ending is not Ending.INTERRUPTED else None,
    )


def _apart(run: PreparedRun, best: Entry) -> Apart | None:
    """How the first root and the best do on cases that are held out."""
    world = run.domain
    if not isinstance(world, HoldingOut):
        return None
    pairs: list[tuple[float | None, float | None]] = []
    for entry in (run.archive.entry(_FIRST), best):
        held_out = world.verify_held_out(entry.candidate.tree)
        if held_out is None:
            return None
        pairs.append((_objective(entry.result), _objective(held_out)))
    return Apart(first=pairs[0], best=pairs[1])


def _objective(result: Evaluation | Failure) -> float | None:
    return result.objective if isinstance(result, Evaluation) else None


@contextmanager
def _saying_what_was_spent(run: PreparedRun) -> Generator[None]:
    """Say with what stops a run what it has cost so far."""
    try:
        yield
    except MutatorError as error:
        spent = run.archive.spending()
        if not spent:
            raise
        tokens = sum(each.prompt_tokens + each.completion_tokens for each in spent)
        calls, dollars = sum(each.calls for each in spent), sum(each.dollars for each in spent)
        raise MutatorError(
            f"{error}; so far {calls} calls with {tokens:,} tokens were answered, for "
            f"${dollars:.4f}; nothing of that is lost, and the same command goes on from here"
        ) from error


def _told(config: RunConfig, best: Entry) -> str:
    if solution := game24.proven(config.domain, best):
        return solution
    return best.result.observation if isinstance(best.result, Evaluation) else ""


def afresh(config: RunConfig) -> RunConfig:
    """The same run under the first name that is free: NAME, NAME-2, NAME-3, ..."""
    with Library(config.url) as library:
        name, count = config.name, 1
        while _taken(library, name):
            count += 1
            name = f"{config.name}-{count}"
    return replace(config, run=config.run.model_copy(update={"name": name}))


def _taken(library: Library, name: str) -> bool:
    try:
        library.find(name)
    except UnknownRun:
        return False
    return True
