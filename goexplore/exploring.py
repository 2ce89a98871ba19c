"""One step of the loop: return to an elite, and go on from child to child as far as granted."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from random import Random

from archive.admission import AdmissionRule
from archive.base import Archive
from archive.entry import (
    MIGRATION,
    NO_ENTRY,
    Appraisal,
    Attempt,
    Candidate,
    Cause,
    EntryId,
    Evaluation,
    Failure,
    flaw,
)
from archive.openings import ranking
from archive.trees import size_of
from goexplore.appraisal import Appraiser, Child, merged
from goexplore.cells.base import CellError, Cells
from goexplore.cells.domain import FromDomain
from goexplore.domain import Confirming, Domain, DomainError, confirmations
from goexplore.islands import ONE, Islands
from goexplore.twins import Twins
from goexplore.view import Turn
from mutators.base import Drawing, Mutator, Parent, Taken


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a step stands: a parent, and its entry if it has been recorded."""

    parent: Parent
    entry: EntryId | None


class Explorer:
    """Makes and runs the children of one step after the other; nothing of it is recorded here.

    lock: keeps the archive's elites to one thread at a time; never held while a child is made.
    appraisers: asked about children that the rule would admit.
    cells: where they count as the same place; where their domain says by default.
    twins: knows which children need not be run; `None` for none.
    """

    def __init__(
        self,
        *,
        archive: Archive,
        domain: Domain,
        mutator: Mutator,
        rule: AdmissionRule,
        appraisers: Sequence[Appraiser],
        lock: AbstractContextManager[object],
        cells: Cells | None = None,
        islands: Islands = ONE,
        twins: Twins | None = None,
    ) -> None:
        self._archive = archive
        self._domain = domain
        self._mutator = mutator
        self._rule = rule
        self._appraisers = appraisers
        self._lock = lock
        self._cells = cells or FromDomain()
        self._islands = islands
        self._twins = twins
        self._confirming = domain if isinstance(domain, Confirming) else None
        self._price = 1 + confirmations(domain)

    def attempts(self, turn: Turn, random: Random) -> Iterator[Attempt]:
        """The children of a step, each as soon as it has been made and run."""
        done: list[Attempt] = []
        taken: list[Taken] = []
        place = self._return_to(turn, turn.selection.chosen, turn.untried)
        # Leave is given by what children would take if each had to be confirmed.
        most = turn.granted // self._price
        while place and len(done) < most and self._mutator.can_propose(place.parent):
            done.append(self._attempt(turn, place, done, random))
            yield done[-1]
            taken.extend(_taken(place.parent, done[-1]))
            place = self._go_on(turn, done, tuple(taken))

    def arrivals(self, turn: Turn) -> list[Attempt]:
        """The copies that come with a step from another island; they need not be run."""
        return [self._arrival(turn, entry) for entry in turn.arrivals]

    def _arrival(self, turn: Turn, entry: EntryId) -> Attempt:
        """A copy of an entry of another island, with all that is known of it."""
        found = self._archive.entry(entry)
        said = found.appraisal
        copy = Candidate(tree=found.candidate.tree, mutator=MIGRATION)
        return Attempt(
            parent=entry,
            candidate=copy,
            result=found.result,
            verified=False,
            appraisal=Appraisal(interest=said.interest, vector=said.vector) if said else None,
            island=self._islands.of(turn.number),
        )

    def roots(self, random: Random) -> list[Attempt]:
        """The trees that a search begins with, run; once for each island.

        Raises:
            DomainError: one does not run.
        """
        roots = [
            self._root(Candidate(tree=tree, mutator="root"), place, random)
            for place, tree in enumerate(self._domain.roots())
        ]
        islands = range(self._islands.count)
        return [replace(root, island=island) for island in islands for root in roots]

    def _root(self, candidate: Candidate, place: int, random: Random) -> Attempt:
        result = self._verify(candidate, None)
        if isinstance(result, Failure):
            raise DomainError(f"a root does not run: {result.message}")
        result, where = self._placed(candidate, result, 0, NO_ENTRY)
        child = Child(
            candidate=candidate,
            evaluation=result,
            parent=None,
            step=0,
            place=place,
            as_of=NO_ENTRY,
            founds=True,
            refused=None,
            final=self._is_final(result),
        )
        said = self._opinion(child, random, where)
        return Attempt(
            parent=None, candidate=candidate, result=result, verified=False, appraisal=said
        )

    def _return_to(
        self,
        turn: Turn,
        elite: EntryId,
        untried: Sequence[int],
        taken: tuple[Taken, ...] = (),
        made: int = 0,
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
            as_of=turn.as_of,
            taken=taken,
            id=elite,
            island=entry.island,
        )
        return _Place(parent=parent, entry=elite)

    def _go_on(
        self, turn: Turn, attempts: Sequence[Attempt], taken: tuple[Taken, ...]
    ) -> _Place | None:
        """Where a step goes on after its newest child: from there, or from who holds its cell."""
        result, tree = attempts[-1].result, attempts[-1].candidate.tree
        if isinstance(result, Failure) or result.terminal:
            return None
        island = self._islands.of(turn.number)
        with self._lock:
            holder = self._archive.elites.standing(result.cell, turn.as_of, island)
            if self._rule.judge(result, size_of(tree), holder).status.admitted:
                parent = Parent(
                    tree=tree,
                    evaluation=result,
                    step=turn.number,
                    place=len(attempts),
                    untried=ranking([option.promise for option in result.options]),
                    as_of=turn.as_of,
                    taken=taken,
                    island=island,
                    origin=_origin(attempts),
                )
                return _Place(parent=parent, entry=None)
            if holder is None:
                return None
            untried = self._archive.elites.untried(holder.id, turn.as_of)
        tried = {attempt.candidate.option for attempt in attempts if attempt.parent == holder.id}
        left = [option for option in untried if option not in tried]
        return self._return_to(turn, holder.id, left, taken, len(attempts))

    def _attempt(
        self, turn: Turn, place: _Place, before: Sequence[Attempt], random: Random
    ) -> Attempt:
        """Make a child, run it, and hear what is thought of it."""
        parent, entry, island = place.parent, place.entry, self._islands.of(turn.number)
        mutator = _drawn(self._mutator, parent, random)
        child = mutator.propose(parent, random)
        if isinstance(child, Failure):
            unchanged = Candidate(tree=parent.tree, mutator=mutator.name)
            return Attempt(
                parent=entry, candidate=unchanged, result=child, verified=False, island=island
            )
        if self._twins and (known := self._twins.tried(child, turn.as_of, before)):
            return Attempt(
                parent=entry, candidate=child, result=known, verified=False, island=island
            )
        result = self._verify(child, parent)
        made = Attempt(parent=entry, candidate=child, result=result, island=island)
        made = self._located(turn, self._confirmed(turn, made, parent))
        if not self._appraisers:
            return made
        heard = self._child(turn, parent, made, before)
        return (
            replace(made, appraisal=self._opinion(heard, random, made.appraisal)) if heard else made
        )

    def _located(self, turn: Turn, made: Attempt) -> Attempt:
        """An attempt in its cell; a failure where what would place it was not measured."""
        if isinstance(made.result, Failure):
            return made
        try:
            result, where = self._placed(made.candidate, made.result, turn.number, turn.as_of)
        except CellError as error:
            return replace(made, result=Failure(cause=Cause.INVALID_SCORE, message=str(error)))
        return replace(made, result=result, appraisal=where)

    def _placed(
        self, candidate: Candidate, result: Evaluation, step: int, as_of: EntryId
    ) -> tuple[Evaluation, Appraisal | None]:
        """A result in its cell, with the embedding by which that was found."""
        place = self._cells.place(candidate, result, step=step, as_of=as_of)
        where = Appraisal(vector=place.vector) if place.vector else None
        if place.cell == result.cell:
            return result, where
        return replace(result, cell=place.cell, domain_cell=result.cell), where

    def _child(
        self, turn: Turn, parent: Parent, made: Attempt, before: Sequence[Attempt]
    ) -> Child | None:
        """What appraisers are shown of an attempt; `None` where the rule would not admit it."""
        result, tree = made.result, made.candidate.tree
        if isinstance(result, Failure):
            return None
        island = made.island
        with self._lock:
            holder = self._archive.elites.standing(result.cell, turn.as_of, island)
            refused = self._archive.elites.refused(result.cell, turn.as_of, island)
        if not self._rule.judge(result, size_of(tree), holder).status.admitted:
            return None
        there = [each for each in before if _cell(each) == result.cell]
        return Child(
            candidate=made.candidate,
            evaluation=result,
            parent=parent,
            step=turn.number,
            place=len(before),
            as_of=turn.as_of,
            founds=holder is None and all(map(_is_refused, there)),
            refused=_how_refused(refused, there),
            final=self._is_final(result),
        )

    def _opinion(self, child: Child, random: Random, where: Appraisal | None) -> Appraisal | None:
        said = [where, *(appraiser.appraise(child, random) for appraiser in self._appraisers)]
        return merged([each for each in said if each is not None])

    def _is_final(self, result: Evaluation) -> bool:
        goal = self._domain.goal
        return result.terminal or (goal is not None and result.objective >= goal)

    def _confirmed(self, turn: Turn, made: Attempt, parent: Parent) -> Attempt:
        """An attempt that would become the best of all that its step can see, verified again."""
        world, found, taken = self._confirming, made.result, self._price - 1
        if world is None or not taken or isinstance(found, Failure):
            return made
        if found.objective <= self._best(turn):
            return made
        again = self._guarded(lambda: world.confirm(made.candidate, parent, found))
        result = (
            replace(again, message=f"it looked like {found.objective:g} at first: {again.message}")
            if isinstance(again, Failure)
            else replace(again, first_seen=found.objective)
        )
        return replace(made, result=result, confirmed=taken)

    def _best(self, turn: Turn) -> float:
        with self._lock:
            return self._archive.elites.best_at(turn.as_of)

    def _verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        return self._guarded(lambda: self._domain.verify(candidate, parent))

    def _guarded(self, verify: Callable[[], Evaluation | Failure]) -> Evaluation | Failure:
        """A verification, of which a crash is an answer and no score is odd."""
        try:
            result = verify()
        except DomainError:
            raise
        except Exception as crash:  # noqa: BLE001  # a candidate's crash is an answer
            message = f"{type(crash).__name__}: {crash}"
            return Failure(cause=Cause.CRASHED, message=message, log=traceback.format_exc())
        if isinstance(result, Evaluation) and (fault := flaw(result)):
            return Failure(cause=Cause.INVALID_SCORE, message=fault)
        return result


