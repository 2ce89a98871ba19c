"""The soundness check finds what is not sound."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from archive.admission import Better
from archive.entry import (
    Appraisal,
    Attempt,
    Candidate,
    Comparison,
    EntryId,
    Evaluation,
    Forecast,
    TaskResult,
    Verdict,
)
from archive.errors import ArchiveError
from archive.library import Library
from archive.sql import SqlArchive
from tests.conformance.making import (
    CRASHED,
    appraised,
    attempt,
    found,
    judged,
    listed,
    roots,
    step,
)
from tests.conformance.soundness import assert_sound

BETTER = Better()
LISTED_FOR = "UPDATE shortlists SET shown = (SELECT shown FROM shortlists WHERE number ="


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A sound database with one of everything."""
    url = f"sqlite:///{tmp_path / 'archive.db'}"
    with Library(url) as library:
        archive = library.open("run", {})
        archive.add(roots(found("a", options=[1.0, 2.0]), found("b")), BETTER)
        archive.add(step(1, attempt(found("c"), 1, option=1), attempt(CRASHED)), BETTER)
        archive.add(step(2, attempt(found("b", 1.0), 2, others=(3,)), as_of=4), BETTER)
        evaluation = Evaluation(
            cell="d", objective=0.5, snapshot=b"here", tasks=(TaskResult(task="one", score=1.0),)
        )
        child = Candidate(tree={"x": "1\n2\n"}, mutator="m")
        archive.add(
            step(3, Attempt(parent=EntryId(3), candidate=child, result=evaluation), as_of=5),
            BETTER,
        )
        judge(archive)
        archive.close()
    return url


def judge(archive: SqlArchive) -> None:
    """Two steps that were chosen from shortlists, and one that is being chosen."""
    kept = appraised(found("e"), 6, Appraisal(interest=0.5, refused=""))
    refused = appraised(found("f"), 6, Appraisal(refused="a wall"))
    audited = appraised(found("g"), 6, Appraisal(refused="a wall", anyway=True))
    archive.consider(listed(4, (6, 3, 1), as_of=6))
    verdict = Verdict(
        judge="m",
        forecasts=(Forecast(judge="m", entry=EntryId(3), chance=0.5, pick=True),),
        comparisons=(Comparison(first=EntryId(6), second=EntryId(3), outcome=1),),
        retired=((EntryId(3), EntryId(6)),),
    )
    archive.add(judged(step(4, kept, refused, audited, as_of=6), verdict), BETTER)
    archive.consider(listed(5, (6, 7), as_of=9))
    archive.add(judged(step(5, attempt(CRASHED, 6), as_of=9), Verdict(judge="m")), BETTER)
    archive.consider(listed(6, (6,), as_of=10))


