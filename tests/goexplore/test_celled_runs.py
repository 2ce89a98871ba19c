"""Whole runs in cells that are not the domain's."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.entry import Evaluation, Status
from archive.export import digest
from archive.library import Library
from goexplore.cells.base import CellError
from goexplore.config import ConfigError, checked, options, overrides, prepare, preset, stored
from goexplore.replay import replay
from tests.conformance.soundness import assert_sound

GRID = [
    "cells.kind=grid",
    'cells.measures=["x", "y"]',
    "cells.ranges=[[0, 10], [0, 10]]",
    "cells.dims=[5, 5]",
]
VORONOI = ["cells.kind=cvt", 'cells.measures=["x"]', "cells.ranges=[[0, 10]]", "cells.cells=4"]
NEAR = ["cells.kind=nearest", 'cells.measures=["x", "y"]', "cells.novelty_threshold=2.5"]
EMBEDDED = ["cells.kind=nearest", "cells.novelty_threshold=0.8"]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'archive.db'}"


def settings(*sets: str, verifications: int = 80) -> list[str]:
    return [
        "domain.kind=tests.goexplore.hills:Hills",
        "mutation.kind=tests.goexplore.hills:Nudge",
        "selection.kind=uniform",
        "run.name=hills",
        f"budget.verifications={verifications}",
        *sets,
    ]


def explored(url: str, *sets: str, verifications: int = 80) -> str:
    """The digest of a run that has been explored, or gone on with, up to a budget."""
    said = overrides(settings(*sets, verifications=verifications))
    config = checked([preset("default").layer, said, options({"archive": {"url": url}})])
    with Library(url) as library:
        with prepare(config, library=library) as run:
            run.engine.run()
        return digest(library.read("hills"))


def evaluated(url: str) -> Iterator[tuple[Status, Evaluation]]:
    with Library(url) as library:
        for entry in library.read("hills").entries():
            if isinstance(entry.result, Evaluation):
                yield entry.admission.status, entry.result


@pytest.mark.parametrize("cells", [GRID, VORONOI, NEAR, EMBEDDED])
def test_a_cell_keeps_its_best_and_what_the_domain_said_is_kept_beside(
    url: str, cells: list[str]
) -> None:
    explored(url, *cells)

    elites: dict[str, float] = {}
    for status, result in evaluated(url):
        before = elites.get(result.cell)
        assert result.domain_cell == f"{result.measures['x']:g} {result.measures['y']:g}"
        assert (status == Status.NEW) == (before is None)
        assert (status == Status.IMPROVED) == (before is not None and result.objective > before)
        elites[result.cell] = max(result.objective, elites.get(result.cell, result.objective))
    assert 1 < len(elites) < 30
    assert_sound(url)


@pytest.mark.parametrize("cells", [GRID, NEAR, EMBEDDED])
@pytest.mark.parametrize("workers", ["run.workers=1", "run.workers=3"])
def test_a_run_that_stopped_goes_on_as_if_it_had_not(
    tmp_path: Path, cells: list[str], workers: str
) -> None:
    sets = (*cells, workers, "run.deterministic=true", "run.lag=3", "run.horizon=2")
    whole = explored(f"sqlite:///{tmp_path / 'whole.db'}", *sets)

    url = f"sqlite:///{tmp_path / 'parts.db'}"
    explored(url, *sets, verifications=20)
    explored(url, *sets, verifications=50)

    assert explored(url, *sets) == whole


@pytest.mark.parametrize("cells", [GRID, VORONOI, NEAR, EMBEDDED])
def test_a_run_can_be_replayed(url: str, cells: list[str]) -> None:
    explored(url, *cells, "run.workers=2", "run.horizon=2")

    with Library(url) as library:
        again = replay(library, "hills")

    assert again.identical, (again.was, again.is_now)


def test_a_measure_that_there_is_not_ends_the_run_at_its_roots(url: str) -> None:
    with pytest.raises(CellError, match="no measure 'z'; the domain measures x, y"):
        explored(url, *GRID, 'cells.measures=["x", "z"]')


def test_the_cells_of_the_domain_are_no_part_of_what_makes_a_run() -> None:
    unsaid = checked([preset("default").layer, overrides(settings())])
    said = checked([preset("default").layer, overrides(settings("cells.kind=domain"))])
    others = checked([preset("default").layer, overrides(settings(*GRID))])

    assert "cells" not in unsaid.spec
    assert said.spec == unsaid.spec
    assert said.settings["cells"] == {"kind": "domain"}
    assert others.spec["cells"] == {
        "kind": "grid",
        "measures": ["x", "y"],
        "ranges": [[0.0, 10.0], [0.0, 10.0]],
        "dims": [5, 5],
    }


def test_a_run_with_cells_comes_back_from_its_spec() -> None:
    config = checked([preset("default").layer, overrides(settings(*GRID))])

    again = checked([stored("hills", json.loads(json.dumps(config.spec)))])

    assert again.spec == config.spec


def test_two_embeddings_of_an_entry_are_refused() -> None:
    sets = settings(*EMBEDDED, "selection.kind=novelty")

    with pytest.raises(ConfigError, match=r"novelty and .* nearest would both keep an embedding"):
        checked([preset("default").layer, overrides(sets)])
