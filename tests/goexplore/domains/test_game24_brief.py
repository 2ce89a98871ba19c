"""The Game of 24 explained to a model."""

from typing import get_args

import pytest

from goexplore.domain import Briefed
from goexplore.domains.game24 import Game24, Rules


@pytest.mark.parametrize("rules", get_args(Rules))
def test_the_brief_tells_the_goal_and_stays_the_same_from_puzzle_to_puzzle(rules: Rules) -> None:
    game: Briefed = Game24((4, 9, 10, 13), rules)

    assert "exactly 24" in game.brief
    assert game.brief == Game24((4, 4, 6, 8), rules).brief


def test_the_brief_tells_the_rules_apart() -> None:
    assert "stay whole" in Game24((4, 9, 10, 13), "ige").brief
    assert "fractions" in Game24((4, 9, 10, 13), "exact").brief
