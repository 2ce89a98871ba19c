"""From a model's name to a model that can be asked."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from mutators.llm.base import LLM, LLMError, Message, Request
from mutators.llm.connect import connect
from mutators.llm.limiter import Limits
from mutators.llm.models import parse
from mutators.llm.retry import Patience
from mutators.llm.stopping import StopSign
from tests.mutators.llm.clocks import FakeClock
from tests.mutators.llm.servers import Reply, complaint, completion, message, serving

QUESTION = Request(system="", messages=(Message(speaker="user", text="which?"),), max_tokens=9)


def connected(
    url: str, clock: FakeClock, *, limits: Limits | None = None, timeout: float = 5.0
) -> LLM:
    return connect(
        parse(f"openai:some@{url}/v1"),
        keys={},
        limits=limits,
        patience=Patience(attempts=4),
        timeout=timeout,
        random=Random(0),
        clock=clock,
    ).llm(StopSign())


def test_a_throttled_call_comes_through_after_as_long_as_the_server_asks() -> None:
    clock = FakeClock()
    with serving(complaint(429, retry_after="30"), completion("at last")) as server:
        answer = connected(server.url, clock).ask(QUESTION)

    assert answer.text == "at last"
    assert 30 <= clock.elapsed() <= 31
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        complaint(500),
        complaint(503),
        Reply(drop="at once"),
        Reply(body=completion().body, drop="half way"),
        Reply(body="{"),
        completion(wait=0.4),
    ],
)
def test_trouble_that_passes_is_waited_out(trouble: Reply) -> None:
    with serving(trouble, trouble, completion("at last")) as server:
        answer = connected(server.url, FakeClock(), timeout=0.2).ask(QUESTION)

    assert answer.text == "at last"
    assert len(server.calls) == 3


def test_trouble_that_stays_is_given_up() -> None:
    with serving(complaint(500, "on fire")) as server:
        model = connected(server.url, FakeClock())
        with pytest.raises(LLMError, match="500 on fire; given up after 4 attempts"):
            model.ask(QUESTION)

    assert len(server.calls) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_would_not_help_is_not_tried_again(status: int) -> None:
    with serving(complaint(status)) as server, pytest.raises(LLMError, match=f"{status}"):
        connected(server.url, FakeClock()).ask(QUESTION)

    assert len(server.calls) == 1


def test_an_exhausted_quota_is_not_waited_for() -> None:
    spent = complaint(429, code="insufficient_quota", retry_after="1")
    with serving(spent) as server, pytest.raises(LLMError, match="add credit"):
        connected(server.url, FakeClock()).ask(QUESTION)

    assert len(server.calls) == 1


def test_a_server_never_sees_more_calls_at_once_than_allowed() -> None:
    with serving(completion(wait=0.01)) as server:
        model = connected(server.url, FakeClock(), limits=Limits(concurrency=3))
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(model.ask, [QUESTION] * 40))

    assert server.most_at_once == 3
    assert len(server.calls) == 40


def test_anthropics_models_are_connected_alike() -> None:
    with serving(complaint(529), message("at last")) as server:
        connection = connect(parse(f"anthropic:some@{server.url}"), keys={}, clock=FakeClock())
        answer = connection.llm(StopSign()).ask(QUESTION)

    assert answer.text == "at last"


def test_a_script_is_connected(tmp_path: Path) -> None:
    path = tmp_path / "script.jsonl"
    path.write_text('{"text": "yes"}')

    model = connect(parse(f"scripted:{path}"), keys={}).llm(StopSign())

    assert model.ask(QUESTION).text == "yes"


def test_a_key_goes_to_the_server_that_it_is_for() -> None:
    with serving(completion()) as ours, serving(completion()) as other:
        keys = {"openai": "sk-home", f"{ours.url}/v1": "sk-ours"}
        for server in (ours, other):
            connection = connect(parse(f"openai:some@{server.url}/v1"), keys=keys)
            connection.llm(StopSign()).ask(QUESTION)

    assert ours.calls[0].headers["authorization"] == "Bearer sk-ours"
    assert "sk-home" not in str(other.calls[0].headers)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("openai:gpt-4o", "openai:gpt-4o needs a key: set OPENAI_API_KEY"),
        ("anthropic:some", "needs a key: set ANTHROPIC_API_KEY"),
        ("scripted:/none.jsonl", "no script"),
    ],
)
def test_what_is_missing_is_said_at_once(written: str, said: str) -> None:
    with pytest.raises(LLMError, match=said):
        connect(parse(written), keys={})


def test_a_missing_model_file_is_said_at_once(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")

    with pytest.raises(LLMError, match="no model file"):
        connect(parse(f"local:{tmp_path / 'none.gguf'}"), keys={})


def test_a_file_that_is_no_model_is_said_at_once(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    path = tmp_path / "some.gguf"
    path.write_text("no model")

    with pytest.raises(LLMError, match="cannot be loaded as a GGUF model"):
        connect(parse(f"local:{path}"), keys={})


def test_a_local_model_without_its_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)

    with pytest.raises(LLMError, match=r"pip install 'goexplore\[local\]'"):
        connect(parse(f"local:{tmp_path / 'some.gguf'}"), keys={})


def test_no_sdk_is_loaded_before_it_is_needed() -> None:
    asked = "import sys, mutators.llm.connect; print({'openai', 'anthropic'} & set(sys.modules))"

    said = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    )

    assert said.stdout == "set()\n"
