"""Choosing by the scores of single cases: Pareto frontiers and lexicase."""

from collections import Counter
from collections.abc import Callable
from itertools import permutations
from random import Random

import numpy as np
import pytest

from archive.entry import Selection, Status
from goexplore.selection.base import SelectionError, Selector
from goexplore.selection.cases import Lexicase, Pareto, deviation
from tests.goexplore.selection.making import Told, assert_fits, new_cell

DRAWS = 4000
BY_CASE: list[Callable[[], Selector]] = [
    Pareto,
    lambda: Lexicase(tolerant=False, pool=1000),
    lambda: Lexicase(tolerant=True, pool=1000),
]
NAMES = ["pareto", "lexicase", "epsilon-lexicase"]


def plain() -> Lexicase:
    return Lexicase(tolerant=False, pool=1000)


# Pareto


def test_an_elite_is_drawn_by_how_many_cases_it_is_among_the_best_of() -> None:
    told = Told(Pareto())
    told.cells((1.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.5), (0.9, 0.9, 0.9, 0.9))

    drawn = told.draws(DRAWS)

    # the first is best in two cases, the others in one
    expected = {0: 0.5, 1: 0.25, 2: 0.25}
    assert_fits([each.slot for each in drawn], expected)
    assert {each.slot: each.probability for each in drawn} == expected
    assert {each.choices for each in drawn} == {3}
    assert {each.chosen for each in drawn} == {1, 2, 3}


def test_who_is_best_only_where_another_is_too_is_left_out() -> None:
    told = Told(Pareto())
    told.cells((1.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, 1.0))

    drawn = told.draws(DRAWS)

    # of the two that are best in the last case alone neither is ahead of the other
    expected = {0: 0.5, 2: 0.25, 3: 0.25}
    assert_fits([each.slot for each in drawn], expected)
    assert {each.slot: each.probability for each in drawn} == expected


def test_who_is_good_everywhere_and_best_nowhere_is_not_on_the_frontier() -> None:
    told = Told(Pareto())
    told.cells((1.0, 0.0), (0.0, 1.0), (0.9, 0.9))

    assert {each.slot for each in told.draws(100)} == {0, 1}


def test_what_left_others_out_brings_them_back_when_it_goes() -> None:
    told = Told(Pareto())
    told.cells((1.0, 1.0), (1.0, 0.0), (0.5, 0.5))
    before = {each.slot for each in told.draws(100)}

    worse = new_cell(4, 2.0)._replace(key=1, status=Status.IMPROVED)
    told.step((worse, (0.0, 0.25)))

    after = told.draws(DRAWS)
    assert before == {0}
    assert {each.slot: each.probability for each in after} == {1: 0.5, 2: 0.5}


def test_a_case_that_an_elite_has_no_score_in_is_one_that_it_is_not_best_in() -> None:
    told = Told(Pareto())
    told.cells((None, -5.0), (-1.0, -7.0), (None, None))

    assert {each.slot: each.probability for each in told.draws(100)} == {0: 0.5, 1: 0.5}


def test_a_case_that_is_new_is_one_to_be_best_in() -> None:
    told = Told(Pareto())
    told.cells((1.0,), (0.5,))
    before = {each.slot for each in told.draws(50)}

    told.child(3, 1, 0.0, 0.1)

    assert before == {0}
    assert {each.slot: each.probability for each in told.draws(100)} == {0: 0.5, 2: 0.5}


