"""Who came from whom, where some have two parents."""

import networkx as nx
import pytest

from archive.admission import Better
from archive.entry import EntryId, Status
from archive.errors import UnknownEntry
from archive.lineage import Node, ancestors, children, descendants, graph, node, nodes
from archive.sql import SqlArchive
from tests.archive.conftest import NewRun
from tests.conformance.making import CRASHED, attempt, found, roots, step

BETTER = Better()

#   1   2        1 and 2 are roots; 5 was made from 3 and crossed with 4 (a diamond below 1),
#  / \ / \       6 was made from 4 and crossed with 1 and 2; 7 failed; 8 was rejected.
# 3   4   8
#  \ / \
#   5   6
#   |
#   7
EDGES = {(1, 3), (1, 4), (2, 4), (3, 5), (4, 5), (4, 6), (1, 6), (2, 6), (5, 7), (2, 8)}


@pytest.fixture
def family(archive: SqlArchive) -> SqlArchive:
    """The family above, recorded."""
    archive.add(roots(found("a", 1.0), found("b")), BETTER)
    archive.add(step(1, attempt(found("c", 2.0), 1)), BETTER)
    archive.add(step(2, attempt(found("d"), 1, others=[2])), BETTER)
    archive.add(step(3, attempt(found("e"), 3, others=[4])), BETTER)
    archive.add(step(4, attempt(found("f"), 4, others=[1, 2])), BETTER)
    archive.add(step(5, attempt(CRASHED, 5)), BETTER)
    archive.add(step(6, attempt(found("a", 0.5), 2)), BETTER)
    archive.flush()
    return archive


@pytest.mark.parametrize(
    ("entry", "expected"),
    [(1, [3, 4, 6]), (2, [4, 6, 8]), (3, [5]), (4, [5, 6]), (5, [7]), (7, []), (99, [])],
)
def test_children_are_made_from_an_entry_or_crossed_with_it(
    family: SqlArchive, entry: int, expected: list[int]
) -> None:
    assert children(family, EntryId(entry)) == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [(1, []), (3, [1]), (4, [1, 2]), (5, [1, 2, 3, 4]), (6, [1, 2, 4]), (7, [1, 2, 3, 4, 5])],
)
def test_ancestors_come_once_each_and_the_oldest_first(
    family: SqlArchive, entry: int, expected: list[int]
) -> None:
    assert ancestors(family, EntryId(entry)) == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [(1, [3, 4, 5, 6, 7]), (2, [4, 5, 6, 7, 8]), (3, [5, 7]), (4, [5, 6, 7]), (7, [])],
)
def test_descendants_come_once_each_and_the_oldest_first(
    family: SqlArchive, entry: int, expected: list[int]
) -> None:
    assert descendants(family, EntryId(entry)) == expected


def test_a_family_has_nothing_to_do_with_that_of_another_run(
    family: SqlArchive, new_run: NewRun
) -> None:
    other = new_run()
    other.add(roots(found("a"), found("b"), found("c")), BETTER)
    other.add(step(1, attempt(found("d"), 3, others=[1])), BETTER)
    other.flush()

    assert descendants(other, EntryId(1)) == [4]
    assert ancestors(other, EntryId(4)) == [1, 3]
    assert descendants(family, EntryId(3)) == [5, 7]


def test_a_line_may_be_long(archive: SqlArchive) -> None:
    archive.add(roots(found("0")), BETTER)
    line = [attempt(found(str(n)), 1 if n == 1 else None) for n in range(1, 600)]
    archive.add(step(1, *line), BETTER)
    archive.flush()

    assert ancestors(archive, EntryId(600)) == list(range(1, 600))
    assert descendants(archive, EntryId(1)) == list(range(2, 601))


def test_an_entry_in_few_words(family: SqlArchive) -> None:
    assert node(family, EntryId(4)) == Node(
        id=EntryId(4),
        parents=(EntryId(1), EntryId(2)),
        step=2,
        depth=1,
        status=Status.NEW,
        mutator="test",
        cell="d",
        objective=0.0,
        why="",
    )


def test_a_failure_in_few_words_has_its_cause_and_no_objective(family: SqlArchive) -> None:
    failed = node(family, EntryId(7))

    assert (failed.status, failed.cell, failed.objective) == (Status.FAILED, "", None)
    assert failed.why == "crashed: exit code 1"


def test_a_rejected_entry_says_why(family: SqlArchive) -> None:
    rejected = node(family, EntryId(8))

    assert (rejected.status, rejected.why) == (Status.REJECTED, "no better than #1")


def test_an_unknown_entry_in_few_words_is_an_error(family: SqlArchive) -> None:
    with pytest.raises(UnknownEntry, match="has no entry #99"):
        node(family, EntryId(99))


def test_entries_in_few_words_come_in_order(family: SqlArchive) -> None:
    every = [each.id for each in nodes(family)]
    some = [each.id for each in nodes(family, [EntryId(7), EntryId(2), EntryId(5)])]
    none = list(nodes(family, []))

    assert every == [1, 2, 3, 4, 5, 6, 7, 8]
    assert some == [2, 5, 7]
    assert none == []


def test_many_entries_in_few_words_come_in_order(archive: SqlArchive) -> None:
    archive.add(roots(*(found(str(n)) for n in range(1300))), BETTER)
    archive.flush()
    wanted = [EntryId(n) for n in range(1300, 0, -1)]

    assert [each.id for each in nodes(archive, wanted)] == list(range(1, 1301))


def test_a_run_is_a_graph_with_an_edge_for_each_parent(family: SqlArchive) -> None:
    run = graph(family)

    assert set(run.edges) == EDGES
    assert list(run.nodes) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert nx.is_directed_acyclic_graph(run)


def test_a_node_of_the_graph_says_what_its_entry_is(family: SqlArchive) -> None:
    run = graph(family)

    assert run.nodes[EntryId(3)] == {
        "step": 1,
        "depth": 1,
        "status": "new",
        "mutator": "test",
        "cell": "c",
        "objective": 2.0,
        "why": "",
    }
    assert run.nodes[EntryId(7)] == {
        "step": 5,
        "depth": 3,
        "status": "failed",
        "mutator": "test",
        "cell": "",
        "why": "crashed: exit code 1",
    }
