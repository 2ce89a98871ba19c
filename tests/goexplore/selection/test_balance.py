"""Judges weighed by what came of their choices."""

from random import Random

import pytest

from goexplore.selection.balance import ENOUGH, FLOOR, Tally, balanced

NOTHING = Tally()


def tally(good: float, bad: float) -> Tally:
    return Tally(good=good, bad=bad, scored=int(good + bad))


def test_a_choice_counts_less_after_each_that_follows() -> None:
    told = Tally().after(good=True).after(good=False).after(good=True)

    assert told.good == pytest.approx(0.99**2 + 1)
    assert told.bad == pytest.approx(0.99)
    assert told.scored == 3


def test_judges_of_whom_nothing_is_known_weigh_alike() -> None:
    tallies = {"model": NOTHING, "counts": NOTHING, "thompson": NOTHING}

    weights, fallen = balanced(tallies, "model", Random(1))

    assert list(weights) == ["model", "counts", "thompson"]
    assert list(weights.values()) == pytest.approx([1 / 3] * 3, abs=0.08)
    assert not fallen


def test_a_judge_weighs_as_much_as_it_is_probable_that_it_is_the_best() -> None:
    # Beta(3, 1) is above Beta(1, 1) with a probability of 3/4.
    weights, _ = balanced({"model": tally(2, 0), "counts": NOTHING}, "model", Random(3))

    assert weights["model"] == pytest.approx(FLOOR + (1 - 2 * FLOOR) * 3 / 4, abs=0.06)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "tallies",
    [
        {"model": tally(0, 90), "counts": tally(90, 0), "thompson": tally(0, 90)},
        {"model": tally(90, 0), "counts": tally(0, 90), "thompson": tally(0, 90)},
        {"model": NOTHING, "counts": tally(0, 90), "thompson": tally(90, 0)},
        {"model": tally(50, 50), "counts": tally(50, 50), "thompson": tally(50, 50)},
    ],
)
def test_no_judge_is_left_less_than_the_floor(tallies: dict[str, Tally], seed: int) -> None:
    weights, _ = balanced(tallies, "model", Random(seed))

    assert min(weights.values()) >= FLOOR
    assert sum(weights.values()) == pytest.approx(1)


@pytest.mark.parametrize(("scored", "lost"), [(ENOUGH - 1, False), (ENOUGH, True)])
def test_an_inferior_judge_loses_its_right_only_once_enough_was_scored(
    scored: int, *, lost: bool
) -> None:
    model = Tally(good=8, bad=11, scored=scored)
    tallies = {"model": model, "counts": tally(30, 30), "thompson": tally(30, 30)}

    weights, fallen = balanced(tallies, "model", Random(1))

    assert fallen is lost
    assert (weights["model"] == pytest.approx(FLOOR)) is lost


def test_a_judge_that_is_no_better_than_the_others_loses_its_right() -> None:
    tallies = {"model": tally(50, 50), "counts": tally(50, 50), "thompson": tally(50, 50)}

    weights, fallen = balanced(tallies, "model", Random(1))

    assert fallen
    assert weights["model"] == pytest.approx(FLOOR)
    assert weights["counts"] == pytest.approx(weights["thompson"], abs=0.15)


def test_a_superior_judge_gains_and_keeps_its_right() -> None:
    tallies = {"model": tally(60, 20), "counts": tally(20, 40), "thompson": tally(20, 40)}

    weights, fallen = balanced(tallies, "model", Random(1))

    assert not fallen
    assert weights["model"] == pytest.approx(1 - 2 * FLOOR, abs=0.01)


def test_a_free_judge_never_loses_its_right() -> None:
    tallies = {"model": tally(60, 20), "counts": tally(0, 90), "thompson": tally(0, 90)}

    _, fallen = balanced(tallies, "model", Random(1))

    assert not fallen


def test_a_fallen_judge_leaves_its_share_to_the_better_of_the_others() -> None:
    tallies = {"model": tally(1, 60), "counts": tally(50, 10), "thompson": tally(10, 50)}

    weights, _ = balanced(tallies, "model", Random(1))

    assert weights == pytest.approx({"model": FLOOR, "counts": 0.9, "thompson": FLOOR})


def test_the_same_stream_gives_the_same_weights() -> None:
    tallies = {"model": tally(3, 4), "counts": tally(5, 6), "thompson": NOTHING}

    first, second = (balanced(tallies, "model", Random(9)) for _ in range(2))

    assert first == second
