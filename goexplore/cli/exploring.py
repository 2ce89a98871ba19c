"""One run, or many one after the other, with somebody watching."""

import os
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import inf
from typing import Self

import typer

from archive.elites import Elites
from archive.entry import Entry, EntryId, Evaluation, Interval
from archive.errors import UnknownRun
from archive.library import Library
from archive.quality import Quality, filled, lowest, quality_of
from goexplore import __version__
from goexplore.cells.base import Structured
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

_MOST_BESIDE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """An entry's objective on cases that steered the search, beside that on those held out.

    held_out: `None` where it fails on them.
    """

    entry: EntryId
    searched: float
    held_out: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Both objectives along the lineage of the best: of its root first, of the best last.

    way: no more than a few entries of it, spread evenly.
    """

    way: tuple[Beside, ...]

    @property
    def first(self) -> Beside:
        """The root."""
        return self.way[0]

    @property
    def best(self) -> Beside:
        """The best."""
        return self.way[-1]

    @property
    def parted(self) -> bool:
        """Whether the search has gained what those that are held out do not show at all."""
        return self.best.searched > self.first.searched and _held_out(self.best) <= _held_out(
            self.first
        )

    @property
    def turned(self) -> Beside | None:
        """The ancestor from which on the search gained and those held out lost; `None` for none."""
        peak = max(self.way, key=_held_out)
        lost = _held_out(peak) > _held_out(self.best) and peak.searched < self.best.searched
        return peak if lost else None


def _held_out(beside: Beside) -> float:
    return -inf if beside.held_out is None else beside.held_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Breadth:
    """How selection has spread over the elites: those that hold a cell now, since they hold it.

    chosen: how many were ever set out from. most, mean: admitted children of an elite.
    """

    chosen: int
    most: int
    mean: float

    @classmethod
    def of(cls, elites: Elites) -> Self:
        """That of elites, of which there is one at least."""
        arrays = elites.arrays()
        return cls(
            chosen=int((arrays.chosen > 0).sum()),
            most=int(arrays.children.max()),
            mean=float(arrays.children.mean()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a run. `result`: a solution or what else its best entry shows.

    archive: its URL, without a password. steps_before: how many had been taken before this session.
    fallbacks: by cause, how often counts chose because a judge had no usable answer.
    apart: how the best does on cases that are held out; `None` where there are none.
    quality: of all elites; `None` where it is not known how many cells there are.
    apart: how the lineage of the best does on cases that are held out; `None` where there are none.
    interval: how sure the objective of the best is; `None` where nobody says.
    """

    title: str
    name: str
    archive: str
    outcome: Outcome
    result: str
    steps_before: int
    breadth: Breadth
    fallbacks: Mapping[str, int]
    apart: Apart | None = None
    quality: Quality | None = None
    interval: Interval | None = None

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
        breadth=Breadth.of(run.archive.elites),
        fallbacks=Counter(
            verdict.fell_back.partition(":")[0]
            for _, _, verdict in run.archive.verdicts()
            if verdict.fell_back
        ),
        apart=_apart(run, best) if best and outcome.ending is not Ending.INTERRUPTED else None,
        quality=_quality(config, run),
        interval=best.result.interval if best and isinstance(best.result, Evaluation) else None,
    )


def _quality(config: RunConfig, run: PreparedRun) -> Quality | None:
    """How many cells hold an elite and how good these are, where it is known how many there are."""
    if not isinstance(run.cells, Structured):
        return None
    facts = list(run.archive.facts())
    cells = run.cells.count * config.run.islands
    return quality_of(filled(facts).values(), cells=cells, offset=lowest(facts))


def _apart(run: PreparedRun, best: Entry) -> Apart | None:
    """How the lineage of the best does on cases that are held out."""
    world = run.domain
    if not isinstance(world, HoldingOut):
        return None
    way: list[Beside] = []
    for entry in _few(_way_to(run, best)):
        held_out = world.verify_held_out(entry.candidate.tree)
        if held_out is None:
            return None
        objective = held_out.objective if isinstance(held_out, Evaluation) else None
        if isinstance(entry.result, Evaluation):
            way.append(Beside(entry=entry.id, searched=entry.result.objective, held_out=objective))
    return Apart(way=tuple(way))


def _way_to(run: PreparedRun, entry: Entry) -> list[Entry]:
    """An entry after those it was made from, its root first."""
    way = [entry]
    while way[-1].parents:
        way.append(run.archive.entry(way[-1].parents[0]))
    return way[::-1]


def _few(way: Sequence[Entry]) -> list[Entry]:
    """The first, the last, and a few between."""
    if len(way) <= _MOST_BESIDE:
        return list(way)
    places = {round(n * (len(way) - 1) / (_MOST_BESIDE - 1)) for n in range(_MOST_BESIDE)}
    return [way[place] for place in sorted(places)]


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
        name = free_name(library, config.name)
    return replace(config, run=config.run.model_copy(update={"name": name}))


def free_name(library: Library, wanted: str) -> str:
    """The first of NAME, NAME-2, NAME-3, ... that no run has."""
    name, count = wanted, 1
    while _taken(library, name):
        count += 1
        name = f"{wanted}-{count}"
    return name


def _taken(library: Library, name: str) -> bool:
    try:
        library.find(name)
    except UnknownRun:
        return False
    return True
