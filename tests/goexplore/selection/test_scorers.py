"""What a model is asked about a shortlist, and what is made of its answers."""

import re
from collections.abc import Callable, Sequence
from math import exp, log
from random import Random

import pytest

from archive.entry import Cause, Comparison, EntryId, Failure, Glimpse, Shown
from goexplore.selection.judged import Opinion, Scorer
from goexplore.selection.scorers import Choosing, Comparing, Removing, listed
from mutators.llm.base import Finish, Message, Request, Role
from mutators.llm.limiter import estimate
from tests.goexplore.selection.making import glimpse, shortlist, shown
from tests.mutators.asking import Reply, Said, Scripted

MODEL = Scripted().model
BRIEF = "A maze. The goal: a way out, at $0."

ENTRIES = (
    shown(4, objective=1.5, chosen=4, fruitful=1),
    shown(2, objective=-2.0, chosen=0),
    shown(9, objective=0.25, chosen=12, fruitful=7),
)
GLIMPSES = (
    glimpse(4, "a hall, for $5", objective=1.5, options=3, tried=("north", "up")),
    glimpse(2, "", objective=-2.0),
    glimpse(9, "a den", objective=0.25, options=2),
)


def scored(scorer: Scorer, seed: int = 0) -> Opinion | Failure:
    return scorer.score(shortlist(*ENTRIES), GLIMPSES, Random(seed))


# A list for a model


def test_entries_are_numbered_with_what_is_known_of_them() -> None:
    assert listed(ENTRIES, GLIMPSES, model=MODEL) == (
        "1. a hall, for $5\n"
        "   (score 1.5; depth 3; chosen 4 times, 1 of them fruitful; "
        "2 of 3 options tried; tried: north, up)\n"
        "2. cell 2\n"
        "   (score -2; depth 1; chosen 0 times, 0 of them fruitful)\n"
        "3. a den\n"
        "   (score 0.25; depth 8; chosen 12 times, 7 of them fruitful; 0 of 2 options tried)"
    )


def test_of_much_that_was_tried_a_dozen_is_shown() -> None:
    many = glimpse(1, "a hall", options=20, tried=[f"door {n}" for n in range(15)])

    text = listed([shown(1)], [many], model=MODEL)

    assert "15 of 20 options tried; tried: door 0, " in text
    assert "door 11 and 3 more" in text
    assert "door 12" not in text


def test_where_anything_can_be_tried_what_was_meant_stands_before_what_was_seen() -> None:
    program = glimpse(2, "score 0.7", rationale="sort by weight")
    state = glimpse(3, "a hall", options=2, rationale="north looks brighter")

    text = listed([shown(2), shown(3)], [program, state], model=MODEL)

    assert text.startswith("1. sort by weight\nscore 0.7\n")
    assert "2. a hall\n" in text


def test_guidance_is_the_value_and_the_bonus_of_ucb1() -> None:
    lines = listed(ENTRIES, GLIMPSES, model=MODEL, steps=16).split("\n")

    # sqrt(2 ln 16 / chosen), of which those never chosen count as chosen once
    assert lines[1].endswith("value 0.25, exploration bonus 1.18)")
    assert lines[3].endswith("value 0.00, exploration bonus 2.35)")
    assert lines[5].endswith("value 0.58, exploration bonus 0.68)")


def test_guidance_can_be_given_before_the_first_step() -> None:
    assert "value 0.00, exploration bonus 1.18" in listed(
        [shown(1)], [glimpse(1, "a")], model=MODEL, steps=0
    )


def test_the_middle_of_a_long_observation_is_left_out() -> None:
    long = glimpse(1, "a" * 1000 + "b" * 1000 + "c" * 1000)

    text = listed([shown(1)], [long], model=MODEL, tokens=400)

    assert text.startswith("1. " + "a" * 500)
    assert "characters left out" in text
    assert "c" * 500 + "\n   (score" in text
    assert "b" not in text.partition("(score")[0].replace("1. ", "")


def test_many_long_observations_fit_the_window_together() -> None:
    count = 30
    long = [glimpse(n, f"{n}:" + "x" * 5000) for n in range(1, count + 1)]
    model = Scripted('{"choice": 30, "chance": 5}')
    entries = tuple(shown(n) for n in range(1, count + 1))

    opinion = Choosing(model, BRIEF).score(shortlist(*entries), long, Random(0))

    assert opinion == Opinion(pick=29, chances={29: 0.05})
    assert estimate(model.asked[0]) <= model.model.context_window


def test_a_long_option_is_named_by_its_beginning() -> None:
    text = listed([shown(1)], [glimpse(1, "a", options=2, tried=["x" * 50])], model=MODEL)

    assert f"tried: {'x' * 40}...)" in text


# Choosing


def test_a_chooser_is_put_the_whole_question() -> None:
    model = Scripted('{"choice": 3, "chance": 35}')

    opinion = scored(Choosing(model, BRIEF))

    (request,) = model.asked
    (question,) = request.messages
    assert opinion == Opinion(pick=2, chances={2: 0.35})
    assert BRIEF in request.system
    assert f"States to choose from:\n{listed(ENTRIES, GLIMPSES, model=MODEL)}\n" in question.text
    assert "So far 25 % of all steps were fruitful." in question.text
    assert "N from 1 to 3" in question.text
    assert "exploration bonus" not in question.text
    assert (request.temperature, request.max_tokens) == (0.7, 200)
    assert model.calls == [(Role.SELECT, 7, "7.select.1")]


