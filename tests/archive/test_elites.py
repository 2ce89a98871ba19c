"""What selection needs of each elite: counts by hand, and the same however they came about."""

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.admission import Holder, KeepAll
from archive.elites import Elites
from archive.entry import Appraisal, Candidate, Entry, EntryId, Status, Verdict
from archive.facts import NO_CELL, UNBOUNDED, Fact, Rows, cell_key
from archive.openings import ranking
from archive.sql import SqlArchive
from tests.conformance.making import CRASHED, attempt, found, roots, step
from tests.conformance.soundness import assert_same_elites

FAILED, REJECTED, NEW, IMPROVED, KEPT = Status
CELLS = "abcde"
_KEEP = KeepAll()

Taken = tuple[Fact, tuple[float, ...]]


def fact(
    entry: int,
    parent: int,
    status: Status,
    cell: str = "",
    objective: float = 0.0,
    *,
    size: int = 1,
    options: int = UNBOUNDED,
    option: int = -1,
    place: int = 0,
) -> Fact:
    """The facts of an entry; its step has its number."""
    return Fact(
        id=entry,
        step=entry,
        place=place,
        parent=parent,
        option=option,
        key=NO_CELL if status is FAILED else cell_key(cell),
        objective=objective,
        status=status,
        size=size,
        options=options,
        depth=0,
    )


def taken(*facts: Fact, promises: Sequence[float] = ()) -> Elites:
    """Elites that took in facts, a step each; `promises` are those of the first."""
    elites = Elites()
    for n, each in enumerate(facts):
        elites.take(each, promises if n == 0 else ())
        elites.end_step([each])
    return elites


def loaded(steps: Sequence[Sequence[Taken]]) -> Elites:
    names = [field.name for field in fields(Rows)]
    taken = [pair for each in steps for pair in each]
    facts = [fact for fact, _ in taken]
    promises = {fact.id: each for fact, each in taken if each}
    return Elites.load(Rows.of([tuple(getattr(f, n) for n in names) for f in facts]), promises)


def built(steps: Sequence[Sequence[Taken]]) -> Elites:
    elites = Elites()
    for each in steps:
        for fact, promises in each:
            elites.take(fact, promises)
        elites.end_step([fact for fact, _ in each])
    return elites


# What `take` and `end_step` count


def test_nothing_is_known_before_the_first_entry() -> None:
    elites = Elites()

    assert len(elites) == 0
    assert elites.newest == 0
    assert elites.best_entry is None
    assert elites.standing("a") is None
    assert elites.slot(EntryId(1)) is None


def test_a_new_cell_is_a_new_slot() -> None:
    elites = taken(fact(1, 0, NEW, "a", 1.0, size=3), fact(2, 1, NEW, "b", 2.0))

    assert len(elites) == 2
    assert [elites.holder(0), elites.holder(1)] == [1, 2]
    assert [elites.slot(EntryId(1)), elites.slot(EntryId(2))] == [0, 1]
    assert elites.arrays().objective.tolist() == [1.0, 2.0]
    assert elites.standing("a") == Holder(id=EntryId(1), objective=1.0, size=3)
    assert elites.newest == 2


def test_every_evaluated_candidate_of_a_cell_is_seen() -> None:
    elites = taken(
        fact(1, 0, NEW, "a"),
        fact(2, 1, REJECTED, "a"),
        fact(3, 1, FAILED),
        fact(4, 1, IMPROVED, "a", 1.0),
        fact(5, 1, NEW, "b"),
        fact(6, 1, REJECTED, "b"),
    )

    assert elites.arrays().seen.tolist() == [3, 2]


def test_a_step_counts_for_the_elite_that_it_set_out_from() -> None:
    elites = taken(
        fact(1, 0, NEW, "a"),
        fact(2, 1, NEW, "b"),
        fact(3, 1, REJECTED, "b"),
        fact(4, 1, FAILED),
        fact(5, 2, REJECTED, "a"),
    )

    assert elites.arrays().chosen.tolist() == [3, 1]
    assert elites.arrays().since_new.tolist() == [2, 1]
    assert elites.arrays().children.tolist() == [1, 0]