def _drawn(mutator: Mutator, parent: Parent, random: Random) -> Mutator:
    """Who makes the next child, by name."""
    return mutator.draw(parent, random) if isinstance(mutator, Drawing) else mutator


def _origin(attempts: Sequence[Attempt]) -> EntryId:
    """The entry that the newest attempt of a step comes from."""
    entries = (attempt.parent for attempt in reversed(attempts) if attempt.parent is not None)
    return next(entries, NO_ENTRY)


def _cell(attempt: Attempt) -> str | None:
    return attempt.result.cell if isinstance(attempt.result, Evaluation) else None


def _is_refused(attempt: Attempt) -> bool:
    said = attempt.appraisal
    return said is not None and bool(said.refused) and not said.anyway


def _how_refused(before: EntryId | None, there: Sequence[Attempt]) -> str | None:
    """How a cell was refused: by an entry, or by those of the same step that are there."""
    if before is not None:
        return f"as #{before} was"
    return "as it was in this step" if there and all(map(_is_refused, there)) else None


def _taken(parent: Parent, attempt: Attempt) -> Iterator[Taken]:
    """What a step is shown of an option that it took."""
    option, result = attempt.candidate.option, attempt.result
    if option is not None:
        yield Taken(
            action=parent.evaluation.options[option].text,
            thought=attempt.candidate.rationale,
            seen=result.message if isinstance(result, Failure) else result.observation,
        )