def test_a_chooser_is_told_the_form_of_its_answer() -> None:
    model = Scripted('{"choice": 3, "chance": 35}')

    scored(Choosing(model, BRIEF))

    assert model.asked[0].schema == {
        "type": "object",
        "properties": {
            "choice": {"type": "integer", "enum": [1, 2, 3]},
            "chance": {"type": "integer", "enum": [*range(0, 101, 5)]},
        },
        "required": ["choice", "chance"],
        "additionalProperties": False,
    }


def test_a_guided_chooser_is_shown_values_and_bonuses() -> None:
    model = Scripted('{"choice": 1, "chance": 0}')
    scorer = Choosing(model, BRIEF, guided=True)

    opinion = scored(scorer)

    assert opinion == Opinion(pick=0, chances={0: 0.0})
    assert listed(ENTRIES, GLIMPSES, model=MODEL, steps=16) in model.asked[0].messages[0].text
    assert scorer.name == "guided"


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ("the den", "the answer holds no JSON object"),
        ('{"choice": 2}', "chance: Field required"),
        ('{"choice": 2, "chance": 101}', "less than or equal to 100"),
        ('{"choice": 2, "chance": 0.5}', "valid integer"),
        ('{"choice": 4, "chance": 50}', "there is no number 4; the numbers are 1 to 3"),
        ('{"choice": 0, "chance": 50}', "there is no number 0"),
    ],
)
def test_a_chooser_is_shown_once_what_is_wrong_with_its_answer(bad: str, error: str) -> None:
    model = Scripted(bad, '{"choice": 2, "chance": 100}')

    opinion = scored(Choosing(model, BRIEF))

    question, first, repair = model.asked[1].messages
    assert opinion == Opinion(pick=1, chances={1: 1.0})
    assert question == model.asked[0].messages[0]
    assert first == Message(speaker="assistant", text=bad)
    assert error in repair.text
    assert "N one from 1 to 3" in repair.text
    assert model.calls[1] == (Role.SELECT, 7, "7.select.2")


LOST: list[tuple[Sequence[Reply], Cause]] = [
    ([Said('{"choice": 1, "chance": 5}', Finish.LENGTH)], Cause.TRUNCATED),
    ([Said("", Finish.REFUSAL)], Cause.REFUSED),
    (["\n"], Cause.EMPTY),
    (["hm", "hm?"], Cause.UNPARSABLE),
    (["hm", ""], Cause.EMPTY),
]


@pytest.mark.parametrize("make", [Choosing, Comparing])
@pytest.mark.parametrize(("replies", "cause"), LOST)
def test_a_scorer_without_a_usable_answer_says_why(
    make: Callable[[Scripted, str], Scorer], replies: Sequence[Reply], cause: Cause
) -> None:
    model = Scripted(*replies)

    failure = scored(make(model, BRIEF))

    assert isinstance(failure, Failure)
    assert failure.cause is cause
    assert len(model.asked) == len(replies)


# Comparing


def numbers(request: Request) -> dict[str, int]:
    """What a request lists, by its first line, with the numbers."""
    lines = re.findall(r"^(\d+)\. (.*)$", request.messages[0].text, re.MULTILINE)
    return {text: int(number) for number, text in lines}


def wants(observation: str) -> Callable[[Request], str]:
    """The reply of a model that finds one best wherever it stands."""
    return lambda request: f'{{"choice": {numbers(request)[observation]}}}'


