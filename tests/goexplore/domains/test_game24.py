"""The Game of 24 as a world: what can be tried, where it leads, and what a tree is worth."""

from fractions import Fraction
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.entry import Candidate, Cause, Evaluation, Failure
from goexplore.domain import Domain
from goexplore.domains.game24 import (
    ACTIONS,
    Game24,
    Numbers,
    ProofError,
    PuzzleError,
    Rules,
    check,
    expression,
)
from goexplore.domains.game24 import domain as domain_module

CARDS = st.integers(min_value=1, max_value=13)
PUZZLES = st.tuples(CARDS, CARDS, CARDS, CARDS)
RULES = st.sampled_from(get_args(Rules))


def result_of(game: Domain, *lines: str) -> Evaluation | Failure:
    text = "".join(f"{line}\n" for line in lines)
    return game.verify(Candidate(tree={ACTIONS: text}, mutator="test"), None)


def evaluation_of(game: Domain, *lines: str) -> Evaluation:
    result = result_of(game, *lines)
    assert isinstance(result, Evaluation), result
    return result


def failure_of(game: Domain, *lines: str) -> Failure:
    result = result_of(game, *lines)
    assert isinstance(result, Failure), result
    return result


def test_a_game_begins_with_an_empty_file_of_actions() -> None:
    assert list(Game24((4, 9, 10, 13)).roots()) == [{"actions.txt": ""}]


def test_the_beginning_shows_the_sorted_numbers() -> None:
    found = evaluation_of(Game24((13, 4, 10, 9)))

    assert found.cell == "4 9 10 13"
    assert found.observation == "numbers left: 4 9 10 13"
    assert found.objective == 0.0
    assert not found.terminal


def test_an_action_takes_two_numbers_and_puts_one_back() -> None:
    found = evaluation_of(Game24((4, 9, 10, 13)), "10 - 4")

    assert found.cell == "6 9 13"
    assert found.objective == 0.0


def test_all_numbers_joined_into_24_reach_the_goal() -> None:
    game = Game24((4, 9, 10, 13))

    found = evaluation_of(game, "10 - 4", "13 - 9", "4 * 6")

    assert found.cell == "24"
    assert found.objective == game.goal == 1.0
    assert found.observation == "(13 - 9) * (10 - 4) = 24"
    assert found.terminal
    assert found.options == ()


def test_24_with_a_number_left_over_is_no_goal() -> None:
    found = evaluation_of(Game24((1, 2, 4, 6)), "4 * 6")

    assert found.cell == "1 2 24"
    assert found.objective == 0.0


def test_another_last_number_ends_the_game_without_success() -> None:
    found = evaluation_of(Game24((1, 2, 3, 4)), "1 + 2", "3 + 3", "4 + 6")

    assert found.cell == "10"
    assert found.objective == 0.0
    assert found.terminal


def test_options_come_in_the_order_of_index_pairs_and_signs() -> None:
    options = evaluation_of(Game24((2, 3, 5, 7))).options

    assert [option.text for option in options] == [
        *("2 + 3", "3 - 2", "2 * 3", "3 / 2"),
        *("2 + 5", "5 - 2", "2 * 5", "5 / 2"),
        *("2 + 7", "7 - 2", "2 * 7", "7 / 2"),
        *("3 + 5", "5 - 3", "3 * 5", "5 / 3"),
        *("3 + 7", "7 - 3", "3 * 7", "7 / 3"),
        *("5 + 7", "7 - 5", "5 * 7", "7 / 5"),
    ]


def test_under_ige_there_are_24_then_12_then_4_options() -> None:
    game = Game24((3, 3, 8, 9))

    counts = [len(evaluation_of(game, *lines).options) for lines in ([], ["3 + 3"])]
    last = evaluation_of(game, "3 + 3", "6 + 8")

    assert [*counts, len(last.options)] == [24, 12, 4]


def test_under_exact_both_orders_of_minus_and_over_can_be_tried() -> None:
    options = evaluation_of(Game24((1, 1, 2, 5), "exact"), "1 + 1", "2 + 2").options

    assert [option.text for option in options] == [
        *("4 + 5", "5 - 4", "4 * 5", "5 / 4"),
        *("4 - 5", "4 / 5"),
    ]


def test_under_exact_equal_numbers_have_one_order() -> None:
    options = evaluation_of(Game24((2, 2, 4, 8), "exact"), "2 + 2", "4 + 4").options

    assert [option.text for option in options] == ["8 + 8", "8 - 8", "8 * 8", "8 / 8"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("8 / 3", "8 / 3 is no whole number"),
        ("3 / 8", "3 / 8 divides the smaller number by the larger"),
        ("3 - 8", "3 - 8 is below 0"),
        ("4 + 8", "4 + 8 needs a 4 that is not among 3 3 8 8"),
    ],
)
def test_what_the_ige_rules_forbid_is_impossible(line: str, why: str) -> None:
    found = failure_of(Game24((3, 3, 8, 8)), line)

    assert found.cause is Cause.IMPOSSIBLE
    assert found.message == f"actions.txt, line 1: {why}"


