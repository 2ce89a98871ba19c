"""Models behind OpenAI's responses, asked over the wire."""

import json

import pytest

from mutators.llm.base import Alternative, Answer, Finish, Json, LLMError, Message, Request, Usage
from mutators.llm.base import Model as Facts
from mutators.llm.openai import OpenAIModel
from mutators.llm.outcome import Setback
from tests.mutators.llm.servers import (
    Reply,
    Server,
    complaint,
    completion,
    output_text,
    refusal,
    response,
    serving,
)

MODEL = Facts(
    name="openai:some",
    context_window=1000,
    structured=True,
    prices=None,
    logprobs=True,
    api="responses",
)
SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {"index": {"type": "integer"}},
    "required": ["index"],
    "additionalProperties": False,
}
QUESTION = Request(
    system="be brief", messages=(Message(speaker="user", text="which?"),), max_tokens=9
)
STRUCTURED = Request(
    system="be brief", messages=QUESTION.messages, max_tokens=9, schema=SCHEMA, temperature=0.5
)


def client(server: Server) -> OpenAIModel:
    return OpenAIModel(MODEL, "some", key="sk-1", url=f"{server.url}/v1", timeout=5.0)


def answer_to(reply: Reply, request: Request = QUESTION) -> Answer:
    with serving(reply) as server:
        return client(server).ask(request)


def test_a_question_and_its_answer() -> None:
    reply = response(output_text("the "), output_text("first"), prompt=20, cached=15, completion=2)
    with serving(reply) as server:
        answer = client(server).ask(QUESTION)

    assert answer.text == "the first"
    assert answer.finish is Finish.STOP
    assert answer.usage == Usage(prompt=20, cached=15, completion=2)
    assert 0 < answer.seconds < 5
    assert server.calls[0].path == "/v1/responses"
    assert server.calls[0].headers["authorization"] == "Bearer sk-1"
    assert server.calls[0].body == {
        "model": "some",
        "instructions": "be brief",
        "input": [{"role": "user", "content": "which?"}],
        "max_output_tokens": 9,
        "store": False,
    }


def test_a_schema_goes_along() -> None:
    with serving(response(output_text('{"index": 1}'))) as server:
        answer = client(server).ask(STRUCTURED)

    assert json.loads(answer.text) == {"index": 1}
    assert server.calls[0].body["temperature"] == 0.5
    assert server.calls[0].body["text"] == {
        "format": {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True}
    }


def test_a_server_that_takes_no_schema_gets_it_in_the_prompt_from_then_on() -> None:
    refused = complaint(400, "text.format is not supported")
    with serving(refused, response(output_text('{"index": 1}'))) as server:
        model = client(server)
        answers = [model.ask(STRUCTURED).text for _ in range(2)]

    assert answers == ['{"index": 1}'] * 2
    assert ["text" in call.body for call in server.calls] == [True, False, False]
    assert json.dumps(SCHEMA) in str(server.calls[1].body["instructions"])


@pytest.mark.parametrize(
    ("reply", "finish", "text"),
    [
        (
            response(output_text("cut"), status="incomplete", reason="max_output_tokens"),
            Finish.LENGTH,
            "cut",
        ),
        (response(status="incomplete", reason="max_output_tokens"), Finish.LENGTH, ""),
        (
            response(output_text("bad"), status="incomplete", reason="content_filter"),
            Finish.REFUSAL,
            "bad",
        ),
        (response(output_text("cut"), status="incomplete"), Finish.LENGTH, "cut"),
        (response(refusal("I can't")), Finish.REFUSAL, "I can't"),
        (
            response(status="failed", error={"code": "invalid_prompt", "message": "flagged"}),
            Finish.REFUSAL,
            "flagged",
        ),
        (complaint(400, "flagged", code="invalid_prompt"), Finish.REFUSAL, "flagged"),
        (response(output_text("")), Finish.STOP, ""),
        (response(), Finish.STOP, ""),
    ],
)
def test_how_an_answer_ended(reply: Reply, finish: Finish, text: str) -> None:
    answer = answer_to(reply)

    assert (answer.finish, answer.text) == (finish, text)


def test_what_was_flagged_is_not_asked_again_without_its_schema() -> None:
    with serving(complaint(400, "flagged", code="invalid_prompt")) as server:
        client(server).ask(STRUCTURED)

    assert len(server.calls) == 1


def test_the_likeliest_first_tokens_are_told_if_wanted() -> None:
    request = Request(system="", messages=QUESTION.messages, max_tokens=16, alternatives=2)
    likely = {"Yes": -0.2, " no": -2.0}
    with serving(response(output_text("Yes", likely))) as server:
        answer = client(server).ask(request)

    assert answer.alternatives == (Alternative("Yes", -0.2), Alternative(" no", -2.0))
    assert server.calls[0].body["top_logprobs"] == 2
    assert server.calls[0].body["include"] == ["message.output_text.logprobs"]


def test_what_is_written_to_the_cache_costs_a_quarter_more() -> None:
    answer = answer_to(response(output_text("a"), prompt=100, cached=20, written=40))

    assert answer.usage == Usage(prompt=110, cached=20, completion=3)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (complaint(401, "bad key"), "openai:some: 401 bad key; the key is wrong"),
        (complaint(404), "no such model at this server"),
        (complaint(429, code="insufficient_quota"), "the quota is used up"),
    ],
)
def test_what_asking_again_would_not_help_stops_with_advice(reply: Reply, said: str) -> None:
    with pytest.raises(LLMError, match=said):
        answer_to(reply)


@pytest.mark.parametrize(
    "reply",
    [
        complaint(500),
        completion(),
        response(status="failed", error={"code": "server_error", "message": "on fire"}),
        response(status="failed"),
        response(status="in_progress"),
        Reply(body="half an answ"),
        Reply(drop="at once"),
    ],
)
def test_what_asking_again_may_help_is_a_setback(reply: Reply) -> None:
    with pytest.raises(Setback, match="openai:some: "):
        answer_to(reply)


def test_a_response_that_failed_for_too_many_calls_is_a_throttled_one() -> None:
    error: Json = {"code": "rate_limit_exceeded", "message": "slow down"}

    with pytest.raises(Setback, match="slow down") as caught:
        answer_to(response(status="failed", error=error))

    assert caught.value.throttled
