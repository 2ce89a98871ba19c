"""A run for other programs, and the digest that tells two runs apart."""

import json
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import networkx as nx
import pytest

from archive.admission import Better
from archive.entry import (
    Appraisal,
    Attempt,
    Candidate,
    EntryId,
    Evaluation,
    Option,
    Selection,
    Step,
    TaskResult,
)
from archive.export import digest, dot, graphml, jsonl
from archive.library import Library
from archive.reading import RunReader
from archive.sql import SqlArchive
from tests.archive.conftest import NewRun
from tests.conformance.making import CRASHED, appraised, attempt, found, roots, step
from tests.conftest import empty_database, postgres_server

BETTER = Better()
ODD = 'a"b\\c\nd<e>&{f}[g];->#\té'


def small(archive: SqlArchive) -> None:
    """A search with one of everything."""
    archive.add(roots(found("a", 0.5), found(ODD, 1 / 3)), BETTER)
    archive.add(step(1, attempt(found("c", 2.0, options=[0.5]), 1), attempt(CRASHED)), BETTER)
    archive.add(step(2, attempt(found("a", 0.25), 2, others=[3], text=ODD)), BETTER)
    archive.flush()


# JSON lines


def test_every_entry_is_a_line_of_json(archive: SqlArchive) -> None:
    small(archive)

    lines = list(jsonl(archive))

    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    assert [json.loads(line)["id"] for line in lines] == [1, 2, 3, 4, 5]


def test_a_line_says_all_of_an_evaluated_entry(archive: SqlArchive) -> None:
    archive.add(roots(found("root", options=[0.0, 0.0])), BETTER)
    candidate = Candidate(tree={"b.py": "2", "a.py": "1"}, mutator="m", rationale=ODD, option=1)
    evaluation = Evaluation(
        cell=ODD,
        objective=0.1,
        measures={"speed": 2.5},
        tasks=(TaskResult(task="first", score=1.0), TaskResult(task="second", score=0.0)),
        observation="seen",
        options=(Option(text="left", promise=0.5),),
        snapshot=b"1234",
    )
    child = Attempt(parent=EntryId(1), candidate=candidate, result=evaluation)
    archive.add(step(1, child), BETTER)
    archive.flush()

    (_, line) = jsonl(archive)

    assert json.loads(line) == {
        "id": 2,
        "step": 1,
        "parents": [1],
        "depth": 1,
        "tree": {"a.py": "1", "b.py": "2"},
        "mutator": "m",
        "rationale": ODD,
        "option": 1,
        "status": "new",
        "why": "",
        "result": {
            "cell": ODD,
            "objective": 0.1,
            "measures": {"speed": 2.5},
            "tasks": {"first": 1.0, "second": 0.0},
            "observation": "seen",
            "options": [["left", 0.5]],
            "terminal": False,
            "snapshot": "03ac674216f3e15c761ee1a5e255f067953623c8b388b4459e13f978d7c846f4",
        },
    }


def test_a_line_says_why_an_entry_failed(archive: SqlArchive) -> None:
    small(archive)

    lines = list(jsonl(archive))

    assert json.loads(lines[3])["status"] == "failed"
    assert json.loads(lines[3])["result"] == {
        "cause": "crashed",
        "message": "exit code 1",
        "log": "Traceback ...",
    }


def test_a_line_says_what_was_thought_of_an_entry_if_anything(archive: SqlArchive) -> None:
    archive.add(roots(found("a")), BETTER)
    refused = Appraisal(interest=0.5, refused="a wall", anyway=True, vector=b"1234")
    kept = Appraisal(refused="")
    archive.add(step(1, appraised(found("b"), 1, refused), appraised(found("c"), 1, kept)), BETTER)
    archive.flush()

    lines = [json.loads(line) for line in jsonl(archive)]

    thought = ("interest", "refused", "kept_anyway", "vector")
    assert [name for name in thought if name in lines[0]] == []
    assert {name: lines[1][name] for name in thought} == {
        "interest": 0.5,
        "refused": "a wall",
        "kept_anyway": True,
        "vector": "03ac674216f3e15c761ee1a5e255f067953623c8b388b4459e13f978d7c846f4",
    }
    assert {name: lines[2][name] for name in thought} == {
        "interest": None,
        "refused": "",
        "kept_anyway": False,
        "vector": None,
    }


