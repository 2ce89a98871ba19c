"""One more action: which of those that are left."""

from collections import Counter
from random import Random

import pytest

from archive.entry import Candidate, Cause, Evaluation, Failure, Option
from mutators.actions import AppendAction
from mutators.base import Mutator, Parent

ACTIONS = ("north", "south", "east")


def parent(untried: tuple[int, ...], *, under_way: int = 0, actions: str = "start\n") -> Parent:
    """A game state with three options, the last the most promising."""
    options = tuple(Option(text=text, promise=float(n)) for n, text in enumerate(ACTIONS))
    return Parent(
        tree={"actions.txt": actions},
        evaluation=Evaluation(cell="here", objective=0.0, options=options),
        untried=untried,
        under_way=under_way,
    )


def proposed(mutator: Mutator, parent: Parent, seed: int = 0) -> Candidate:
    candidate = mutator.propose(parent, Random(seed))
    assert isinstance(candidate, Candidate)
    return candidate


def test_a_child_has_one_action_more_than_its_parent() -> None:
    child = proposed(AppendAction(), parent((2, 1, 0)))

    assert child == Candidate(
        tree={"actions.txt": "start\neast\n"}, mutator="append-promise", option=2
    )


def test_a_child_of_the_beginning_has_one_action() -> None:
    child = proposed(AppendAction(), parent((0,), actions=""))

    assert child.tree == {"actions.txt": "north\n"}


@pytest.mark.parametrize(
    ("mutator", "under_way", "option"),
    [
        (AppendAction(order="promise"), 0, 2),
        (AppendAction(order="promise"), 1, 0),
        (AppendAction(order="promise"), 2, 1),
        (AppendAction(order="given"), 0, 0),
        (AppendAction(order="given"), 1, 1),
        (AppendAction(order="given"), 2, 2),
    ],
)
def test_the_first_that_nobody_is_at_comes_next(
    mutator: AppendAction, under_way: int, option: int
) -> None:
    child = proposed(mutator, parent((2, 0, 1), under_way=under_way))

    assert child.option == option


def test_any_order_draws_among_what_is_untried() -> None:
    mutator = AppendAction(order="random")

    drawn = Counter(proposed(mutator, parent((2, 0)), seed).option for seed in range(400))

    assert drawn.keys() == {0, 2}
    assert 150 < drawn[0] < 250


def test_with_repetition_all_options_are_drawn_alike_tried_or_not() -> None:
    mutator = AppendAction(order="random", repeat=True)

    drawn = Counter(proposed(mutator, parent(()), seed).option for seed in range(600))

    assert drawn.keys() == {0, 1, 2}
    assert min(drawn.values()) > 150


def test_the_same_stream_gives_the_same_child() -> None:
    mutator = AppendAction(order="random")
    ours = parent((0, 1, 2))

    assert [proposed(mutator, ours, seed) for seed in range(9)] == [
        proposed(mutator, ours, seed) for seed in range(9)
    ]


@pytest.mark.parametrize(
    ("untried", "under_way", "left"),
    [((0,), 0, True), ((0, 1), 1, True), ((0, 1), 2, False), ((), 0, False), ((0,), 5, False)],
)
def test_there_is_a_child_while_more_is_untried_than_others_are_at(
    untried: tuple[int, ...], under_way: int, *, left: bool
) -> None:
    ours = parent(untried, under_way=under_way)

    assert AppendAction().can_propose(ours) is left
    assert AppendAction(repeat=True).can_propose(ours)


@pytest.mark.parametrize("repeat", [True, False])
def test_there_is_no_child_where_there_are_no_options(*, repeat: bool) -> None:
    terminal = Parent(tree={}, evaluation=Evaluation(cell="end", objective=1.0, terminal=True))

    assert not AppendAction(repeat=repeat).can_propose(terminal)


def test_a_proposal_where_nothing_is_left_says_so() -> None:
    answer = AppendAction().propose(parent((0,), under_way=1), Random(0))

    assert answer == Failure(cause=Cause.NO_EDIT, message="every option has been tried")


@pytest.mark.parametrize("order", ["promise", "given", "random"])
def test_a_child_says_which_order_made_it(order: str) -> None:
    mutator = AppendAction(order=order)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # one of the three

    assert mutator.name == f"append-{order}"