def test_a_step_of_several_counts_once_and_only_for_where_it_began() -> None:
    elites = taken(fact(1, 0, NEW, "a"))
    chain = [fact(2, 1, NEW, "b"), fact(3, 2, NEW, "c"), fact(4, 3, FAILED)]

    for each in chain:
        elites.take(each)
    elites.end_step(chain)

    assert elites.arrays().chosen.tolist() == [1, 0, 0]
    assert elites.arrays().since_new.tolist() == [0, 0, 0]
    assert elites.arrays().children.tolist() == [1, 1, 0]


def test_a_step_is_fruitful_if_anything_of_it_was_admitted() -> None:
    elites = taken(fact(1, 0, NEW, "a"), fact(2, 1, REJECTED, "a"))
    chain = [fact(3, 1, REJECTED, "a"), fact(4, 1, NEW, "b")]

    for each in chain:
        elites.take(each)
    elites.end_step(chain)

    assert elites.arrays().since_new.tolist() == [0, 0]


def test_a_better_way_to_a_cell_begins_its_counts_again_but_what_was_seen() -> None:
    elites = taken(
        fact(1, 0, NEW, "a", 1.0),
        fact(2, 1, NEW, "b"),
        fact(3, 1, REJECTED, "b"),
        fact(4, 2, IMPROVED, "a", 2.0, size=9),
    )

    assert len(elites) == 2
    assert elites.holder(0) == 4
    assert elites.slot(EntryId(4)) == 0
    assert elites.slot(EntryId(1)) is None
    assert elites.standing("a") == Holder(id=EntryId(4), objective=2.0, size=9)
    arrays = elites.arrays()
    assert arrays.objective.tolist() == [2.0, 0.0]
    assert arrays.chosen.tolist() == [0, 1]
    assert arrays.since_new.tolist() == [0, 0]
    assert arrays.children.tolist() == [0, 1]
    assert arrays.seen.tolist() == [2, 2]


def test_late_children_of_a_replaced_holder_count_for_nobody() -> None:
    elites = taken(
        fact(1, 0, NEW, "a", 1.0),
        fact(2, 1, IMPROVED, "a", 2.0),
        fact(3, 1, NEW, "b"),
        fact(4, 1, REJECTED, "a", 0.0),
    )

    assert elites.arrays().chosen.tolist() == [0, 0]
    assert elites.arrays().children.tolist() == [0, 0]


def test_what_is_kept_beside_a_holder_has_a_slot_of_its_own() -> None:
    elites = taken(fact(1, 0, NEW, "a"), fact(2, 1, KEPT, "a"), fact(3, 2, KEPT, "a"))

    assert [elites.holder(slot) for slot in range(3)] == [1, 2, 3]
    assert elites.arrays().children.tolist() == [1, 1, 0]
    assert elites.standing("a") == Holder(id=EntryId(1), objective=0.0, size=1)


def test_the_best_entry_is_the_first_among_equals() -> None:
    elites = taken(fact(1, 0, NEW, "a", 1.0), fact(2, 1, NEW, "b", 3.0), fact(3, 1, NEW, "c", 3.0))

    assert elites.best == 3.0
    assert elites.best_entry == 2


def test_what_is_not_admitted_is_never_the_best() -> None:
    elites = taken(fact(1, 0, NEW, "a", 1.0), fact(2, 1, REJECTED, "b", 9.0), fact(3, 1, FAILED))

    assert elites.best == 1.0
    assert elites.best_entry == 1


# Options


def test_options_are_ranked_by_promise_and_among_equals_as_given() -> None:
    assert ranking([0.5, 2.0, 0.5, 3.0]) == (3, 1, 0, 2)


def test_an_option_is_gone_once_it_was_tried() -> None:
    elites = taken(
        fact(1, 0, NEW, "a", options=3), fact(2, 1, FAILED, option=1), promises=(0.0, 2.0, 1.0)
    )

    assert elites.untried(EntryId(1)) == (2, 0)
    assert elites.arrays().promise.tolist() == [1.0]
    assert elites.arrays().explorable.tolist() == [True]


def test_an_option_tried_twice_is_gone_once() -> None:
    elites = taken(
        fact(1, 0, NEW, "a", options=2),
        fact(2, 1, FAILED, option=0),
        fact(3, 1, FAILED, option=0),
        promises=(0.0, 0.0),
    )

    assert elites.untried(EntryId(1)) == (1,)
    assert elites.arrays().explorable.tolist() == [True]