def test_a_frontier_is_up_to_date_after_many_changes() -> None:
    random = Random(11)
    told = Told(Pareto())
    told.cells((0.0,) * 6)
    scores: dict[int, list[float]] = {0: [0.0] * 6}
    keys = [1]

    for number in range(2, 600):
        (drawn,) = told.draws(1)
        told.elites.set_out(drawn.slot)
        made = [random.randrange(min(5, 2 + number // 100)) / 4 for _ in range(6)]
        fact = new_cell(number, float(number), parent=drawn.chosen)
        if random.random() < 0.3:
            slot = random.randrange(len(scores))
            fact = fact._replace(key=keys[slot], status=Status.IMPROVED)
        else:
            slot = len(scores)
            keys.append(number)
        options = 0 if random.random() < 0.2 else -1
        told.step((fact._replace(options=options), made))
        told.elites.back(drawn.slot)
        scores[slot] = made
        explorable = told.elites.arrays().explorable
        (drawn,) = told.draws(1)
        assert drawn.probability == _share_of(drawn.slot, scores, explorable)


def _share_of(slot: int, scores: dict[int, list[float]], explorable: np.ndarray) -> float:
    """By the definition, over all pairs."""
    there = {each: made for each, made in scores.items() if explorable[each]}
    record = [max(made[case] for made in there.values()) for case in range(6)]
    wins = {
        each: {case for case in range(6) if made[case] == record[case]}
        for each, made in there.items()
    }
    kept = {a: won for a, won in wins.items() if not any(won < other for other in wins.values())}
    return len(kept[slot]) / sum(map(len, kept.values()))


# Lexicase


def test_lexicase_draws_as_often_as_the_orders_of_the_cases_say() -> None:
    scores = [(5.0, 1.0, 1.0), (5.0, 2.0, 0.0), (1.0, 3.0, 3.0), (4.0, 2.9, 2.9)]
    told = Told(plain())
    told.cells(*scores)

    drawn = told.draws(DRAWS)

    # Where case 0 is first, two are left, which either other case parts. Else the third wins.
    expected = {0: 1 / 6, 1: 1 / 6, 2: 2 / 3}
    assert expected == _by_all_orders(scores)
    assert_fits([each.slot for each in drawn], expected)
    assert {each.probability for each in drawn} == {1.0}
    assert {each.choices for each in drawn} == {4}


def _by_all_orders(scores: list[tuple[float, ...]]) -> dict[int, float]:
    orders = list(permutations(range(len(scores[0]))))
    winners: Counter[int] = Counter()
    for order in orders:
        winners[max(range(len(scores)), key=lambda s: [scores[s][case] for case in order])] += 1
    return {slot: count / len(orders) for slot, count in winners.items()}


def test_who_is_alike_in_all_cases_is_drawn_alike_and_with_half_the_probability() -> None:
    told = Told(plain())
    told.cells((1.0, 1.0), (0.0, 0.0), (1.0, 1.0))

    drawn = told.draws(DRAWS)

    assert_fits([each.slot for each in drawn], {0: 0.5, 2: 0.5})
    assert {each.probability for each in drawn} == {0.5}


def test_epsilon_is_the_median_distance_from_the_median_of_the_scores_that_there_are() -> None:
    # the median is 3, the distances 2, 1, 0, 1, 97
    assert deviation(np.array([1.0, 2.0, 3.0, 4.0, 100.0])) == 1.0
    assert deviation(np.array([1.0, -np.inf, 5.0])) == 2.0
    assert deviation(np.array([-np.inf, -np.inf])) == 0.0


def test_epsilon_lexicase_keeps_who_is_nearly_the_best() -> None:
    # in case 0 epsilon is 0.9: 9.5 is near enough to 10, 8.9 is not; in case 1 it is 0.14
    scores = [(10.0, 0.0), (9.5, 1.0), (8.9, 0.5), (8.0, 0.6), (7.0, 0.74)]
    told = Told(Lexicase(tolerant=True, pool=1000))
    told.cells(*scores)

    drawn = told.draws(200)

    assert deviation(np.array([each[0] for each in scores])) == pytest.approx(0.9)
    assert deviation(np.array([each[1] for each in scores])) == pytest.approx(0.14)
    assert {each.slot for each in drawn} == {1}


def test_the_best_is_that_of_those_left_and_epsilon_that_of_all() -> None:
    # In case 1 epsilon is 2, of the five; of the two that case 0 leaves, it would be 0.5.
    scores = [(9.0, 4.0), (9.0, 3.0), (1.0, 8.0), (1.0, 6.0), (1.0, 10.0)]
    told = Told(Lexicase(tolerant=True, pool=1000))
    told.cells(*scores)

    drawn = told.draws(DRAWS)

    # Case 1 first leaves 10 and 8, which are alike in case 0. Case 0 first, whose epsilon is 0,
    # leaves the first two, of whom the second is within 2 of the best that is left.
    assert_fits([each.slot for each in drawn], {0: 0.25, 1: 0.25, 2: 0.25, 4: 0.25})
    assert {each.probability for each in drawn} == {0.5}


def test_no_more_than_a_pool_takes_part_and_everyone_may() -> None:
    told = Told(Lexicase(tolerant=False, pool=2))
    told.cells((3.0,), (2.0,), (1.0,))

    drawn = told.draws(DRAWS)

    # of three pairs the best takes part in two, and the worst never wins
    assert_fits([each.slot for each in drawn], {0: 2 / 3, 1: 1 / 3})


# All of them


@pytest.mark.parametrize("make", BY_CASE, ids=NAMES)
def test_without_scores_by_case_the_first_choice_says_what_is_wrong(
    make: Callable[[], Selector],
) -> None:
    told = Told(make())
    told.cells(())

    with pytest.raises(SelectionError, match="goes by the scores of single cases"):
        told.draws(1)


@pytest.mark.parametrize("make", BY_CASE, ids=NAMES)
def test_what_is_not_explorable_is_never_drawn_and_gives_way(make: Callable[[], Selector]) -> None:
    told = Told(make())
    told.cells((9.0, 9.0), (1.0, 1.0), (0.0, 0.0), closed=[0])

    assert {each.slot for each in told.draws(50)} == {1}


@pytest.mark.parametrize("make", BY_CASE, ids=NAMES)
def test_where_nothing_is_explorable_nothing_is_chosen(make: Callable[[], Selector]) -> None:
    told = Told(make())
    told.cells((9.0, 9.0), closed=[0])

    assert told.draws(1) == []


@pytest.mark.parametrize("make", BY_CASE, ids=NAMES)
def test_who_takes_a_cell_is_judged_by_its_own_cases(make: Callable[[], Selector]) -> None:
    told = Told(make())
    told.cells((1.0, 1.0), (0.5, 0.5))
    told.draws(1)

    told.step((new_cell(3, 9.0)._replace(key=1, status=Status.IMPROVED), (0.0, 0.0)))

    assert {(each.slot, each.chosen) for each in told.draws(50)} == {(1, 2)}


@pytest.mark.parametrize("make", BY_CASE, ids=NAMES)
def test_being_told_all_at_once_gives_the_same_choices(make: Callable[[], Selector]) -> None:
    scores = [[(number * place * 7) % 11 / 10 for place in range(5)] for number in range(1, 90)]
    bit_by_bit, at_once = Told(make()), Told(make())
    for number, made in enumerate(scores, start=1):
        bit_by_bit.child(number, 0, *made)
        bit_by_bit.draws(1)
    for number, made in enumerate(scores, start=1):
        at_once.child(number, 0, *made)

    first: list[Selection] = bit_by_bit.draws(100)

    assert first == at_once.draws(100)
