"""What a model thinks of a state that has just been reached."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from archive.admission import Better, BetterOrShorter, Holder
from archive.entry import Appraisal, Candidate, EntryId, Evaluation, Option, Status
from goexplore.appraisal import Appraiser, Child, merged
from goexplore.selection.appraisers import Interesting, Rating
from mutators.base import Parent
from mutators.llm.base import Finish, Role
from tests.conformance.making import found
from tests.mutators.asking import Reply, Said, Scripted

BRIEF = "A maze. The goal: a way out, at $0."
HALL = Evaluation(
    cell="hall",
    objective=1.0,
    observation="a hall, for $5",
    options=(Option(text="north"), Option(text="south")),
)
CHILD = Child(
    candidate=Candidate(tree={"actions.txt": "south\n"}, mutator="m", option=1),
    evaluation=Evaluation(cell="den", objective=-0.5, observation="a den"),
    parent=Parent(tree={}, evaluation=HALL),
    step=7,
    place=2,
    as_of=EntryId(5),
    founds=True,
    refused=None,
    final=False,
)
KEEP, REFUSE = '{"reason": "new", "keep": true}', '{"reason": " a wall ", "keep": false}'


def thought(
    appraiser: Appraiser, child: Child = CHILD, random: Random | None = None
) -> Appraisal | None:
    return appraiser.appraise(child, random or Random(1))


# The filter


def test_a_filter_is_put_the_whole_question() -> None:
    model = Scripted(KEEP)

    said = thought(Interesting(model, BRIEF))

    (request,) = model.asked
    text = request.messages[0].text
    assert said == Appraisal(refused="")
    assert BRIEF in request.system
    assert "Only reject it if you are sure that it cannot lead to a solution" in request.system
    assert "The state it came from:\na hall, for $5\n(score 1)\n" in text
    assert "What was done there: south\n" in text
    assert "The new state:\na den\n(score -0.5)\n" in text
    assert model.calls == [(Role.ADMIT, 7, "7.2.admit.1")]
    assert request.temperature == 0.0


def test_what_is_refused_is_refused_with_its_reason() -> None:
    assert thought(Interesting(Scripted(REFUSE), BRIEF, audit=0.0)) == Appraisal(refused="a wall")


def test_a_refusal_has_a_reason_whatever_the_model_says() -> None:
    model = Scripted('{"reason": " ", "keep": false}')

    said = thought(Interesting(model, BRIEF, audit=0.0))

    assert said == Appraisal(refused="no reason given")


def test_what_is_seen_of_a_state_without_an_observation_is_its_cell() -> None:
    model = Scripted(KEEP)
    bare = replace(CHILD, evaluation=found("cellar"), candidate=Candidate(tree={}, mutator="m"))

    thought(Interesting(model, BRIEF), bare)

    assert "The new state:\ncellar\n(score 0)\n" in model.asked[0].messages[0].text
    assert "What was done there: (a change to it)\n" in model.asked[0].messages[0].text


@pytest.mark.parametrize(
    "child",
    [
        replace(CHILD, final=True),
        replace(CHILD, founds=False),
        replace(CHILD, parent=None),
        replace(CHILD, final=True, refused="as #3 was"),
    ],
    ids=["final", "a known cell", "a root", "final and refused before"],
)
def test_a_filter_asks_nobody_where_there_is_nothing_to_ask(child: Child) -> None:
    model = Scripted()

    assert thought(Interesting(model, BRIEF), child) is None
    assert model.asked == []


def test_a_cell_that_was_refused_is_refused_again_without_a_question() -> None:
    model = Scripted()

    said = thought(Interesting(model, BRIEF, audit=1.0), replace(CHILD, refused="as #3 was"))

    assert said == Appraisal(refused="as #3 was")
    assert model.asked == []


@pytest.mark.parametrize(
    "replies",
    [
        ["keep it", "yes"],
        ['{"keep": false}', '{"keep": false}'],
        ['{"reason": "", "keep": "no"}', ""],
        [Said(REFUSE, Finish.LENGTH)],
        [Said("", Finish.REFUSAL)],
        [""],
    ],
)
def test_an_answer_that_cannot_be_used_refuses_nothing(replies: Sequence[Reply]) -> None:
    model = Scripted(*replies)

    assert thought(Interesting(model, BRIEF)) is None
    assert len(model.asked) == len(replies)


def test_an_answer_is_repaired_once() -> None:
    model = Scripted("no", REFUSE)

    assert thought(Interesting(model, BRIEF, audit=0.0)) == Appraisal(refused="a wall")
    assert [sample for _, _, sample in model.calls] == ["7.2.admit.1", "7.2.admit.2"]


@pytest.mark.parametrize(
    ("audit", "least", "most"), [(0.0, 0, 0), (0.25, 70, 130), (1.0, 400, 400)]
)
def test_a_share_of_what_is_refused_is_kept_anyway(audit: float, least: int, most: int) -> None:
    filtering, random = Interesting(Scripted(*[REFUSE] * 400), BRIEF, audit=audit), Random(3)

    said = [thought(filtering, CHILD, random) for _ in range(400)]

    assert {each.refused for each in said if each} == {"a wall"}
    assert least <= sum(each.anyway for each in said if each) <= most


def test_a_twentieth_is_kept_anyway_by_default() -> None:
    filtering, random = Interesting(Scripted(*[REFUSE] * 2000), BRIEF), Random(3)

    said = [thought(filtering, CHILD, random) for _ in range(2000)]

    assert 70 < sum(each.anyway for each in said if each) < 130


def test_the_share_is_drawn_from_the_stream_alone() -> None:
    def kept(seed: int) -> list[bool]:
        filtering, random = Interesting(Scripted(*[REFUSE] * 50), BRIEF, audit=0.5), Random(seed)
        said = [thought(filtering, CHILD, random) for _ in range(50)]
        return [each.anyway for each in said if each]

    assert kept(1) == kept(1) != kept(2)


@pytest.mark.parametrize(("rule", "other"), [("better", Better()), ("better-or-shorter", None)])
def test_between_a_newcomer_and_a_holder_a_rule_decides(rule: str, other: Better | None) -> None:
    filtering = (
        Interesting(Scripted(), BRIEF, rule="better")
        if rule == "better"
        else Interesting(Scripted(), BRIEF)
    )
    holder = Holder(id=EntryId(7), objective=2.0, size=5)

    judged = [filtering.judge(found("a", 2.0), size, holder) for size in (4, 5)]
    first = filtering.judge(found("a", 2.0), 4, None)

    ruling = other or BetterOrShorter()
    assert judged == [ruling.judge(found("a", 2.0), size, holder) for size in (4, 5)]
    assert first.status is Status.NEW


# The rating


def test_a_rater_is_put_the_whole_question() -> None:
    model = Scripted('{"reach": 4, "novelty": 2, "room": 3}')

    said = thought(Rating(model, BRIEF))

    (request,) = model.asked
    assert said == Appraisal(interest=9 / 12)
    assert BRIEF in request.system
    assert "The state it came from:\na hall, for $5\n(score 1)\n" in request.messages[0].text
    assert "The state to rate:\na den\n(score -0.5)\n" in request.messages[0].text
    assert model.calls == [(Role.JUDGE, 7, "7.2.rate.1")]


@pytest.mark.parametrize(
    ("marks", "interest"),
    [((4, 4, 4), 1.0), ((1, 0, 0), 1 / 12), ((0, 4, 4), 0.0), ((0, 0, 0), 0.0)],
)
def test_interest_is_the_mean_mark_but_nothing_where_nothing_can_be_reached(
    marks: tuple[int, int, int], interest: float
) -> None:
    reach, novelty, room = marks
    model = Scripted(f'{{"reach": {reach}, "novelty": {novelty}, "room": {room}}}')

    said = thought(Rating(model, BRIEF))

    assert said
    assert said.interest == pytest.approx(interest)


def test_a_root_is_rated_too_and_so_is_who_takes_a_known_cell() -> None:
    model = Scripted(*['{"reach": 2, "novelty": 2, "room": 2}'] * 2)
    rating = Rating(model, BRIEF)

    said = [
        thought(rating, replace(CHILD, parent=None, step=0)),
        thought(rating, replace(CHILD, founds=False)),
    ]

    assert said == [Appraisal(interest=0.5)] * 2
    assert "(it is the beginning)" in model.asked[0].messages[0].text


def test_what_is_final_is_not_rated() -> None:
    model = Scripted()

    assert thought(Rating(model, BRIEF), replace(CHILD, final=True)) is None
    assert model.asked == []


@pytest.mark.parametrize(
    "replies",
    [["4", "4"], ['{"reach": 5, "novelty": 0, "room": 0}', '{"reach": true}'], [""]],
)
def test_what_got_no_usable_answer_is_not_rated(replies: Sequence[Reply]) -> None:
    assert thought(Rating(Scripted(*replies), BRIEF)) is None


# What several have said


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ([], None),
        ([Appraisal()], Appraisal()),
        (
            [Appraisal(interest=0.5), Appraisal(refused="a wall", anyway=True)],
            Appraisal(interest=0.5, refused="a wall", anyway=True),
        ),
        ([Appraisal(refused=""), Appraisal(refused="a wall")], Appraisal(refused="")),
        (
            [Appraisal(interest=0.0), Appraisal(interest=1.0, vector=b"v")],
            Appraisal(interest=0.0, vector=b"v"),
        ),
    ],
)
def test_the_first_to_say_a_thing_is_heard(said: list[Appraisal], whole: Appraisal | None) -> None:
    assert merged(said) == whole
