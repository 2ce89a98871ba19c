"""The rule of thumb of the Game of 24: what it prefers, and how far it gets."""

import statistics
from fractions import Fraction

import pytest

from archive.entry import Candidate, Cause, Evaluation, Failure
from goexplore.domains.game24 import ACTIONS, Game24, Numbers, solvable
from goexplore.domains.game24.heuristic import promise, promises, worth

IMPOSSIBLE = Failure(cause=Cause.IMPOSSIBLE, message="no")


def verified(game: Game24, text: str) -> Evaluation | Failure:
    return game.verify(Candidate(tree={ACTIONS: text}, mutator="test"), None)


def operations(numbers: Numbers) -> int:
    """How many actions are tried until 24 if the most promising of all always comes next."""
    game = Game24(numbers)
    reached: dict[str, tuple[str, Evaluation]] = {}
    tried: list[str] = []
    text = ""
    while not isinstance(result := verified(game, text), Evaluation) or not result.objective:
        tried.append(text)
        if isinstance(result, Evaluation):
            reached.setdefault(result.cell, (text, result))
        text = most_promising(reached, tried)
    return len(tried)


def most_promising(reached: dict[str, tuple[str, Evaluation]], tried: list[str]) -> str:
    """The untried text with the best last action; among equals of the newest state, its first."""
    untried = (
        (-option.promise, -age, place, f"{text}{option.text}\n")
        for age, (text, evaluation) in enumerate(reached.values())
        for place, option in enumerate(evaluation.options)
        if f"{text}{option.text}\n" not in tried
    )
    return min(untried)[-1]


def test_24_itself_is_the_most_promising() -> None:
    assert promise((24,)) == 1.0
    assert promise((3, 4, 6)) < 1.0


def test_another_last_number_promises_nothing() -> None:
    assert promise((23,)) == 0.0
    assert promise((Fraction(47, 2),)) == 0.0


def test_what_is_impossible_promises_nothing() -> None:
    assert promises([IMPOSSIBLE, (4, 6), IMPOSSIBLE]) == (0.0, promise((4, 6)), 0.0)


def test_a_state_reached_twice_is_promising_once() -> None:
    assert promises([(4, 6), (3, 8), (4, 6)]) == (promise((4, 6)), promise((3, 8)), 0.0)


def test_divisors_of_24_are_worth_more_than_their_neighbours() -> None:
    assert worth(8) > worth(7)
    assert worth(12) > worth(13)
    assert worth(1) < worth(2)


def test_a_fraction_counts_as_no_divisor() -> None:
    # 24 is 9 times 8/3, as it is 3 times 8.
    assert worth(Fraction(8, 3)) < worth(8)


def test_a_number_near_24_is_worth_more_than_one_far_off() -> None:
    assert worth(22) > worth(17) > worth(99) > worth(-99)


@pytest.mark.parametrize("number", [0, 1, 5, 24, 10**12, -7, Fraction(8, 3), Fraction(-1, 3)])
def test_no_number_is_worth_nothing_or_more_than_a_divisor(number: int | Fraction) -> None:
    assert 0.0 < worth(number) <= worth(12)


def test_an_odd_and_an_even_number_get_half() -> None:
    # 22 and 21 are worth 0.6 * 24 / 26 and 0.6 * 24 / 27; the mean is the root of the product.
    assert promise((21, 22)) == pytest.approx(0.5 * 0.6 * 24 / (26 * 27) ** 0.5, abs=1e-6)
    assert promise((20, 22)) == pytest.approx(0.6 * 24 / (26 * 28) ** 0.5, abs=1e-6)


def test_two_divisors_go_together_though_one_is_odd() -> None:
    assert promise((3, 8)) == promise((4, 6)) == 0.8


def test_options_carry_the_promise_of_where_they_lead() -> None:
    found = verified(Game24((4, 9, 10, 13)), "10 - 4\n13 - 9\n")

    assert isinstance(found, Evaluation)
    assert [(option.text, option.promise) for option in found.options] == [
        ("4 + 6", 0.0),
        ("6 - 4", 0.0),
        ("4 * 6", 1.0),
        ("6 / 4", 0.0),
    ]


def test_without_the_heuristic_all_options_are_alike() -> None:
    found = verified(Game24((4, 9, 10, 13), heuristic=False), "")

    assert isinstance(found, Evaluation)
    assert {option.promise for option in found.options} == {0.0}


def test_the_most_promising_first_solves_puzzles_in_few_operations() -> None:
    drawn = [(a, b, c, 13) for a in (1, 4, 7) for b in (5, 8, 9) for c in (6, 10, 11)]
    puzzles = [numbers for numbers in drawn if solvable(numbers, "ige")]

    counts = [operations(numbers) for numbers in puzzles]

    # Depth-first in the order of the options needs 127 on average, 375 at worst.
    assert len(puzzles) == 20
    assert statistics.mean(counts) < 10
    assert max(counts) < 30