def test_an_elite_whose_options_were_all_tried_is_not_explorable() -> None:
    elites = taken(
        fact(1, 0, NEW, "a", options=2),
        fact(2, 1, FAILED, option=0),
        fact(3, 1, FAILED, option=1),
        promises=(0.0, 0.0),
    )

    assert elites.untried(EntryId(1)) == ()
    assert elites.arrays().explorable.tolist() == [False]


def test_a_terminal_elite_is_not_explorable_and_an_unbounded_one_always_is() -> None:
    elites = taken(fact(1, 0, NEW, "a", options=0), fact(2, 1, NEW, "b"), fact(3, 2, FAILED))

    assert elites.arrays().explorable.tolist() == [False, True]


def test_a_terminal_elite_stays_closed_whatever_its_options(archive: SqlArchive) -> None:
    archive.add(roots(found("a", options=[0.0], terminal=True)), _KEEP)
    archive.add(step(1, attempt(CRASHED, 1, option=0)), _KEEP)

    assert archive.elites.arrays().explorable.tolist() == [False]


def test_options_are_untried_as_of_an_entry() -> None:
    elites = taken(
        fact(1, 0, NEW, "a", options=3),
        fact(2, 1, FAILED, option=0),
        fact(3, 1, FAILED, option=2),
        fact(4, 1, FAILED, option=0),
        promises=(3.0, 2.0, 1.0),
    )

    assert [elites.untried(EntryId(1), EntryId(n)) for n in (1, 2, 3, 4)] == [
        (0, 1, 2),
        (1, 2),
        (1,),
        (1,),
    ]


def test_the_promise_of_an_unbounded_elite_is_its_objective() -> None:
    elites = taken(fact(1, 0, NEW, "a", 0.5))

    assert elites.arrays().promise.tolist() == [0.5]


def test_an_objective_may_be_any_finite_number() -> None:
    elites = taken(fact(1, 0, NEW, "a", -1e300))

    assert elites.arrays().promise.tolist() == [-1e300]


# Who has set out


def test_who_has_set_out_counts_as_having_chosen_until_back() -> None:
    elites = taken(fact(1, 0, NEW, "a"), fact(2, 1, NEW, "b"))

    elites.set_out(1)
    elites.set_out(1)

    assert elites.under_way(1) == 2
    assert elites.arrays().chosen.tolist() == [1, 2]
    assert elites.arrays().since_new.tolist() == [0, 2]

    elites.back(1)

    assert elites.under_way(1) == 1
    assert elites.arrays().chosen.tolist() == [1, 1]
    assert elites.arrays(np.array([1])).since_new.tolist() == [1]


def test_who_has_set_out_takes_the_most_promising_option_along() -> None:
    elites = taken(fact(1, 0, NEW, "a", options=3), promises=(1.0, 3.0, 2.0))

    promises: list[float] = []
    explorable: list[bool] = []
    for _ in range(3):
        promises += elites.arrays().promise.tolist()
        explorable += elites.arrays().explorable.tolist()
        elites.set_out(0)

    assert promises == [3.0, 2.0, 1.0]
    assert explorable == [True, True, True]
    assert elites.arrays().promise.tolist() == [-np.inf]
    assert elites.arrays().explorable.tolist() == [False]

    elites.back(0)

    assert elites.arrays().promise.tolist() == [1.0]
    assert elites.arrays().explorable.tolist() == [True]


# Who held a cell


def test_a_cell_was_held_by_others_before() -> None:
    elites = taken(
        fact(1, 0, NEW, "z"),
        fact(2, 1, NEW, "a", 1.0, size=5),
        fact(3, 1, REJECTED, "a", 1.0),
        fact(4, 1, IMPROVED, "a", 2.0, size=6),
        fact(5, 1, IMPROVED, "a", 3.0, size=7),
    )

    holders = [elites.standing("a", EntryId(as_of)) for as_of in (1, 2, 3, 4, 5, 9)]

    second = Holder(id=EntryId(2), objective=1.0, size=5)
    fourth = Holder(id=EntryId(4), objective=2.0, size=6)
    fifth = Holder(id=EntryId(5), objective=3.0, size=7)
    assert holders == [None, second, second, fourth, fifth, fifth]