def test_a_line_can_be_written_whatever_a_tree_holds(archive: SqlArchive, tmp_path: Path) -> None:
    lone = Candidate(tree={"a": "\ud800"}, mutator="m")
    child = Attempt(parent=None, candidate=lone, result=found("a"))
    archive.add(Step(number=0, attempts=(child,)), BETTER)
    archive.flush()

    (tmp_path / "run.jsonl").write_text("".join(jsonl(archive)), encoding="utf-8")

    written = (tmp_path / "run.jsonl").read_text(encoding="utf-8")
    assert json.loads(written)["tree"] == {"a": "\ud800"}


# The digest


def test_equal_searches_have_equal_digests(new_run: NewRun) -> None:
    one, other = new_run(), new_run()

    small(one)
    small(other)

    assert digest(one) == digest(other)
    assert re.fullmatch("[0-9a-f]{64}", digest(one))


def test_a_digest_does_not_depend_on_time(new_run: NewRun) -> None:
    quick, slow = new_run(), new_run()

    for archive, elapsed in ((quick, 0.1), (slow, 99.0)):
        archive.add(roots(found("a")), BETTER)
        archive.add(step(1, attempt(found("b"), 1), elapsed=elapsed), BETTER)
        archive.note("ended")
    slow.note("opened")

    assert digest(quick) == digest(slow)


def test_a_digest_is_the_same_from_memory_and_from_rows(library: Library) -> None:
    archive = library.open("to be read again", {})
    small(archive)

    before = digest(archive)
    archive.close()

    assert digest(library.read("to be read again")) == before


def chosen(probability: float = 0.25, choices: int = 4, granted: int = 1, as_of: int = 1) -> Step:
    return Step(
        number=1,
        attempts=(attempt(found("b"), 1),),
        selection=Selection(chosen=EntryId(1), slot=0, choices=choices, probability=probability),
        as_of=EntryId(as_of),
        granted=granted,
    )


def made_by(**other: str) -> Step:
    candidate = Candidate(**{"tree": {"main.py": "pass\n"}, "mutator": "test", **other})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a literal of several types
    return Step(
        number=1,
        attempts=(Attempt(parent=EntryId(1), candidate=candidate, result=found("b")),),
        selection=chosen().selection,
        as_of=EntryId(1),
        granted=1,
    )


@pytest.mark.parametrize(
    "other",
    [
        step(1, attempt(found("b"), 1, text="pass")),
        step(1, attempt(found("c"), 1)),
        step(1, attempt(found("b", 1e-300), 1)),
        step(1, attempt(found("b", terminal=True), 1)),
        step(1, attempt(found("b", options=[0.0]), 1)),
        step(1, attempt(found("b"), 1, option=0)),
        step(1, attempt(found("b"), 2)),
        step(1, attempt(found("b"), 1, others=[2])),
        step(1, attempt(CRASHED, 1)),
        step(1, appraised(found("b"), 1, Appraisal())),
        step(1, appraised(found("b"), 1, Appraisal(interest=0.5))),
        step(1, appraised(found("b"), 1, Appraisal(refused=""))),
        step(2, attempt(found("b"), 1)),
        step(1, attempt(found("b"), 1), attempt(found("d"), 1)),
        made_by(mutator="other"),
        made_by(rationale="why"),
        chosen(probability=0.5),
        chosen(choices=5),
        chosen(granted=2),
        chosen(as_of=2),
    ],
    ids=[
        "text",
        "cell",
        "objective",
        "terminal",
        "options",
        "option",
        "parent",
        "other parent",
        "failure",
        "appraised",
        "interest",
        "not refused",
        "number",
        "one more",
        "mutator",
        "rationale",
        "probability",
        "choices",
        "granted",
        "as of",
    ],
)
def test_a_changed_search_has_another_digest(new_run: NewRun, other: Step) -> None:
    one, changed, same = new_run(), new_run(), new_run()
    for archive, second in ((one, chosen()), (changed, other), (same, chosen())):
        archive.add(roots(found("a", options=[0.0]), found("z")), BETTER)
        archive.add(second, BETTER)
        archive.flush()

    assert digest(one) != digest(changed)
    assert digest(one) == digest(same)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (found("a", options=[0.0]), found("a", options=[1.0])),
        (
            Evaluation(cell="a", objective=0.0, snapshot=b"this"),
            Evaluation(cell="a", objective=0.0, snapshot=b"that"),
        ),
    ],
    ids=["promise", "snapshot"],
)
def test_a_digest_tells_promises_and_snapshots_apart(
    new_run: NewRun, one: Evaluation, other: Evaluation
) -> None:
    archives = [new_run(), new_run()]
    for archive, root in zip(archives, (one, other), strict=True):
        archive.add(roots(root), BETTER)
        archive.flush()

    assert digest(archives[0]) != digest(archives[1])


