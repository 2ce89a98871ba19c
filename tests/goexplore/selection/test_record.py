"""What judges foretold, held against what came of it, on a run that was made by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from random import Random

import pytest

from archive.admission import Better
from archive.entry import (
    Appraisal,
    Comparison,
    EntryId,
    Evaluation,
    Failure,
    Forecast,
    Selection,
    Step,
    Verdict,
)
from archive.ledger import Call
from archive.sql import SqlArchive
from goexplore.selection.record import FilterRecord, JudgeRecord, auc, record_of, wilson
from tests.conformance.making import CRASHED, appraised, attempt, found, listed, roots, step

BETTER = Better()


class Run:
    """A run from two roots, a step at a time."""

    def __init__(self, archive: SqlArchive) -> None:
        self.archive = archive
        self.number = 0
        archive.add(roots(found("a"), found("b")), BETTER)

    def step(
        self,
        origin: int,
        *,
        good: bool,
        verdict: Verdict | None = None,
        within: int = 1,
        said: Appraisal | None = None,
        judge: str = "m",
        weights: Mapping[str, float] | None = None,
    ) -> EntryId:
        """Set out from an entry; whether it was fruitful. Its new entry."""
        self.number += 1
        as_of = self.archive.elites.newest
        if verdict:
            shown = listed(self.number, (1, 2), as_of=as_of, judge=judge, within=within)
            self.archive.consider(replace(shown, weights=weights or {judge: 1.0}))
        result: Evaluation | Failure = found(f"cell {self.number}") if good else CRASHED
        child = replace(attempt(result, origin), appraisal=said)
        one = Step(
            number=self.number,
            attempts=(child,),
            selection=Selection(chosen=EntryId(origin), slot=0, choices=2, probability=1.0),
            as_of=as_of,
            granted=1,
            verdict=verdict,
        )
        (entry,) = self.archive.add(one, BETTER)
        self.archive.flush()
        return entry.id


@pytest.fixture
def run(archive: SqlArchive) -> Run:
    return Run(archive)


def foretold(*said: tuple[str, int, float, bool], judge: str = "m", fell_back: str = "") -> Verdict:
    """A verdict with forecasts: by whom, of which entry, how probable, whether it is the pick."""
    return Verdict(
        judge=judge,
        fell_back=fell_back,
        forecasts=tuple(
            Forecast(judge=name, entry=EntryId(entry), chance=chance, pick=pick)
            for name, entry, chance, pick in said
        ),
    )


def judge_of(run: Run, name: str = "m") -> JudgeRecord:
    (found,) = (each for each in record_of(run.archive).judges if each.judge == name)
    return found


# Forecasts


def test_a_run_without_judges_has_steps_and_a_base_rate(run: Run) -> None:
    run.step(1, good=True)
    run.step(1, good=False)
    run.step(2, good=False)
    run.step(2, good=False)

    record = record_of(run.archive)

    assert (record.steps, record.base_rate) == (4, 0.25)
    assert (record.judges, record.filter, record.flip_rate) == ((), None, None)
    assert (record.calls, record.dollars, record.retired) == (0, 0, 0)


def test_a_run_without_steps_has_no_base_rate(run: Run) -> None:
    record = record_of(run.archive)

    assert (record.steps, record.base_rate) == (0, None)


def test_a_forecast_is_scored_by_the_step_that_it_was_made_for(run: Run) -> None:
    run.step(1, good=True, verdict=foretold(("m", 1, 0.9, True)))
    run.step(1, good=False, verdict=foretold(("m", 1, 0.6, True)))
    run.step(2, good=False, verdict=foretold(("m", 2, 0.2, True)))

    judge = judge_of(run)

    assert (judge.chosen, judge.forecasts, judge.picks) == (3, 3, 3)
    assert judge.fruitful == pytest.approx(1 / 3)
    assert judge.brier == pytest.approx((0.1**2 + 0.6**2 + 0.2**2) / 3)
    assert judge.base_brier == pytest.approx((1 / 3) * (2 / 3))
    assert judge.auc == 1.0


def test_a_forecast_of_what_was_not_chosen_waits_for_the_next_step_from_there(run: Run) -> None:
    run.step(1, good=False, verdict=foretold(("m", 1, 0.5, True), ("m", 2, 0.3, False)))
    before = judge_of(run)

    run.step(2, good=True)

    after = judge_of(run)
    assert (before.forecasts, before.brier) == (1, pytest.approx(0.25))
    assert (after.forecasts, after.brier) == (2, pytest.approx((0.25 + 0.49) / 2))
    assert (after.picks, after.fruitful) == (1, 0.0)


def test_what_came_before_a_forecast_proves_nothing(run: Run) -> None:
    run.step(2, good=True)

    run.step(1, good=False, verdict=foretold(("m", 1, 0.5, True), ("m", 2, 0.3, False)))

    assert judge_of(run).forecasts == 1


@pytest.mark.parametrize(
    ("came", "brier"),
    [
        ([False], None),
        ([True], None),
        ([False, False], 0.64),
        ([False, True], 0.04),
        ([True, False], 0.04),
        ([False, False, True], 0.64),
    ],
)
def test_a_forecast_of_several_steps_is_scored_once_all_were_taken(
    run: Run, came: Sequence[bool], brier: float | None
) -> None:
    run.step(1, good=came[0], verdict=foretold(("m", 1, 0.8, True)), within=2)
    for good in came[1:]:
        run.step(1, good=good)

    judge = judge_of(run)

    assert judge.brier == (None if brier is None else pytest.approx(brier))


def test_what_is_admitted_anywhere_in_a_step_makes_it_fruitful(run: Run) -> None:
    archive = run.archive
    archive.consider(listed(1, (1, 2), as_of=2))
    three = (attempt(CRASHED, 1), attempt(found("c"), 1), attempt(found("c"), 1))
    archive.add(replace(step(1, *three, as_of=2), verdict=foretold(("m", 1, 0.9, True))), BETTER)
    archive.flush()

    assert judge_of(run).fruitful == 1.0


def test_regret_is_how_much_more_often_counts_would_have_been_right(run: Run) -> None:
    # Counts' other pick is known only by a step from there that came later.
    run.step(1, good=False, verdict=foretold(("m", 1, 0.5, True), ("counts", 2, 0.5, True)))
    run.step(1, good=True, verdict=foretold(("m", 1, 0.5, True), ("counts", 1, 0.5, True)))
    run.step(2, good=True)
    run.step(1, good=True, verdict=foretold(("m", 1, 0.5, True), ("counts", 2, 0.5, True)))

    judge, counts = judge_of(run), judge_of(run, "counts")

    assert (judge.paired, judge.regret) == (2, pytest.approx((1 + 0) / 2))
    assert (counts.paired, counts.regret) == (2, 0.0)
    assert (counts.chosen, counts.picks) == (0, 2)


def test_where_counts_stepped_in_the_judge_that_was_to_choose_is_blamed(run: Run) -> None:
    run.step(
        1,
        good=True,
        verdict=foretold(("counts", 1, 0.5, True), judge="counts", fell_back="empty answer: ..."),
    )

    judge, counts = judge_of(run), judge_of(run, "counts")

    assert (judge.fell_back, judge.chosen, judge.forecasts, judge.brier) == (1, 0, 0, None)
    assert (counts.fell_back, counts.chosen, counts.fruitful) == (0, 1, 1.0)


def test_a_mixture_says_since_when_a_judge_is_no_longer_trusted_and_how_much_it_weighs(
    run: Run,
) -> None:
    said = foretold(("m", 1, 0.5, True))
    run.step(1, good=True, verdict=said, weights={"m": 0.6, "counts": 0.4})
    run.step(1, good=False, verdict=said, weights={"m": 0.05, "counts": 0.95})
    run.step(1, good=False, verdict=said, weights={"m": 0.05, "counts": 0.95})
    run.step(1, good=False, verdict=said, weights={"m": 0.3, "counts": 0.7})

    judge = judge_of(run)

    assert (judge.questioned, judge.weight) == (2, 0.3)
    assert judge_of(run, "counts").weight == 0.7


def test_weights_are_those_of_the_last_list_that_left_a_choice(run: Run) -> None:
    run.step(
        1,
        good=True,
        verdict=foretold(("m", 1, 0.5, True)),
        weights={"m": 0.6, "counts": 0.4},
    )
    archive = run.archive
    archive.consider(replace(listed(2, (1,), as_of=3), judge="counts", weights={"counts": 1.0}))
    alone = replace(step(2, attempt(CRASHED, 1), as_of=3), verdict=Verdict(judge="counts"))
    archive.add(alone, BETTER)
    archive.flush()

    assert (judge_of(run).weight, judge_of(run, "counts").weight) == (0.6, 0.4)


def test_ratings_are_forecasts_of_the_next_step_from_each(run: Run) -> None:
    low = run.step(1, good=True, said=Appraisal(interest=0.25))
    high = run.step(1, good=True, said=Appraisal(interest=0.75))
    run.step(1, good=True, said=Appraisal(interest=1.0))
    run.step(low, good=False)
    run.step(high, good=True)
    run.step(high, good=False)

    judge = judge_of(run, "rating")

    assert (judge.forecasts, judge.picks, judge.chosen) == (2, 0, 0)
    assert judge.brier == pytest.approx(0.25**2)
    assert judge.auc == 1.0


# The area under the curve, and the interval of a share


def by_pairs(forecasts: Sequence[tuple[float, bool]]) -> float:
    """The share of pairs in the right order, counted pair by pair."""
    good = [chance for chance, came in forecasts if came]
    bad = [chance for chance, came in forecasts if not came]
    right = sum((g > b) + (g == b) / 2 for g, b in product(good, bad))
    return right / (len(good) * len(bad))


@pytest.mark.parametrize("seed", range(20))
def test_the_area_under_the_curve_is_the_share_of_pairs_in_the_right_order(seed: int) -> None:
    random = Random(seed)
    forecasts = [(random.randrange(6) / 5, random.random() < 0.4) for _ in range(40)]

    assert auc(forecasts) == pytest.approx(by_pairs(forecasts))


@pytest.mark.parametrize(
    ("forecasts", "area"),
    [
        ([], None),
        ([(0.5, True), (0.1, True)], None),
        ([(0.5, False)], None),
        ([(0.9, True), (0.1, False)], 1.0),
        ([(0.1, True), (0.9, False)], 0.0),
        ([(0.5, True), (0.5, False), (0.5, False)], 0.5),
    ],
)
def test_the_area_under_the_curve_of_a_few(
    forecasts: list[tuple[float, bool]], area: float | None
) -> None:
    assert auc(forecasts) == area


@pytest.mark.parametrize(
    ("successes", "count", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (1, 20, 0.0089, 0.2361),
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I
        (15, 148, 0.0624, 0.1605),  # the same
    ],
)
def test_wilsons_interval_has_its_known_values(
    successes: int, count: int, low: float, high: float
) -> None:
    assert wilson(successes, count) == pytest.approx((low, high), abs=5e-5)


def test_of_nothing_there_is_no_interval() -> None:
    assert wilson(0, 0) == (None, None)


# The filter


def test_a_filter_is_audited_by_what_was_kept_anyway(run: Run) -> None:
    anyway = Appraisal(refused="a wall", anyway=True)
    wrong = run.step(1, good=True, said=anyway)
    right = run.step(1, good=True, said=anyway)
    run.step(1, good=True, said=anyway)
    run.step(1, good=True, said=Appraisal(refused=""))
    run.step(1, good=True, said=Appraisal(refused="a wall"))
    run.step(1, good=True, said=Appraisal(interest=0.5))
    run.step(wrong, good=False)
    run.step(wrong, good=True)
    run.step(right, good=False)

    record = record_of(run.archive)

    low, high = wilson(1, 2)
    assert record.filter == FilterRecord(
        asked=5, refused=4, kept_anyway=3, audited=2, wrong=1, low=low, high=high
    )


def test_a_filter_of_which_nothing_was_audited_has_no_error(run: Run) -> None:
    run.step(1, good=True, said=Appraisal(refused="a wall"))

    found = record_of(run.archive).filter

    assert found
    assert (found.asked, found.refused, found.audited, found.low) == (1, 1, 0, None)


def test_what_would_not_have_been_kept_anyway_is_no_audit(run: Run) -> None:
    said = Appraisal(refused="a wall", anyway=True)
    run.archive.add(step(1, appraised(found("a", -1.0), 1, said), as_of=2), BETTER)
    run.archive.flush()

    found_ = record_of(run.archive).filter

    assert found_
    assert (found_.refused, found_.kept_anyway) == (1, 0)


# Comparisons, removals, costs


def test_strengths_are_those_of_all_comparisons_with_the_rate_of_flips(run: Run) -> None:
    won = Comparison(first=EntryId(2), second=EntryId(1), outcome=1)
    flip = replace(won, outcome=0)
    for each in (won, won, flip, won):
        run.step(1, good=True, verdict=replace(foretold(), comparisons=(each,)))

    record = record_of(run.archive)

    first, second = record.strongest
    assert record.flip_rate == 0.25
    assert (first.entry, second.entry) == (2, 1)
    assert first.strength == pytest.approx(-second.strength)
    assert 0.3 < first.strength < 1.0
    assert 0.5 < first.error < 1.0


def test_what_was_removed_is_counted(run: Run) -> None:
    run.step(1, good=True, verdict=replace(foretold(), retired=((EntryId(2), EntryId(1)),)))

    assert record_of(run.archive).retired == 1


def call(step: int, role: str, dollars: float | None) -> Call:
    return Call(
        key=f"{step}.{role}",
        step=step,
        sample=f"{step}.{role}.1",
        role=role,
        model="m",
        request="{}",
        text="",
        finish="stop",
        prompt_tokens=1,
        cached_tokens=0,
        completion_tokens=1,
        dollars=dollars,
        seconds=0.0,
    )


def test_what_was_paid_to_judges_is_told_for_each_fruitful_step_on_their_word(run: Run) -> None:
    run.step(1, good=True, verdict=foretold(("m", 1, 0.5, True), ("counts", 1, 0.5, True)))
    run.step(1, good=True, verdict=foretold(("m", 1, 0.5, True)))
    run.step(1, good=False, verdict=foretold(("m", 1, 0.5, True)))
    run.step(1, good=True, verdict=foretold(("counts", 1, 0.5, True), judge="counts"))
    for each in (call(1, "select", 0.25), call(2, "judge", 0.5), call(3, "act", 9.0)):
        run.archive.ledger.record(each)

    record = record_of(run.archive)

    assert (record.calls, record.dollars, record.per_fruitful) == (2, 0.75, 0.375)


def test_an_unknown_price_is_no_price(run: Run) -> None:
    run.step(1, good=True, verdict=foretold(("m", 1, 0.5, True)))
    run.archive.ledger.record(call(1, "select", None))

    record = record_of(run.archive)

    assert (record.calls, record.dollars, record.per_fruitful) == (1, None, None)


def test_where_nothing_came_of_it_nothing_has_a_price(run: Run) -> None:
    run.step(1, good=False, verdict=foretold(("m", 1, 0.5, True)))
    run.archive.ledger.record(call(1, "select", 0.25))

    record = record_of(run.archive)

    assert (record.dollars, record.per_fruitful) == (0.25, None)