def test_what_a_replaced_holder_left_untried_is_remembered() -> None:
    elites = taken(
        fact(1, 0, NEW, "a", options=2),
        fact(2, 1, FAILED, option=1),
        fact(3, 1, IMPROVED, "a", 1.0),
        promises=(0.0, 0.0),
    )

    assert elites.untried(EntryId(1)) == (0,)
    assert elites.untried(EntryId(1), EntryId(1)) == (0, 1)


def test_an_entry_is_found_by_the_slot_that_it_held() -> None:
    elites = taken(fact(1, 0, NEW, "z"), fact(2, 1, NEW, "a"), fact(3, 1, IMPROVED, "a", 1.0))
    once = entry(2, attempt(found("a")).candidate)

    assert elites.slot_of_place(once) == 1


def test_an_entry_that_never_held_a_slot_has_no_place() -> None:
    elites = taken(fact(1, 0, NEW, "z"))
    never = entry(2, attempt(found("a")).candidate)

    with pytest.raises(KeyError):
        elites.slot_of_place(never)


def entry(number: int, candidate: Candidate) -> Entry:
    return Entry(
        id=EntryId(number),
        step=1,
        parents=(EntryId(1),),
        candidate=candidate,
        result=found("a"),
        admission=_KEEP.judge(found("a"), 1, None),
        depth=1,
    )


# What judges say


def test_an_elite_is_of_unknown_interest_until_somebody_rates_it() -> None:
    elites = taken(fact(1, 0, NEW, "a"), fact(2, 1, NEW, "b"))

    elites.rate(EntryId(2), 0.25)

    arrays = elites.arrays()
    assert np.isnan(arrays.interest).tolist() == [True, False]
    assert arrays.interest[1] == 0.25


def test_whoever_takes_a_cell_is_of_unknown_interest_and_not_retired() -> None:
    elites = taken(fact(1, 0, NEW, "a"))
    elites.rate(EntryId(1), 0.25)
    elites.retire([EntryId(1)])

    elites.take(fact(2, 1, IMPROVED, "a", 1.0))

    arrays = elites.arrays()
    assert np.isnan(arrays.interest).tolist() == [True]
    assert arrays.explorable.tolist() == [True]


def test_a_retired_elite_is_not_explorable_and_holds_its_cell() -> None:
    elites = taken(fact(1, 0, NEW, "a"), fact(2, 1, NEW, "b"))

    elites.retire([EntryId(2)])

    assert elites.arrays().explorable.tolist() == [True, False]
    assert elites.standing("b") == Holder(id=EntryId(2), objective=0.0, size=1)


def test_what_holds_no_slot_can_be_neither_rated_nor_retired() -> None:
    elites = taken(fact(1, 0, NEW, "a"), fact(2, 1, IMPROVED, "a", 1.0), fact(3, 1, FAILED))

    for entry in (1, 3, 9):
        elites.rate(EntryId(entry), 0.25)
        elites.retire([EntryId(entry)])

    assert np.isnan(elites.arrays().interest).tolist() == [True]
    assert elites.arrays().explorable.tolist() == [True]


def test_a_cell_that_nobody_held_is_refused_from_the_first_rejection_on() -> None:
    elites = taken(
        fact(1, 0, NEW, "a"),
        fact(2, 1, REJECTED, "b"),
        fact(3, 1, REJECTED, "b"),
        fact(4, 1, REJECTED, "a"),
        fact(5, 1, FAILED),
    )

    assert [elites.refused("b", EntryId(n)) for n in (0, 1, 2, 3, 5)] == [None, None, 2, 2, 2]
    assert [elites.refused(cell, EntryId(5)) for cell in ("a", "c")] == [None, None]


def test_a_step_is_taken_with_what_was_thought_of_its_entries_and_whom_it_retires() -> None:
    elites = taken(fact(1, 0, NEW, "a"))
    rated = replace(entry(2, attempt(found("b")).candidate), appraisal=Appraisal(interest=0.5))
    unrated = replace(entry(3, attempt(found("c")).candidate), appraisal=Appraisal(refused=""))
    made = [replace(each, result=found(cell)) for each, cell in ((rated, "b"), (unrated, "c"))]

    elites.take_step(made, Verdict(judge="m", retired=((EntryId(1), EntryId(2)),)))

    arrays = elites.arrays()
    assert arrays.explorable.tolist() == [False, True, True]
    assert np.isnan(arrays.interest).tolist() == [True, False, True]
    assert arrays.chosen.tolist() == [1, 0, 0]


