"""Children that have been tried already are recorded, and not run again."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from archive.admission import KeepAll
from archive.entry import Attempt, Candidate, Cause, EntryId, Evaluation, Failure, Step
from archive.library import Library
from archive.sql import SqlArchive
from goexplore.budget import Budget
from goexplore.config import ConfigError, RunConfig, checked, options, overrides, prepare
from goexplore.events import Ending
from goexplore.replay import replay
from goexplore.twins import WINDOW, Digests, Twins

ONE = "value = 1\n"
SAME = "value = 1  # one\n"
BROKEN = "value = one\n"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(f"sqlite:///{tmp_path / 'archive.db'}") as opened:
        yield opened


@pytest.fixture
def archive(library: Library) -> Iterator[SqlArchive]:
    with library.open("known", {}) as opened:
        yield opened


def program(text: str) -> Candidate:
    return Candidate(tree={"main.py": text}, mutator="diff")


def attempt(text: str, result: Evaluation | Failure | None = None) -> Attempt:
    scored = result or Evaluation(cell=text, objective=0.5)
    return Attempt(parent=None, candidate=program(text), result=scored)


def knowing(archive: SqlArchive, twins: Twins, *attempts: Attempt) -> Twins:
    for number, each in enumerate(attempts):
        twins.remember(archive.add(Step(number=number, attempts=(each,)), KeepAll()))
    return twins


def told(found: Failure | None) -> str:
    assert found is not None
    assert found.cause is Cause.DUPLICATE
    return found.message


def test_the_same_text_is_known_with_what_it_came_to(archive: SqlArchive) -> None:
    twins = knowing(archive, Twins(archive), attempt(ONE))

    found = twins.tried(program(ONE), EntryId(1), ())

    assert told(found) == "the same as #1, which came to score 0.5"


def test_the_same_code_is_known_where_it_failed(archive: SqlArchive) -> None:
    crash = Failure(cause=Cause.CRASHED, message="NameError: one")
    twins = knowing(archive, Twins(archive), attempt(ONE), attempt(BROKEN, crash))

    found = twins.tried(program("\n# again\n" + BROKEN), EntryId(2), ())

    assert told(found) == ("the same as #2 but for comments, which came to crashed: NameError: one")


def test_a_step_knows_nothing_that_it_cannot_see(archive: SqlArchive) -> None:
    twins = knowing(archive, Twins(archive), attempt(ONE), attempt(BROKEN))

    assert twins.tried(program(BROKEN), EntryId(1), ()) is None
    assert twins.tried(program("# x\n" + BROKEN), EntryId(1), ()) is None


def test_children_of_the_same_step_are_known(archive: SqlArchive) -> None:
    twins = Twins(archive)

    found = twins.tried(program(SAME), EntryId(0), [attempt(ONE)])

    assert told(found).startswith("the same as an earlier child of this step but for comments")


def test_what_was_never_run_is_not_known(archive: SqlArchive) -> None:
    cut_off = Failure(cause=Cause.TRUNCATED, message="cut off")
    twins = knowing(archive, Twins(archive), attempt(BROKEN), attempt(ONE, cut_off))

    assert twins.tried(program(ONE), EntryId(2), ()) is None


def test_by_text_comments_count(archive: SqlArchive) -> None:
    twins = knowing(archive, Twins(archive, same="text"), attempt(ONE))

    assert twins.tried(program(SAME), EntryId(1), ()) is None
    assert twins.tried(program(ONE), EntryId(1), ()) is not None


def test_what_is_nearly_the_same_is_known_only_where_that_is_asked_for(
    archive: SqlArchive,
) -> None:
    long = "".join(f"name_{n} = {n}\n" for n in range(60))
    changed = long.replace("name_7 = 7\n", "name_7 = 8\n")
    strict = knowing(archive, Twins(archive), attempt(long))
    near = Twins(archive, near=0.99)
    archive.flush()
    near.remember(list(archive.entries()))

    assert strict.tried(program(changed), EntryId(1), ()) is None
    assert told(near.tried(program(changed), EntryId(1), ())).startswith("nearly the same as #1 (")
    assert near.tried(program(ONE), EntryId(1), ()) is None


def test_old_text_is_known_for_good_and_old_code_for_a_while(archive: SqlArchive) -> None:
    others = [attempt(f"other = {n}\n") for n in range(WINDOW)]
    first = archive.add(Step(number=0, attempts=(attempt(ONE),)), KeepAll())
    rest = archive.add(Step(number=1, attempts=tuple(others)), KeepAll())
    twins = Twins(archive)
    twins.remember(first)
    twins.remember(rest)

    assert twins.tried(program(ONE), EntryId(WINDOW + 1), ()) is not None
    assert twins.tried(program(SAME), EntryId(WINDOW + 1), ()) is None
    assert twins.tried(program(SAME), EntryId(WINDOW), ()) is not None


def test_the_first_entry_of_a_digest_is_found_among_many() -> None:
    digests = Digests()
    for entry in range(1, 150_001):
        digests.add((entry * 0x9E3779B97F4A7C15) % 2**64, EntryId(entry))
    digests.add(0x9E3779B97F4A7C15, EntryId(200_000))

    assert digests.get(0x9E3779B97F4A7C15) == 1
    assert digests.get((70_000 * 0x9E3779B97F4A7C15) % 2**64) == 70_000
    assert digests.get((150_000 * 0x9E3779B97F4A7C15) % 2**64) == 150_000
    assert digests.get(5) is None


# Whole runs


def proposing(folder: Path, *answers: str) -> str:
    """A model that answers any question by one of these lines, told by what is asked."""
    path = folder / "script.jsonl"
    edits = [f"<<<<<<< SEARCH\nvalue = 1\n=======\n{each}\n>>>>>>> REPLACE\n" for each in answers]
    path.write_text("".join(json.dumps({"text": each}) + "\n" for each in edits))
    return f"scripted:{path}"


def searching(model: str, name: str = "run", **run: object) -> RunConfig:
    settings: Mapping[str, Mapping[str, object]] = {
        "run": {"name": name, "model": model, "deterministic": True, "lag": 8, **run},
        "domain": {"kind": "tests.goexplore.sums:Sums"},
        "selection": {"kind": "start"},
        "mutation": {"kind": "diff"},
        "admission": {"kind": "keep-all"},
        "budget": {"steps": 20},
        "duplicates": {"same": "code"},
    }
    return checked([options(settings)])


def ran(config: RunConfig, library: Library) -> int:
    """How many programs a run ran."""
    with prepare(config, library=library) as run:
        return run.engine.run().spent.verifications


def test_a_model_that_always_proposes_the_same_costs_one_verification(
    library: Library, tmp_path: Path
) -> None:
    model = proposing(tmp_path, "value = 2")

    spent = ran(searching(model, lag=1), library)

    run = library.read("run")
    results = [entry.result for entry in run.entries()][2:]
    assert spent == 1
    assert len(results) == 19
    assert {result.cause for result in results if isinstance(result, Failure)} == {Cause.DUPLICATE}
    assert (
        "already tried: the same as #2, which came to score -5"
        in [call.request for call in run.calls()][-1]
    )
    assert replay(library, "run").identical


def test_a_run_ends_when_its_model_has_had_nothing_new_to_say_for_long(
    library: Library, tmp_path: Path
) -> None:
    model = proposing(tmp_path, "value = 2")
    config = replace(searching(model, lag=1), budget=Budget(verifications=9))

    with prepare(config, library=library) as run:
        outcome = run.engine.run()

    assert outcome.ending is Ending.EXHAUSTED
    assert outcome.detail == "200 steps in a row brought nothing new to run"
    assert (outcome.spent.steps, outcome.spent.verifications) == (201, 1)


def test_many_workers_and_one_find_the_same_and_so_does_a_run_that_stopped(
    library: Library, tmp_path: Path
) -> None:
    model = proposing(tmp_path, "value = 3")
    ran(searching(model, "one", workers=1), library)
    ran(searching(model, "eight", workers=8), library)
    stopped = searching(model, "stopped", workers=3)
    short = checked([options({**stopped.settings, "budget": {"steps": 7}})])
    ran(short, library)
    ran(stopped, library)

    archives = [
        [(entry.candidate, entry.result) for entry in library.read(name).entries()]
        for name in ("one", "eight", "stopped")
    ]
    assert len(archives[0]) == 21
    assert archives[0] == archives[1] == archives[2]
    assert replay(library, "eight").identical


def test_duplicates_are_run_where_nothing_is_said_of_a_world_without_sandboxes(
    library: Library, tmp_path: Path
) -> None:
    config = searching(proposing(tmp_path, "value = 2"))
    plain = {key: value for key, value in config.settings.items() if key != "duplicates"}

    spent = ran(checked([options(plain)]), library)

    assert spent == 20
    assert "duplicates" not in checked([options(plain)]).spec


def test_nearness_without_sameness_is_a_mistake(tmp_path: Path) -> None:
    settings = searching(proposing(tmp_path, "value = 2")).settings
    layers = [options(settings), overrides(["duplicates.near=0.9", "duplicates.same=none"])]

    with pytest.raises(ConfigError, match="near does nothing where same is 'none'"):
        checked(layers)
