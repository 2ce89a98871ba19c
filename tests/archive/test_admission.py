"""What becomes of a newcomer, rule by rule."""

import pytest

from archive.admission import (
    AdmissionRule,
    Better,
    BetterOrShorter,
    Holder,
    KeepAll,
    heeding,
)
from archive.entry import Admission, Appraisal, EntryId, Status
from tests.conformance.making import found

HOLDER = Holder(id=EntryId(7), objective=2.0, size=5)
NEW, IMPROVED, REJECTED, KEPT = Status.NEW, Status.IMPROVED, Status.REJECTED, Status.KEPT


@pytest.mark.parametrize("rule", [Better(), BetterOrShorter(), KeepAll()])
def test_whoever_finds_a_cell_first_holds_it(rule: AdmissionRule) -> None:
    admission = rule.judge(found("here", -1.0), 5, None)

    assert admission.status is NEW


@pytest.mark.parametrize(
    ("rule", "objective", "size", "status", "why"),
    [
        (Better(), 3.0, 9, IMPROVED, "better than #7"),
        (Better(), 2.0, 5, REJECTED, "no better than #7"),
        (Better(), 2.0, 1, REJECTED, "no better than #7"),
        (Better(), 1.0, 1, REJECTED, "no better than #7"),
        (BetterOrShorter(), 3.0, 9, IMPROVED, "better than #7"),
        (BetterOrShorter(), 2.0, 4, IMPROVED, "as good as #7 and shorter"),
        (BetterOrShorter(), 2.0, 5, REJECTED, "no better than #7"),
        (BetterOrShorter(), 2.0, 6, REJECTED, "no better than #7"),
        (BetterOrShorter(), 1.0, 1, REJECTED, "no better than #7"),
        (KeepAll(), 3.0, 9, KEPT, "beside #7"),
        (KeepAll(), 2.0, 5, KEPT, "beside #7"),
        (KeepAll(), 1.0, 1, KEPT, "beside #7"),
    ],
)
def test_a_newcomer_meets_a_holder_of_objective_2_and_5_lines(
    rule: AdmissionRule, objective: float, size: int, status: Status, why: str
) -> None:
    admission = rule.judge(found("here", objective), size, HOLDER)

    assert admission.status is status
    assert admission.why == why


@pytest.mark.parametrize(
    ("status", "admitted"),
    [(Status.FAILED, False), (REJECTED, False), (NEW, True), (IMPROVED, True), (KEPT, True)],
)
def test_what_is_admitted_can_be_set_out_from(status: Status, *, admitted: bool) -> None:
    assert status.admitted is admitted


@pytest.mark.parametrize(
    ("said", "status", "why"),
    [
        (Appraisal(), NEW, "by a rule"),
        (Appraisal(interest=0.0), NEW, "by a rule"),
        (Appraisal(refused=""), NEW, "by a rule"),
        (Appraisal(refused="", anyway=True), NEW, "by a rule"),
        (Appraisal(refused="a wall"), REJECTED, "refused: a wall"),
        (Appraisal(refused="a wall", anyway=True), NEW, "tried although refused: a wall"),
    ],
)
def test_a_new_place_is_kept_unless_it_is_refused(
    said: Appraisal, status: Status, why: str
) -> None:
    admission = heeding(Admission(status=NEW, why="by a rule"), said)

    assert admission == Admission(status=status, why=why)


@pytest.mark.parametrize("status", [Status.FAILED, REJECTED, IMPROVED, KEPT])
@pytest.mark.parametrize("anyway", [True, False])
def test_a_refusal_is_about_new_places_only(status: Status, *, anyway: bool) -> None:
    ruled = Admission(status=status, why="by a rule")

    assert heeding(ruled, Appraisal(refused="a wall", anyway=anyway)) == ruled
