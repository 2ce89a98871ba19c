"""Embedding through the ledger, with a model of the test's own."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import numpy as np
import pytest

from archive.library import Library
from archive.sql import SqlArchive
from mutators.llm.asking import BudgetSpent
from mutators.llm.base import Answer, Finish, LLMError, Model, Prices, Request, Usage
from mutators.llm.embedding import BATCH, Embedder, LedgeredEmbedder
from mutators.llm.ngrams import HashedNgrams
from mutators.llm.purse import Purse
from mutators.llm.vectors import packed

MODEL = Model(
    name="letters",
    context_window=100,
    structured=False,
    prices=Prices(prompt=1.0, cached=1.0, completion=0.0),
    dimension=2,
)


@dataclass
class Letters:
    """Its vectors are how many letters and how many others a text has; a token a character."""

    model: Model = MODEL
    wait: float = 0.0
    asked: list[str] = field(default_factory=list[str])
    calls: int = 0
    lock: Lock = field(default_factory=Lock)

    def ask(self, request: Request) -> Answer:
        texts = [message.text for message in request.messages]
        with self.lock:
            self.calls += 1
            self.asked += texts
        time.sleep(self.wait)
        lines = [packed(_counts(text)) or "" for text in texts]
        usage = Usage(prompt=sum(map(len, texts)))
        return Answer(text="\n".join(lines), finish=Finish.STOP, usage=usage, seconds=0.5)


def _counts(text: str) -> tuple[float, float]:
    letters = sum(map(str.isalpha, text))
    return letters, len(text) - letters + 0.5


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqlArchive]:
    with Library(f"sqlite:///{tmp_path / 'a.db'}") as library, library.open("run", {}) as opened:
        yield opened


def embedder(archive: SqlArchive, llm: Letters, purse: Purse | None = None) -> LedgeredEmbedder:
    return LedgeredEmbedder(llm, ledger=archive.ledger, purse=purse or Purse())


def test_each_text_has_its_vector_of_unit_length_in_its_place(archive: SqlArchive) -> None:
    vectors = embedder(archive, Letters()).embed(["abc", "12", "abc"], step=1)

    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0)
    assert np.array_equal(vectors[0], vectors[2])
    assert vectors[0] @ [1.0, 0.0] > 0.9
    assert vectors[1] @ [1.0, 0.0] < 0.1


def test_no_text_is_embedded_twice(archive: SqlArchive) -> None:
    llm = Letters()
    first = embedder(archive, llm).embed(["a", "b", "a"], step=1)
    again = embedder(archive, llm).embed(["b", "c", "a"], step=2)

    assert llm.asked == ["a", "b", "c"]
    assert np.array_equal(again[[2, 0]], first[:2])


def test_no_text_is_embedded_twice_though_many_want_it_at_once(archive: SqlArchive) -> None:
    llm = Letters(wait=0.02)
    shared = embedder(archive, llm)
    texts = [str(n) for n in range(40)]

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(shared.embed, texts, step=1) for _ in range(8)]
        found = [future.result() for future in futures]

    assert sorted(llm.asked) == sorted(texts)
    assert all(np.array_equal(found[0], each) for each in found)


def test_a_text_that_somebody_failed_to_embed_is_embedded_by_who_waited(
    archive: SqlArchive,
) -> None:
    class Failing(Letters):
        def ask(self, request: Request) -> Answer:
            answer = super().ask(request)
            if self.calls == 1:
                raise LLMError("a spell of bad luck")
            return answer

    shared = embedder(archive, Failing(wait=0.05))

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(shared.embed, ["a"], step=1) for _ in range(2)]
        failed = [future.exception() for future in futures]

    assert sorted(map(str, failed)) == ["None", "a spell of bad luck"]


def test_many_texts_go_in_few_calls(archive: SqlArchive) -> None:
    llm = Letters()
    embedder(archive, llm).embed([str(n) for n in range(2 * BATCH + 1)], step=1)

    assert llm.calls == 3


def test_the_ledger_has_a_call_for_each_text_and_all_tokens_of_it(archive: SqlArchive) -> None:
    purse = Purse()
    embedder(archive, Letters(), purse).embed(["a", "bcd", ""], step=7)

    calls = list(archive.calls())
    assert {(call.role, call.step, call.model) for call in calls} == {("embed", 7, "letters")}
    assert sum(call.prompt_tokens for call in calls) == 4
    assert len(calls) == 3
    assert purse.tokens == 4
    assert purse.dollars == pytest.approx(4e-6)
    assert sum(call.dollars or 0.0 for call in calls) == pytest.approx(purse.dollars)
    assert sum(call.seconds for call in calls) == pytest.approx(0.5)


def test_a_budget_that_is_spent_is_not_exceeded(archive: SqlArchive) -> None:
    llm = Letters()

    with pytest.raises(BudgetSpent, match="tokens"):
        embedder(archive, llm, Purse(tokens=5)).embed(["a" * 6], step=1)

    assert llm.calls == 0


def test_a_model_without_a_price_is_refused_under_a_dollar_budget(archive: SqlArchive) -> None:
    model = Model(name="letters", context_window=9, structured=False, prices=None, dimension=2)

    with pytest.raises(LLMError, match="no price is known for letters"):
        embedder(archive, Letters(model), Purse(dollars=1.0))


def test_a_model_that_is_not_known_to_embed_is_refused(archive: SqlArchive) -> None:
    model = Model(name="talker", context_window=9, structured=False, prices=None)

    with pytest.raises(LLMError, match="give its dimension under"):
        embedder(archive, Letters(model))


def test_a_text_beyond_the_window_loses_its_middle_and_the_ledger_says_so(
    archive: SqlArchive,
) -> None:
    llm = Letters()
    text = "begin" + "x" * 1000 + "end"
    embedder(archive, llm).embed([text], step=1)

    (sent,) = llm.asked
    assert sent.startswith("begin")
    assert sent.endswith("end")
    assert len(sent) <= 300
    (call,) = archive.calls()
    assert call.left_out is not None
    assert call.left_out.endswith(" characters of text")


@pytest.mark.parametrize("name", ["ledgered", "n-grams"])
def test_every_embedder_keeps_the_contract(archive: SqlArchive, name: str) -> None:
    made: Embedder = embedder(archive, Letters()) if name == "ledgered" else HashedNgrams(32)

    vectors = made.embed(["a", "bc", "", "a"], step=1)

    assert vectors.shape == (4, made.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0)
    assert np.array_equal(vectors[0], vectors[3])
    assert np.array_equal(made.embed(["bc"], step=2)[0], vectors[1])
    assert made.embed([], step=3).shape == (0, made.dimension)