def test_a_comparer_is_asked_twice_the_second_time_in_reverse() -> None:
    model = Scripted(wants("a den"), wants("a den"))

    scored(Comparing(model, BRIEF))

    first, second = (list(numbers(request)) for request in model.asked)
    assert sorted(first) == ["a den", "a hall, for $5", "cell 2"]
    assert second == first[::-1]
    assert "N from 1 to 3" in model.asked[0].messages[0].text
    assert BRIEF in model.asked[0].system
    assert model.calls == [
        (Role.JUDGE, 7, "7.compare.there.1"),
        (Role.JUDGE, 7, "7.compare.back.1"),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_who_is_named_both_times_has_beaten_the_others(seed: int) -> None:
    opinion = scored(Comparing(Scripted(wants("a den"), wants("a den")), BRIEF), seed)

    assert isinstance(opinion, Opinion)
    assert opinion.pick == 2
    assert set(opinion.comparisons) == {
        Comparison(first=EntryId(9), second=EntryId(4), outcome=1),
        Comparison(first=EntryId(9), second=EntryId(2), outcome=1),
    }
    assert opinion.chances[2] > opinion.chances[0] == pytest.approx(0.25)
    assert opinion.chances[1] == pytest.approx(0.25)


@pytest.mark.parametrize("seed", range(4))
def test_who_is_swayed_by_the_order_has_found_two_alike(seed: int) -> None:
    model = Scripted('{"choice": 1}', '{"choice": 1}')

    opinion = scored(Comparing(model, BRIEF), seed)

    names = list(numbers(model.asked[0]))
    places = {"a hall, for $5": 4, "cell 2": 2, "a den": 9}
    assert isinstance(opinion, Opinion)
    assert opinion.comparisons == (
        Comparison(first=EntryId(places[names[0]]), second=EntryId(places[names[-1]]), outcome=0),
    )
    assert ENTRIES[opinion.pick].entry in {places[names[0]], places[names[-1]]}
    assert list(opinion.chances.values()) == pytest.approx([0.25] * 3)


def test_of_two_that_are_alike_the_stronger_is_picked_and_strength_moves_the_chance() -> None:
    entries = (shown(1, strength=-1.0), shown(2, strength=0.5))
    glimpses = (glimpse(1, "one"), glimpse(2, "two"))
    model = Scripted('{"choice": 1}', '{"choice": 1}')

    opinion = Comparing(model, BRIEF).score(shortlist(*entries), glimpses, Random(0))

    # the base rate of 1/4 in logits, moved by the strength
    odds = log(1 / 3)
    assert isinstance(opinion, Opinion)
    assert opinion.pick == 1
    assert opinion.chances == pytest.approx(
        {0: 1 / (1 + exp(-(odds - 1.0))), 1: 1 / (1 + exp(-(odds + 0.5)))}
    )


def test_no_more_are_compared_than_a_group_holds() -> None:
    entries = [shown(n) for n in range(1, 11)]
    glimpses = [glimpse(n) for n in range(1, 11)]
    model = Scripted('{"choice": 1}', '{"choice": 2}')
    comparing = Comparing(model, BRIEF, group=2)

    opinion = comparing.score(shortlist(*entries), glimpses, Random(0))

    assert isinstance(opinion, Opinion)
    assert [len(numbers(request)) for request in model.asked] == [2, 2]
    assert len(opinion.chances) == 2
    assert opinion.pick in opinion.chances


def test_half_a_comparison_is_none() -> None:
    model = Scripted('{"choice": 1}', Said("", Finish.REFUSAL))

    failure = scored(Comparing(model, BRIEF))

    assert isinstance(failure, Failure)
    assert failure.cause is Cause.REFUSED


def test_the_same_stream_compares_the_same() -> None:
    first, second = (Scripted('{"choice": 1}', '{"choice": 3}') for _ in range(2))

    opinions = [scored(Comparing(model, BRIEF), seed=5) for model in (first, second)]

    assert opinions[0] == opinions[1]
    assert first.asked == second.asked


# Removing


def pointless(
    reply: str, entries: Sequence[Shown] = ENTRIES, glimpses: Sequence[Glimpse] = GLIMPSES
) -> Sequence[tuple[int, int]]:
    return Removing(Scripted(reply), BRIEF).pointless(shortlist(*entries), glimpses)


def test_a_remover_is_put_the_whole_question() -> None:
    model = Scripted('{"pointless": []}')

    said = Removing(model, BRIEF).pointless(shortlist(*ENTRIES), GLIMPSES)

    text = model.asked[0].messages[0].text
    assert list(said) == []
    assert BRIEF in model.asked[0].system
    assert listed(ENTRIES, GLIMPSES, model=MODEL) in text
    assert "numbers from 1 to 3" in text
    assert model.calls == [(Role.ADMIT, 7, "7.remove.1")]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ('[{"state": 2, "better": 1}]', [(1, 0)]),
        ('[{"state": 2, "better": 1}, {"state": 3, "better": 1}]', [(1, 0), (2, 0)]),
        ('[{"state": 1, "better": 2}]', []),  # which is worse by its score
        ('[{"state": 2, "better": 2}]', []),
        ('[{"state": 2, "better": 3}, {"state": 3, "better": 1}]', [(2, 0)]),
        ('[{"state": 2, "better": 3}, {"state": 3, "better": 2}]', []),
    ],
    ids=["one", "two", "worse", "itself", "a better one that goes", "each other"],
)
def test_pointless_is_what_a_better_one_that_stays_replaces(
    pairs: str, expected: list[tuple[int, int]]
) -> None:
    assert list(pointless(f'{{"pointless": {pairs}}}')) == expected


def test_an_odd_number_is_repaired() -> None:
    model = Scripted(
        '{"pointless": [{"state": 7, "better": 1}]}', '{"pointless": [{"state": 2, "better": 1}]}'
    )

    said = Removing(model, BRIEF).pointless(shortlist(*ENTRIES), GLIMPSES)

    assert list(said) == [(1, 0)]
    assert "there is no number 7; the numbers are 1 to 3" in model.asked[1].messages[2].text


@pytest.mark.parametrize("replies", [["hm", "hm"], [""], [Said("", Finish.REFUSAL)]])
def test_without_a_usable_answer_nothing_is_pointless(replies: Sequence[Reply]) -> None:
    model = Scripted(*replies)

    assert list(Removing(model, BRIEF).pointless(shortlist(*ENTRIES), GLIMPSES)) == []
