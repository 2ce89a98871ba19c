"""Budgets and the ledger, with a model of the test's own."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from archive.library import Library
from archive.sql import SqlArchive
from mutators.llm.asking import BudgetSpent
from mutators.llm.base import (
    Alternative,
    Answer,
    Finish,
    LLMError,
    Message,
    Model,
    Prices,
    Request,
    Role,
    Usage,
)
from mutators.llm.ledgered import Ledgered, most_prompt_tokens
from mutators.llm.purse import Purse

PRICES = Prices(prompt=1.0, cached=0.1, completion=10.0)


@dataclass
class Parrot:
    """Says how often it was asked, and takes 10 tokens in and 5 out."""

    prices: Prices | None = PRICES
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def model(self) -> Model:
        return Model(name="parrot", context_window=1000, structured=True, prices=self.prices)

    def ask(self, request: Request) -> Answer:
        with self.lock:
            self.asked += 1
            usage = Usage(prompt=10, completion=5)
            return Answer(text=f"{self.asked}", finish=Finish.STOP, usage=usage, seconds=0.0)


def request(text: str = "hello") -> Request:
    return Request(system="", messages=(Message(speaker="user", text=text),), max_tokens=5)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqlArchive]:
    with Library(f"sqlite:///{tmp_path / 'a.db'}") as library, library.open("run", {}) as opened:
        yield opened


def test_what_was_answered_is_never_asked_again(archive: SqlArchive) -> None:
    parrot = Parrot()
    asking = Ledgered(parrot, ledger=archive.ledger, purse=Purse())

    first = asking.ask(request(), role=Role.ACT, step=1, sample="1.0.0")
    again = Ledgered(Parrot(), ledger=archive.ledger, purse=Purse()).ask(
        request(), role=Role.ACT, step=1, sample="1.0.0"
    )
    other = asking.ask(request(), role=Role.ACT, step=1, sample="1.0.1")

    assert again == first
    assert (first.text, other.text, parrot.asked) == ("1", "2", 2)


def test_spending_counts_tokens_and_dollars(archive: SqlArchive) -> None:
    purse = Purse()
    asking = Ledgered(Parrot(), ledger=archive.ledger, purse=purse)

    asking.ask(request(), role=Role.ACT, step=1, sample="a")

    assert purse.tokens == 15
    assert purse.dollars == pytest.approx((10 * 1.0 + 5 * 10.0) / 1e6)


def test_an_answer_from_the_ledger_costs_nothing(archive: SqlArchive) -> None:
    Ledgered(Parrot(), ledger=archive.ledger, purse=Purse()).ask(
        request(), role=Role.ACT, step=1, sample="a"
    )
    purse = Purse(tokens=0)

    Ledgered(Parrot(), ledger=archive.ledger, purse=purse).ask(
        request(), role=Role.ACT, step=1, sample="a"
    )

    assert purse.tokens == 0


def test_a_model_without_a_price_is_refused_under_a_dollar_budget(archive: SqlArchive) -> None:
    with pytest.raises(LLMError, match="no price is known for parrot"):
        Ledgered(Parrot(prices=None), ledger=archive.ledger, purse=Purse(dollars=1.0))


def test_a_model_without_a_price_may_be_used_without_one(archive: SqlArchive) -> None:
    asking = Ledgered(Parrot(prices=None), ledger=archive.ledger, purse=Purse(tokens=1000))

    assert asking.ask(request(), role=Role.ACT, step=1, sample="a").text == "1"


def test_a_dollar_budget_holds_with_many_calls_under_way(archive: SqlArchive) -> None:
    # A call costs 60 millionths, and 100 at most; 137 calls are the last that fit.
    parrot = Parrot()
    budget = 137 * 60e-6
    purse = Purse(dollars=budget)
    asking = Ledgered(parrot, ledger=archive.ledger, purse=purse)
    spent: list[BudgetSpent] = []

    def work(worker: int) -> None:
        try:
            for n in range(100):
                asking.ask(request(), role=Role.ACT, step=worker, sample=f"{worker}.{n}")
        except BudgetSpent as error:
            spent.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert len(spent) == 32
    assert purse.dollars <= budget
    most = (most_prompt_tokens(request()) * 1.0 + 5 * 10.0) / 1e6
    assert purse.dollars > budget - most
    assert parrot.asked == round(purse.dollars / 60e-6)


def test_what_earlier_sessions_spent_counts(archive: SqlArchive) -> None:
    purse = Purse(tokens=100, spent_tokens=90)
    asking = Ledgered(Parrot(), ledger=archive.ledger, purse=purse)

    with pytest.raises(BudgetSpent, match="the budget of tokens is spent"):
        asking.ask(request(), role=Role.ACT, step=1, sample="a")


def test_a_failed_call_gives_back_what_was_held_for_it(archive: SqlArchive) -> None:
    class Broken(Parrot):
        def ask(self, request: Request) -> Answer:
            raise LLMError("wrong key")

    purse = Purse(tokens=100)
    with pytest.raises(LLMError):
        Ledgered(Broken(), ledger=archive.ledger, purse=purse).ask(
            request(), role=Role.ACT, step=1, sample="a"
        )

    Ledgered(Parrot(), ledger=archive.ledger, purse=purse).ask(
        request(), role=Role.ACT, step=1, sample="b"
    )
    assert purse.tokens == 15


def test_a_seed_goes_by_the_run_s_own_and_by_what_is_asked(tmp_path: Path) -> None:
    class Drawing(Parrot):
        def ask(self, request: Request) -> Answer:
            return replace(super().ask(request), text=f"{request.seed}")

    def drawn(name: str, seed: int, sample: str) -> int:
        with library.open(name, {}) as run:
            asking = Ledgered(Drawing(), ledger=run.ledger, purse=Purse(), seed=seed)
            return int(asking.ask(request(), role=Role.ACT, step=1, sample=sample).text)

    with Library(f"sqlite:///{tmp_path / 'b.db'}") as library:
        first = [drawn("first", 0, "a"), drawn("first", 0, "b"), drawn("other", 1, "a")]
        again = drawn("again", 0, "a")

    assert again == first[0]
    assert len(set(first)) == 3
    assert all(0 <= seed < 2**31 for seed in first)


def test_what_else_was_likely_and_what_was_left_out_are_kept(archive: SqlArchive) -> None:
    likely = (Alternative("Yes", -0.25), Alternative(" n\udcfeo", -2.5))

    class Unsure(Parrot):
        def ask(self, request: Request) -> Answer:
            return replace(super().ask(request), alternatives=likely)

    asked = replace(request(), alternatives=2, left_out="9 characters of feedback")
    asking = Ledgered(Unsure(), ledger=archive.ledger, purse=Purse())
    asking.ask(asked, role=Role.JUDGE, step=1, sample="a")

    again = asking.ask(asked, role=Role.JUDGE, step=1, sample="a")

    assert again.alternatives == likely
    (call,) = archive.calls()
    assert call.left_out == "9 characters of feedback"


def test_without_them_nothing_is_kept(archive: SqlArchive) -> None:
    asking = Ledgered(Parrot(), ledger=archive.ledger, purse=Purse())
    asking.ask(request(), role=Role.ACT, step=1, sample="a")

    (call,) = archive.calls()
    assert (call.alternatives, call.left_out) == (None, None)


def test_the_key_of_a_request_is_what_it_was_in_older_ledgers() -> None:
    assert request().key("parrot", "a") == (
        "2426352a64506dd276232c3b84c1fe8eda17b854eb4f8bbf3ea7d80de5135eee"
    )


def test_what_was_left_out_is_no_part_of_what_was_asked() -> None:
    keys = {replace(request(), left_out=text).key("parrot", "a") for text in ("", "all")}

    assert len(keys) == 1


def test_to_want_alternatives_is_another_question() -> None:
    keys = {replace(request(), alternatives=n).key("parrot", "a") for n in (0, 1, 20)}

    assert len(keys) == 3


def test_a_prompt_beyond_the_window_is_refused_before_it_costs_anything(
    archive: SqlArchive,
) -> None:
    parrot = Parrot()
    asking = Ledgered(parrot, ledger=archive.ledger, purse=Purse())

    with pytest.raises(LLMError, match="parrot has room for 1000"):
        asking.ask(request("word " * 5_000), role=Role.ACT, step=1, sample="a")

    assert parrot.asked == 0
