"""Archives beside each other in one run."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import pytest

from archive.elites import Elites
from archive.entry import MIGRATION, Entry, EntryId, Evaluation, Status
from archive.library import Library
from archive.reading import RunReader
from goexplore.config import ConfigError, checked, overrides, preset
from goexplore.islands import Islands
from goexplore.replay import replay
from tests.conformance.soundness import assert_same_elites, assert_sound
from tests.goexplore.test_celled_runs import GRID, NEAR, explored, settings

RING = ("run.islands=3", "run.migration_every=5", "run.migrants=2")
THREE = (*RING, *GRID)

SELECTIONS = [
    "best-first",
    "by-counts",
    "clade",
    "dgm",
    "epsilon-lexicase",
    "epsilon-greedy",
    "go-explore-2019",
    "go-explore-2021",
    "greedy",
    "lexicase",
    "newest",
    "novelty",
    "oldest",
    "pareto",
    "softmax",
    "start",
    "tournament",
    "uniform",
]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'archive.db'}"


def recorded(url: str) -> list[Entry]:
    with Library(url) as library:
        return list(library.read("hills").entries())


def copies(entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.candidate.mutator == MIGRATION]


def objective(entry: Entry) -> float:
    assert isinstance(entry.result, Evaluation)
    return entry.result.objective


def test_steps_go_round_the_islands_and_migrants_come_with_every_fifth_of_each() -> None:
    islands = Islands(count=3, every=5)

    assert [islands.of(step) for step in (1, 2, 3, 4)] == [0, 1, 2, 0]
    assert [islands.before(step) for step in (1, 2, 3, 4)] == [2, 0, 1, 2]
    assert [step for step in range(1, 31) if islands.receives(step)] == [13, 14, 15, 28, 29, 30]
    assert not any(Islands(count=3, every=5, migrants=0).receives(step) for step in range(31))
    assert not any(Islands(every=5).receives(step) for step in range(31))


def test_each_island_begins_with_all_roots_and_a_child_is_on_the_island_of_its_parent(
    url: str,
) -> None:
    explored(url, *THREE, "domain.starts=2", "run.horizon=2")

    entries = recorded(url)
    roots = [(entry.island, entry.candidate.tree["point.txt"]) for entry in entries[:6]]
    assert roots == [(i, f"{x} 0") for i in range(3) for x in range(2)]
    for entry in entries[6:]:
        assert entry.island == (entry.step - 1) % 3
        if entry.candidate.mutator != MIGRATION:
            assert entries[entry.parents[0] - 1].island == entry.island
    assert_sound(url)


def test_the_best_of_the_island_before_are_copied_without_a_verification(url: str) -> None:
    explored(url, *THREE)

    entries = recorded(url)
    moved = copies(entries)
    with Library(url) as library:
        run = library.find("hills")
    assert run.verifications == 80
    assert run.entries == 80 + 3 + len(moved)
    assert 0 < len(moved) <= 2 * 80 // 5
    for entry in moved:
        origin = entries[entry.parents[0] - 1]
        assert origin.island == (entry.island - 1) % 3
        assert (origin.candidate.tree, origin.result) == (entry.candidate.tree, entry.result)
        assert origin.depth == entry.depth
        assert entry.admission.status.admitted


def test_a_copy_is_of_one_of_the_best_that_the_step_saw_and_better_than_what_was_there(
    url: str,
) -> None:
    explored(url, *THREE)

    entries = recorded(url)
    with Library(url) as library, library.open("hills", library.find("hills").spec) as archive:
        for entry in copies(entries):
            as_of = archive.step(entry.step).as_of
            there = archive.elites_at(as_of, (entry.island - 1) % 3)
            here = archive.elites_at(as_of, entry.island)
            assert entry.parents[0] in there.leading(2)
            assert here.wants(entry, entry.island)


def test_where_everything_is_kept_only_what_is_better_than_all_in_its_cell_is_copied(
    url: str,
) -> None:
    explored(url, *THREE, "admission.kind=keep-all", "run.migration_every=1")

    best: dict[tuple[int, str], float] = {}
    moved = 0
    for entry in recorded(url):
        if isinstance(entry.result, Evaluation):
            where = (entry.island, entry.result.cell)
            if entry.candidate.mutator == MIGRATION:
                assert entry.result.objective > best.get(where, float("-inf"))
                moved += 1
            best[where] = max(objective(entry), best.get(where, objective(entry)))
    assert moved


def test_a_copy_is_no_child_that_speaks_for_its_parent(url: str) -> None:
    explored(url, *THREE)

    entries = recorded(url)
    with Library(url) as library, library.open("hills", library.find("hills").spec) as archive:
        elites = archive.elites
        for entry in {copy.parents[0] for copy in copies(entries)}:
            slot = elites.slot(entry)
            made = [e for e in entries if e.parents[:1] == (entry,) and e.admission.status.admitted]
            own = sum(e.candidate.mutator != MIGRATION for e in made)
            if slot is not None:
                assert int(elites.arrays().children[slot]) == own


def built(reader: RunReader, island: int) -> Elites:
    """The elites of an island, step by step."""
    elites = Elites()
    for _, group in groupby(reader.entries(), attrgetter("step")):
        step = list(group)
        if there := [entry for entry in step if entry.island == island]:
            elites.take_step(there)
        elites.see(step[-1].id)
    return elites


@pytest.mark.parametrize("island", [0, 1, 2])
def test_the_elites_of_an_island_are_the_same_when_they_are_read_again(
    url: str, island: int
) -> None:
    explored(url, *THREE, "run.horizon=2")

    with Library(url) as library, library.open("hills", library.find("hills").spec) as archive:
        assert_same_elites(archive.elites_at(None, island), built(archive, island))
        assert archive.elites_at(EntryId(40), island).newest == 40


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("cells", [GRID, NEAR])
def test_a_run_with_islands_that_stopped_goes_on_as_if_it_had_not(
    tmp_path: Path, workers: int, cells: list[str]
) -> None:
    order = (f"run.workers={workers}", "run.deterministic=true", "run.lag=4", "run.horizon=2")
    sets = (*RING, *cells, *order)
    whole = explored(f"sqlite:///{tmp_path / 'whole.db'}", *sets)

    url = f"sqlite:///{tmp_path / 'parts.db'}"
    explored(url, *sets, verifications=30)
    explored(url, *sets, verifications=62)

    assert explored(url, *sets) == whole


def test_any_number_of_workers_gives_the_same_islands(tmp_path: Path) -> None:
    order = (*THREE, "run.deterministic=true", "run.lag=4")

    one, many = (
        explored(f"sqlite:///{tmp_path / str(workers)}.db", *order, f"run.workers={workers}")
        for workers in (1, 4)
    )

    assert one == many


def test_a_run_with_islands_can_be_replayed(url: str) -> None:
    explored(url, *THREE, "run.workers=3", "run.horizon=2")

    with Library(url) as library:
        again = replay(library, "hills")

    assert again.identical, (again.was, again.is_now)


@pytest.mark.parametrize("kind", SELECTIONS)
def test_every_way_to_select_that_needs_no_model_works_on_islands(url: str, kind: str) -> None:
    explored(url, *THREE, f"selection.kind={kind}", verifications=60)

    entries = recorded(url)
    made = [entry for entry in entries if entry.step and entry.candidate.mutator != MIGRATION]
    assert Counter(entry.island for entry in made) == {0: 20, 1: 20, 2: 20}
    assert all(entries[entry.parents[0] - 1].island == entry.island for entry in made)
    assert_sound(url)


def test_the_domains_own_cells_are_told_apart_by_island(url: str) -> None:
    explored(url, "run.islands=2", "run.migrants=0")

    entries = recorded(url)
    firsts: set[tuple[int, str]] = set()
    for entry in entries:
        if isinstance(entry.result, Evaluation):
            where = (entry.island, entry.result.cell)
            assert (entry.admission.status == Status.NEW) == (where not in firsts)
            firsts.add(where)
    assert len({cell for _, cell in firsts}) < len(firsts)
    assert not copies(entries)


def test_islands_are_part_of_what_makes_a_run_where_there_are_any() -> None:
    without = checked([preset("default").layer, overrides(settings("run.migrants=7"))])
    with_them = checked([preset("default").layer, overrides(settings(*THREE))])

    assert not {"islands", "migration_every", "migrants"} & without.spec.keys()
    assert with_them.spec["islands"] == 3
    assert with_them.spec["migration_every"] == 5
    assert with_them.spec["migrants"] == 2


def test_what_would_never_come_to_some_of_the_islands_is_refused() -> None:
    sets = settings("run.islands=4", "selection.kind=by-counts", "selection.remove=10")

    with pytest.raises(ConfigError, match="remove = 10 would never come to some of the 4 islands"):
        checked([preset("default").layer, overrides(sets)])
