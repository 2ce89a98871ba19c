"""How new a state is, and how likely a model finds it interesting: no scale is asked for."""

from collections.abc import Iterator
from dataclasses import replace
from math import log
from pathlib import Path
from random import Random

import pytest

from archive.entry import (
    Admission,
    Appraisal,
    Candidate,
    Entry,
    EntryId,
    Evaluation,
    Status,
)
from archive.export import digest
from archive.library import Library
from goexplore.appraisal import Child
from goexplore.config import checked, options, prepare
from goexplore.replay import replay
from goexplore.selection.appraisers import KNOWN, Likelihood, Novelty
from mutators.base import Parent
from mutators.llm.base import Alternative, Answer, Finish, LLMError, Model, Request, Role, Usage

DEN = Child(
    candidate=Candidate(tree={"actions.txt": "south\n"}, mutator="m"),
    evaluation=Evaluation(cell="den", objective=0.5, observation="a dark den"),
    parent=Parent(tree={}, evaluation=Evaluation(cell="hall", objective=1.0, observation="a hall")),
    step=7,
    place=2,
    as_of=EntryId(5),
    founds=True,
    refused=None,
    final=False,
)


def showing(text: str, *, as_of: int = 5) -> Child:
    evaluation = replace(DEN.evaluation, observation=text)
    return replace(DEN, evaluation=evaluation, as_of=EntryId(as_of))


def interest(said: Appraisal | None) -> float:
    assert said is not None
    assert said.interest is not None
    return said.interest


def known(novelty: Novelty, number: int, text: str, status: Status = Status.NEW) -> None:
    """Have an entry remembered as it was appraised."""
    child = showing(text)
    entry = Entry(
        id=EntryId(number),
        step=number,
        parents=(),
        candidate=child.candidate,
        result=child.evaluation,
        admission=Admission(status=status, why=""),
        depth=0,
        appraisal=novelty.appraise(child, Random(0)),
    )
    novelty.remember([entry])


def test_the_first_of_all_is_as_new_as_can_be() -> None:
    assert interest(Novelty().appraise(DEN, Random(0))) == 1.0


def test_what_is_known_is_not_new_and_what_is_like_it_a_little() -> None:
    novelty = Novelty()
    known(novelty, 1, "a dark den with a door to the north")

    same, like, other = (
        interest(novelty.appraise(showing(text), Random(0)))
        for text in (
            "a dark den with a door to the north",
            "a dark den with a door to the south",
            "17 + 4 = 21",
        )
    )

    assert same == pytest.approx(0.0, abs=0.01)
    assert 0.05 < like < 0.6 < other


def test_the_nearest_neighbours_count_and_no_others() -> None:
    novelty = Novelty(neighbours=1)
    for number, text in enumerate(("a dark den", "17 + 4 = 21", "xyzzy"), start=1):
        known(novelty, number, text)

    assert interest(novelty.appraise(DEN, Random(0))) == pytest.approx(0.0, abs=0.01)


def test_what_a_step_cannot_see_is_not_known_to_it() -> None:
    novelty = Novelty()
    known(novelty, 1, "17 + 4 = 21")
    known(novelty, 6, "a dark den")

    early = interest(novelty.appraise(showing("a dark den", as_of=5), Random(0)))
    late = interest(novelty.appraise(showing("a dark den", as_of=6), Random(0)))

    assert late < early


def test_what_was_rejected_is_not_known() -> None:
    novelty = Novelty()
    known(novelty, 1, "a dark den", Status.REJECTED)

    assert interest(novelty.appraise(DEN, Random(0))) == 1.0


