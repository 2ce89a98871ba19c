"""The loop: select an elite, return to it, explore, verify, admit, record.

    select an elite  ->  return to it  ->  explore, up to `horizon` children deep:
        mutate (ask for a child)  ->  verify (run it)  ->  admit  ->  record

`Engine.run` is the whole of it. Several workers take turns at it and never wait for each other;
one lock keeps the archive to one of them at a time, and is never held while a child is made or
run. A step is recorded whole: what a killed process had under way is lost, and nothing else.
"""

import traceback
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from random import Random
from threading import Condition, Thread
from time import monotonic

from archive.admission import AdmissionRule, BetterOrShorter
from archive.base import Archive
from archive.entry import (
    Attempt,
    Candidate,
    Cause,
    Entry,
    EntryId,
    Evaluation,
    Failure,
    Step,
    TurnRecord,
    flaw,
)
from archive.openings import ranking
from archive.trees import size_of
from goexplore.budget import Budget, Spent
from goexplore.domain import Domain, DomainError
from goexplore.events import Ending, Event, Observer, Outcome, RunEnded, RunOpened, StepRecorded
from goexplore.selection.base import Selector
from goexplore.streams import stream
from goexplore.view import Recorded, Turn, View, record_of, turn_of
from mutators.base import Mutator, Parent
from mutators.llm.asking import BudgetSpent
from mutators.llm.purse import Purse
from mutators.llm.stopping import Stopped, StopSign