@pytest.mark.parametrize("rules", get_args(Rules))
def test_nothing_is_divided_by_zero(rules: Rules) -> None:
    found = failure_of(Game24((3, 3, 4, 6), rules), "3 - 3", "4 / 0")

    assert found.cause is Cause.IMPOSSIBLE
    assert found.message == "actions.txt, line 2: 4 / 0 has no value"


def test_a_number_that_is_there_once_cannot_be_taken_twice() -> None:
    found = failure_of(Game24((1, 2, 3, 4)), "3 * 3")

    assert found.message == "actions.txt, line 1: 3 * 3 needs a 3 that is not among 1 2 3 4"


def test_nothing_can_follow_the_last_number() -> None:
    found = failure_of(Game24((1, 1, 1, 1)), "1 + 1", "1 + 2", "1 + 3", "4 + 4")

    assert found.message.startswith("actions.txt, line 4: 4 + 4 needs a 4")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1+2",
        "1 +",
        "one + two",
        "1 ^ 2",
        "1 + 2 + 3",
        "1.5 + 2",
        "1/0 + 2",
        "1 // 2",
        "9" * 5000,
    ],
)
def test_a_line_that_is_no_action_is_a_failure(line: str) -> None:
    found = failure_of(Game24((1, 2, 3, 4)), "1 + 2", line)

    assert found.cause is Cause.CRASHED
    assert found.message.startswith("actions.txt, line 2: ")
    assert found.message.endswith("is no action such as '4 * 6'")
    assert len(found.message) < 200


@pytest.mark.parametrize("tree", [{}, {"main.py": ""}, {ACTIONS: "", "main.py": ""}])
def test_a_tree_of_other_files_is_a_failure(tree: dict[str, str]) -> None:
    found = Game24((1, 2, 3, 4)).verify(Candidate(tree=tree, mutator="test"), None)

    assert isinstance(found, Failure)
    assert found.cause is Cause.CRASHED
    assert "the one file actions.txt" in found.message


def test_the_last_line_needs_no_end() -> None:
    game = Game24((4, 9, 10, 13))

    found = game.verify(Candidate(tree={ACTIONS: "10 - 4\n13 - 9\n4 * 6"}, mutator="test"), None)

    assert isinstance(found, Evaluation)
    assert found.objective == 1.0


def test_fractions_are_written_so_that_they_can_be_read_again() -> None:
    game = Game24((3, 3, 8, 8), "exact")

    found = evaluation_of(game, "8 / 3", "3 - 8/3")

    assert found.cell == "1/3 8"
    assert "8 / 1/3" in [option.text for option in found.options]
    assert evaluation_of(game, "8 / 3", "3 - 8/3", "8 / 1/3").objective == 1.0


def test_negative_numbers_are_written_so_that_they_can_be_read_again() -> None:
    game = Game24((1, 5, 5, 5), "exact")

    found = evaluation_of(game, "1 - 5")

    assert found.cell == "-4 5 5"
    assert evaluation_of(game, "1 - 5", "5 - -4").cell == "5 9"


def test_a_puzzle_with_no_solution_says_so_at_once() -> None:
    with pytest.raises(PuzzleError) as caught:
        Game24((1, 1, 1, 1)).roots()

    # 0 to 4: 4 = 1+1+1+1, 3 = (1+1+1)*1, 2 = (1+1)*1*1, 1 and 0.
    assert str(caught.value) == (
        "1 1 1 1 cannot make 24 under the ige rules: proof by exhaustion, all ways to join them "
        "end in 5 values, none of them 24"
    )


def test_a_puzzle_may_need_the_exact_rules() -> None:
    assert len(Game24((3, 3, 8, 8), "exact").roots()) == 1
    with pytest.raises(PuzzleError, match="proof by exhaustion"):
        Game24((3, 3, 8, 8), "ige").roots()


@pytest.mark.parametrize("numbers", [(1, 2, 3), (1, 2, 3, -4), (1, 2, 3, 1001), (1, 2, 3, True)])
def test_what_are_not_four_whole_numbers_is_no_game(numbers: Numbers) -> None:
    with pytest.raises(PuzzleError, match="a puzzle is four whole numbers from 0 to 1000"):
        Game24(numbers)


