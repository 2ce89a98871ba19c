"""A judge that chooses from a shortlist, and the record that is kept of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from archive.admission import Better
from archive.entry import (
    Cause,
    Comparison,
    EntryId,
    Failure,
    Glimpse,
    Shortlist,
    Verdict,
)
from archive.sql import SqlArchive
from goexplore.selection.balance import FLOOR
from goexplore.selection.base import Judge, Lesson
from goexplore.selection.judged import COUNTS, THOMPSON, Judged, Opinion, Scorer, fallen
from tests.conformance.making import found, roots
from tests.goexplore.selection.making import elites_of, shortlist, shown


@dataclass
class Scripted:
    """A scorer with one opinion, which remembers how often it was asked, and of what."""

    said: Opinion | Failure
    asked: list[tuple[Shortlist, Sequence[Glimpse]]] = field(
        default_factory=list[tuple[Shortlist, Sequence[Glimpse]]]
    )
    name: str = "choose"

    def score(
        self, shortlist: Shortlist, glimpses: Sequence[Glimpse], random: Random
    ) -> Opinion | Failure:
        del random
        self.asked.append((shortlist, glimpses))
        return self.said


@dataclass
class Sweeper:
    """A remover that finds these places pointless, and remembers when it was asked."""

    pairs: Sequence[tuple[int, int]]
    asked: list[int] = field(default_factory=list[int])

    def pointless(
        self, shortlist: Shortlist, glimpses: Sequence[Glimpse]
    ) -> Sequence[tuple[int, int]]:
        assert [each.id for each in glimpses] == [each.entry for each in shortlist.shown]
        self.asked.append(shortlist.number)
        return self.pairs


FIRST = Opinion(pick=0, chances={0: 0.8})
LOST = Failure(cause=Cause.EMPTY, message="the answer is empty")


def lesson(
    step: int,
    chosen: int,
    *,
    fruitful: bool,
    judge: str = "",
    comparisons: Sequence[Comparison] = (),
) -> Lesson:
    verdict = Verdict(judge=judge, comparisons=tuple(comparisons)) if judge else None
    return Lesson(step=step, chosen=EntryId(chosen), fruitful=fruitful, verdict=verdict)


def drawn(
    judged: Judged, *objectives: float, number: int = 1, seed: int = 1, closed: Sequence[int] = ()
) -> Shortlist:
    listed = judged.draw(
        elites_of(*objectives, closed=closed), Random(seed), number=number, granted=3
    )
    assert listed
    return listed


@pytest.fixture
def hall(archive: SqlArchive) -> SqlArchive:
    """An archive with nine entries."""
    archive.add(roots(*(found(f"{n}", float(n)) for n in range(1, 10))), Better())
    return archive


# Draw


def test_a_shortlist_says_how_each_entry_stands_as_it_is_drawn() -> None:
    judged = Judged(Scripted(FIRST), within=2)
    elites = elites_of(1.0, 2.0, 3.0, closed=[2])
    elites.set_out(1)
    for step, fruitful in ((1, True), (2, False), (3, False)):
        judged.learn(lesson(step, 2, fruitful=fruitful))

    listed = judged.draw(elites, Random(1), number=4, granted=3)

    assert listed
    assert {each.entry: each for each in listed.shown} == {
        1: shown(1, objective=1.0, seen=1),
        2: replace(shown(2, objective=2.0, seen=1, chosen=1, fruitful=1), ahead=1),
    }
    assert (listed.number, listed.as_of, listed.granted, listed.choices) == (4, 3, 3, 2)
    assert (listed.judge, listed.weights, listed.within) == ("choose", {"choose": 1.0}, 2)
    # One of three, and two more as they were before anything was known: 0.5.
    assert listed.base_rate == pytest.approx((1 + 2 * 0.5) / 5)


def test_nothing_is_drawn_where_nothing_is_explorable() -> None:
    judge: Judge = Judged(Scripted(FIRST))

    listed = judge.draw(elites_of(1.0, closed=[0]), Random(1), number=1, granted=1)

    assert listed is None


@pytest.mark.parametrize(("size", "count"), [(5, 5), (30, 30), (31, 30), (1000, 30)])
def test_a_shortlist_is_never_longer_than_thirty(size: int, count: int) -> None:
    listed = drawn(Judged(Scripted(FIRST), size=size), *[1.0] * 100)

    assert len(listed.shown) == count
    assert listed.choices == 100


def test_the_same_stream_draws_the_same_list() -> None:
    first, second = (drawn(Judged(Scripted(FIRST), mixed=True), *range(50)) for _ in range(2))

    assert first == second


def test_counts_choose_from_the_list_as_go_explore_does() -> None:
    judged = Judged(None)

    picks = Counter(
        listed.shown[listed.picks[COUNTS]].slot
        for listed in (drawn(judged, 1.0, 2.0, seed=seed) for seed in range(200))
    )

    assert 70 < picks[0] < 130


def test_thompson_sampling_prefers_what_was_fruitful() -> None:
    judged = Judged(None)
    for step in range(40):
        judged.learn(lesson(step, 1, fruitful=False))
        judged.learn(lesson(step, 2, fruitful=True))

    lists = [drawn(judged, 1.0, 2.0, seed=seed) for seed in range(30)]

    assert {listed.shown[listed.picks[THOMPSON]].entry for listed in lists} == {2}


def test_thompson_sampling_draws_from_what_is_known_of_each() -> None:
    judged = Judged(None)
    for step in range(3):
        judged.learn(lesson(step, 1, fruitful=True))

    lists = [drawn(judged, 1.0, 2.0, seed=seed) for seed in range(500)]

    # A draw of Beta(4, 1) is above one of Beta(1, 1) with a probability of 4/5.
    first = sum(listed.shown[listed.picks[THOMPSON]].entry == 1 for listed in lists)
    assert first == pytest.approx(400, abs=30)


def test_without_a_scorer_counts_choose() -> None:
    assert (drawn(Judged(None), 1.0, 2.0).judge, drawn(Judged(None), 1.0, 2.0).weights) == (
        COUNTS,
        {COUNTS: 1.0},
    )


def test_a_mixture_lets_any_of_three_choose() -> None:
    judged = Judged(Scripted(FIRST), mixed=True)

    lists = [drawn(judged, 1.0, 2.0, seed=seed) for seed in range(60)]

    assert {listed.judge for listed in lists} == {"choose", COUNTS, THOMPSON}
    assert all(listed.weights.keys() == {"choose", COUNTS, THOMPSON} for listed in lists)


def test_a_strength_is_that_of_the_comparisons_so_far() -> None:
    judged = Judged(Scripted(FIRST))
    won = Comparison(first=EntryId(1), second=EntryId(2), outcome=1)
    judged.learn(lesson(1, 1, fruitful=True, judge="choose", comparisons=[won]))

    strengths = {each.entry: each.strength for each in drawn(judged, 1.0, 2.0).shown}

    assert strengths[EntryId(1)] > 0.2
    assert strengths[EntryId(2)] < -0.2


# Decide


def test_a_scorer_decides_and_is_held_to_its_word(hall: SqlArchive) -> None:
    scorer = Scripted(Opinion(pick=1, chances={1: 0.8, 0: 0.1}))
    listed = shortlist(shown(4, chosen=3, fruitful=1), shown(2), base_rate=0.2)

    decision = Judged(scorer).decide(listed, hall, Random(1))

    assert (decision.place, decision.probability) == (1, 1.0)
    assert decision.verdict.judge == "choose"
    assert [(each.judge, each.entry, each.pick) for each in decision.verdict.forecasts] == [
        ("choose", 2, True),
        ("choose", 4, False),
        (COUNTS, 4, True),
        (THOMPSON, 4, True),
    ]
    # What the free judges foretell: one of three, and two more at the base rate.
    free = (1 + 2 * 0.2) / 5
    chances = [each.chance for each in decision.verdict.forecasts]
    assert chances == pytest.approx([0.8, 0.1, free, free])


def test_a_scorer_is_shown_the_list_with_its_entries_in_its_order(hall: SqlArchive) -> None:
    scorer = Scripted(FIRST)
    listed = shortlist(shown(4), shown(2), shown(9))

    Judged(scorer).decide(listed, hall, Random(1))

    ((asked, glimpses),) = scorer.asked
    assert asked == listed
    assert [(each.id, each.objective) for each in glimpses] == [(4, 4.0), (2, 2.0), (9, 9.0)]


def test_comparisons_are_kept_with_the_verdict(hall: SqlArchive) -> None:
    won = (Comparison(first=EntryId(4), second=EntryId(2), outcome=1),)
    scorer = Scripted(replace(FIRST, comparisons=won))

    decision = Judged(scorer).decide(shortlist(shown(4), shown(2)), hall, Random(1))

    assert decision.verdict.comparisons == won


def test_counts_step_in_for_a_scorer_without_an_opinion_on_the_record(hall: SqlArchive) -> None:
    listed = replace(
        shortlist(shown(4), shown(2), shown(9)), picks={COUNTS: 2, THOMPSON: 1}, base_rate=0.3
    )

    decision = Judged(Scripted(LOST)).decide(listed, hall, Random(1))

    assert (decision.place, decision.probability) == (2, 1.0)
    assert decision.verdict.judge == COUNTS
    assert decision.verdict.fell_back == "empty answer: the answer is empty"
    assert [(each.judge, each.entry) for each in decision.verdict.forecasts] == [
        (COUNTS, 9),
        (THOMPSON, 2),
    ]


def test_a_choice_of_one_asks_nobody(archive: SqlArchive) -> None:
    archive.add(roots(found("a")), Better())
    scorer, sweeper = Scripted(FIRST), Sweeper([(0, 0)])
    judged = Judged(scorer, remover=sweeper, every=1)
    listed = judged.draw(archive.elites, Random(1), number=1, granted=1)
    assert listed

    decision = judged.decide(listed, archive, Random(1))

    assert (decision.place, decision.probability) == (0, 1.0)
    assert (decision.verdict.judge, decision.verdict.fell_back) == (COUNTS, "")
    assert (scorer.asked, sweeper.asked) == ([], [])


@pytest.mark.parametrize("judge", [COUNTS, THOMPSON])
def test_where_a_free_judge_is_to_choose_the_scorer_is_not_asked(
    hall: SqlArchive, judge: str
) -> None:
    scorer = Scripted(FIRST)
    listed = replace(
        shortlist(shown(4), shown(2)),
        judge=judge,
        picks={COUNTS: 0, THOMPSON: 1},
        weights={"choose": 0.5, COUNTS: 0.3, THOMPSON: 0.2},
    )

    decision = Judged(scorer, mixed=True).decide(listed, hall, Random(1))

    assert scorer.asked == []
    assert decision.place == (0 if judge == COUNTS else 1)
    assert decision.verdict.judge == judge


@pytest.mark.parametrize(
    ("judge", "picks", "probability"),
    [
        ("choose", {COUNTS: 0, THOMPSON: 0}, 1.0),
        ("choose", {COUNTS: 1, THOMPSON: 0}, 0.7),
        ("choose", {COUNTS: 1, THOMPSON: 1}, 0.5),
        (COUNTS, {COUNTS: 1, THOMPSON: 1}, 0.5),
        (COUNTS, {COUNTS: 1, THOMPSON: 0}, 0.3),
        (THOMPSON, {COUNTS: 1, THOMPSON: 0}, 0.2),
    ],
)
def test_a_choice_is_as_probable_as_all_who_are_known_to_agree(
    hall: SqlArchive, judge: str, picks: dict[str, int], probability: float
) -> None:
    weights = {"choose": 0.5, COUNTS: 0.3, THOMPSON: 0.2}
    listed = replace(shortlist(shown(4), shown(2)), judge=judge, picks=picks, weights=weights)

    decision = Judged(Scripted(FIRST), mixed=True).decide(listed, hall, Random(1))

    assert decision.probability == pytest.approx(probability)


@pytest.mark.parametrize(("within", "chance"), [(1, 0.25), (2, 1 - 0.75**2), (3, 1 - 0.75**3)])
def test_a_free_judge_foretells_further_steps_as_it_does_the_next(
    hall: SqlArchive, within: int, chance: float
) -> None:
    listed = replace(shortlist(shown(4), shown(2), base_rate=0.25), judge=COUNTS, within=within)

    decision = Judged(None).decide(listed, hall, Random(1))

    assert [each.chance for each in decision.verdict.forecasts] == pytest.approx([chance] * 2)


def test_a_decision_depends_on_its_arguments_alone(hall: SqlArchive) -> None:
    fresh, taught = Judged(Scripted(FIRST), mixed=True), Judged(Scripted(FIRST), mixed=True)
    for step in range(30):
        taught.learn(lesson(step, 4, fruitful=True, judge="choose"))
    listed = shortlist(shown(4), shown(2))

    decisions = [judged.decide(listed, hall, Random(1)) for judged in (fresh, taught)]

    assert decisions[0] == decisions[1]


# Remove


@pytest.mark.parametrize(
    ("every", "number", "asked"),
    [(3, 6, True), (3, 7, False), (1, 7, True), (0, 6, False)],
)
def test_what_is_pointless_is_asked_now_and_then(
    hall: SqlArchive, every: int, number: int, *, asked: bool
) -> None:
    sweeper = Sweeper([(1, 2)])
    judged = Judged(Scripted(FIRST), remover=sweeper, every=every)

    decision = judged.decide(
        shortlist(shown(4), shown(2), shown(9), number=number), hall, Random(1)
    )

    assert sweeper.asked == [number] * asked
    assert decision.verdict.retired == (((2, 9),) if asked else ())


def test_where_a_step_sets_out_from_is_not_removed(hall: SqlArchive) -> None:
    judged = Judged(Scripted(FIRST), remover=Sweeper([(0, 2), (1, 2)]), every=1)

    decision = judged.decide(shortlist(shown(4), shown(2), shown(9)), hall, Random(1))

    assert decision.verdict.retired == ((2, 9),)


def test_counts_can_choose_where_a_model_removes(hall: SqlArchive) -> None:
    judged = Judged(None, remover=Sweeper([(1, 0)]), every=1)
    listed = replace(shortlist(shown(4), shown(2)), judge=COUNTS, weights={COUNTS: 1.0})

    decision = judged.decide(listed, hall, Random(1))

    assert decision.verdict.judge == COUNTS
    assert decision.verdict.retired == ((2, 4),)


# Learn


def weight_after(
    within: int, *lessons: Lesson, judge: str = "choose", scorer: Scorer | None = None
) -> float:
    """The weight of a judge after lessons, each of them told thirty times about other entries."""
    judged = Judged(scorer or Scripted(FIRST), mixed=True, within=within)
    for n in range(30):
        for each in lessons:
            judged.learn(replace(each, chosen=EntryId(each.chosen + 100 * n)))
    return drawn(judged, 1.0, 2.0).weights[judge]


BAD = lesson(1, 1, fruitful=False, judge="choose")
GOOD = lesson(1, 1, fruitful=True, judge="choose")
IDLE = lesson(2, 1, fruitful=False)
LUCK = lesson(2, 1, fruitful=True)


def test_a_judge_whose_choices_come_to_nothing_loses_its_weight() -> None:
    assert weight_after(1, BAD) == pytest.approx(FLOOR)
    assert weight_after(1, GOOD) > 0.8
    assert weight_after(1, replace(GOOD, verdict=Verdict(judge=COUNTS)), judge=COUNTS) > 0.8


def test_a_choice_is_proved_right_by_any_of_the_next_steps() -> None:
    assert weight_after(2, BAD, LUCK) > 0.8
    assert weight_after(1, BAD, LUCK) == pytest.approx(FLOOR)


def test_a_choice_is_proved_wrong_only_by_the_last_of_the_next_steps() -> None:
    # Nothing is scored yet, so all weigh alike.
    assert weight_after(2, BAD) == pytest.approx(1 / 3, abs=0.1)
    assert weight_after(2, BAD, IDLE) == pytest.approx(FLOOR)
    assert weight_after(2, BAD, IDLE, LUCK) == pytest.approx(FLOOR)


def test_a_judge_that_only_might_have_chosen_is_not_scored() -> None:
    judged = Judged(Scripted(FIRST), mixed=True)
    for step in range(50):
        judged.learn(lesson(step, 1, fruitful=False))

    weights = drawn(judged, 1.0, 2.0).weights

    assert list(weights.values()) == pytest.approx([1 / 3] * 3, abs=0.1)


def test_without_a_mixture_a_scorer_chooses_whatever_came_of_it() -> None:
    judged = Judged(Scripted(FIRST))
    for step in range(50):
        judged.learn(lesson(step, 1, fruitful=False, judge="choose"))

    listed = drawn(judged, 1.0, 2.0)

    assert (listed.judge, listed.weights) == ("choose", {"choose": 1.0})
    assert listed.base_rate == pytest.approx(1 / 52)


@pytest.mark.parametrize(
    ("weights", "judge", "lost"),
    [
        ({"choose": FLOOR, COUNTS: 0.9, THOMPSON: FLOOR}, "choose", True),
        ({"choose": 0.08, COUNTS: 0.87, THOMPSON: FLOOR}, "choose", False),
        ({"choose": 1.0}, "choose", False),
        ({COUNTS: 1.0}, "choose", False),
        ({"choose": FLOOR, COUNTS: 0.9, THOMPSON: FLOOR}, "rating", False),
    ],
)
def test_a_judge_has_lost_its_right_where_it_weighs_the_floor(
    weights: dict[str, float], judge: str, *, lost: bool
) -> None:
    assert fallen(replace(shortlist(shown(1)), weights=weights), judge) is lost