# Followers


def test_a_follower_is_told_who_was_rated_and_retired() -> None:
    elites = taken(fact(1, 0, NEW, "a"), fact(2, 1, NEW, "b"), fact(3, 1, NEW, "c"))
    changed = elites.follow()
    changed.clear()

    elites.rate(EntryId(1), 0.5)
    elites.retire([EntryId(3), EntryId(9)])

    assert changed == {0, 2}


def test_a_follower_is_told_of_every_slot_that_changes() -> None:
    elites = taken(fact(1, 0, NEW, "a"), fact(2, 1, NEW, "b"), fact(3, 1, NEW, "c"))
    changed = elites.follow()
    told: list[set[int]] = [set(changed)]

    def tell() -> None:
        told.append(set(changed))
        changed.clear()

    changed.clear()
    elites.take(fact(4, 2, REJECTED, "c"))
    tell()
    elites.end_step([fact(4, 2, REJECTED, "c")])
    tell()
    elites.take(fact(5, 1, NEW, "d"))
    tell()
    elites.set_out(2)
    tell()
    elites.back(2)
    tell()
    elites.take(fact(6, 3, FAILED))
    tell()

    assert told == [{0, 1, 2}, {1, 2}, {1}, {0, 3}, {2}, {2}, {2}]


def test_followers_do_not_take_each_others_changes() -> None:
    elites = taken(fact(1, 0, NEW, "a"))
    one, other = elites.follow(), elites.follow()
    one.clear()

    elites.set_out(0)

    assert one == other == {0}


# As many as there may be


def test_slots_grow_past_their_first_room() -> None:
    facts = [fact(n, n - 1, NEW, f"cell {n}", float(n)) for n in range(1, 1001)]

    elites = taken(*facts)

    assert len(elites) == 1000
    assert elites.arrays().objective.tolist() == [float(n) for n in range(1, 1001)]
    assert elites.arrays().children.tolist() == [1] * 999 + [0]
    assert elites.slot(EntryId(1000)) == 999
    assert elites.standing("cell 300") == Holder(id=EntryId(300), objective=300.0, size=1)


def test_loaded_slots_grow_past_their_first_room() -> None:
    first = [[(fact(n, 0, NEW, f"cell {n}"), ())] for n in range(1, 301)]
    elites = loaded(first)

    for n in range(301, 401):
        elites.take(fact(n, 1, NEW, f"cell {n}"))

    assert len(elites) == 400
    assert elites.standing("cell 400") == Holder(id=EntryId(400), objective=0.0, size=1)


def test_replaced_holders_are_remembered_for_10_000_replacements() -> None:
    elites = taken(fact(1, 0, NEW, "a", options=2), promises=(0.0, 0.0))
    for n in range(2, 10_002):
        elites.take(fact(n, 0, IMPROVED, "a", float(n)))
    before = elites.standing("a", EntryId(1)), elites.untried(EntryId(1))

    elites.take(fact(10_002, 0, IMPROVED, "a", 10_002.0))

    assert before == (Holder(id=EntryId(1), objective=0.0, size=1), (0, 1))
    assert elites.standing("a", EntryId(1)) is None
    assert elites.untried(EntryId(1)) == ()
    assert elites.standing("a", EntryId(2)) == Holder(id=EntryId(2), objective=2.0, size=1)


def test_loaded_elites_remember_as_many_replacements() -> None:
    steps: list[list[Taken]] = [[(fact(1, 0, NEW, "a", options=2), (0.0, 0.0))]]
    steps += [[(fact(n, 0, IMPROVED, "a", float(n)), ())] for n in range(2, 10_003)]

    elites = loaded(steps)

    assert elites.standing("a", EntryId(1)) is None
    assert elites.untried(EntryId(1)) == ()
    assert elites.standing("a", EntryId(2)) == Holder(id=EntryId(2), objective=2.0, size=1)


# Built from rows, or entry by entry


