"""The loop: select an elite, return to it, explore, verify, admit, record.

    select an elite  ->  return to it  ->  explore, up to `horizon` children deep:
        mutate (ask for a child)  ->  verify (run it)  ->  admit  ->  record

`Engine.run` is the whole of it. Several workers take turns at it and never wait for each other;
one lock keeps the archive to one of them at a time, and is never held while a child is made or
run. A step is recorded whole: what a killed process had under way is lost, and nothing else.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from math import inf
from operator import attrgetter
from threading import Condition, Thread
from time import monotonic
from typing import cast

from archive.admission import AdmissionRule, BetterOrShorter
from archive.base import Archive
from archive.entry import (
    NO_ENTRY,
    Attempt,
    Entry,
    EntryId,
    Evaluation,
    Selection,
    Shortlist,
    Step,
    TurnRecord,
)
from goexplore.appraisal import Appraiser
from goexplore.budget import Budget, Spent
from goexplore.cells.base import Cells, Growing
from goexplore.domain import Domain, confirmations
from goexplore.events import Ending, Event, Observer, Outcome, RunEnded, RunOpened, StepRecorded
from goexplore.exploring import Explorer
from goexplore.islands import ONE, Islands
from goexplore.selection.base import Decision, Finding, Judge, Selector, Witness
from goexplore.streams import stream
from goexplore.twins import Twins
from goexplore.view import (
    Order,
    Recorded,
    Turn,
    View,
    ashore,
    findings,
    found,
    lesson,
    lessons,
    orders,
    record_of,
    turn_of,
)
from mutators.base import Mutator, Remembering
from mutators.llm.asking import BudgetSpent
from mutators.llm.purse import Purse
from mutators.llm.stopping import Stopped, StopSign

_NEVER = -1

PATIENCE = 200
"""Steps in a row without anything to run after which a run ends: its mutator repeats itself."""


class Engine:
    """A search: explores a domain from the elites of an archive until there is reason to stop.

    selector: a judge decides while other workers go on. Where there are islands, one for each.
    cells: where candidates count as the same place; by default where their domain says.
    appraisers: asked about children that the rule would admit, before they are recorded.
    twins: knows which children have been tried already and need not be run; `None` for none.
    horizon: how many children deep a step explores from where it set out.
    budget: what may be spent; of verifications, each child may take one, and as many further ones
        as it takes to confirm it (`goexplore.domain.Confirming`).
    workers: threads that take steps at the same time.
    deterministic: give the same archive for the same seed with any timing: step k is chosen
        from the archive as it stood after step k - lag, and steps are recorded in order. With
        one worker that is so anyway.
    lag: for `deterministic`; the number of workers by default, and best at least as many.
    remembering: further parts that are told of every step; the mutator and the appraisers are, too.
    purse: what models may cost, where steps ask any. Then each step is recorded before it is
        taken, so that one that was killed is taken again as it was chosen, and asks nothing that
        has been answered.
    sign: shown when the run is to end, so that no call waits any longer.
    turns: take these steps, as they were chosen, in this order, and no others: a replay.
    """

    def __init__(
        self,
        *,
        archive: Archive,
        domain: Domain,
        selector: Selector | Judge | Sequence[Selector | Judge],
        mutator: Mutator,
        rule: AdmissionRule | None = None,
        cells: Cells | None = None,
        islands: Islands = ONE,
        appraisers: Sequence[Appraiser] = (),
        twins: Twins | None = None,
        budget: Budget | None = None,
        seed: int = 0,
        horizon: int = 1,
        workers: int = 1,
        deterministic: bool = False,
        lag: int | None = None,
        remembering: Sequence[Remembering] = (),
        purse: Purse | None = None,
        sign: StopSign | None = None,
        turns: Sequence[TurnRecord | Order] | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        self._archive = archive
        self._domain = domain
        self._selectors = list(selector) if isinstance(selector, Sequence) else [selector]
        if len(self._selectors) != islands.count:
            raise ValueError(f"{islands.count} islands need as many selectors")
        self._islands = islands
        self._rule = rule or BetterOrShorter()
        self._growing = cells if isinstance(cells, Growing) else None
        self._budget = budget or Budget()
        self._seed = seed
        self._horizon = horizon
        self._price = 1 + confirmations(domain)
        self._workers = workers
        self._in_order = deterministic
        self._lag = (lag or workers) if deterministic else None
        self._purse = purse
        self._sign = sign or StopSign()
        self._turns = turns
        self._observers = observers
        self._moved = Condition()
        self._ending: tuple[Ending, str] | None = None
        self._failure: Exception | None = None
        self._explored: dict[int, tuple[Turn, tuple[Attempt, ...]]] = {}
        told: list[object] = [*remembering, mutator, *appraisers, cells, twins]
        self._remembering = [part for part in told if isinstance(part, Remembering)]
        self._explorer = Explorer(
            archive=archive,
            domain=domain,
            mutator=mutator,
            rule=self._rule,
            appraisers=appraisers,
            lock=self._moved,
            cells=cells,
            islands=islands,
            twins=twins,
        )

    def run(self) -> Outcome:
        """Explore until the goal, the end of the budget, or the end of what there is to try.

        A run that stopped before goes on where it stopped.

        Raises:
            DomainError: the world cannot be explored.
            MutatorError: the mutator cannot go on.
            SelectionError: the selector can choose nothing in this world.
            ArchiveError: the archive cannot be written.
        """
        self._open()
        threads = [Thread(target=self._work, daemon=True) for _ in range(self._workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self._close()

    def stop(self) -> None:
        """Finish what is under way and end the run. May be called by any thread, at any time.

        A call of a model that has been sent is waited for. One that waits to be sent is not: what
        its step has made is recorded, and one that has made nothing is taken again when the run
        goes on. In order, any such step is taken again.
        """
        self._end(Ending.INTERRUPTED, "asked to stop")

    def _open(self) -> None:
        self._before = self._archive.elapsed
        self._in_vain = 0
        self._began = monotonic()
        if self._archive.last_step < 0:
            self._plant()
        unfinished = orders(self._archive) if self._turns is None else self._turns
        self._view = View(self._archive, self._lag, unfinished, self._islands)
        self._look_back()
        self._again = deque(unfinished)
        self._next_recorded = self._archive.last_step + 1
        self._next = max([self._next_recorded, *(turn.number + 1 for turn in unfinished)])
        self._tell(RunOpened(budget=self._budget, spent=self._spent()))
        self._archive.note("opened")
        self._check_goal(self._view.elites.best)

    def _plant(self) -> None:
        """Record the roots."""
        roots = tuple(self._explorer.roots(stream(self._seed, 0, "explore")))
        self._archive.add(Step(number=0, attempts=self._settled(roots, NO_ENTRY)), self._rule)

    def _settled(self, attempts: tuple[Attempt, ...], as_of: EntryId) -> tuple[Attempt, ...]:
        """Attempts that are about to be recorded, each in its final cell."""
        return self._growing.settle(attempts, as_of) if self._growing else attempts

    def _look_back(self) -> None:
        """Tell those who learn from a run what has been seen of it so far."""
        if any(isinstance(selector, Judge) for selector in self._selectors):
            for each in lessons(self._archive, self._view.elites.newest):
                cast(Judge, self._selector(each.step)).learn(each)
        if any(isinstance(selector, Witness) for selector in self._selectors):
            for step in findings(self._archive, self._view.elites.newest):
                self._witness(step)
        if self._remembering:
            self._archive.flush()  # the roots may be on their way yet
            for _, entries in groupby(self._archive.entries(), attrgetter("step")):
                recorded = tuple(entries)
                for part in self._remembering:
                    part.remember(recorded)

    def _close(self) -> Outcome:
        self._archive.flush()
        if self._failure:
            self._archive.note("failed", str(self._failure))
            raise self._failure
        ending, detail = self._ending or (Ending.INTERRUPTED, "")
        elites = self._archive.elites
        outcome = Outcome(
            ending=ending,
            detail=detail,
            spent=self._spent(),
            elites=len(elites),
            best=elites.best_entry,
            objective=None if elites.best_entry is None else elites.best,
        )
        self._archive.note("ended", f"{ending}: {detail}")
        self._tell(RunEnded(outcome=outcome))
        return outcome

    def _work(self) -> None:
        try:
            while order := self._next_turn():
                turn = self._decided(order) if isinstance(order, Order) else order
                if turn:
                    self._finish(*self._explore(turn))
        except Exception as failure:  # noqa: BLE001  # a worker's edge; `run` raises it again
            with self._moved:
                self._failure = self._failure or failure
                self._end(Ending.INTERRUPTED, "failed")

    # Select

    def _next_turn(self) -> Turn | Order | None:
        """The next step to take, as soon as there is one; `None` when the run ends."""
        with self._moved:
            while not self._ending:
                if self._caught_up():
                    if turn := self._set_out():
                        return turn
                    if self._see():
                        continue
                    if not self._view.out:
                        self._end(*self._why_nothing_is_left())
                        break
                self._moved.wait()
            return None

    def _caught_up(self) -> bool:
        """See every step that the next one must see; false while one is not recorded yet.

        One that is taken again was chosen before, and sees what it saw then.
        """
        while not self._again and self._view.must_see(self._next) and not self._ending:
            if not self._see():
                return self._view.live
        return True

    def _see(self) -> bool:
        """See one more recorded step; false for none."""
        recorded = self._view.see_next()
        if recorded is None:
            return False
        selector = self._selector(recorded.turn.number)
        if isinstance(selector, Judge):
            selector.learn(lesson(recorded, self._archive))
        if isinstance(selector, Witness):
            self._witness(found(recorded))
        results = (entry.result for entry in recorded.entries)
        objectives = (r.objective for r in results if isinstance(r, Evaluation))
        self._check_goal(max(objectives, default=-inf))
        self._check_patience(recorded.verifications)
        return True

    def _set_out(self) -> Turn | Order | None:
        """Choose where to set out from; `None` where the budget or the elites allow nothing."""
        granted = self._grant()
        if granted < 1:
            return None
        turn = self._resumed(granted) if self._again else self._chosen(granted)
        if isinstance(turn, Order):
            self._view.consider(turn)
        elif turn:
            self._view.set_out(turn)
        return turn

    def _chosen(self, granted: int) -> Turn | Order | None:
        if self._turns is not None:
            return None
        elites, selector = self._view.elites_of(self._next), self._selector(self._next)
        random = stream(self._seed, self._next, "select")
        if isinstance(selector, Judge):
            drawn = selector.draw(elites, random, number=self._next, granted=granted)
            return self._listed(drawn) if drawn else None
        selection = selector.select(elites, random)
        return self._selected(selection, granted) if selection else None

    def _witness(self, step: Sequence[Finding]) -> None:
        """Tell the selectors of all islands of what a step has found."""
        for selector in self._selectors:
            if isinstance(selector, Witness):
                selector.see([ashore(each) for each in step])

    def _selector(self, number: int) -> Selector | Judge:
        """Who chooses for a step: each island has its own."""
        return self._selectors[self._islands.of(number)]

    def _listed(self, shortlist: Shortlist) -> Order:
        self._next += 1
        self._archive.consider(shortlist)
        return Order(shortlist=shortlist)

    def _selected(self, selection: Selection, granted: int) -> Turn:
        elites = self._view.elites_of(self._next)
        turn = Turn(
            number=self._next,
            selection=selection,
            as_of=elites.newest,
            granted=granted,
            untried=elites.untried(selection.chosen),
            ahead=elites.under_way(selection.slot),
            arrivals=self._arrivals(self._next, elites.newest),
        )
        self._next += 1
        if self._purse:
            self._archive.set_out(record_of(turn))
        return turn

    def _arrivals(self, number: int, as_of: EntryId) -> tuple[EntryId, ...]:
        """The entries of which copies come to the island of a step; it saw none after `as_of`."""
        if not self._islands.receives(number):
            return ()
        view, island = self._view, self._islands.of(number)
        here, there = view.elites_of(number), view.best_before(number)
        if there.newest != as_of:
            self._archive.flush()
            here = self._archive.elites_at(as_of, island)
            there = self._archive.elites_at(as_of, self._islands.before(number))
        found: dict[str, EntryId] = {}
        for entry in map(self._archive.entry, there.leading(self._islands.migrants)):
            if isinstance(entry.result, Evaluation) and here.wants(entry, island):
                # Where everything is kept, several may be in one cell: the best goes first.
                found.setdefault(entry.result.cell, entry.id)
        return tuple(found.values())

    def _resumed(self, granted: int) -> Turn | Order:
        """A step that was set out on and not finished, as it was chosen then."""
        again = self._again.popleft()
        if isinstance(again, Order):
            granted = min(granted, again.granted)
            return replace(again, shortlist=replace(again.shortlist, granted=granted))
        turn = turn_of(again, self._archive, self._view.elites_of(again.number))
        return replace(
            turn,
            untried=self._archive.elites.untried(again.chosen, again.as_of),
            granted=min(granted, again.granted),
            arrivals=self._arrivals(again.number, again.as_of),
        )

    def _grant(self) -> int:
        """How many verifications the next step may spend."""
        if self._elapsed() >= self._budget.seconds:
            self._end(Ending.BUDGET, "seconds")
        if self._ending or self._view.steps + self._view.out >= self._budget.steps:
            return 0
        left = self._budget.verifications - self._view.verifications - self._view.pledged
        most = int(min(self._horizon * self._price, left))
        # A child is begun only where it could be confirmed, too.
        return most - most % self._price

    def _why_nothing_is_left(self) -> tuple[Ending, str]:
        if unit := self._spent().used_up(self._budget):
            return Ending.BUDGET, unit
        if self._budget.verifications - self._archive.verifications < self._price:
            return Ending.BUDGET, "verifications"
        where = f" on island {self._islands.of(self._next)}" if self._islands.count > 1 else ""
        return Ending.EXHAUSTED, f"nothing is left to try{where}"

    # Decide and explore

    def _decided(self, order: Order) -> Turn | None:
        """The step that a judge decides on; `None` where the budget allows it no question."""
        judge = cast(Judge, self._selector(order.number))
        random = stream(self._seed, order.number, "decide")
        try:
            decision = judge.decide(order.shortlist, self._archive, random)
        except (BudgetSpent, Stopped) as cut:
            with self._moved:
                self._end_early(cut)
                self._give_up(order)
            return None
        with self._moved:
            turn = self._turn(order, decision)
            self._view.set_out(turn)
            if self._purse:
                self._archive.set_out(record_of(turn))
        return turn

    def _turn(self, order: Order, decision: Decision) -> Turn:
        shortlist, record = order.shortlist, order.record
        chosen = shortlist.shown[decision.place]
        as_of = record.as_of if record else self._seen_by_now(chosen.entry, shortlist.as_of)
        return Turn(
            number=order.number,
            selection=Selection(
                chosen=chosen.entry,
                slot=chosen.slot,
                choices=shortlist.choices,
                probability=decision.probability,
            ),
            as_of=as_of,
            granted=order.granted,
            untried=self._archive.elites.untried(chosen.entry, as_of),
            ahead=record.ahead if record else self._view.under_way(order.number, chosen.slot),
            verdict=decision.verdict,
            arrivals=self._arrivals(order.number, as_of),
        )

    def _seen_by_now(self, chosen: EntryId, as_of: EntryId) -> EntryId:
        """The newest entry that a step may see, now that it has been decided on.

        What was tried while the judge thought is not tried again, unless nothing else is left.
        """
        newest = self._view.elites.newest
        if self._view.live and self._archive.elites.untried(chosen, newest):
            return newest
        return as_of

    def _explore(self, turn: Turn) -> tuple[Turn, tuple[Attempt, ...]]:
        attempts: list[Attempt] = []
        random = stream(self._seed, turn.number, "explore")
        try:
            # One by one: what was made before the end stays.
            attempts.extend(self._explorer.attempts(turn, random))
        except (BudgetSpent, Stopped) as cut:
            self._end_early(cut)
            # In order, a part of a step would be another step; its answers are in the ledger.
            made = () if self._in_order else tuple(attempts)
            return replace(turn, granted=len(made) * self._price), self._with_arrivals(turn, made)
        return turn, self._with_arrivals(turn, tuple(attempts))

    def _with_arrivals(self, turn: Turn, made: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
        """A step that comes to something, with those that come to its island."""
        return (*made, *self._explorer.arrivals(turn)) if made else ()

    def _end_early(self, cut: BudgetSpent | Stopped) -> None:
        if isinstance(cut, BudgetSpent):
            self._end(Ending.BUDGET, cut.unit)

    # Record

    def _finish(self, turn: Turn, attempts: tuple[Attempt, ...]) -> None:
        with self._moved:
            self._explored[turn.number] = (turn, attempts)
            while (number := self._due()) is not None:
                self._record(*self._explored.pop(number))
            self._moved.notify_all()

    def _due(self) -> int | None:
        """The number of a step to record now; `None` for none."""
        if not self._in_order:
            return next(iter(self._explored), None)
        if self._next_recorded not in self._explored:
            return None
        self._next_recorded += 1
        return self._next_recorded - 1

    def _record(self, turn: Turn, attempts: tuple[Attempt, ...]) -> None:
        if not attempts:
            self._give_up(turn)
            self._end(Ending.EXHAUSTED, f"nothing is left to try from #{turn.selection.chosen}")
            return
        step = Step(
            number=turn.number,
            attempts=self._settled(attempts, turn.as_of),
            selection=turn.selection,
            as_of=turn.as_of,
            granted=turn.granted,
            ahead=turn.ahead,
            elapsed=self._elapsed(),
            verdict=turn.verdict,
        )
        entries = self._archive.add(step, self._rule)
        for part in self._remembering:
            part.remember(entries)
        verified = sum(attempt.verifications for attempt in attempts)
        self._view.record(Recorded(turn=turn, entries=entries, verifications=verified))
        if self._view.live:
            self._see()
        self._tell(self._recorded(turn.number, entries))

    def _give_up(self, turn: Turn | Order) -> None:
        """A step comes to nothing."""
        self._view.drop(turn)
        # In order, nothing can be recorded after a step that is missing.
        self._next_recorded = _NEVER
        self._moved.notify_all()

    def _recorded(self, number: int, entries: Sequence[Entry]) -> StepRecorded:
        elites = self._archive.elites
        return StepRecorded(
            number=number,
            entries=tuple(entries),
            spent=self._spent(),
            elites=len(elites),
            best=elites.best,
        )

    # What is known of the run

    def _end(self, ending: Ending, detail: str) -> None:
        with self._moved:
            self._ending = self._ending or (ending, detail)
            self._moved.notify_all()
        # In order, what is under way when the goal is reached is part of what a seed gives.
        if ending is Ending.INTERRUPTED or not self._in_order:
            self._sign.show()

    def _check_goal(self, objective: float) -> None:
        goal = self._domain.goal
        if goal is not None and objective >= goal and self._turns is None:
            self._end(Ending.GOAL, f"objective {objective:g} reached")

    def _check_patience(self, verified: int) -> None:
        self._in_vain = 0 if verified else self._in_vain + 1
        if self._in_vain >= PATIENCE and self._turns is None:
            self._end(Ending.EXHAUSTED, f"{PATIENCE} steps in a row brought nothing new to run")

    def _elapsed(self) -> float:
        return self._before + monotonic() - self._began

    def _spent(self) -> Spent:
        return Spent(
            steps=self._archive.step_count,
            verifications=self._archive.verifications,
            seconds=self._elapsed(),
            tokens=self._purse.tokens if self._purse else 0,
            dollars=self._purse.dollars if self._purse else 0.0,
        )

    def _tell(self, event: Event) -> None:
        for observer in self._observers:
            observer(event)