def test_unknown_rules_are_named_beside_the_known_ones() -> None:
    unknown: Rules = "chess"  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]

    with pytest.raises(PuzzleError, match="no rules named 'chess'; known are ige and exact"):
        Game24((1, 2, 3, 4), unknown)


def test_a_solution_that_the_proof_rejects_breaks_the_game(monkeypatch: pytest.MonkeyPatch) -> None:
    # The only way there: no input makes the rules and the proof disagree.
    def wrong(*_: object) -> str:
        return "4 * 6"

    monkeypatch.setattr(domain_module, "expression", wrong)

    with pytest.raises(ProofError):
        result_of(Game24((4, 9, 10, 13)), "10 - 4", "13 - 9", "4 * 6")


@pytest.mark.parametrize(
    ("numbers", "lines", "written"),
    [
        ((4, 9, 10, 13), ["10 - 4", "13 - 9", "4 * 6"], "(13 - 9) * (10 - 4)"),
        ((3, 3, 8, 8), ["8 / 3", "3 - 8/3", "8 / 1/3"], "8 / (3 - 8 / 3)"),
        ((1, 2, 3, 4), ["1 * 2", "2 * 3", "4 * 6"], "4 * 1 * 2 * 3"),
        ((1, 1, 11, 13), ["13 - 1", "1 + 11", "12 + 12"], "13 - 1 + 1 + 11"),
        ((5, 6, 7, 30), ["7 - 6", "5 + 1", "30 - 6"], "30 - (5 + 7 - 6)"),
        ((2, 4, 8, 96), ["8 / 4", "2 * 2", "96 / 4"], "96 / (2 * 8 / 4)"),
    ],
)
def test_a_solution_is_written_with_the_brackets_it_needs(
    numbers: Numbers, lines: list[str], written: str
) -> None:
    found = expression(numbers, {ACTIONS: "\n".join(lines)})

    check(found, numbers)
    assert found == written


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 + 2", "the actions leave 3 of 1 2 3 4, not one number"),
        ("1 + 9", "there is no 9 among 2 3 4"),
        ("nonsense", "'nonsense' is no action such as '4 * 6'"),
        ("1 / 0", "there is no 0 among 2 3 4"),
    ],
)
def test_a_tree_that_joins_nothing_has_no_expression(text: str, why: str) -> None:
    with pytest.raises(PuzzleError) as caught:
        expression((1, 2, 3, 4), {ACTIONS: text})

    assert str(caught.value) == why


def dive(game: Game24, chance: Random) -> list[str]:
    """Random options from the beginning to the last number or the first impossible one."""
    lines: list[str] = []
    result = result_of(game)
    while isinstance(result, Evaluation) and not result.terminal:
        lines.append(chance.choice(result.options).text)
        result = result_of(game, *lines)
    return lines


@settings(deadline=None)
@given(puzzle=PUZZLES, rules=RULES, chance=st.randoms(use_true_random=False))
def test_every_option_leads_to_one_number_less_or_is_impossible(
    puzzle: Numbers, rules: Rules, chance: Random
) -> None:
    game = Game24(puzzle, rules)
    lines = dive(game, chance)

    cells = [result_of(game, *lines[:count]) for count in range(len(lines) + 1)]

    for count, result in enumerate(cells):
        if isinstance(result, Failure):
            assert result.cause is Cause.IMPOSSIBLE
        else:
            assert len(result.cell.split()) == 4 - count


@settings(deadline=None)
@given(puzzle=PUZZLES, rules=RULES, chance=st.randoms(use_true_random=False))
def test_the_cell_is_the_value_of_the_expression(
    puzzle: Numbers, rules: Rules, chance: Random
) -> None:
    game = Game24(puzzle, rules)
    lines = dive(game, chance)
    result = result_of(game, *lines)

    if isinstance(result, Evaluation):
        written = expression(puzzle, {ACTIONS: "\n".join(lines)})
        with_fractions = "".join(f"Fraction({w})" if w.isdigit() else w for w in words(written))
        assert eval(with_fractions, {"Fraction": Fraction}) == Fraction(result.cell)  # noqa: S307


def words(text: str) -> list[str]:
    return text.replace("(", "( ").replace(")", " )").split()


@settings(deadline=None)
@given(puzzle=PUZZLES, chance=st.randoms(use_true_random=False))
def test_what_the_ige_rules_allow_the_exact_rules_allow_as_well(
    puzzle: Numbers, chance: Random
) -> None:
    lines = dive(Game24(puzzle, "ige"), chance)
    narrow = result_of(Game24(puzzle, "ige"), *lines)

    if isinstance(narrow, Evaluation):
        assert evaluation_of(Game24(puzzle, "exact"), *lines).cell == narrow.cell
