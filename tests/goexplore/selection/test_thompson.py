"""Thompson sampling over groups of arms."""

from collections import Counter
from math import comb
from random import Random

import numpy as np
import pytest

from goexplore.selection.thompson import Arms, lower_tail, quantile
from tests.goexplore.selection.making import assert_fits

DRAWS = 4000


def by_throws(y: float, a: int, b: int) -> float:
    """How often a + b - 1 throws of probability y hit a times or more."""
    throws = a + b - 1
    return sum(
        comb(throws, hits) * y**hits * (1 - y) ** (throws - hits) for hits in range(a, throws + 1)
    )


@pytest.mark.parametrize(("a", "b"), [(1, 1), (1, 40), (40, 1), (3, 5), (60, 17), (200, 300)])
def test_the_tail_of_a_beta_distribution_is_that_of_throws(a: int, b: int) -> None:
    for y in (0.001, 0.1, 0.37, 0.5, 0.8, 0.999):
        assert lower_tail(y, a, b) == pytest.approx(by_throws(y, a, b), rel=1e-10, abs=1e-300)
    assert (lower_tail(0.0, a, b), lower_tail(1.0, a, b)) == (0.0, 1.0)


@pytest.mark.parametrize("tail", [1e-30, 1e-6, 0.02, 0.5, 0.999])
@pytest.mark.parametrize(
    ("a", "b"), [(1, 1), (1, 500), (500, 1), (3, 5), (9183, 402), (402, 9183), (10**6, 10**6)]
)
def test_a_quantile_leads_back_to_its_tail(tail: float, a: int, b: int) -> None:
    y = quantile(tail, a, b)

    assert 0.0 < y < 1.0
    assert lower_tail(y, a, b) == pytest.approx(tail, rel=1e-6)


def probabilities(arms: dict[int, tuple[int, int]]) -> dict[int, float]:
    """How probable it is that the draw of an arm is the highest, by numeric integration."""
    edges = np.linspace(0.0, 1.0, 4001)
    below = {
        arm: np.array([1 - lower_tail(1 - x, 1 + lost, 1 + won) for x in edges.tolist()])
        for arm, (won, lost) in arms.items()
    }
    found: dict[int, float] = {}
    for arm, mine in below.items():
        others = np.prod([each for other, each in below.items() if other != arm], axis=0)
        found[arm] = float((np.diff(mine) * (others[1:] + others[:-1]) / 2).sum())
    return found


def test_an_arm_is_drawn_as_often_as_its_draw_is_the_highest() -> None:
    counts = {0: (0, 0), 1: (3, 2), 2: (3, 2), 3: (20, 10), 4: (3, 2), 5: (1, 3), 6: (20, 10)}
    arms = Arms()
    for arm, (won, lost) in counts.items():
        arms.put(arm, won, lost)
    random = Random(3)

    drawn = [arms.draw(random) for _ in range(DRAWS)]

    assert_fits([arm for arm, _ in drawn], probabilities(counts))
    assert dict(drawn) == {0: 1, 1: 3, 2: 3, 3: 2, 4: 3, 5: 1, 6: 2}
    assert (len(arms), arms.groups) == (7, 4)


def test_many_arms_win_as_often_as_if_each_had_been_drawn() -> None:
    chance = np.random.default_rng(5)
    won = chance.integers(0, 12, 300)
    lost = chance.integers(0, 12, 300)
    lost[:5], won[:5] = 0, 30
    arms = Arms()
    for arm in range(300):
        arms.put(arm, int(won[arm]), int(lost[arm]))
    random = Random(4)

    ours = Counter(arms.draw(random)[0] for _ in range(DRAWS))

    winners = chance.beta(1 + won, 1 + lost, (DRAWS, 300)).argmax(axis=1)
    each = np.bincount(winners, minlength=300)
    kinds = list(zip(won.tolist(), lost.tolist(), strict=True))
    by_kind: dict[tuple[int, int], list[int]] = {}
    for arm, kind in enumerate(kinds):
        pair = by_kind.setdefault(kind, [0, 0])
        pair[0] += ours[arm]
        pair[1] += int(each[arm])
    common = [(a, b) for a, b in by_kind.values() if a + b >= 20]
    # two samples of equal size: chi-square with as many degrees of freedom as there are kinds
    statistic = sum((a - b) ** 2 / (a + b) for a, b in common)
    assert len(common) > 10
    assert statistic < len(common) + 4 * (2 * len(common)) ** 0.5


def test_one_of_hundreds_of_thousands_that_are_alike_is_found_among_the_better() -> None:
    arms = Arms()
    for arm in range(20_000):
        arms.put(arm, 0, 3)
    arms.put(20_000, 40, 2)
    random = Random(6)

    drawn = Counter(arms.draw(random)[1] for _ in range(DRAWS))

    # The highest of 20,000 from Beta(1, 4) is at most x with (1 - (1 - x)^4)^20,000.
    x = np.linspace(0.0, 1.0, 100_001)
    highest = (1 - (1 - x) ** 4) ** 20_000
    single = np.array([1 - lower_tail(1 - each, 3, 41) for each in x[::100].tolist()])
    single = np.interp(x, x[::100], single)
    expected = float((np.diff(single) * (highest[1:] + highest[:-1]) / 2).sum())
    assert 0.2 < expected < 0.9
    assert drawn[1] / DRAWS == pytest.approx(expected, abs=0.03)


def test_how_the_groups_came_about_makes_no_difference() -> None:
    one, other = Arms(), Arms()
    for arm in range(50):
        one.put(arm, arm % 7, arm % 5)
    for arm in reversed(range(50)):
        other.put(arm, 99, arm)
        other.put(arm, arm % 7, arm % 5)

    first, second = Random(9), Random(9)

    assert [one.draw(first) for _ in range(200)] == [other.draw(second) for _ in range(200)]


def test_an_arm_that_was_dropped_is_never_drawn() -> None:
    arms = Arms()
    arms.put(0, 100, 0)
    arms.put(1, 0, 100)
    arms.drop(0)
    arms.drop(7)

    random = Random(1)

    assert {arms.draw(random) for _ in range(20)} == {(1, 1)}