@pytest.mark.postgres
def test_a_digest_is_the_same_on_every_kind_of_database(sqlite_url: str) -> None:
    digests: list[str] = []

    for postgres_url in empty_database(postgres_server()):
        for url in (sqlite_url, postgres_url):
            with Library(url) as library:
                archive = library.open("run", {})
                archive.add(roots(found("a")), BETTER)
                archive.add(chosen(probability=1 / 3), BETTER)
                archive.flush()
                digests.append(digest(archive))
                archive.close()

    assert digests[0] == digests[1]


# GraphML and DOT


def read_back(written: Iterator[str]) -> "nx.DiGraph[str]":
    graph = nx.read_graphml(BytesIO("".join(written).encode()))
    assert isinstance(graph, nx.DiGraph)
    return graph


def test_graphml_can_be_read_back(archive: SqlArchive) -> None:
    small(archive)

    graph = read_back(graphml(archive))

    assert set(graph.edges) == {("1", "3"), ("3", "4"), ("2", "5"), ("3", "5")}
    assert graph.nodes["2"]["cell"] == ODD
    assert graph.nodes["3"]["objective"] == 2.0
    assert graph.nodes["4"] == {
        "step": 1,
        "depth": 2,
        "status": "failed",
        "mutator": "test",
        "cell": "",
        "why": "crashed: exit code 1",
    }


def test_graphml_keeps_every_character_that_xml_knows(archive: SqlArchive) -> None:
    archive.add(roots(found("no\xa0break, joined \u200d, apart \u2028")), BETTER)
    archive.flush()

    graph = read_back(graphml(archive))

    assert graph.nodes["1"]["cell"] == "no\xa0break, joined \u200d, apart \u2028"


def test_graphml_can_be_read_back_whatever_a_cell_is_called(archive: SqlArchive) -> None:
    archive.add(roots(found("bell \x07")), BETTER)
    archive.flush()

    graph = read_back(graphml(archive))

    assert list(graph.nodes) == ["1"]


STATEMENT = re.compile(
    r"""
    \s+ (\d+) \s \[ label="(?P<label>(?:[^"\\\n]|\\.)*)" (?:,\s color=gray,\s fontcolor=gray)? \];
    | \s+ (\d+) \s -> \s (\d+);
    """,
    re.VERBOSE,
)


def test_dot_is_balanced_whatever_a_cell_is_called(archive: SqlArchive) -> None:
    small(archive)

    first, *lines, last = "".join(dot(archive)).removesuffix("\n").split("\n")

    assert first == "digraph run {"
    assert last == "}"
    assert lines[:2] == ["  rankdir=LR;", "  node [shape=box, style=rounded];"]
    assert [line for line in lines[2:] if not STATEMENT.fullmatch(line)] == []


def test_dot_quotes_odd_characters(archive: SqlArchive) -> None:
    small(archive)

    text = "".join(dot(archive))

    label = r"#2 a\"b\\c\nd<e>&{f}[g];->#" + "\té" + r"\n0.333333"
    assert f'  2 [label="{label}"];\n' in text


def test_dot_shows_what_was_not_admitted_in_gray(archive: SqlArchive) -> None:
    small(archive)

    lines = "".join(dot(archive)).split("\n")

    gray = [line for line in lines if line.endswith(", color=gray, fontcolor=gray];")]
    assert gray == [
        r'  4 [label="#4 crashed: exit code 1", color=gray, fontcolor=gray];',
        r'  5 [label="#5 a\n0.25", color=gray, fontcolor=gray];',
    ]


def test_dot_has_an_edge_for_each_parent(archive: SqlArchive) -> None:
    small(archive)

    edges = re.findall(r"^  (\d+) -> (\d+);$", "".join(dot(archive)), re.MULTILINE)

    assert edges == [("1", "3"), ("3", "4"), ("2", "5"), ("3", "5")]


@pytest.mark.parametrize("kind", [jsonl, graphml, dot])
def test_a_run_without_entries_can_be_exported(
    archive: SqlArchive, kind: Callable[[RunReader], Iterator[str]]
) -> None:
    text = "".join(kind(archive))

    assert "->" not in text
    assert "edge source" not in text
