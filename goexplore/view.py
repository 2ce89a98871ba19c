"""What selection sees of a run: its elites, and what it has spent, as of some step."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import inf
from operator import attrgetter

from archive.base import Archive
from archive.elites import Elites
from archive.entry import (
    NO_ENTRY,
    Entry,
    EntryId,
    Evaluation,
    Selection,
    Shortlist,
    StepRecord,
    TaskResult,
    TurnRecord,
    Verdict,
)
from archive.facts import COPY, fact_of
from archive.judging import fruitful, fruits
from goexplore.islands import ONE, Islands
from goexplore.selection.base import Finding, Lesson


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Leave to take one step: where to set out from, and how many verifications it may spend.

    as_of: the newest entry that the selection saw. untried: options of the chosen elite, the most
    promising first. ahead: how many others had set out from it and were not back. verdict: what
    came of the shortlist from which it was chosen; `None` where there was none. arrivals: entries
    of another island, of which copies come with this step.
    """

    number: int
    selection: Selection
    as_of: EntryId
    granted: int
    untried: tuple[int, ...] = ()
    ahead: int = 0
    verdict: Verdict | None = None
    arrivals: tuple[EntryId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Leave to take one step whose elite is yet to be decided on, from a shortlist.

    record: what was decided before the process that did so was killed.
    """

    shortlist: Shortlist
    record: TurnRecord | None = None

    @property
    def number(self) -> int:
        return self.shortlist.number

    @property
    def granted(self) -> int:
        return self.shortlist.granted

    @property
    def as_of(self) -> EntryId:
        return self.shortlist.as_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A step in the archive, with how many verifications it took."""

    turn: Turn
    entries: Sequence[Entry]
    verifications: int


class View:
    """The run as selection sees it. Steps are recorded first, and count when they are seen.

    A live view (`lag` None) has the archive's own elites, and each step is to be seen as soon as
    it is recorded. A view that lags has its own: step k is chosen when steps up to k - lag have
    been seen, whatever else is recorded already, so that timing changes nothing.
    """

    def __init__(
        self,
        archive: Archive,
        lag: int | None,
        unfinished: Sequence[TurnRecord | Order] = (),
        islands: Islands = ONE,
    ) -> None:
        """`unfinished`: steps that were set out on, and are about to be taken again."""
        self._lag = lag
        self._islands = islands
        self._isles: list[Elites] = []
        self._own = lag is not None and lag > 1
        self.live = lag is None
        self._out: dict[int, Turn | Order] = {}
        self._unseen: deque[Recorded] = deque()
        self.steps = archive.step_count
        self.verifications = archive.verifications
        self.elites = archive.elites
        self._seen = archive.last_step
        if self._own:
            archive.flush()
            newest = unfinished[-1] if unfinished else archive.step(archive.last_step)
            self._look_back(archive, newest.as_of or archive.elites.newest)
        elif islands.count > 1:
            archive.flush()
            self._isles = self._each_isle(archive, None)

    def _look_back(self, archive: Archive, as_of: EntryId) -> None:
        """See what the newest step could see when it was chosen; what came later is unseen yet."""
        self.elites = archive.elites_at(as_of)
        if self._islands.count > 1:
            self._isles = self._each_isle(archive, as_of)
        self._seen = archive.entry(as_of).step
        for recorded in self._later(archive):
            self.steps -= 1
            self.verifications -= recorded.verifications
            self.set_out(recorded.turn)
            self.record(recorded)

    def _each_isle(self, archive: Archive, as_of: EntryId | None) -> list[Elites]:
        return [archive.elites_at(as_of, island) for island in range(self._islands.count)]

    def _later(self, archive: Archive) -> Iterator[Recorded]:
        verdicts = {number: verdict for number, _, verdict in archive.verdicts()}
        for number, entries in groupby(archive.entries(self.elites.newest), attrgetter("step")):
            step = archive.step(number)
            turn = turn_of(record_of_step(step), archive, self.elites_of(number))
            turn = replace(turn, verdict=verdicts.get(number))
            yield Recorded(turn=turn, entries=tuple(entries), verifications=step.verifications)

    def elites_of(self, number: int) -> Elites:
        """The elites that a step can set out from: those of its island."""
        return self._isles[self._islands.of(number)] if self._isles else self.elites

    def best_before(self, number: int) -> Elites:
        """The elites of the island from which migrants come with a step."""
        return self._isles[self._islands.before(number)] if self._isles else self.elites

    @property
    def out(self) -> int:
        """Steps that have been set out on and not been seen."""
        return len(self._out)

    @property
    def pledged(self) -> int:
        """Verifications granted to them."""
        return sum(turn.granted for turn in self._out.values())

    def must_see(self, number: int) -> bool:
        """Whether a recorded step has to be seen before step `number` is chosen."""
        return self._lag is None or self._seen < number - self._lag

    def consider(self, order: Order) -> None:
        """A step is being decided on."""
        self._out[order.number] = order

    def set_out(self, turn: Turn) -> None:
        """A step is under way."""
        self._out[turn.number] = turn
        if self._marks(turn):
            self.elites_of(turn.number).set_out(turn.selection.slot)

    def under_way(self, number: int, slot: int) -> int:
        """How many have set out from the slot of a step, as far as a decision may know."""
        return self.elites_of(number).under_way(slot) if self.live else 0

    def _marks(self, turn: Turn) -> bool:
        # When a judge has decided is a matter of timing, of which a view that lags knows nothing.
        return self.live or turn.verdict is None

    def record(self, recorded: Recorded) -> None:
        """A step is in the archive."""
        self._unseen.append(recorded)

    def drop(self, turn: Turn | Order) -> None:
        """A step came to nothing and will not be recorded."""
        del self._out[turn.number]
        if isinstance(turn, Turn) and self._marks(turn):
            self.elites_of(turn.number).back(turn.selection.slot)

    def see_next(self) -> Recorded | None:
        """See the next recorded step; `None` where all have been seen."""
        if not self._unseen:
            return None
        recorded = self._unseen.popleft()
        if self._own:
            self.elites.take_step(recorded.entries, recorded.turn.verdict)
        if self._isles:
            self._see_there(recorded)
        self.drop(recorded.turn)
        self._seen = recorded.turn.number
        self.steps += 1
        self.verifications += recorded.verifications
        return recorded

    def _see_there(self, recorded: Recorded) -> None:
        """See a step on its island; the others know of it and no more."""
        entries = recorded.entries
        self.elites_of(recorded.turn.number).take_step(entries, recorded.turn.verdict)
        for isle in self._isles:
            isle.see(entries[-1].id)


def record_of(turn: Turn) -> TurnRecord:
    """What is recorded of a turn before it is taken."""
    return TurnRecord(
        number=turn.number,
        chosen=turn.selection.chosen,
        choices=turn.selection.choices,
        probability=turn.selection.probability,
        granted=turn.granted,
        as_of=turn.as_of,
        ahead=turn.ahead,
    )


def turn_of(record: TurnRecord, archive: Archive, elites: Elites) -> Turn:
    """The turn that was recorded."""
    selection = Selection(
        chosen=record.chosen,
        slot=elites.slot_of_place(archive.entry(record.chosen)),
        choices=record.choices,
        probability=record.probability,
    )
    return Turn(
        number=record.number,
        selection=selection,
        as_of=record.as_of,
        granted=record.granted,
        ahead=record.ahead,
    )


def record_of_step(step: StepRecord) -> TurnRecord:
    """What is recorded of a step's turn; the step is none of roots."""
    return TurnRecord(
        number=step.number,
        chosen=step.chosen or NO_ENTRY,
        choices=step.choices,
        probability=step.probability,
        granted=step.granted,
        as_of=step.as_of,
        ahead=step.ahead,
    )


def orders(archive: Archive) -> list[TurnRecord | Order]:
    """The steps that were set out on and never recorded, in order, to be taken again."""
    records = {record.number: record for record in archive.unfinished()}
    listed = [
        Order(shortlist=each, record=records.pop(each.number, None)) for each in archive.undecided()
    ]
    return sorted([*records.values(), *listed], key=attrgetter("number"))


def lessons(archive: Archive, upto: EntryId) -> Iterator[Lesson]:
    """What all steps have shown whose entries are no newer than `upto`."""
    verdicts = {number: verdict for number, _, verdict in archive.verdicts()}
    for each in fruits(archive.facts()):
        if each.newest > upto:
            return
        yield Lesson(
            step=each.step,
            chosen=each.chosen,
            fruitful=each.fruitful,
            verdict=verdicts.get(each.step),
        )


def findings(archive: Archive, upto: EntryId) -> Iterator[Sequence[Finding]]:
    """What all steps have found whose entries are no newer than `upto`, step by step."""
    archive.flush()  # the roots may be on their way yet
    scores = archive.scores()
    scored = next(scores, None)
    for _, facts in groupby(archive.facts(), attrgetter("step")):
        step: list[Finding] = []
        for fact in facts:
            has_some = scored is not None and scored[0] == fact.id
            step.append(Finding(fact, scored[1] if scored and has_some else ()))
            scored = next(scores, None) if has_some else scored
        if step[-1].fact.id > upto:
            return
        yield step


def found(recorded: Recorded) -> Sequence[Finding]:
    """What a step has found."""
    return [
        Finding(fact_of(entry, place), _tasks(entry))
        for place, entry in enumerate(recorded.entries)
    ]


def ashore(finding: Finding) -> Finding:
    """A finding as selection sees it: a copy begins a lineage of its own on its island."""
    fact = finding.fact
    return finding._replace(fact=fact._replace(parent=0)) if fact.option == COPY else finding


def _tasks(entry: Entry) -> tuple[TaskResult, ...]:
    return entry.result.tasks if isinstance(entry.result, Evaluation) else ()


def lesson(recorded: Recorded, archive: Archive) -> Lesson:
    """What a step has shown."""
    turn = recorded.turn
    origin = archive.entry(turn.selection.chosen).result
    facts = [fact_of(entry, place) for place, entry in enumerate(recorded.entries)]
    objective = origin.objective if isinstance(origin, Evaluation) else -inf
    return Lesson(
        step=turn.number,
        chosen=turn.selection.chosen,
        fruitful=fruitful(facts, objective),
        verdict=turn.verdict,
    )
