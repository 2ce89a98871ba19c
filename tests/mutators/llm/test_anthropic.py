"""Models behind Anthropic's messages, asked over the wire."""

import json
from dataclasses import replace

import pytest

from mutators.llm.anthropic import AnthropicModel
from mutators.llm.base import Answer, Finish, Json, LLMError, Message, Model, Request, Usage
from mutators.llm.outcome import Setback
from tests.mutators.llm.servers import Reply, Server, complaint, completion, message, serving

MODEL = Model(name="anthropic:some", context_window=1000, structured=True, prices=None)
SCHEMA: dict[str, Json] = {"type": "object", "properties": {"index": {"type": "integer"}}}
QUESTION = Request(
    system="be brief", messages=(Message(speaker="user", text="which?"),), max_tokens=9
)


def client(server: Server, timeout: float = 5.0) -> AnthropicModel:
    return AnthropicModel(MODEL, "some", key="sk-1", url=server.url, timeout=timeout)


def answer_to(reply: Reply) -> Answer:
    with serving(reply) as server:
        return client(server).ask(QUESTION)


def test_a_question_and_its_answer() -> None:
    with serving(message("the first")) as server:
        answer = client(server).ask(QUESTION)

    assert (answer.text, answer.finish) == ("the first", Finish.STOP)
    assert answer.usage == Usage(prompt=12, cached=0, completion=3)
    assert server.calls[0].path == "/v1/messages"
    assert "sk-1" in str(server.calls[0].headers)  # the header depends on the SDK
    assert server.calls[0].body == {
        "model": "some",
        "system": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": "which?"}],
        "max_tokens": 9,
    }


def test_a_schema_is_a_tool_that_has_to_be_used() -> None:
    request = Request(
        system="", messages=QUESTION.messages, max_tokens=9, schema=SCHEMA, temperature=0.0
    )

    with serving(message("I choose", stop="tool_use", tool_input={"index": 1})) as server:
        answer = client(server).ask(request)

    assert json.loads(answer.text) == {"index": 1}
    assert answer.finish is Finish.STOP
    body = server.calls[0].body
    assert body["tool_choice"] == {"type": "tool", "name": "answer"}
    assert body["temperature"] == 0.0
    assert "system" not in body
    assert json.dumps(SCHEMA) in json.dumps(body["tools"])


def test_a_model_that_may_not_be_forced_has_the_schema_in_its_prompt() -> None:
    facts = replace(MODEL, structured=False, temperature=False)
    asked = replace(QUESTION, schema=SCHEMA, temperature=0.5)
    with serving(message('{"index": 1}')) as server:
        answer = AnthropicModel(facts, "some", key="sk-1", url=server.url).ask(asked)

    assert json.loads(answer.text) == {"index": 1}
    body = server.calls[0].body
    assert not {"tools", "tool_choice", "temperature"} & set(body)
    assert json.dumps(SCHEMA) in str(body["system"])


def test_a_model_is_not_asked_for_likelihoods_that_it_does_not_tell() -> None:
    with serving(message()) as server, pytest.raises(LLMError, match="does not say how likely"):
        client(server).ask(replace(QUESTION, alternatives=5))

    assert server.calls == []


def test_tokens_written_to_the_cache_count_a_quarter_more() -> None:
    answer = answer_to(message(prompt=10, read=100, written=200))

    assert answer.usage == Usage(prompt=360, cached=100, completion=3)


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("max_tokens", Finish.LENGTH),
        ("model_context_window_exceeded", Finish.LENGTH),
        ("refusal", Finish.REFUSAL),
        ("stop_sequence", Finish.STOP),
    ],
)
def test_how_an_answer_ended(stop: str, finish: Finish) -> None:
    assert answer_to(message(stop=stop)).finish is finish


def test_an_answer_may_be_empty() -> None:
    assert answer_to(message("")).text == ""


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (complaint(401, "bad key"), "anthropic:some: 401 bad key; the key is wrong"),
        (complaint(404), "no such model"),
        (complaint(400), "does not take this request"),
        (complaint(402), "the quota is used up"),
        (complaint(403, code="billing_error"), "the quota is used up"),
    ],
)
def test_what_asking_again_would_not_help_stops_with_advice(reply: Reply, said: str) -> None:
    with pytest.raises(LLMError, match=said):
        answer_to(reply)


@pytest.mark.parametrize(
    "reply",
    [
        *(complaint(status) for status in (408, 409, 429, 500, 529)),
        Reply(body="half an answ"),
        completion(),
        Reply(drop="at once"),
        Reply(body=message().body, drop="half way"),
    ],
)
def test_what_asking_again_may_help_is_a_setback(reply: Reply) -> None:
    with pytest.raises(Setback, match="anthropic:some: "):
        answer_to(reply)


def test_a_slow_server_is_not_waited_for() -> None:
    slow = Reply(body=message().body, wait=0.5)

    with serving(slow) as server, pytest.raises(Setback, match="timed out"):
        client(server, timeout=0.05).ask(QUESTION)