def test_of_many_a_part_is_looked_at_that_spans_them_all() -> None:
    novelty = Novelty(neighbours=1)
    known(novelty, 1, "the very first")
    for number in range(2, KNOWN + 200):
        known(novelty, number, f"{number} of many")
    known(novelty, KNOWN + 200, "the very last")
    as_of = KNOWN + 200

    first, last = (
        interest(novelty.appraise(showing(text, as_of=as_of), Random(0)))
        for text in ("the very first", "the very last")
    )

    assert first == pytest.approx(0.0, abs=0.01)
    assert last == pytest.approx(0.0, abs=0.01)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(f"sqlite:///{tmp_path / 'archive.db'}") as opened:
        yield opened


def explored(library: Library, name: str, *steps: int, workers: int) -> None:
    for count in steps:
        settings = {
            "run": {"name": name, "workers": workers, "deterministic": True, "lag": 4},
            "domain": {"kind": "tests.goexplore.walk:Walk", "size": 30, "pause": 0.001},
            "selection": {"kind": "novelty", "neighbours": 3},
            "mutation": {"kind": "append-action", "order": "random"},
            "admission": {"kind": "better-or-shorter"},
            "budget": {"steps": count},
        }
        with prepare(checked([options(settings)]), library=library) as run:
            run.engine.run()


def test_a_search_for_novelty_is_the_same_with_one_worker_or_four_and_in_parts(
    library: Library,
) -> None:
    explored(library, "one", 60, workers=1)
    explored(library, "four", 60, workers=4)
    explored(library, "parts", 7, 31, 60, workers=4)

    one, four, parts = (digest(library.read(name)) for name in ("one", "four", "parts"))

    assert one == four == parts
    assert replay(library, "four").identical


# Likelihood


class Likely:
    """Says how likely a yes and a no are, whatever it is asked."""

    def __init__(self, *alternatives: Alternative, tells: bool = True) -> None:
        self._alternatives = alternatives
        self._tells = tells
        self.asked: list[tuple[Request, Role, int, str]] = []

    @property
    def model(self) -> Model:
        return Model(
            name="likely",
            context_window=2048,
            structured=True,
            prices=None,
            logprobs=self._tells,
        )

    def ask(self, request: Request, *, role: Role, step: int, sample: str) -> Answer:
        self.asked.append((request, role, step, sample))
        return Answer(
            text="Yes",
            finish=Finish.LENGTH,
            usage=Usage(completion=1),
            seconds=0.0,
            alternatives=self._alternatives,
        )


def begins(text: str, chance: float) -> Alternative:
    return Alternative(token=text, logprob=log(chance))


YES, NO = begins(" Yes", 0.6), begins("no", 0.2)


def test_interest_is_how_likely_the_yes_was() -> None:
    model = Likely(YES, NO)

    said = Likelihood(model, "A maze.").appraise(DEN, Random(0))

    ((request, role, step, sample),) = model.asked
    assert interest(said) == pytest.approx(0.75)
    assert (role, step, sample) == (Role.JUDGE, 7, "7.2.likelihood")
    assert (request.alternatives, request.max_tokens, request.schema) == (20, 1, None)
    assert "A maze." in request.system
    assert "a dark den\n(score 0.5)" in request.messages[0].text
    assert "a hall\n(score 1)" in request.messages[0].text


def test_where_neither_yes_nor_no_was_likely_nothing_is_said() -> None:
    model = Likely(begins("maybe", 0.9))

    assert Likelihood(model, "A maze.").appraise(DEN, Random(0)) is None


def test_what_is_final_is_not_asked_about() -> None:
    model = Likely(YES)

    assert Likelihood(model, "A maze.").appraise(replace(DEN, final=True), Random(0)) is None
    assert model.asked == []


def test_a_long_state_loses_its_middle_and_the_ledger_is_told() -> None:
    model = Likely(YES)

    Likelihood(model, "A maze.").appraise(showing("x" * 20_000), Random(0))

    ((request, *_),) = model.asked
    assert "characters left out" in request.messages[0].text
    assert "entry" in request.left_out


def test_a_model_that_does_not_tell_is_refused_at_once() -> None:
    with pytest.raises(LLMError, match="likely"):
        Likelihood(Likely(tells=False), "A maze.")
