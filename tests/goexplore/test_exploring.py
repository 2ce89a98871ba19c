"""One step of the loop, and who is asked about its children."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from archive.admission import BetterOrShorter
from archive.entry import Appraisal, Candidate, EntryId, Evaluation, Selection, Step
from archive.library import Library
from archive.sql import SqlArchive
from goexplore.appraisal import Appraiser, Child
from goexplore.exploring import Explorer
from goexplore.view import Turn
from mutators.actions import append
from mutators.base import Parent, Taken
from tests.goexplore.walk import STEPS, Walk


@dataclass
class Following:
    """A mutator that takes these actions in turn, and remembers the parents that it was given."""

    actions: Sequence[str]
    parents: list[Parent] = field(default_factory=list[Parent])
    name: str = "path"

    def can_propose(self, parent: Parent) -> bool:
        del parent
        return len(self.parents) < len(self.actions)

    def propose(self, parent: Parent, random: Random) -> Candidate:
        del random
        action = self.actions[len(self.parents)]
        self.parents.append(parent)
        return append(parent, list(STEPS).index(action), mutator=self.name, rationale=action[0])


@dataclass
class Scripted:
    """An appraiser that has an opinion of each cell, and remembers of whom it was asked."""

    said: dict[str, Appraisal]
    asked: list[Child] = field(default_factory=list[Child])

    def appraise(self, child: Child, random: Random) -> Appraisal | None:
        del random
        self.asked.append(child)
        return self.said.get(child.evaluation.cell)


@dataclass
class Heeding:
    """An appraiser that says again what was refused before, and has another's opinion else."""

    other: Scripted

    def appraise(self, child: Child, random: Random) -> Appraisal | None:
        said = self.other.appraise(child, random)
        return Appraisal(refused=child.refused) if child.refused else said


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqlArchive]:
    with (
        Library(f"sqlite:///{tmp_path / 'archive.db'}") as library,
        library.open("run", {}) as opened,
    ):
        yield opened


def explorer(
    archive: SqlArchive, mutator: Following, *appraisers: Appraiser, size: int = 5
) -> Explorer:
    return Explorer(
        archive=archive,
        domain=Walk(size=size),
        mutator=mutator,
        rule=BetterOrShorter(),
        appraisers=appraisers,
        lock=nullcontext(),
    )


def stepped(
    archive: SqlArchive, actions: Sequence[str], *appraisers: Appraiser, number: int = 1
) -> list[str]:
    """What became of the children of a step from the root."""
    exploring = explorer(archive, Following(actions), *appraisers)
    if archive.last_step < 0:
        archive.add(Step(number=0, attempts=tuple(exploring.roots(Random(0)))), BetterOrShorter())
    selection = Selection(chosen=EntryId(1), slot=0, choices=1, probability=1.0)
    turn = Turn(
        number=number,
        selection=selection,
        as_of=archive.elites.newest,
        granted=9,
        untried=archive.elites.untried(EntryId(1)),
    )
    attempts = tuple(exploring.attempts(turn, Random(1)))
    step = Step(number=number, attempts=attempts, selection=selection, as_of=turn.as_of, granted=9)
    return [
        f"{entry.admission.status.name.lower()} {entry.admission.why}".strip()
        for entry in archive.add(step, BetterOrShorter())
    ]


REFUSED = Appraisal(refused="a dead end")


def test_a_refused_child_is_gone_on_from_and_stays_refused_for_the_rest_of_its_step(
    archive: SqlArchive,
) -> None:
    scripted = Scripted({"0,1": REFUSED})

    became = stepped(archive, ["north", "east", "west"], Heeding(scripted))

    assert became == [
        "rejected refused: a dead end",
        "new",
        "rejected refused: as it was in this step",
    ]
    told = [(each.evaluation.cell, each.founds, each.refused) for each in scripted.asked[1:]]
    assert told == [
        ("0,1", True, None),
        ("1,1", True, None),
        ("0,1", True, "as it was in this step"),
    ]


def test_a_cell_that_was_refused_in_an_earlier_step_is_known_by_who_was(
    archive: SqlArchive,
) -> None:
    scripted = Scripted({"0,1": REFUSED})
    stepped(archive, ["north"], scripted)

    stepped(archive, ["north"], scripted, number=2)

    last = scripted.asked[-1]
    assert (last.evaluation.cell, last.founds, last.refused) == ("0,1", True, "as #2 was")


def test_one_that_is_kept_anyway_has_founded_its_cell(archive: SqlArchive) -> None:
    scripted = Scripted({"0,1": Appraisal(refused="a dead end", anyway=True)})

    became = stepped(archive, ["north", "east", "west"], scripted)

    assert became[0] == "new tried although refused: a dead end"
    last = scripted.asked[-1]
    assert (last.evaluation.cell, last.founds, last.refused) == ("0,1", False, None)


def test_nobody_is_asked_about_what_the_rule_would_not_admit(archive: SqlArchive) -> None:
    scripted = Scripted({})
    stepped(archive, ["north"], scripted)
    scripted.asked.clear()

    became = stepped(archive, ["north", "east", "south", "south"], scripted, number=2)

    assert became == ["rejected no better than #2", "new", "new", "failed"]
    assert [each.evaluation.cell for each in scripted.asked] == ["1,1", "1,0"]


def test_an_appraiser_is_shown_the_child_with_its_parent_and_whether_it_is_final(
    archive: SqlArchive,
) -> None:
    scripted = Scripted({})
    exploring = explorer(archive, Following(["north", "east"]), scripted, size=1)
    archive.add(Step(number=0, attempts=tuple(exploring.roots(Random(0)))), BetterOrShorter())
    selection = Selection(chosen=EntryId(1), slot=0, choices=1, probability=1.0)
    turn = Turn(number=3, selection=selection, as_of=EntryId(1), granted=9)

    list(exploring.attempts(turn, Random(1)))

    root, first, second = scripted.asked
    assert (root.parent, root.step, root.place, root.final) == (None, 0, 0, False)
    assert (first.step, first.place, first.as_of, first.final) == (3, 0, 1, False)
    assert (second.step, second.place, second.as_of, second.final) == (3, 1, 1, True)
    assert second.parent
    assert second.parent.evaluation == first.evaluation


def test_a_step_is_shown_what_it_has_taken_so_far(archive: SqlArchive) -> None:
    mutator = Following(["north", "east", "north"])
    exploring = explorer(archive, mutator)
    archive.add(Step(number=0, attempts=tuple(exploring.roots(Random(0)))), BetterOrShorter())
    selection = Selection(chosen=EntryId(1), slot=0, choices=1, probability=1.0)
    turn = Turn(number=1, selection=selection, as_of=EntryId(1), granted=9)

    attempts = list(exploring.attempts(turn, Random(1)))

    north = Taken(action="north", thought="n", seen="")
    east = Taken(action="east", thought="e", seen="")
    assert [parent.taken for parent in mutator.parents] == [(), (north,), (north, east)]
    assert all(isinstance(each.result, Evaluation) for each in attempts)
