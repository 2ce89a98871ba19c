"""How likely a model thinks a yes."""

import math

import pytest

from mutators.llm.base import Alternative, Answer, Finish, Usage
from mutators.llm.likelihood import chance_of_yes


def answer(**chances: float) -> Answer:
    return of({token: math.log(chance) for token, chance in chances.items()})


def of(logprobs: dict[str, float]) -> Answer:
    alternatives = tuple(Alternative(token, logprob) for token, logprob in logprobs.items())
    return Answer(
        text="", finish=Finish.STOP, usage=Usage(), seconds=0.0, alternatives=alternatives
    )


def test_only_yes_and_no_count() -> None:
    assert chance_of_yes(answer(yes=0.3, no=0.1, maybe=0.6)) == pytest.approx(0.75)


def test_all_ways_to_write_a_word_count_together() -> None:
    logprobs = {"Yes": math.log(0.2), " yes": math.log(0.1), '"YES.': math.log(0.1)}

    assert chance_of_yes(of({**logprobs, "No": math.log(0.4)})) == pytest.approx(0.5)


def test_a_word_that_only_begins_with_yes_is_none() -> None:
    assert chance_of_yes(answer(yesterday=0.9, yes=0.05, no=0.05)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("logprobs", "chance"), [({"yes": -3.0, "maybe": -0.1}, 1.0), ({" No": -3.0}, 0.0)]
)
def test_a_word_that_is_not_there_is_impossible(logprobs: dict[str, float], chance: float) -> None:
    assert chance_of_yes(of(logprobs)) == chance


@pytest.mark.parametrize("logprobs", [{}, {"maybe": -0.1}, {"yes": -9999.0, "no": -math.inf}])
def test_where_neither_can_be_there_is_no_chance_to_tell(logprobs: dict[str, float]) -> None:
    assert chance_of_yes(of(logprobs)) is None
