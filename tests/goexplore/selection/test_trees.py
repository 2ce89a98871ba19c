"""Sums and maxima by slot, against looking at every slot."""

from bisect import bisect_right
from itertools import accumulate
from math import nextafter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goexplore.selection.trees import MaxTree, SumTree

WEIGHTS = st.one_of(st.just(0.0), st.integers(1, 1000).map(float), st.floats(1e-280, 1e9))
KEYS = st.one_of(st.just(-np.inf), st.integers(-3, 3).map(float), st.floats(-1e300, 1e300))


def changes(values: st.SearchStrategy[float]) -> st.SearchStrategy[list[dict[int, float]]]:
    """Slots with new values, several times; few at a time, and far ones too."""
    return st.lists(st.dictionaries(st.integers(0, 70), values, max_size=5), max_size=12)


def summed(many: list[dict[int, float]]) -> tuple[SumTree, dict[int, float]]:
    tree, plain = SumTree(), dict[int, float]()
    for each in many:
        tree.set(list(each), np.array(list(each.values()), np.float64))
        plain |= each
    return tree, plain


@given(changes(WEIGHTS))
def test_a_sum_tree_knows_every_weight_and_their_sum(many: list[dict[int, float]]) -> None:
    tree, plain = summed(many)

    assert {slot: tree[slot] for slot in plain} == plain
    assert tree.total == pytest.approx(sum(plain.values()), rel=1e-12)
    assert tree.positive == sum(weight > 0 for weight in plain.values())


@given(changes(WEIGHTS))
def test_a_sum_tree_finds_the_first_and_the_last_of_positive_weight(
    many: list[dict[int, float]],
) -> None:
    tree, plain = summed([*many, {3: 1.0}])
    positive = [slot for slot, weight in plain.items() if weight > 0]

    assert tree.first() == min(positive)
    assert tree.last() == max(positive)


@given(changes(WEIGHTS), st.floats(0, 1, exclude_max=True))
def test_a_slot_without_weight_is_never_drawn(many: list[dict[int, float]], share: float) -> None:
    tree, plain = summed([*many, {5: 1e-280}])

    assert plain[tree.draw(share)] > 0


@given(
    st.lists(st.dictionaries(st.integers(0, 20), st.integers(0, 8), max_size=5), max_size=8),
    st.floats(0, 1, exclude_max=True),
)
def test_a_draw_is_where_the_running_sum_passes_the_share(
    many: list[dict[int, int]], share: float
) -> None:
    tree, plain = summed([{slot: float(w) for slot, w in each.items()} for each in (*many, {7: 3})])

    running = list(accumulate(plain.get(slot, 0.0) for slot in range(21)))

    assert tree.draw(share) == bisect_right(running, share * running[-1])


def test_three_weights_share_the_draws() -> None:
    tree = SumTree()
    tree.set([0, 1, 2], np.array([1.0, 0.0, 3.0]))

    drawn = [tree.draw(share) for share in (0.0, 0.24, 0.25, 0.5, 0.999999999)]

    assert drawn == [0, 0, 2, 2, 2]


def test_a_slot_without_weight_is_not_drawn_for_what_rounding_leaves_over() -> None:
    tree = SumTree()
    tree.set([0, 1, 2, 3], np.array([0.4075600874285465, 0.0, 0.5011709365435326, 0.0]))

    assert tree.draw(nextafter(1.0, 0.0)) == 2


def test_rounding_does_not_gather() -> None:
    tree = SumTree()
    tree.set(list(range(64)), np.full(64, 0.1))

    for n in range(10_000):
        tree.set([n % 64], np.array([1e12 if n % 2 else 0.1]))
    tree.set(list(range(64)), np.zeros(64))
    tree.set([9], np.array([0.1]))

    assert tree.total == 0.1
    assert tree.draw(0.999) == 9


def test_a_change_of_many_is_the_same_as_a_change_of_each() -> None:
    many, each = SumTree(), SumTree()
    weights = np.arange(100, dtype=np.float64)

    many.set(list(range(100)), weights)
    for slot in range(100):
        each.set([slot], weights[slot : slot + 1])

    assert many.total == each.total == 4950.0
    assert [many.draw(n / 50) for n in range(50)] == [each.draw(n / 50) for n in range(50)]


def test_an_empty_sum_tree_has_no_weight() -> None:
    tree = SumTree()

    tree.set([], np.array([]))

    assert (tree.total, tree.positive) == (0.0, 0)


@given(changes(KEYS))
def test_a_max_tree_finds_the_first_and_the_last_of_the_highest(
    many: list[dict[int, float]],
) -> None:
    tree, plain = MaxTree(), dict[int, float]()
    for each in [*many, {4: -5.0}]:
        tree.set(list(each), np.array(list(each.values()), np.float64))
        plain |= each
    highest = max(plain.values())
    slots = [slot for slot, key in plain.items() if key == highest]

    assert tree.highest == highest
    assert tree.first() == min(slots)
    assert tree.last() == max(slots)


def test_an_empty_max_tree_has_no_highest() -> None:
    assert MaxTree().highest == -np.inf
