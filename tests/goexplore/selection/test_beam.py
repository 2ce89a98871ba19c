"""Beam search over the depth of entries."""

from collections.abc import Sequence

from archive.entry import EntryId, Status
from archive.facts import NO_CELL
from goexplore.selection.beam import Beam
from tests.goexplore.selection.making import Told, new_cell


def chosen(told: Told) -> int | None:
    """Who is set out from, if anyone."""
    (slot,) = [each.slot for each in told.draws(1)] or [None]
    if slot is None:
        return None
    told.elites.set_out(slot)
    return told.elites.holder(slot)


def back(told: Told, parent: int, number: int, objective: float, depth: int) -> None:
    """Who set out is back, with a child."""
    slot = told.elites.slot(EntryId(parent))
    assert slot is not None
    told.step((new_cell(number, objective, parent=parent)._replace(depth=depth), ()))
    told.elites.back(slot)


def level(told: Told, *objectives: Sequence[float]) -> list[int | None]:
    """Whom a level sets out from, each coming back with a child of an objective."""
    order: list[int | None] = []
    for depth, objective in objectives:
        order.append(chosen(told))
        number = int(told.elites.newest) + 1
        back(told, order[-1] or 0, number, objective, int(depth))
    return order


def test_the_best_of_each_depth_are_set_out_from_as_often_as_wanted_and_none_again() -> None:
    told = Told(Beam(width=2, breadth=2))
    told.cells(())

    first = level(told, (1, 5.0), (1, 7.0))  # 2 and 3
    second = level(told, (2, 6.0), (2, 2.0), (2, 9.0), (2, 8.0))  # 4, 5, 6 and 7
    third = [chosen(told) for _ in range(5)]

    assert first == [1, 1]
    assert second == [3, 3, 2, 2]
    assert third == [6, 6, 7, 7, None]


def test_the_next_depth_waits_until_all_are_back() -> None:
    told = Told(Beam(width=1, breadth=2))
    told.cells(())
    before = [chosen(told), chosen(told)]

    back(told, 1, 2, 5.0, 1)
    while_one_is_out = chosen(told)
    back(told, 1, 3, 6.0, 1)

    assert before == [1, 1]
    assert while_one_is_out is None
    assert chosen(told) == 3


def test_among_equals_the_oldest_comes_first() -> None:
    told = Told(Beam(width=1, breadth=3))
    told.cells(())

    level(told, (1, 4.0), (1, 4.0), (1, 4.0))

    assert chosen(told) == 2


def test_a_level_that_brings_forth_nothing_is_the_last() -> None:
    told = Told(Beam(width=3, breadth=1))
    told.cells(())
    assert chosen(told) == 1

    failed = new_cell(2, 0.0, parent=1)._replace(key=NO_CELL, status=Status.FAILED, depth=1)
    told.step((failed, ()))
    told.elites.back(0)

    assert chosen(told) is None


def test_who_has_lost_its_cell_is_passed_over_and_nobody_moves_up() -> None:
    told = Told(Beam(width=2, breadth=1))
    told.cells(())
    level(told, (1, 5.0))
    told.step((new_cell(3, 3.0)._replace(depth=1), ()))
    told.step((new_cell(4, 2.0)._replace(depth=1), ()))
    taken = new_cell(5, 9.0, parent=2)._replace(key=2, status=Status.IMPROVED, depth=2)
    told.step((taken, ()))

    first = chosen(told)
    back(told, 3, 6, 1.0, 2)

    # 2 and 3 are the beam at depth 1; 2 is gone, and 4 was never in it
    assert [first, chosen(told)] == [3, 5]
