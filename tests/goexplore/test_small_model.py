"""Intelligent Go-Explore by a model of 135 million parameters, really run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.library import Library
from goexplore.config import checked, options, prepare, preset
from goexplore.connections import Connections
from goexplore.replay import replay
from goexplore.selection.record import record_of

pytestmark = pytest.mark.model

OPERATIONS = 8


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(f"sqlite:///{tmp_path / 'archive.db'}") as opened:
        yield opened


@pytest.mark.parametrize("numbers", [(1, 5, 5, 5), (3, 3, 8, 8)])
def test_a_small_model_plays_all_roles_on_record_and_can_be_replayed(
    gguf: Path, library: Library, numbers: tuple[int, ...]
) -> None:
    settings = {
        "run": {"name": "small", "model": f"local:{gguf}"},
        "domain": {"kind": "game24", "numbers": list(numbers), "rules": "exact"},
        "mutation": {"kind": "choose-action"},
        "budget": {"verifications": OPERATIONS},
    }
    config = checked([preset("ige").layer, options(settings)])

    with prepare(config, library=library, connections=Connections({})) as run:
        run.engine.run()

    reader = library.read("small")
    asked = {each.role: each.calls for each in reader.spending()}
    assert asked.keys() == {"select", "act", "admit"}
    assert asked["act"] >= OPERATIONS
    judge = next(each for each in record_of(reader).judges if each.judge == "choose")
    assert judge.chosen + judge.fell_back >= 1
    assert judge.picks == judge.chosen
    assert replay(library, "small").identical
