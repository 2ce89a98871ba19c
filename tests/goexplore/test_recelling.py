"""A run gone on with in other cells."""

from pathlib import Path

import pytest

from archive.entry import Evaluation, Status
from archive.errors import ArchiveError
from archive.export import digest, jsonl
from archive.library import Library
from archive.sql import SqlArchive
from goexplore.catalog import SetupError
from goexplore.cells.base import CellError
from goexplore.config import RunConfig, checked, options, overrides, prepare, stored
from goexplore.recelling import recell
from goexplore.replay import replay
from tests.conformance.soundness import assert_sound
from tests.goexplore.test_celled_runs import EMBEDDED, GRID, NEAR, explored
from tests.goexplore.test_islands import RING


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'archive.db'}"


def other(library: Library, *sets: str, name: str = "others", budget: int = 80) -> RunConfig:
    """The run `hills` in other cells."""
    spent = options({"run": {"name": name}, "budget": {"verifications": budget}})
    return checked([stored("hills", library.find("hills").spec), overrides(sets), spent])


def plain(library: Library, name: str) -> list[tuple[object, ...]]:
    """What is the same of entries in whichever cells they are."""
    return [
        (e.id, e.step, e.parents, e.depth, e.candidate, e.island)
        for e in library.read(name).entries()
    ]


@pytest.mark.parametrize("cells", [GRID, NEAR, EMBEDDED])
@pytest.mark.parametrize("islands", [(), RING])
def test_a_run_begins_with_all_that_another_found_and_goes_on(
    url: str, cells: list[str], islands: tuple[str, ...]
) -> None:
    before = explored(url, "run.horizon=2", "run.workers=2", *islands)

    with Library(url) as library:
        count = recell(library, "hills", other(library, *cells))
        copied = plain(library, "others")
        first, second = library.find("hills"), library.find("others")
        with prepare(other(library, *cells, budget=120), library=library) as run:
            outcome = run.engine.run()

        assert copied == plain(library, "hills")
        assert count == first.entries == second.entries
        assert (first.steps, first.verifications) == (second.steps, second.verifications)
        assert outcome.spent.verifications == 120
        assert digest(library.read("hills")) == before
        entries = list(library.read("others").entries())
    best: dict[tuple[int, str], float] = {}
    for entry in entries:
        if isinstance(entry.result, Evaluation):
            where = (entry.island, entry.result.cell)
            assert (entry.admission.status == Status.NEW) == (where not in best)
            best[where] = max(entry.result.objective, best.get(where, entry.result.objective))
    assert_sound(url)


def test_what_judges_were_shown_and_said_goes_with_the_entries(url: str) -> None:
    explored(url, "selection.kind=by-counts", "run.workers=2")

    with Library(url) as library:
        recell(library, "hills", other(library, *GRID))
        before, after = library.read("hills"), library.read("others")

        assert list(after.verdicts()) == list(before.verdicts())
        assert after.shortlist(7) == before.shortlist(7)
    assert_sound(url)


def test_one_can_go_back_to_the_cells_of_before(url: str) -> None:
    explored(url, *GRID)

    with Library(url) as library:
        recell(library, "hills", other(library, *NEAR))
        spec = library.find("others").spec
        name = options({"run": {"name": "back"}})
        back = checked([stored("others", spec), overrides(GRID), name])
        recell(library, "others", back)

        assert list(jsonl(library.read("back"))) == list(jsonl(library.read("hills")))


def test_a_run_that_was_not_copied_whole_is_not_gone_on_with_and_is_finished(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    explored(url)
    with Library(url) as library:
        config = other(library, *EMBEDDED)
        add, left = SqlArchive.add, iter(range(30))

        def killed(self: SqlArchive, *said: object) -> object:
            next(left)
            return add(self, *said)  # type: ignore[arg-type]  # whatever it was given

        with monkeypatch.context() as patched:
            patched.setattr(SqlArchive, "add", killed)
            with pytest.raises(StopIteration):
                recell(library, "hills", config)

        assert library.find("others").steps == 29
        message = "'others' has not got all entries of 'hills' yet; give the same 'goexplore recell"
        with pytest.raises(SetupError, match=message):
            prepare(config, library=library)
        recell(library, "hills", config)
        recell(library, "hills", other(library, *EMBEDDED, name="at once"))
        assert digest(library.read("others")) == digest(library.read("at once"))


def test_a_name_that_is_taken_is_refused(url: str) -> None:
    explored(url)

    with Library(url) as library:
        recell(library, "hills", other(library, *GRID))
        with pytest.raises(ArchiveError, match="there is a run 'others' already"):
            recell(library, "hills", other(library, *GRID))


def test_an_entry_that_is_in_none_of_the_cells_is_named_and_nothing_is_begun(url: str) -> None:
    explored(url)

    with Library(url) as library:
        config = other(library, *GRID, 'cells.measures=["x", "z"]')
        with pytest.raises(CellError, match="no measure 'z'"):
            recell(library, "hills", config)
        assert [run.name for run in library.runs()] == ["hills"]


def test_a_replay_says_which_run_can_be_replayed(url: str) -> None:
    explored(url)

    with Library(url) as library:
        recell(library, "hills", other(library, *GRID))
        with pytest.raises(SetupError, match=r"began with 81 entries of hills.*that run can be"):
            replay(library, "others")