_NEVER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a step stands: a parent, and its entry if it has been recorded."""

    parent: Parent
    entry: EntryId | None


class Engine:
    """A search: explores a domain from the elites of an archive until there is reason to stop.

    horizon: how many children deep a step explores from where it set out.
    workers: threads that take steps at the same time.
    deterministic: give the same archive for the same seed with any timing: step k is chosen
        from the archive as it stood after step k - lag, and steps are recorded in order. With
        one worker that is so anyway.
    lag: for `deterministic`; the number of workers by default, and best at least as many.
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
        selector: Selector,
        mutator: Mutator,
        rule: AdmissionRule | None = None,
        budget: Budget | None = None,
        seed: int = 0,
        horizon: int = 1,
        workers: int = 1,
        deterministic: bool = False,
        lag: int | None = None,
        purse: Purse | None = None,
        sign: StopSign | None = None,
        turns: Sequence[TurnRecord] | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        self._archive = archive
        self._domain = domain
        self._selector = selector
        self._mutator = mutator
        self._rule = rule or BetterOrShorter()
        self._budget = budget or Budget()
        self._seed = seed
        self._horizon = horizon
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

    def run(self) -> Outcome:
        """Explore until the goal, the end of the budget, or the end of what there is to try.

        A run that stopped before goes on where it stopped.

        Raises:
            DomainError: the world cannot be explored.
            MutatorError: the mutator cannot go on.
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
        self._began = monotonic()
        if self._archive.last_step < 0:
            self._plant()
        unfinished = self._archive.unfinished() if self._turns is None else self._turns
        self._view = View(self._archive, self._lag, unfinished)
        self._again = deque(unfinished)
        self._next_recorded = self._archive.last_step + 1
        self._next = max([self._next_recorded, *(turn.number + 1 for turn in unfinished)])
        self._tell(RunOpened(budget=self._budget, spent=self._spent()))
        self._archive.note("opened")
        self._check_goal(self._view.elites.best)

    def _plant(self) -> None:
        """Record the roots."""
        roots = [Candidate(tree=tree, mutator="root") for tree in self._domain.roots()]
        attempts = tuple(
            Attempt(parent=None, candidate=root, result=self._verify(root, None), verified=False)
            for root in roots
        )
        for attempt in attempts:
            if isinstance(attempt.result, Failure):
                raise DomainError(f"a root does not run: {attempt.result.message}")
        self._archive.add(Step(number=0, attempts=attempts), self._rule)

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
            while turn := self._next_turn():
                self._finish(*self._explore(turn))
        except Exception as failure:  # noqa: BLE001  # a worker's edge; `run` raises it again
            with self._moved:
                self._failure = self._failure or failure
                self._end(Ending.INTERRUPTED, "failed")

    # Select

    def _next_turn(self) -> Turn | None:
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
        results = (entry.result for entry in recorded.entries)
        objectives = (r.objective for r in results if isinstance(r, Evaluation))
        self._check_goal(max(objectives, default=-inf))
        return True

    def _set_out(self) -> Turn | None:
        """Choose where to set out from; `None` where the budget or the elites allow nothing."""
        granted = self._grant()
        if granted < 1:
            return None
        turn = self._resumed(granted) if self._again else self._chosen(granted)
        if turn:
            self._view.set_out(turn)
        return turn

    def _chosen(self, granted: int) -> Turn | None:
        if self._turns is not None:
            return None
        view, random = self._view, stream(self._seed, self._next, "select")
        selection = self._selector.select(view.elites, random)
        if selection is None:
            return None
        turn = Turn(
            number=self._next,
            selection=selection,
            as_of=view.elites.newest,
            granted=granted,
            untried=view.elites.untried(selection.chosen),
            ahead=view.elites.under_way(selection.slot),
        )
        self._next += 1
        if self._purse:
            self._archive.set_out(record_of(turn))
        return turn

    def _resumed(self, granted: int) -> Turn:
        """A step that was set out on and not finished, as it was chosen then."""
        record = self._again.popleft()
        turn = turn_of(record, self._archive, self._view.elites)
        untried = self._archive.elites.untried(record.chosen, record.as_of)
        return replace(turn, untried=untried, granted=min(granted, record.granted))

    def _grant(self) -> int:
        """How many verifications the next step may spend."""
        if self._elapsed() >= self._budget.seconds:
            self._end(Ending.BUDGET, "seconds")
        if self._ending or self._view.steps + self._view.out >= self._budget.steps:
            return 0
        left = self._budget.verifications - self._view.verifications - self._view.pledged
        return int(min(self._horizon, left))

    def _why_nothing_is_left(self) -> tuple[Ending, str]:
        if unit := self._spent().used_up(self._budget):
            return Ending.BUDGET, unit
        return Ending.EXHAUSTED, "nothing is left to try"

    # Explore

    def _explore(self, turn: Turn) -> tuple[Turn, tuple[Attempt, ...]]:
        """Return to the chosen elite and go on from child to child, as far as granted."""
        random = stream(self._seed, turn.number, "explore")
        attempts: list[Attempt] = []
        place = self._return_to(turn, turn.selection.chosen, turn.untried)
        while place and len(attempts) < turn.granted and self._mutator.can_propose(place.parent):
            try:
                attempts.append(self._attempt(place, random))
            except BudgetSpent as spent:
                # What has been paid for is recorded, as a step that was granted no more.
                self._end(Ending.BUDGET, spent.unit)
                return replace(turn, granted=len(attempts)), tuple(attempts)
            except Stopped:
                # In order, a part of a step would be another step; its answers are in the ledger.
                made = () if self._in_order else tuple(attempts)
                return replace(turn, granted=len(made)), made
            place = self._go_on(turn, attempts)
        return turn, tuple(attempts)

    def _return_to(
        self, turn: Turn, elite: EntryId, untried: Sequence[int], made: int = 0
    ) -> _Place | None:
        entry = self._archive.entry(elite)
        if isinstance(entry.result, Failure):
            return None
        parent = Parent(
            tree=entry.candidate.tree,
            evaluation=entry.result,
            step=turn.number,
            place=made,
            untried=tuple(untried),
            under_way=0 if made else turn.ahead,
        )
        return _Place(parent=parent, entry=elite)

    def _go_on(self, turn: Turn, attempts: Sequence[Attempt]) -> _Place | None:
        """Where a step goes on after its newest child: from there, or from who holds its cell."""
        result, tree = attempts[-1].result, attempts[-1].candidate.tree
        if isinstance(result, Failure) or result.terminal:
            return None
        with self._moved:
            holder = self._archive.elites.standing(result.cell, turn.as_of)
            if self._rule.judge(result, size_of(tree), holder).status.admitted:
                parent = Parent(
                    tree=tree,
                    evaluation=result,
                    step=turn.number,
                    place=len(attempts),
                    untried=ranking([option.promise for option in result.options]),
                )
                return _Place(parent=parent, entry=None)
            if holder is None:
                return None
            untried = self._archive.elites.untried(holder.id, turn.as_of)
        tried = {attempt.candidate.option for attempt in attempts if attempt.parent == holder.id}
        left = [option for option in untried if option not in tried]
        return self._return_to(turn, holder.id, left, len(attempts))

    def _attempt(self, place: _Place, random: Random) -> Attempt:
        """Make a child and run it."""
        parent = place.parent
        child = self._mutator.propose(parent, random)
        if isinstance(child, Failure):
            unchanged = Candidate(tree=parent.tree, mutator=self._mutator.name)
            return Attempt(parent=place.entry, candidate=unchanged, result=child, verified=False)
        return Attempt(parent=place.entry, candidate=child, result=self._verify(child, parent))

    def _verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        try:
            result = self._domain.verify(candidate, parent)
        except DomainError:
            raise
        except Exception as crash:  # noqa: BLE001  # a candidate's crash is an answer
            message = f"{type(crash).__name__}: {crash}"
            return Failure(cause=Cause.CRASHED, message=message, log=traceback.format_exc())
        if isinstance(result, Evaluation) and (fault := flaw(result)):
            return Failure(cause=Cause.INVALID_SCORE, message=fault)
        return result

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
            self._view.drop(turn)
            # In order, nothing can be recorded after a step that is missing.
            self._next_recorded = _NEVER
            self._end(Ending.EXHAUSTED, f"nothing is left to try from #{turn.selection.chosen}")
            return
        step = Step(
            number=turn.number,
            attempts=attempts,
            selection=turn.selection,
            as_of=turn.as_of,
            granted=turn.granted,
            ahead=turn.ahead,
            elapsed=self._elapsed(),
        )
        entries = self._archive.add(step, self._rule)
        verified = sum(attempt.verified for attempt in attempts)
        self._view.record(Recorded(turn=turn, entries=entries, verifications=verified))
        if self._view.live:
            self._see()
        self._tell(self._recorded(turn.number, entries))

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
