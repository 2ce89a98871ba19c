"""Names to parts."""

import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import get_args

import pytest
from pydantic import ValidationError

from archive.elites import Elites
from goexplore.catalog import OURS, Choice, Given, Kind, SetupError, UnknownPart, find, names
from goexplore.connections import Unasked
from goexplore.selection.base import Judge
from mutators.llm.base import Model
from sandboxes.limits import Room
from sandboxes.pool import Pool
from sandboxes.process import Unconfined

KINDS: tuple[Kind, ...] = get_args(Kind)
PARTS = [(kind, name) for kind in KINDS for name in OURS[kind]]
PARTS.remove(("mutation", "mixture"))  # made of others: see below
TASK = Path(__file__).parents[2] / "examples" / "function_minimization"

PACKAGE = '''
class Last:
    """Chooses nothing."""
    def __init__(self, patience: int) -> None:
        self.patience = patience
    def select(self, elites, random):
        return None

class Mute:
    pass

def proud(size: int) -> Last:
    raise ValueError("too proud for that")

NUMBER = 24

def positional(a: int, /) -> Last:
    return Last(a)

def of_no_file(elites: Last) -> Last:
    return elites
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed package that offers a selection named `last`."""
    (tmp_path / "foreign_parts.py").write_text(PACKAGE)
    info = tmp_path / "foreign_parts-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign-parts\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[goexplore.selection]\nlast = foreign_parts:Last\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    find.cache_clear()
    yield
    find.cache_clear()
    sys.modules.pop("foreign_parts", None)


MODEL = Model(name="some", context_window=8192, structured=True, prices=None, logprobs=True)


def chosen(kind: Kind, name: str, **parameters: object) -> Choice:
    part = find(kind, name)
    return Choice(part=part, parameters=part.parameters(**parameters))


@pytest.mark.parametrize(("kind", "name"), PARTS)
def test_each_of_our_parts_can_be_made(kind: Kind, name: str) -> None:
    needed: dict[str, dict[str, object]] = {
        "game24": {"numbers": (4, 4, 6, 8)},
        "program": {"folder": TASK},
        "grid": {"measures": ("lines",), "ranges": ((0, 100),), "dims": (10,)},
        "cvt": {"measures": ("lines",), "ranges": ((0, 100),), "cells": 3, "samples": 9},
    }

    with Pool(Unconfined(Room()), size=1) as sandboxes:
        offered = Given(asking=Unasked(MODEL), sandboxes=sandboxes)
        chosen(kind, name, **needed.get(name, {})).make(offered)


def test_a_mixture_is_made_of_its_arms_each_with_what_it_is_given() -> None:
    part = find("mutation", "mixture")
    arms = (chosen("mutation", "append-action"), chosen("mutation", "diff", model="some"))
    said = ({"kind": "append-action"}, {"kind": "diff", "model": "some"})
    mixture = Choice(part=part, parameters=part.parameters(arms=said), arms=arms)

    with pytest.raises(SetupError, match="diff asks a model, and there is none"):
        mixture.make(Given(arms=(Given(), Given())))
    made = mixture.mutator(Given(arms=(Given(), Given(asking=Unasked(MODEL)))))

    assert made.name == "mixture"
    assert mixture.models == ["some"]


def test_a_part_that_takes_sandboxes_is_not_made_without_them() -> None:
    with pytest.raises(SetupError, match=r"\[domain\] program needs sandboxes"):
        chosen("domain", "program", folder=TASK).make()


def test_a_part_that_asks_a_model_is_not_made_without_one() -> None:
    with pytest.raises(SetupError, match=r"\[mutation\] choose-action asks a model"):
        chosen("mutation", "choose-action").make()


def test_an_unknown_part_names_its_nearest_and_what_is_known() -> None:
    with pytest.raises(
        UnknownPart, match=r"'dgn'; did you mean 'dgm'\? Known are beam, best-first, by-counts"
    ):
        find("selection", "dgn")


def test_what_is_like_nothing_names_what_is_known() -> None:
    with pytest.raises(
        UnknownPart, match="'xyz'; known are game24, program, or write module:Class"
    ):
        find("domain", "xyz")


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("softmax", {"temperature": 0.0}),
        ("softmax", {"temperature": float("inf")}),
        ("tournament", {"size": 0}),
        ("epsilon-greedy", {"epsilon": 1.5}),
        ("go-explore-2019", {"seen": -1.0}),
        ("dgm", {"steepness": "10"}),
        ("uniform", {"anything": 1}),
    ],
)
def test_parameters_are_checked(name: str, parameters: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        chosen("selection", name, **parameters)


def test_parameters_reach_the_part() -> None:
    elites = Elites()

    selector = chosen("selection", "tournament", size=3).selector()

    assert not isinstance(selector, Judge)
    assert selector.select(elites, Random(1)) is None


@pytest.mark.usefixtures("package")
def test_an_installed_package_offers_parts_by_name() -> None:
    choice = chosen("selection", "last", patience=3)

    selector = choice.selector()
    assert "last" in names("selection")
    assert not isinstance(selector, Judge)
    assert selector.select(Elites(), Random(1)) is None


@pytest.mark.usefixtures("package")
def test_a_part_can_be_any_class_of_a_module() -> None:
    assert find("selection", "foreign_parts:Last").parameters(patience=3)


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    "name", ["foreign_parts:Missing", "no_such_module:Last", "foreign_parts:NUMBER", ":Last"]
)
def test_what_cannot_be_found_in_a_module_is_unknown(name: str) -> None:
    with pytest.raises(UnknownPart, match=name):
        find("selection", name)


@pytest.mark.usefixtures("package")
def test_a_part_of_another_kind_is_refused() -> None:
    with pytest.raises(SetupError, match="no selection: it has no 'select'"):
        chosen("selection", "foreign_parts:Mute").make()


@pytest.mark.usefixtures("package")
def test_what_a_factory_refuses_is_told_with_its_place() -> None:
    with pytest.raises(SetupError, match=r"\[selection\] foreign_parts:proud: too proud for that"):
        chosen("selection", "foreign_parts:proud", size=1).make()


@pytest.mark.usefixtures("package")
def test_parameters_that_cannot_be_named_are_refused() -> None:
    with pytest.raises(SetupError, match="'a' cannot be given by name"):
        find("selection", "foreign_parts:positional")


@pytest.mark.usefixtures("package")
def test_parameters_that_no_file_can_hold_are_refused() -> None:
    with pytest.raises(SetupError, match="cannot be made from a run file"):
        find("selection", "foreign_parts:of_no_file")
