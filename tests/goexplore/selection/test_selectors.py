"""Selectors: what they may choose, and how often they do."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from math import exp
from random import Random

import numpy as np
import pytest

from archive.elites import EliteArrays, Elites
from archive.entry import Selection, Status
from archive.facts import UNBOUNDED
from goexplore.selection.base import Selector
from goexplore.selection.selectors import (
    Floats,
    FromStart,
    Greedy,
    Ordered,
    Tournament,
    Weighted,
    by_objective,
    by_promise,
)
from goexplore.selection.weights import (
    dgm,
    go_explore_2019,
    go_explore_2021,
    softmax,
    uniform,
)
from tests.goexplore.selection.making import assert_fits, elites_of, new_cell

DRAWS = 4000


def draws(selector: Selector, elites: Elites, count: int = DRAWS) -> list[Selection]:
    random = Random(7)
    drawn = [selector.select(elites, random) for _ in range(count)]
    return [each for each in drawn if each]


def shares(*weights: float) -> dict[int, float]:
    return {slot: weight / sum(weights) for slot, weight in enumerate(weights)}


# Weighted


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (uniform, shares(1, 1, 1, 1)),
        # seen is 1 everywhere but in slot 3, where it is 4: 1 / sqrt(seen + 1)
        (go_explore_2021, shares(2**-0.5, 2**-0.5, 2**-0.5, 5**-0.5)),
        # 3 / sqrt(seen + 0.001) + 0.1 / sqrt(chosen + 0.001) + 1.00003; slot 0 was chosen 3 times
        (go_explore_2019, shares(4.056257, 7.160809, 7.160809, 5.662121)),
        # 1 / (1 + e^(-10 (score - 0.5))) / (1 + children); slot 1 has a child
        (
            dgm,
            shares(1 / (1 + exp(5)), 1 / (1 + exp(1)) / 2, 1 / (1 + exp(-1)), 1 / (1 + exp(-5))),
        ),
        # the exponential of (objective - 1)
        (softmax, shares(exp(-1.0), exp(-0.6), exp(-0.4), 1.0)),
    ],
    ids=["uniform", "2021", "2019", "dgm", "softmax"],
)
def test_elites_are_drawn_in_proportion_to_their_weights(
    measure: Callable[[EliteArrays], Floats], expected: Mapping[int, float]
) -> None:
    elites = elites_of(0.0, 0.4, 0.6)
    elites.take(new_cell(4, 1.0, parent=2))
    rejected = new_cell(5, 0.0, parent=1)._replace(key=4, status=Status.REJECTED)
    for number in (5, 6, 7):
        elites.take(rejected._replace(id=number))
        elites.end_step([rejected])

    drawn = draws(Weighted(measure), elites)

    assert_fits([each.slot for each in drawn], expected)
    assert {each.slot: each.probability for each in drawn} == pytest.approx(expected, rel=1e-5)
    assert {each.chosen for each in drawn} == {1, 2, 3, 4}
    assert {each.choices for each in drawn} == {4}


def test_what_is_not_explorable_is_never_drawn() -> None:
    elites = elites_of(1.0, 2.0, 3.0, closed=[1])

    drawn = draws(Weighted(uniform), elites)

    assert_fits([each.slot for each in drawn], {0: 0.5, 2: 0.5})
    assert {(each.probability, each.choices) for each in drawn} == {(0.5, 2)}


def test_what_a_rule_finds_impossible_stays_possible_where_nothing_else_is_left() -> None:
    elites = elites_of(-1e6, 0.0, closed=[1])

    (drawn,) = draws(Weighted(softmax), elites, 1)

    assert drawn == Selection(chosen=elites.holder(0), slot=0, choices=1, probability=1.0)


def test_a_new_best_changes_the_weights_of_all() -> None:
    elites = elites_of(0.0, 1.0)
    selector = Weighted(softmax)
    draws(selector, elites, 1)

    elites.take(new_cell(3, 3.0))

    drawn = draws(selector, elites)
    assert_fits([each.slot for each in drawn], shares(exp(-3), exp(-2), 1.0))


@pytest.mark.parametrize("measure", [uniform, go_explore_2019, go_explore_2021, dgm, softmax])
def test_weights_are_up_to_date_after_many_changes(
    measure: Callable[[EliteArrays], Floats],
) -> None:
    elites = elites_of(0.1)
    selector = Weighted(measure)
    random = Random(3)

    for number in range(2, 1200):
        selection = selector.select(elites, random)
        assert selection
        elites.set_out(selection.slot)
        fact = new_cell(number, random.random(), parent=selection.chosen)
        if number % 100:
            fact = fact._replace(key=random.randrange(1, 10) * 100, status=Status.REJECTED)
        elites.take(fact)
        elites.end_step([fact])
        elites.back(selection.slot)
    drawn = draws(selector, elites)

    arrays = elites.arrays()
    assert len(elites) == 12
    weights = np.where(arrays.explorable, measure(arrays), 0.0)
    expected = shares(*map(float, weights))
    for each in drawn:
        assert each.probability == pytest.approx(expected[each.slot], rel=1e-9)
    likely = {slot: p for slot, p in expected.items() if p * DRAWS >= 5}
    counts = Counter(each.slot for each in drawn)
    statistic = sum((counts[s] - p * DRAWS) ** 2 / (p * DRAWS) for s, p in likely.items())
    assert statistic < 37.4  # for 11 degrees of freedom, or fewer


def test_a_choice_looks_only_at_what_has_changed() -> None:
    looked_at: list[int] = []

    def measure(arrays: EliteArrays) -> Floats:
        looked_at.append(len(arrays.objective))
        return uniform(arrays)

    elites = elites_of(*[1.0] * 1000)
    selector = Weighted(measure)
    random = Random(1)
    selector.select(elites, random)
    selector.select(elites, random)
    elites.take(new_cell(1001, 0.5, parent=17))
    selector.select(elites, random)

    assert looked_at == [1000, 2]


def test_the_same_stream_gives_the_same_choices() -> None:
    elites = elites_of(0.1, 0.2, 0.3, 0.4)

    assert draws(Weighted(softmax), elites, 50) == draws(Weighted(softmax), elites, 50)


# In order


def test_the_newest_cell_with_something_untried_comes_first_or_the_oldest() -> None:
    elites = elites_of(9.0, 1.0, 5.0, 2.0, closed=[0, 3])

    newest = draws(Ordered(newest=True), elites, 3)
    oldest = draws(Ordered(newest=False), elites, 3)

    assert {(each.slot, each.chosen) for each in newest} == {(2, 3)}
    assert {(each.slot, each.chosen) for each in oldest} == {(1, 2)}
    assert {(each.choices, each.probability) for each in (*newest, *oldest)} == {(2, 1.0)}


def test_the_order_follows_what_is_tried() -> None:
    elites = elites_of(0.0)
    elites.take(new_cell(2, 0.0, options=1), (0.0,))
    selector = Ordered(newest=True)
    before = draws(selector, elites, 1)

    elites.take(new_cell(3, 0.0, parent=2, options=0, option=0))

    assert [each.slot for each in (*before, *draws(selector, elites, 1))] == [1, 0]


def test_who_has_set_out_leaves_the_rest_to_others() -> None:
    elites = elites_of(0.0)
    elites.take(new_cell(2, 0.0, options=1), (0.0,))
    selector = Ordered(newest=True)

    slots: list[int] = []
    for _ in range(2):
        slots += [each.slot for each in draws(selector, elites, 1)]
        elites.set_out(slots[-1])
    elites.back(1)
    slots += [each.slot for each in draws(selector, elites, 1)]

    assert slots == [1, 0, 1]


def test_from_the_start_is_the_first_root_whatever_is_untried_there() -> None:
    elites = elites_of(0.0, 5.0, closed=[0])

    drawn = draws(FromStart(), elites, 3)

    assert set(drawn) == {Selection(chosen=elites.holder(0), slot=0, choices=1, probability=1.0)}


def test_from_the_start_is_nothing_where_there_is_none() -> None:
    assert FromStart().select(Elites(), Random(1)) is None


# Greedy


def test_greedy_takes_the_highest_that_is_explorable() -> None:
    elites = elites_of(1.0, 4.0, 9.0, 3.0, closed=[2])

    drawn = draws(Greedy(by_objective), elites, 3)

    assert set(drawn) == {Selection(chosen=elites.holder(1), slot=1, choices=3, probability=1.0)}


def test_greedy_takes_the_newest_among_equals() -> None:
    elites = elites_of(4.0, 4.0, 1.0, 4.0, 0.0)

    (drawn,) = draws(Greedy(by_objective), elites, 1)

    assert drawn.slot == 3


def test_greedy_by_promise_takes_the_best_option_that_is_left() -> None:
    elites = Elites()
    elites.take(new_cell(1, 0.0, options=2), (5.0, 1.0))
    elites.take(new_cell(2, 0.0, options=2), (4.0, 3.0))
    selector = Greedy(by_promise)

    slots: list[int] = []
    for _ in range(4):
        slots += [each.slot for each in draws(selector, elites, 1)]
        elites.set_out(slots[-1])

    assert slots == [0, 1, 1, 0]
    assert draws(selector, elites, 1) == []


def test_greedy_by_promise_tells_large_objectives_apart() -> None:
    elites = elites_of(16_777_217.0, 16_777_216.0)

    (drawn,) = draws(Greedy(by_promise), elites, 1)

    assert drawn.slot == 0


def test_epsilon_greedy_takes_any_now_and_then() -> None:
    elites = elites_of(1.0, 4.0, 9.0, 3.0, closed=[2])

    drawn = draws(Greedy(by_objective, epsilon=0.3), elites)

    # any of three with 0.3, the best with the rest
    expected = {0: 0.1, 1: 0.8, 3: 0.1}
    assert_fits([each.slot for each in drawn], expected)
    assert {each.slot: each.probability for each in drawn} == pytest.approx(expected)


def test_greedy_with_epsilon_1_takes_any() -> None:
    drawn = draws(Greedy(by_objective, epsilon=1.0), elites_of(1.0, 4.0, 9.0, 3.0))

    assert_fits([each.slot for each in drawn], shares(1, 1, 1, 1))


# Tournament


def test_a_tournament_of_two_is_won_as_often_as_computed() -> None:
    elites = elites_of(1.0, 3.0, 2.0, 3.0, 7.0, closed=[4])

    drawn = draws(Tournament(2), elites)

    # With n at most as good and m worse of 4, one of the k alike wins with (n² - m²) / 4² / k.
    expected = {0: 1 / 16, 1: 6 / 16, 2: 3 / 16, 3: 6 / 16}
    assert_fits([each.slot for each in drawn], expected)
    assert {each.slot: each.probability for each in drawn} == pytest.approx(expected)
    assert {each.choices for each in drawn} == {4}


def test_a_tournament_of_one_is_uniform() -> None:
    drawn = draws(Tournament(1), elites_of(1.0, 2.0, 3.0, 4.0))

    assert_fits([each.slot for each in drawn], shares(1, 1, 1, 1))
    assert {each.probability for each in drawn} == {0.25}


def test_a_tournament_is_up_to_date_after_many_changes() -> None:
    elites = elites_of(0.0)
    selector = Tournament(3)
    random = Random(5)

    for number in range(2, 400):
        selection = selector.select(elites, random)
        assert selection
        cell = number % 8 + 1
        better = new_cell(number, number / 7 % 5, parent=selection.chosen)._replace(key=cell)
        closed = UNBOUNDED if number % 3 else 0
        known = number > 9 or cell == 1
        status = Status.IMPROVED if known else Status.NEW
        elites.take(better._replace(status=status, options=closed))
    elites.take(new_cell(400, 1.0)._replace(key=1, status=Status.IMPROVED))
    drawn = draws(selector, elites)

    arrays = elites.arrays()
    left = {slot: o for slot, o in enumerate(arrays.objective) if arrays.explorable[slot]}
    upto = {slot: sum(o <= mine for o in left.values()) for slot, mine in left.items()}
    below = {slot: sum(o < mine for o in left.values()) for slot, mine in left.items()}
    expected = {
        slot: (upto[slot] ** 3 - below[slot] ** 3) / len(left) ** 3 / (upto[slot] - below[slot])
        for slot in left
    }
    assert len(elites) == 8
    assert 3 < len(left) < 8
    assert_fits([each.slot for each in drawn], expected)
    assert {each.slot: each.probability for each in drawn} == pytest.approx(
        {slot: expected[slot] for slot in {each.slot for each in drawn}}
    )


# All of them

SELECTORS: list[Callable[[], Selector]] = [
    lambda: Weighted(uniform),
    lambda: Ordered(newest=True),
    lambda: Ordered(newest=False),
    lambda: Greedy(by_objective),
    lambda: Greedy(by_objective, 0.5),
    lambda: Tournament(2),
]
NAMES = ["weighted", "newest", "oldest", "greedy", "epsilon", "tournament"]


@pytest.mark.parametrize("make", SELECTORS, ids=NAMES)
def test_nothing_is_chosen_where_nothing_is_explorable(make: Callable[[], Selector]) -> None:
    random = Random(1)

    assert make().select(Elites(), random) is None
    assert make().select(elites_of(1.0, 2.0, closed=[0, 1]), random) is None


@pytest.mark.parametrize("make", SELECTORS, ids=NAMES)
def test_a_selector_chooses_again_once_something_is_explorable(
    make: Callable[[], Selector],
) -> None:
    elites = elites_of(1.0, closed=[0])
    selector = make()
    before = selector.select(elites, Random(1))

    elites.take(new_cell(2, 0.5))

    assert before is None
    assert selector.select(elites, Random(1)) == Selection(
        chosen=elites.holder(1), slot=1, choices=1, probability=1.0
    )


@pytest.mark.parametrize("make", SELECTORS, ids=NAMES)
def test_a_selector_names_the_entry_that_holds_the_cell_now(make: Callable[[], Selector]) -> None:
    elites = elites_of(1.0)
    selector = make()
    selector.select(elites, Random(1))

    elites.take(new_cell(9, 2.0)._replace(key=1, status=Status.IMPROVED))

    selection = selector.select(elites, Random(1))
    assert selection
    assert (selection.chosen, selection.slot) == (9, 0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Ordered(newest=True),
        lambda: Greedy(by_objective),
        lambda: Weighted(lambda arrays: arrays.objective),
    ],
    ids=["newest", "greedy", "weighted"],
)
def test_a_selector_may_go_on_with_another_archive(make: Callable[[], Selector]) -> None:
    large, small = elites_of(1.0, 2.0, 1e9), elites_of(1.0)
    selector = make()
    selector.select(large, Random(1))

    selection = selector.select(small, Random(1))

    assert selection == Selection(chosen=small.holder(0), slot=0, choices=1, probability=1.0)


def test_selection_knows_of_no_database() -> None:
    code = "import goexplore.selection.selectors, sys; print('sqlalchemy' in sys.modules)"

    said = subprocess.run(  # noqa: S603  # our own code
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"],
        check=True,
        capture_output=True,
        text=True,
    )

    assert said.stdout == "False\n"
