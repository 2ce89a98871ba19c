"""A few elites that are worth a look: which, and at what cost."""

from random import Random

import pytest

from archive.elites import EliteArrays, Elites
from archive.entry import EntryId
from archive.facts import Ints
from goexplore.selection.shortlist import Shortlisting
from tests.goexplore.selection.making import assert_fits, elites_of, new_cell


def looked(elites: Elites, size: int, seed: int = 1) -> list[int]:
    return Shortlisting().slots(elites, size, Random(seed))


@pytest.mark.parametrize("size", [1, 2, 5, 30])
def test_no_slot_is_drawn_twice_and_none_that_is_not_explorable(size: int) -> None:
    elites = elites_of(*range(12), closed=[0, 3, 11])

    drawn = [looked(elites, size, seed) for seed in range(50)]

    explorable = {1, 2, 4, 5, 6, 7, 8, 9, 10}
    assert {len(slots) for slots in drawn} == {min(size, 9)}
    assert all(len(set(slots)) == len(slots) for slots in drawn)
    assert set().union(*drawn) <= explorable


def test_nothing_is_drawn_where_nothing_is_explorable() -> None:
    assert looked(Elites(), 30) == []
    assert looked(elites_of(1.0, 2.0, closed=[0, 1]), 30) == []


def test_a_third_are_the_best_and_a_third_the_newest() -> None:
    elites = elites_of(*[0.0] * 10, 9.0, 8.0, *[0.0] * 88)

    drawn = [looked(elites, 6, seed) for seed in range(30)]

    assert all({10, 11, 98, 99} <= set(slots) for slots in drawn)
    others = {slot for slots in drawn for slot in slots} - {10, 11, 98, 99}
    assert len(others) > 20


def test_a_third_are_drawn_by_how_little_their_cell_was_seen() -> None:
    elites = elites_of(0.0, 0.0, 0.0)
    for number in range(4, 7):
        elites.take(new_cell(number, 0.0)._replace(key=1, status=1))
    random = Random(5)
    listing = Shortlisting()

    drawn = [listing.slots(elites, 1, random)[0] for _ in range(3000)]

    # 1 / sqrt(seen + 1), where the first was seen four times and the others once
    weights = (5**-0.5, 2**-0.5, 2**-0.5)
    assert_fits(drawn, {slot: w / sum(weights) for slot, w in enumerate(weights)})


def test_the_best_are_the_most_interesting_where_elites_are_rated() -> None:
    elites = elites_of(9.0, 0.0, *[5.0] * 48)
    for entry in range(1, 51):
        elites.rate(EntryId(entry), 0.75 if entry == 2 else 0.25)

    drawn = [looked(elites, 3, seed) for seed in range(30)]

    assert all({1, 49} <= set(slots) for slots in drawn)
    assert any(0 not in slots for slots in drawn)


def test_what_is_drawn_comes_in_random_order() -> None:
    elites = elites_of(1.0, 2.0, 3.0)

    orders = {tuple(looked(elites, 3, seed)) for seed in range(80)}

    assert len(orders) == 6


def test_the_same_stream_draws_the_same_again_and_again() -> None:
    elites = elites_of(*range(40), closed=[4])
    listing = Shortlisting()

    drawn = [listing.slots(elites, 12, Random(3)) for _ in range(3)]

    assert drawn[0] == drawn[1] == drawn[2] == looked(elites, 12, 3)
    assert listing.choices(elites) == 39


def test_a_retired_elite_is_not_drawn_and_one_in_its_place_is() -> None:
    elites = elites_of(1.0, 2.0)
    listing = Shortlisting()
    before = listing.choices(elites)

    elites.retire([EntryId(2)])

    assert (before, listing.choices(elites)) == (2, 1)
    assert listing.slots(elites, 5, Random(1)) == [0]

    elites.take(new_cell(3, 5.0)._replace(key=2, status=3))

    assert sorted(listing.slots(elites, 5, Random(1))) == [0, 1]


class Watched(Elites):
    """Elites that remember how many of them were looked at, time after time."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[int] = []

    def arrays(self, slots: Ints | None = None) -> EliteArrays:
        self.looks.append(len(self) if slots is None else len(slots))
        return super().arrays(slots)


@pytest.mark.parametrize("count", [100, 2000])
def test_drawing_looks_only_at_what_was_drawn_or_has_changed(count: int) -> None:
    elites = Watched()
    for number in range(1, count + 1):
        elites.take(new_cell(number, float(number)))
    listing = Shortlisting()
    listing.slots(elites, 9, Random(1))
    elites.looks.clear()

    listing.slots(elites, 9, Random(2))
    elites.take(new_cell(count + 1, 0.5, parent=17))
    listing.slots(elites, 9, Random(3))
    listing.choices(elites)

    assert elites.looks == [9, 2, 9]