@st.composite
def searches(draw: st.DrawFn, *, gain: float | None = 1.0) -> list[list[Taken]]:
    """Steps of a search with any statuses that can follow each other.

    gain: by how much an improvement is better at least; with `None` it may as well be worse.
    """
    numbers = st.integers(0, 11)
    plan = draw(
        st.lists(
            st.lists(st.tuples(numbers, numbers, numbers, numbers), min_size=1, max_size=4),
            max_size=12,
        )
    )
    best: dict[str, float] = {}
    past: list[Fact] = []
    return [
        [
            _next(past, best, numbers, place, gain if number else 1.0)
            for place, numbers in enumerate(each)
        ]
        for number, each in enumerate(plan)
    ]


def _next(
    past: list[Fact],
    best: dict[str, float],
    numbers: tuple[int, int, int, int],
    place: int,
    gain: float | None,
) -> Taken:
    which, status, cell, options = numbers
    origins = [fact for fact in past if fact.status >= NEW]
    origin = origins[-1 - which % len(origins)] if origins else None
    name, objective = CELLS[cell % 5], float(which % 4)
    became = _status(status, known=name in best)
    if became is IMPROVED and gain is not None:
        objective = best[name] + gain
    if became in (NEW, IMPROVED):
        best[name] = objective
    count = UNBOUNDED if options % 4 == 3 else options % 4
    result = Fact(
        id=len(past) + 1,
        step=past[-1].step + (place == 0) if past else 0,
        place=place,
        parent=origin.id if origin else 0,
        option=(cell + options) % origin.options if origin and origin.options > 0 else -1,
        key=NO_CELL if became is FAILED else cell_key(name),
        objective=0.0 if became is FAILED else objective,
        status=became,
        size=1 + options,
        options=0 if became is FAILED else count,
        depth=0,
    )
    past.append(result)
    promises = tuple(float((which * n) % 5) for n in range(count)) if became is not FAILED else ()
    return result, promises


def _status(number: int, *, known: bool) -> Status:
    if number == 0:
        return FAILED
    if not known:
        return REJECTED if number == 4 else NEW
    return (REJECTED, IMPROVED, IMPROVED, KEPT)[number % 4]


def assert_same_memory(one: Elites, other: Elites) -> None:
    """Fail unless two agree on every cell and every entry at every moment."""
    moments = [EntryId(n) for n in range(one.newest + 1)]
    for moment in moments:
        for cell in CELLS:
            assert one.standing(cell, moment) == other.standing(cell, moment)
            assert one.refused(cell, moment) == other.refused(cell, moment)
        for each in moments:
            assert one.untried(each, moment) == other.untried(each, moment)


@given(searches())
@example([])
def test_elites_from_rows_are_those_that_were_built(steps: list[list[Taken]]) -> None:
    one, other = loaded(_begun(steps)), built(_begun(steps))

    assert_same_elites(one, other)
    assert_same_memory(one, other)
    assert one.best == other.best


@given(searches(), st.integers(0, 12))
def test_elites_from_rows_go_on_like_those_that_were_built(
    steps: list[list[Taken]], at: int
) -> None:
    begun = _begun(steps)
    elites = loaded(begun[: at + 1])

    for each in begun[at + 1 :]:
        for fact, promises in each:
            elites.take(fact, promises)
        elites.end_step([fact for fact, _ in each])

    assert_same_elites(elites, built(begun))
    assert_same_memory(elites, built(begun))


def _begun(steps: list[list[Taken]]) -> list[list[Taken]]:
    """From the first step on that has an elite; a run begins with its roots."""
    return steps if steps and steps[0][0][0].status is not FAILED else []


@given(searches(gain=None))
@example([[(fact(1, 0, NEW, "a", 1.0, size=2), ())], [(fact(2, 1, IMPROVED, "a", 1.0), ())]])
def test_the_best_from_rows_is_the_best_that_was_built(steps: list[list[Taken]]) -> None:
    one, other = loaded(_begun(steps)), built(_begun(steps))

    assert (one.best, one.best_entry) == (other.best, other.best_entry)


def test_what_a_rule_kept_out_of_an_empty_cell_is_seen_alike() -> None:
    steps: list[list[Taken]] = [
        [(fact(1, 0, NEW, "a"), ())],
        [(fact(2, 1, REJECTED, "b"), ())],
        [(fact(3, 1, NEW, "b"), ())],
    ]

    assert loaded(steps).arrays().seen.tolist() == built(steps).arrays().seen.tolist()


def test_a_run_without_any_elite_can_be_loaded() -> None:
    elites = loaded([[(fact(1, 0, FAILED), ())]])

    assert len(elites) == 0
