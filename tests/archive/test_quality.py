"""How good the elites of a run are together."""

from archive.entry import Status
from archive.facts import NO_CELL, UNBOUNDED, Fact
from archive.quality import Quality, filled, lowest, moments, quality_of


def fact(
    entry: int, key: int, objective: float, status: Status = Status.NEW, *, step: int | None = None
) -> Fact:
    return Fact(
        id=entry,
        step=entry if step is None else step,
        place=0,
        parent=0,
        option=-1,
        key=key,
        objective=objective,
        status=status,
        size=1,
        options=UNBOUNDED,
        depth=0,
    )


def test_the_numbers_are_those_of_pyribs() -> None:
    # pyribs 0.12: GridArchive(dims=[4, 5], qd_score_offset=-10), after these in seven cells.
    found = quality_of([-3.0, 2.0, 5.0, 4.0, -7.0, 3.0, 6.0], cells=20, offset=-10.0)

    assert found == Quality(
        num_elites=7,
        coverage=0.35,
        qd_score=80.0,
        norm_qd_score=4.0,
        obj_max=6.0,
        obj_mean=10 / 7,  # it prints 1.42857143
        offset=-10.0,
    )


def test_nothing_is_said_of_cells_that_nobody_has_counted_or_filled() -> None:
    none = quality_of([])

    assert (none.num_elites, none.qd_score) == (0, 0.0)
    assert none.coverage is none.norm_qd_score is none.obj_max is none.obj_mean is None


def test_a_cell_counts_once_with_the_best_that_was_admitted_there() -> None:
    facts = [
        fact(1, 7, 1.0),
        fact(2, 7, 3.0, Status.IMPROVED),
        fact(3, 7, 2.0, Status.KEPT),
        fact(4, 8, -1.0),
        fact(5, 8, 9.0, Status.REJECTED),
        fact(6, NO_CELL, 0.0, Status.FAILED),
    ]

    assert filled(facts) == {7: 3.0, 8: -1.0}


def test_the_offset_is_the_lowest_objective_that_was_seen_or_zero() -> None:
    assert lowest([fact(1, 7, -2.0), fact(2, 7, -5.0, Status.REJECTED)]) == -5.0
    assert lowest([fact(1, 7, 2.0)]) == 0.0
    assert lowest([fact(1, NO_CELL, 0.0, Status.FAILED)]) == 0.0


def test_moments_are_spread_over_the_verifications_and_end_with_the_last() -> None:
    facts = [fact(number, number, 1.0) for number in range(1, 12)]
    spent = dict.fromkeys(range(2, 12), 1)

    found = list(moments(facts, spent, most=4, cells=20))

    assert [each.verifications for each in found] == [0, 3, 5, 8, 10]
    assert [each.quality.num_elites for each in found] == [1, 4, 6, 9, 11]
    assert found[-1].quality.coverage == 0.55