def test_a_sound_database_is_found_sound(url: str) -> None:
    assert_sound(url)


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        ("DELETE FROM steps WHERE number = 2", "a step is not recorded in one piece"),
        ("DELETE FROM bodies WHERE id = 6", "large things and the entries that name them"),
        ("DELETE FROM entries WHERE id = 10", "bodies and entries do not agree"),
        ("DELETE FROM bodies WHERE id = 2", "bodies and entries do not agree|no entry #2"),
        ("DELETE FROM blobs", "large things and the entries that name them"),
        (
            "INSERT INTO blobs VALUES ('00', x'789c030000000001')",
            "large things and the entries that name them",
        ),
        ("UPDATE blobs SET data = (SELECT max(data) FROM blobs)", "holds something else"),
        ("DELETE FROM other_parents", "other_parents and bodies do not agree"),
        ("DELETE FROM task_results", "task_results and bodies do not agree"),
        ("UPDATE bodies SET tree = x'0000' WHERE id = 6", "a stored tree is damaged"),
        ("UPDATE bodies SET base = NULL WHERE id = 5", "#5 is miscounted from a whole tree"),
        ("UPDATE bodies SET base = 6 WHERE id = 5", "#5 is a change of #6, which is no parent"),
        ("UPDATE bodies SET hops = 5 WHERE id = 5", "#5 is miscounted from a whole tree"),
        ("UPDATE bodies SET cell = 'z' WHERE id = 3", "#3 is of another cell"),
        ("UPDATE entries SET parent = 6 WHERE id = 3", "#3 is a change of #1, which is no parent"),
        ("UPDATE entries SET depth = 5 WHERE id = 3", "#3 has a wrong depth"),
        ("UPDATE entries SET size = 5 WHERE id = 3", "#3 has a wrong size"),
        ("UPDATE entries SET status = 0 WHERE id = 3", "#3 has a wrong status"),
        ("UPDATE entries SET option = 2 WHERE id = 3", "#3 took an option that there is not"),
        (
            "UPDATE entries SET step = 2 WHERE id = 4",
            "step 2 has gaps",
        ),
        ("UPDATE entries SET place = 2 WHERE id = 4", "step 1 has gaps"),
        ("UPDATE other_parents SET parent = 9", "#5 came before a parent"),
        ("UPDATE steps SET verifications = 3 WHERE number = 1", "step 1 miscounts verifications"),
        ("UPDATE steps SET verifications = 0 WHERE number = 1", "step 1 miscounts verifications"),
        ("UPDATE steps SET granted = 1 WHERE number = 1", "step 1 miscounts verifications"),
        ("UPDATE steps SET chosen = 99 WHERE number = 1", "step 1 set out from elsewhere"),
        ("UPDATE steps SET chosen = 2 WHERE number = 1", "step 1 set out from elsewhere"),
        ("UPDATE steps SET chosen = NULL WHERE number = 1", "step 1 set out from elsewhere"),
        ("UPDATE steps SET chosen = 1 WHERE number = 0", "step 0 set out from somewhere"),
        ("UPDATE steps SET as_of = 99 WHERE number = 1", "step 1 chose what it could not see"),
        ("UPDATE steps SET probability = 0 WHERE number = 1", "step 1 was not probable"),
        ("UPDATE steps SET choices = 0 WHERE number = 1", "step 1 had no choice"),
        ("DELETE FROM appraisals WHERE entry = 7", "has lost the appraisal of #7"),
        ("UPDATE bodies SET appraised = 0 WHERE id = 7", "appraisals and bodies do not agree"),
        ("UPDATE appraisals SET entry = 6 WHERE entry = 7", "has lost the appraisal of #7"),
        ("UPDATE appraisals SET interest = 2 WHERE entry = 7", "#7 has an odd interest"),
        ("UPDATE appraisals SET anyway = 1 WHERE entry = 7", "#7 is kept anyway and was not"),
        ("UPDATE appraisals SET anyway = 0 WHERE entry = 9", "#9 was refused and is new"),
        ("DELETE FROM shortlists WHERE number = 4", "step 4 was chosen from no list"),
        (
            f"{LISTED_FOR} 6) WHERE number = 4",
            "step 4 foretold others|step 4 compared others",
        ),
        (
            f"{LISTED_FOR} 5) WHERE number = 4",
            "step 4 listed the future",
        ),
        ("UPDATE shortlists SET as_of = 5 WHERE number = 4", "step 4 listed the future"),
        ("DELETE FROM verdicts WHERE step = 4", "a forecast has no verdict"),
        ("UPDATE verdicts SET step = 3 WHERE step = 5", "step 3 was chosen from no list"),
        ("UPDATE verdicts SET step = 6 WHERE step = 5", "step 6 has a verdict and was never"),
        ("UPDATE verdicts SET entry = 8 WHERE step = 4", "step 4 names another first entry"),
        ("UPDATE forecasts SET step = 6", "a forecast has no verdict"),
        ("UPDATE forecasts SET entry = 2", "step 4 foretold others"),
        ("UPDATE forecasts SET chance = 1.5", "step 4 has odd chances"),
        ("UPDATE verdicts SET comparisons = '[[6, 2, 1]]'", "step 4 compared others"),
        ("UPDATE verdicts SET retired = '[[2, 6]]' WHERE step = 4", "step 4 retired others"),
        (
            "UPDATE verdicts SET retired = '[[6, 3]]' WHERE step = 4",
            "step 4 retired what it set out from",
        ),
        (
            "INSERT INTO shortlists VALUES (7, 6, 10, 1, 1, 'm', x'00')",
            "shortlists has rows of unknown runs",
        ),
        (
            "INSERT INTO steps SELECT run, 9, 1, 1, 1, 1, 1, 0, 0, 0, 0 FROM runs",
            "not recorded in one piece",
        ),
        (
            "INSERT INTO steps VALUES (7, 0, NULL, 0, 1, 0, 0, 0, 0, 0, 0)",
            "steps has rows of unknown runs",
        ),
    ],
)
def test_harm_is_found(url: str, harm: str, complaint: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        assert connection.execute(text(harm)).rowcount
    engine.dispose()

    with pytest.raises((AssertionError, ArchiveError), match=complaint):
        assert_sound(url)
