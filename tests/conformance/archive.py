"""What every archive promises; see `archive.base.Archive`.

To test an implementation, derive a class named `Test...` from `ArchiveContract` and give it a
fixture `opens`.
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf
from threading import Thread

import numpy as np
import pytest

from archive.admission import Better, BetterOrShorter, KeepAll
from archive.base import Archive
from archive.entry import (
    MIGRATION,
    Admission,
    Appraisal,
    Attempt,
    Candidate,
    Cause,
    Comparison,
    Entry,
    EntryId,
    Evaluation,
    Failure,
    Forecast,
    Glimpse,
    Interval,
    Option,
    Selection,
    Status,
    Step,
    StepRecord,
    TaskResult,
    Verdict,
)
from archive.errors import ArchiveError, UnknownEntry
from archive.trees import MAX_HOPS
from tests.conformance.making import (
    CRASHED,
    NO_EDIT,
    appraised,
    attempt,
    found,
    judged,
    listed,
    roots,
    step,
)
from tests.conformance.soundness import assert_same_elites

Opens = Callable[[], Archive]

BETTER = Better()


class ArchiveContract:
    """The tests of the contract."""

    @pytest.fixture
    def opens(self) -> Opens:
        """Opens the same archive at every call, empty at first; what it opened before is closed."""
        raise NotImplementedError

    @pytest.fixture
    def archive(self, opens: Opens) -> Archive:
        """An empty archive."""
        return opens()

    # What is in it

    def test_a_new_archive_is_empty(self, archive: Archive) -> None:
        assert list(archive.entries()) == []
        assert len(archive.elites) == 0
        assert archive.elites.newest == 0
        assert (archive.step_count, archive.last_step, archive.verifications) == (0, -1, 0)
        assert archive.elapsed == 0.0

    def test_entries_are_numbered_from_1_in_the_order_in_which_they_come(
        self, archive: Archive
    ) -> None:
        first = archive.add(roots(found("a"), found("b")), BETTER)
        second = archive.add(step(1, attempt(CRASHED, 2), attempt(found("c"), 1)), BETTER)
        archive.flush()

        assert [entry.id for entry in (*first, *second)] == [1, 2, 3, 4]
        assert list(archive.entries()) == [*first, *second]

    def test_roots_have_no_parents(self, archive: Archive) -> None:
        entries = archive.add(roots(found("a"), found("b")), BETTER)

        assert [(entry.parents, entry.depth) for entry in entries] == [((), 0), ((), 0)]

    def test_an_attempt_without_a_parent_follows_the_one_before_it(self, archive: Archive) -> None:
        archive.add(roots(found("a")), BETTER)

        entries = archive.add(
            step(1, attempt(found("b"), 1), attempt(found("c")), attempt(found("d"), 1)), BETTER
        )

        assert [entry.parents for entry in entries] == [(1,), (2,), (1,)]
        assert [entry.depth for entry in entries] == [1, 2, 1]

    def test_a_child_of_two_has_both_as_parents(self, archive: Archive) -> None:
        archive.add(roots(found("a"), found("b"), found("c")), BETTER)

        entries = archive.add(step(1, attempt(found("d"), 2, others=(3, 1))), BETTER)

        assert entries[0].parents == (2, 3, 1)

    def test_each_attempt_of_a_step_meets_the_holder_that_the_one_before_left(
        self, archive: Archive
    ) -> None:
        archive.add(roots(found("a", 1.0)), BETTER)

        entries = archive.add(
            step(
                1,
                attempt(found("a", 1.0), 1),
                attempt(found("a", 3.0), 1),
                attempt(found("a", 2.0), 1),
                attempt(found("b", 0.0), 1),
                attempt(NO_EDIT, 1, verified=False),
            ),
            BETTER,
        )

        assert [entry.admission for entry in entries] == [
            Admission(status=Status.REJECTED, why="no better than #1"),
            Admission(status=Status.IMPROVED, why="better than #1"),
            Admission(status=Status.REJECTED, why="no better than #3"),
            Admission(status=Status.NEW, why=""),
            Admission(status=Status.FAILED, why=""),
        ]

    def test_the_rule_that_is_given_decides(self, archive: Archive) -> None:
        archive.add(roots(found("a")), BETTER)

        kept = archive.add(step(1, attempt(found("a"), 1)), KeepAll())
        shorter = archive.add(step(2, attempt(found("a"), 1, text="")), BetterOrShorter())

        assert kept[0].admission.status is Status.KEPT
        assert shorter[0].admission.status is Status.IMPROVED

    # What comes back

    @pytest.mark.parametrize(
        "result",
        [
            Evaluation(cell="a", objective=0.1),
            Evaluation(cell="", objective=-0.0),
            Evaluation(cell="größer \U0001f40d\n'\"%s", objective=1e-300, observation="\t\nü"),
            Evaluation(cell="a", objective=1 / 3, measures={"z": 0.1, "a": -1e300, "": 3.0}),
            Evaluation(
                cell="a",
                objective=0.5,
                tasks=(TaskResult(task="z", score=1.0), TaskResult(task="a", score=0.0)),
            ),
            Evaluation(cell="a", objective=1.0, terminal=True, observation="won"),
            Evaluation(
                cell="a",
                objective=1.0,
                options=(Option(text="4 + 4", promise=0.1), Option(text="\ud800\0")),
            ),
            Evaluation(cell="a", objective=1.0, options=(Option(text="x"),), terminal=True),
            Evaluation(cell="a", objective=1.0, snapshot=bytes(range(256)) * 300),
            Failure(cause=Cause.TIMED_OUT, message="after 10 s"),
            Failure(cause=Cause.CRASHED, message="", log="Traceback\n" * 9000),
            Failure(cause=Cause.NO_EDIT, message="ü\n%s"),
            Failure(cause=Cause.IMPOSSIBLE, message="5 / 0"),
            Failure(cause=Cause.INVALID_SCORE, message="nan"),
        ],
        ids=str,
    )
    def test_a_result_comes_back(self, opens: Opens, result: Evaluation | Failure) -> None:
        archive = opens()
        archive.add(roots(found("root")), BETTER)
        added = archive.add(step(1, attempt(result, 1)), BETTER)

        again = opens()

        assert again.entry(EntryId(2)) == added[0]
        assert again.entry(EntryId(2)).result == result

    def test_scores_by_task_come_in_the_order_of_the_entries_that_have_some(
        self, archive: Archive
    ) -> None:
        first = (TaskResult(task="z", score=1.0), TaskResult(task="a", score=0.5))
        second = (TaskResult(task="b", score=-1.0),)
        failed = Failure(cause=Cause.CRASHED, message="no")
        archive.add(roots(Evaluation(cell="a", objective=0.0, tasks=first)), BETTER)
        archive.add(step(1, attempt(found("b"), 1), attempt(failed, 1)), BETTER)
        archive.add(step(2, attempt(Evaluation(cell="a", objective=-1.0, tasks=second), 1)), BETTER)
        archive.flush()

        assert list(archive.scores()) == [(1, first), (4, second)]

    def test_an_empty_snapshot_comes_back(self, opens: Opens) -> None:
        archive = opens()
        archive.add(roots(Evaluation(cell="a", objective=0.0, snapshot=b"")), BETTER)
        archive.flush()

        result = opens().entry(EntryId(1)).result

        assert isinstance(result, Evaluation)
        assert result.snapshot == b""

    @pytest.mark.parametrize(
        "candidate",
        [
            Candidate(tree={}, mutator=""),
            Candidate(tree={"a": "", "b/c.txt": "\ud800\0\r\n"}, mutator="ü", rationale="wegen ü"),
            Candidate(tree={"a": "1"}, mutator="m", option=0),
            Candidate(tree={"a": "1"}, mutator="m", option=3, other_parents=(EntryId(2),)),
            Candidate(tree={"a": "1"}, mutator="m", other_parents=(EntryId(3), EntryId(2))),
        ],
        ids=str,
    )
    def test_a_candidate_comes_back(self, opens: Opens, candidate: Candidate) -> None:
        archive = opens()
        archive.add(roots(found("root", options=[1.0] * 4), found("b"), found("c")), BETTER)
        child = Attempt(parent=EntryId(1), candidate=candidate, result=found("d"))
        added = archive.add(step(1, child), BETTER)

        again = opens()

        assert again.entry(EntryId(4)) == added[0]
        assert again.entry(EntryId(4)).candidate == candidate

    @pytest.mark.parametrize(
        "result",
        [
            Evaluation(cell="a", objective=0.0, observation="\0 and \ud800"),
            Evaluation(cell="\0 and \ud800", objective=0.0),
            Evaluation(cell="a", objective=0.0, tasks=(TaskResult(task="\ud800\0", score=1.0),)),
            Failure(cause=Cause.CRASHED, message="\0 and \ud800"),
            Failure(cause=Cause.CRASHED, message="", log="\0 and \ud800"),
        ],
        ids=ascii,
    )
    def test_whatever_a_program_wrote_is_no_reason_to_stop(
        self, opens: Opens, result: Evaluation | Failure
    ) -> None:
        archive = opens()
        archive.add(roots(found("root")), BETTER)
        archive.add(step(1, attempt(result, 1)), BETTER)
        archive.flush()

        assert type(opens().entry(EntryId(2)).result) is type(result)

    def test_an_oddly_named_cell_is_the_same_cell_when_it_is_read_again(self, opens: Opens) -> None:
        archive = opens()
        archive.add(roots(found("\0 and \ud800")), BETTER)
        archive.flush()

        again = opens()

        root = again.entry(EntryId(1))
        assert isinstance(root.result, Evaluation)
        assert (holder := again.elites.standing(root.result.cell))
        assert holder.id == 1

    def test_a_long_line_of_children_comes_back(self, opens: Opens) -> None:
        archive = opens()
        archive.add(roots(found("0")), BETTER)
        texts = ["".join(f"{n}\n" for n in range(depth)) for depth in range(1, 3 * MAX_HOPS)]
        for n, text in enumerate(texts, start=1):
            archive.add(step(n, attempt(found(str(n)), n, text=text)), BETTER)

        again = opens()

        last = again.entry(EntryId(3 * MAX_HOPS))
        assert (last.depth, last.candidate.tree) == (3 * MAX_HOPS - 1, {"main.py": texts[-1]})
        trees = [entry.candidate.tree["main.py"] for entry in opens().entries(EntryId(1))]
        assert trees == texts

    def test_an_entry_can_be_read_as_soon_as_it_was_added(self, archive: Archive) -> None:
        archive.add(roots(found("a")), BETTER)

        added = [
            archive.add(step(n, attempt(found(f"{n}"), n, text=f"{n}\n")), BETTER)[0]
            for n in range(1, 50)
        ]

        assert [archive.entry(EntryId(n)) for n in range(2, 51)] == added

    def test_there_may_be_more_entries_than_are_read_at_a_time(self, archive: Archive) -> None:
        for n in range(13):
            results = (found(f"{n} {m}") for m in range(100))
            children = [attempt(result, 1) for result in results]
            archive.add(step(n, *children) if n else roots(found("root")), BETTER)
        archive.flush()

        ids = [entry.id for entry in archive.entries()]
        later = [entry.id for entry in archive.entries(EntryId(700))]

        assert ids == list(range(1, 1202))
        assert later == list(range(701, 1202))

    @pytest.mark.parametrize("unknown", [0, 2, -1, 10**6])
    def test_an_entry_that_there_is_not_is_an_error(self, archive: Archive, unknown: int) -> None:
        archive.add(roots(found("a")), BETTER)
        archive.flush()

        with pytest.raises(UnknownEntry, match=f"#{unknown}$"):
            archive.entry(EntryId(unknown))

    def test_no_entries_come_after_the_last(self, archive: Archive) -> None:
        archive.add(roots(found("a")), BETTER)
        archive.flush()

        assert list(archive.entries(EntryId(1))) == []

    def test_several_threads_read_while_one_adds(self, archive: Archive) -> None:
        archive.add(roots(found("root")), BETTER)
        archive.flush()
        seen: list[list[Entry]] = []

        def read() -> None:
            seen.append([archive.entry(entry.id) for _ in range(5) for entry in archive.entries()])

        threads = [Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        for n in range(1, 60):
            archive.add(step(n, attempt(found(f"{n}"), n, text=f"{n}\n" * n)), BETTER)
        for thread in threads:
            thread.join()

        assert len(seen) == 3
        archive.flush()
        known = {entry.id: entry for entry in archive.entries()}
        assert all(known[entry.id] == entry for entries in seen for entry in entries)

    # Steps

    def test_a_step_is_recorded_with_its_selection(self, opens: Opens) -> None:
        archive = opens()
        archive.add(roots(found("a"), found("b")), BETTER)
        archive.add(
            Step(
                number=4,
                attempts=(attempt(found("c"), 2), attempt(NO_EDIT, 2, verified=False)),
                selection=Selection(chosen=EntryId(2), slot=1, choices=2, probability=0.75),
                as_of=EntryId(2),
                granted=3,
                elapsed=1.5,
            ),
            BETTER,
        )

        record = opens().step(4)

        assert record == StepRecord(
            number=4,
            chosen=EntryId(2),
            choices=2,
            probability=0.75,
            granted=3,
            as_of=EntryId(2),
            ahead=0,
            verifications=1,
            elapsed=1.5,
            finished_at=record.finished_at,
        )
        assert record.finished_at > 1.7e9

    def test_the_step_of_the_roots_has_no_selection(self, archive: Archive) -> None:
        archive.add(roots(found("a")), BETTER)
        archive.flush()

        record = archive.step(0)

        assert record.chosen is None
        assert (record.verifications, record.granted, record.as_of) == (0, 0, 0)

    def test_steps_are_counted_without_that_of_the_roots(self, opens: Opens) -> None:
        archive = opens()
        archive.add(roots(found("a")), BETTER)
        archive.add(step(1, attempt(CRASHED, 1), elapsed=1.0), BETTER)
        archive.add(step(4, attempt(found("b"), 1), attempt(found("c")), elapsed=3.0), BETTER)
        archive.add(step(2, attempt(NO_EDIT, 1, verified=False), elapsed=2.0), BETTER)

        again = opens()

        for each in (archive, again):
            assert (each.step_count, each.last_step, each.verifications) == (3, 4, 3)
            assert each.elapsed == 3.0

    # Elites

    def test_the_elites_are_up_to_date_as_soon_as_a_step_was_added(self, archive: Archive) -> None:
        archive.add(roots(found("a", 1.0, options=[1.0, 2.0])), BETTER)
        archive.add(step(1, attempt(found("b", 2.0), 1, option=0)), BETTER)

        elites = archive.elites

        assert (len(elites), elites.newest, elites.best, elites.best_entry) == (2, 2, 2.0, 2)
        assert elites.untried(EntryId(1)) == (1,)
        assert elites.arrays().chosen.tolist() == [1, 0]

    def test_the_elites_are_the_same_when_the_archive_is_opened_again(self, opens: Opens) -> None:
        archive = opens()
        archive.add(roots(found("a", 1.0, options=[1.0, 2.0]), found("b")), BETTER)
        archive.add(step(1, attempt(found("c", 1.0), 1, option=1), attempt(found("d"))), BETTER)
        archive.add(step(2, attempt(found("b", 3.0, options=[0.5]), 2)), BETTER)
        archive.add(step(3, attempt(CRASHED, 1, option=0), attempt(found("b"), 5)), BETTER)

        again = opens()

        assert len(again.elites) == 4
        assert_same_elites(again.elites, archive.elites)

    def test_the_elites_can_be_had_as_they_stood_when_an_entry_was_the_newest(
        self, archive: Archive
    ) -> None:
        archive.add(roots(found("a", 1.0)), BETTER)
        archive.add(step(1, attempt(found("b", 2.0), 1), attempt(found("a", 3.0))), BETTER)
        archive.add(step(2, attempt(found("b", 4.0), 2)), BETTER)
        archive.flush()

        before = [archive.elites_at(EntryId(newest)) for newest in (1, 3, 4)]

        assert [elites.newest for elites in before] == [1, 3, 4]
        assert [elites.best for elites in before] == [1.0, 3.0, 4.0]
        holders = [[elites.holder(slot) for slot in range(len(elites))] for elites in before]
        assert holders == [[1], [3, 2], [3, 4]]
        assert_same_elites(before[2], archive.elites)

    # Islands

    def test_an_island_has_cells_and_elites_of_its_own(self, opens: Opens) -> None:
        archive = opens()
        there = replace(attempt(found("a", 0.5), verified=False), island=1)
        archive.add(Step(number=0, attempts=(*roots(found("a", 1.0)).attempts, there)), BETTER)
        archive.add(step(1, replace(attempt(found("a", 0.7), 2), island=1), as_of=2), BETTER)
        archive.flush()

        again = opens()

        assert [entry.island for entry in again.entries()] == [0, 1, 1]
        statuses = [entry.admission.status for entry in again.entries()]
        assert statuses == [Status.NEW, Status.NEW, Status.IMPROVED]
        holders = [again.elites.standing("a", island=island) for island in (0, 1)]
        assert [holder.id for holder in holders if holder] == [1, 3]
        isles = [again.elites_at(None, island) for island in (0, 1, 2)]
        assert [len(isle) for isle in isles] == [1, 1, 0]
        assert [isle.newest for isle in isles] == [3, 3, 3]
        assert again.elites_at(EntryId(2), 1).holder(0) == 2

    def test_a_copy_is_as_deep_as_its_original_and_nobodys_child(self, archive: Archive) -> None:
        archive.add(roots(found("a")), BETTER)
        made = attempt(found("b"), 1)
        copy = Candidate(tree={"main.py": "pass\n"}, mutator=MIGRATION)
        arrived = Attempt(
            parent=EntryId(1), candidate=copy, result=found("a"), verified=False, island=1
        )

        entries = archive.add(step(1, made, arrived), BETTER)

        assert [entry.depth for entry in entries] == [1, 0]
        assert archive.elites.arrays().children.tolist() == [1, 0, 0]

    # What was thought of entries

    @pytest.mark.parametrize(
        "said",
        [
            Appraisal(),
            Appraisal(interest=1 / 3),
            Appraisal(interest=0.0, refused=""),
            Appraisal(refused="größer \U0001f40d\n'\"%s"),
            Appraisal(refused="seen before", anyway=True, vector=bytes(range(256))),
        ],
        ids=str,
    )
    def test_what_was_thought_of_an_entry_comes_back(self, opens: Opens, said: Appraisal) -> None:
        archive = opens()
        archive.add(roots(found("root")), BETTER)
        added = archive.add(step(1, appraised(found("a"), 1, said)), BETTER)

        again = opens()

        assert again.entry(EntryId(1)).appraisal is None
        assert again.entry(EntryId(2)) == added[0]
        assert again.entry(EntryId(2)).appraisal == said

    def test_how_sure_an_objective_is_comes_back(self, opens: Opens) -> None:
        archive = opens()
        interval = Interval(low=0.1 + 0.2, high=1e300, trials=5)
        sure = replace(found("a", 1.0), interval=interval, first_seen=1.25)
        archive.add(roots(found("root")), BETTER)
        added = archive.add(step(1, attempt(sure, 1)), BETTER)

        again = opens()

        assert again.entry(EntryId(2)) == added[0]
        assert again.entry(EntryId(2)).result == sure
        assert again.entry(EntryId(1)).result == found("root")

    def test_a_confirmation_counts_among_the_verifications(self, opens: Opens) -> None:
        archive = opens()
        archive.add(roots(found("root")), BETTER)
        confirmed = replace(attempt(found("a", 1.0), 1), confirmed=2)
        archive.add(replace(step(1, confirmed), granted=3), BETTER)

        again = opens()

        assert archive.verifications == again.verifications == 3
        assert again.step(1).verifications == 3

    def test_the_best_is_known_as_it_stood(self, opens: Opens) -> None:
        archive = opens()
        archive.add(roots(found("a", 1.0)), BETTER)
        archive.add(step(1, attempt(found("b", 3.0), 1), attempt(found("c", 2.0), 1)), BETTER)
        archive.add(step(2, attempt(CRASHED, 1), attempt(found("a", 4.0), 1)), BETTER)

        again = opens()

        for elites in (archive.elites, again.elites):
            stood = [elites.best_at(EntryId(entry)) for entry in range(6)]
            assert stood == [-inf, 1.0, 3.0, 3.0, 3.0, 4.0]

    def test_a_root_may_be_appraised(self, opens: Opens) -> None:
        archive = opens()
        root = replace(attempt(found("a"), verified=False), appraisal=Appraisal(interest=0.25))
        archive.add(Step(number=0, attempts=(root,)), BETTER)

        again = opens()

        assert again.entry(EntryId(1)).appraisal == Appraisal(interest=0.25)
        assert again.elites.arrays().interest.tolist() == [0.25]

    def test_whatever_a_model_gave_as_its_reason_is_none_to_stop(self, opens: Opens) -> None:
        archive = opens()
        archive.add(roots(found("root")), BETTER)
        said = Appraisal(refused="\0 and \ud800")
        added = archive.add(step(1, appraised(found("a"), 1, said)), BETTER)

        again = opens()

        assert again.entry(EntryId(2)) == added[0]
        assert again.entry(EntryId(2)).admission.status is Status.REJECTED

    def test_a_refused_newcomer_to_an_empty_cell_is_rejected_and_one_kept_anyway_is_new(
        self, archive: Archive
    ) -> None:
        archive.add(roots(found("root")), BETTER)

        entries = archive.add(
            step(
                1,
                appraised(found("a"), 1, Appraisal(refused="a dead end")),
                appraised(found("b"), 1, Appraisal(refused="a dead end", anyway=True)),
                appraised(found("c"), 1, Appraisal(refused="")),
                appraised(found("d"), 1, Appraisal(interest=0.0)),
            ),
            BETTER,
        )

        assert [entry.admission for entry in entries] == [
            Admission(status=Status.REJECTED, why="refused: a dead end"),
            Admission(status=Status.NEW, why="tried although refused: a dead end"),
            Admission(status=Status.NEW, why=""),
            Admission(status=Status.NEW, why=""),
        ]

    def test_a_refusal_says_nothing_where_the_cell_is_held(self, archive: Archive) -> None:
        archive.add(roots(found("a", 1.0)), BETTER)
        refused = Appraisal(refused="a dead end")

        entries = archive.add(
            step(1, appraised(found("a", 2.0), 1, refused), appraised(found("a"), 1, refused)),
            BETTER,
        )

        assert [entry.admission.why for entry in entries] == ["better than #1", "no better than #2"]

    def test_a_refused_cell_is_known_by_the_first_who_was_refused_there(self, opens: Opens) -> None:
        archive = opens()
        archive.add(roots(found("root")), BETTER)
        refused = Appraisal(refused="a dead end")
        archive.add(step(1, appraised(found("a"), 1, refused)), BETTER)
        archive.add(step(2, appraised(found("a"), 1, refused), as_of=2), BETTER)

        again = opens()

        for elites in (archive.elites, again.elites):
            assert [elites.refused("a", EntryId(n)) for n in (1, 2, 3)] == [None, 2, 2]
            assert elites.refused("root", EntryId(3)) is None
            assert elites.refused("never seen", EntryId(3)) is None
            assert len(elites) == 1

    # Who chose from what

    def test_a_shortlist_is_undecided_until_its_step_is_recorded(self, opens: Opens) -> None:
        archive = opens()
        archive.add(roots(found("a", 1.0), found("b")), BETTER)
        archive.consider(listed(2, (2, 1), as_of=2))
        archive.consider(listed(1, (1, 2), as_of=2))
        archive.flush()

        before = opens().undecided()
        archive = opens()
        archive.add(judged(step(1, attempt(found("c"), 1), as_of=2), Verdict(judge="m")), BETTER)
        archive.flush()

        assert before == [listed(1, (1, 2), as_of=2), listed(2, (2, 1), as_of=2)]
        assert archive.undecided() == [listed(2, (2, 1), as_of=2)]

    def test_what_a_step_is_chosen_from_is_considered_once(self, archive: Archive) -> None:
        archive.add(roots(found("a"), found("b")), BETTER)
        archive.consider(listed(1, (1, 2), as_of=2))
        archive.flush()
        archive.consider(listed(1, (2, 1), as_of=2))
        archive.flush()

        assert archive.undecided() == [listed(1, (1, 2), as_of=2)]

    @pytest.mark.parametrize(
        "verdict",
        [
            Verdict(judge="m"),
            Verdict(judge="counts", fell_back="empty answer: the answer is empty"),
            Verdict(
                judge="ü'\"%s",
                forecasts=(
                    Forecast(judge="m", entry=EntryId(2), chance=1 / 3, pick=True),
                    Forecast(judge="m", entry=EntryId(1), chance=0.0, pick=False),
                    Forecast(judge="counts", entry=EntryId(2), chance=1.0, pick=True),
                ),
                comparisons=(
                    Comparison(first=EntryId(1), second=EntryId(2), outcome=-1),
                    Comparison(first=EntryId(2), second=EntryId(1), outcome=0),
                ),
                retired=((EntryId(2), EntryId(1)),),
            ),
        ],
        ids=["bare", "fallen back", "whole"],
    )
    def test_a_verdict_comes_back_with_its_step_and_that_steps_first_entry(
        self, opens: Opens, verdict: Verdict
    ) -> None:
        archive = opens()
        archive.add(roots(found("a"), found("b")), BETTER)
        archive.add(step(1, attempt(found("c"), 1), as_of=2), BETTER)
        archive.consider(listed(7, (1, 2), as_of=3))
        two = (attempt(found("d"), 1), attempt(found("e"), 1))
        archive.add(judged(step(7, *two, as_of=3), verdict), BETTER)
        archive.flush()

        assert list(opens().verdicts()) == [(7, 4, verdict)]

    def test_verdicts_come_in_the_order_in_which_they_were_recorded(self, opens: Opens) -> None:
        archive = opens()
        archive.add(roots(found("a"), found("b")), BETTER)
        for number in (3, 1, 2):
            archive.consider(listed(number, (1, 2), as_of=2))
            verdict = Verdict(
                judge="m",
                forecasts=(Forecast(judge="m", entry=EntryId(1), chance=number / 10, pick=True),),
            )
            child = attempt(found(f"{number}"), 1)
            archive.add(judged(step(number, child, as_of=2), verdict), BETTER)

        verdicts = list(opens().verdicts())

        assert [(number, first) for number, first, _ in verdicts] == [(3, 3), (1, 4), (2, 5)]
        assert [v.forecasts[0].chance for _, _, v in verdicts] == [0.3, 0.1, 0.2]

    def test_whatever_a_model_said_when_counts_stepped_in_is_no_reason_to_stop(
        self, opens: Opens
    ) -> None:
        archive = opens()
        archive.add(roots(found("a")), BETTER)
        archive.consider(listed(1, (1,), as_of=1))
        verdict = Verdict(judge="counts", fell_back="refused: \0 and \ud800")
        archive.add(judged(step(1, attempt(found("b"), 1)), verdict), BETTER)
        archive.flush()

        ((number, _, read),) = opens().verdicts()

        assert number == 1
        assert read.fell_back.startswith("refused: ")

    def test_a_retired_entry_is_not_explorable_until_a_better_one_takes_its_cell(
        self, opens: Opens
    ) -> None:
        archive = opens()
        archive.add(roots(found("a"), found("b", 1.0)), BETTER)
        archive.consider(listed(1, (1, 2), as_of=2))
        verdict = Verdict(judge="m", retired=((EntryId(1), EntryId(2)),))
        archive.add(judged(step(1, attempt(found("c"), 2), as_of=2), verdict), BETTER)

        retired = [each.elites.arrays().explorable.tolist() for each in (archive, opens())]
        archive = opens()
        archive.add(step(2, attempt(found("a", 2.0), 2), as_of=3), BETTER)
        after = [each.elites.arrays().explorable.tolist() for each in (archive, opens())]

        assert retired == [[False, True, True]] * 2
        assert after == [[True, True, True]] * 2

    def test_the_elites_are_the_same_with_all_that_was_said_of_them(self, opens: Opens) -> None:
        archive = opens()
        archive.add(roots(found("a", options=[1.0, 2.0]), found("b", 1.0)), BETTER)
        archive.consider(listed(1, (1, 2), as_of=2))
        verdict = Verdict(judge="m", retired=((EntryId(1), EntryId(2)), (EntryId(9), EntryId(2))))
        rated = appraised(found("c"), 2, Appraisal(interest=0.7, refused=""))
        refused = appraised(found("d"), 2, Appraisal(interest=0.9, refused="a dead end"))
        archive.add(judged(step(1, rated, refused, as_of=2), verdict), BETTER)
        better = appraised(found("b", 2.0), 2, Appraisal(interest=0.1))
        archive.add(step(2, better, attempt(found("c", 1.0), 2), as_of=4), BETTER)
        archive.add(step(3, appraised(found("d"), 5, Appraisal(refused="", anyway=True))), BETTER)

        again = opens()

        assert_same_elites(again.elites, archive.elites)
        arrays = again.elites.arrays()
        assert np.isnan(arrays.interest).tolist() == [True, False, True, True]
        assert arrays.explorable.tolist() == [False, True, True, True]
        assert arrays.seen.tolist() == [1, 2, 2, 1]
        assert again.elites.refused("d", EntryId(7)) == archive.elites.refused("d", EntryId(7)) == 4

    def test_what_was_said_later_is_not_known_to_the_elites_of_before(
        self, archive: Archive
    ) -> None:
        archive.add(roots(found("a"), found("b")), BETTER)
        archive.add(step(1, appraised(found("c"), 1, Appraisal(interest=0.5)), as_of=2), BETTER)
        archive.consider(listed(2, (1, 2), as_of=3))
        verdict = Verdict(judge="m", retired=((EntryId(2), EntryId(1)),))
        archive.add(judged(step(2, attempt(CRASHED, 1), as_of=3), verdict), BETTER)
        archive.flush()

        two, three, four = (archive.elites_at(EntryId(n)).arrays() for n in (2, 3, 4))

        assert np.isnan(two.interest).all()
        assert three.interest.tolist()[2] == 0.5
        assert three.explorable.tolist() == [True, True, True]
        assert four.explorable.tolist() == [True, False, True]

    # What a judge is shown

    def test_glimpses_come_in_the_order_wanted_with_what_was_tried_by_then(
        self, archive: Archive
    ) -> None:
        here = replace(found("a", 1.5, options=[0.0, 9.0, 0.0]), observation="a hall")
        archive.add(roots(here, found("b", -1.0)), BETTER)
        archive.add(step(1, attempt(CRASHED, 1, option=2), as_of=2), BETTER)
        archive.add(step(2, attempt(found("c"), 1, option=0), as_of=3), BETTER)
        archive.add(step(3, attempt(found("c"), 1, option=0), as_of=4), BETTER)

        hall = Glimpse(
            id=EntryId(1),
            cell="a",
            objective=1.5,
            observation="a hall",
            depth=0,
            options=3,
            tried=(),
        )
        wanted = [EntryId(4), EntryId(1), EntryId(2)]
        by_then = [archive.glimpses(wanted, EntryId(n))[1] for n in (2, 3, 5)]

        assert [each.id for each in archive.glimpses(wanted, EntryId(5))] == wanted
        assert by_then == [
            hall,
            replace(hall, tried=("option 2",)),
            replace(hall, tried=("option 0", "option 2")),
        ]

    def test_a_glimpse_of_an_entry_says_how_deep_it_is_and_that_anything_can_be_tried(
        self, archive: Archive
    ) -> None:
        archive.add(roots(found("a")), BETTER)
        made = attempt(found("", -0.5), 1)
        meant = replace(made.candidate, rationale="less is more")
        archive.add(step(1, replace(made, candidate=meant)), BETTER)

        (glimpse,) = archive.glimpses([EntryId(2)], EntryId(2))

        assert glimpse == Glimpse(
            id=EntryId(2),
            cell="",
            objective=-0.5,
            observation="",
            depth=1,
            options=0,
            tried=(),
            rationale="less is more",
        )

    def test_no_glimpses_are_wanted_of_nothing(self, archive: Archive) -> None:
        archive.add(roots(found("a")), BETTER)

        assert list(archive.glimpses([], EntryId(1))) == []

    @pytest.mark.parametrize("wrong", [2, 3, 0])
    def test_there_is_no_glimpse_of_a_failure_or_of_what_there_is_not(
        self, archive: Archive, wrong: int
    ) -> None:
        archive.add(roots(found("a")), BETTER)
        archive.add(step(1, attempt(CRASHED, 1)), BETTER)

        with pytest.raises(UnknownEntry, match=f"#{wrong}$"):
            archive.glimpses([EntryId(1), EntryId(wrong)], EntryId(2))

    # What goes wrong

    @pytest.mark.parametrize("score", [float("nan"), float("inf"), float("-inf")])
    def test_a_score_that_is_no_finite_number_is_refused_and_nothing_is_recorded(
        self, opens: Opens, score: float
    ) -> None:
        archive = opens()
        archive.add(roots(found("a", 1.0)), BETTER)

        with pytest.raises(ValueError, match="scores are finite numbers"):
            archive.add(step(1, attempt(found("b"), 1), attempt(found("c", score), 1)), BETTER)

        assert len(archive.elites) == 1
        assert [entry.id for entry in opens().entries()] == [1]

    @pytest.mark.parametrize(
        "wrong",
        [attempt(found("c"), 99), attempt(found("c"), 1, option=5)],
        ids=["parent", "option"],
    )
    def test_a_step_that_cannot_be_admitted_whole_leaves_nothing_behind(
        self, archive: Archive, wrong: Attempt
    ) -> None:
        archive.add(roots(found("a", options=[1.0])), BETTER)

        with pytest.raises((ArchiveError, LookupError, ValueError)):
            archive.add(step(1, attempt(found("b"), 1), wrong), BETTER)
        after = archive.add(step(1, attempt(found("d"), 1)), BETTER)

        assert [entry.id for entry in after] == [2]

    def test_something_can_be_noted(self, archive: Archive) -> None:
        archive.note("opened")
        archive.note("ended", "budget: steps")

        assert list(archive.entries()) == []
