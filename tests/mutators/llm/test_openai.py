"""Models behind OpenAI's chat completions, asked over the wire."""

import json
from dataclasses import replace

import pytest

from mutators.llm.base import (
    Alternative,
    Answer,
    Finish,
    Json,
    LLMError,
    Message,
    Model,
    Request,
    Usage,
)
from mutators.llm.openai import OpenAIModel
from mutators.llm.outcome import Setback
from tests.mutators.llm.servers import Reply, Server, complaint, completion, serving

MODEL = Model(name="openai:some", context_window=1000, structured=True, prices=None)
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


def client(server: Server, *, key: str = "sk-1", timeout: float = 5.0) -> OpenAIModel:
    return OpenAIModel(MODEL, "some", key=key, url=f"{server.url}/v1", timeout=timeout)


def answer_to(reply: Reply, request: Request = QUESTION) -> Answer:
    with serving(reply) as server:
        return client(server).ask(request)


def test_a_question_and_its_answer() -> None:
    with serving(completion("the first", prompt=20, cached=15, completion=2)) as server:
        answer = client(server).ask(QUESTION)

    assert answer.text == "the first"
    assert answer.finish is Finish.STOP
    assert answer.usage == Usage(prompt=20, cached=15, completion=2)
    assert 0 < answer.seconds < 5
    assert server.calls[0].path == "/v1/chat/completions"
    assert server.calls[0].headers["authorization"] == "Bearer sk-1"
    assert server.calls[0].body == {
        "model": "some",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "which?"},
        ],
        "max_tokens": 9,
    }


def test_a_schema_goes_along() -> None:
    with serving(completion('{"index": 1}')) as server:
        answer = client(server).ask(STRUCTURED)

    assert json.loads(answer.text) == {"index": 1}
    assert server.calls[0].body["temperature"] == 0.5
    assert server.calls[0].body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
    }


def test_a_schema_that_leaves_something_open_is_not_called_strict() -> None:
    inner: dict[str, Json] = {"type": "object", "properties": {}, "required": []}
    request = Request(
        system="",
        messages=QUESTION.messages,
        max_tokens=9,
        schema={"type": "array", "items": inner},
    )

    with serving(completion("[]")) as server:
        client(server).ask(request)

    assert '"strict": false' in json.dumps(server.calls[0].body)


def test_a_server_that_takes_no_schema_gets_it_in_the_prompt_from_then_on() -> None:
    refused = complaint(400, "response_format is not supported")
    with serving(refused, completion('{"index": 1}')) as server:
        model = client(server)
        answers = [model.ask(STRUCTURED).text for _ in range(2)]

    assert answers == ['{"index": 1}'] * 2
    assert ["response_format" in call.body for call in server.calls] == [True, False, False]
    assert json.dumps(SCHEMA) in str(server.calls[1].body["messages"]).replace("\\\\", "")
    assert not model.model.structured


def test_a_bad_request_says_nothing_about_schemas() -> None:
    with serving(complaint(400, "the context is too long")) as server:
        model = client(server)
        with pytest.raises(LLMError, match="the context is too long"):
            model.ask(STRUCTURED)

    assert model.model.structured


@pytest.mark.parametrize(
    ("reply", "finish", "text"),
    [
        (completion("cut sh", finish="length"), Finish.LENGTH, "cut sh"),
        (completion("", finish="content_filter"), Finish.REFUSAL, ""),
        (completion(None, refusal="I can't"), Finish.REFUSAL, "I can't"),
        (complaint(400, "flagged", code="content_filter"), Finish.REFUSAL, "flagged"),
        (completion(""), Finish.STOP, ""),
        (completion(None), Finish.STOP, ""),
    ],
)
def test_how_an_answer_ended(reply: Reply, finish: Finish, text: str) -> None:
    answer = answer_to(reply)

    assert (answer.finish, answer.text) == (finish, text)


def test_the_likeliest_first_tokens_are_told_if_wanted() -> None:
    asked = replace(QUESTION, alternatives=2)
    with serving(completion("Yes", likely={"Yes": -0.2, " no": -2.0})) as server:
        url = f"{server.url}/v1"
        answer = OpenAIModel(replace(MODEL, logprobs=True), "some", key="", url=url).ask(asked)

    assert answer.alternatives == (Alternative("Yes", -0.2), Alternative(" no", -2.0))
    assert server.calls[0].body["logprobs"] is True
    assert server.calls[0].body["top_logprobs"] == 2


def test_a_model_that_tells_no_likelihoods_is_not_asked_for_them() -> None:
    with (
        serving(completion()) as server,
        pytest.raises(LLMError, match="openai:some does not say how likely"),
    ):
        client(server).ask(replace(QUESTION, alternatives=2))

    assert server.calls == []


def test_a_model_that_takes_no_temperature_is_given_none() -> None:
    with serving(completion("{}")) as server:
        model = OpenAIModel(
            replace(MODEL, temperature=False), "some", key="", url=f"{server.url}/v1"
        )
        model.ask(STRUCTURED)

    assert "temperature" not in server.calls[0].body


def test_a_server_is_given_a_seed_only_if_it_takes_one() -> None:
    for seeded in (False, True):
        with serving(completion()) as server:
            model = OpenAIModel(
                replace(MODEL, seeded=seeded), "some", key="", url=f"{server.url}/v1"
            )
            model.ask(replace(QUESTION, seed=7))

        assert server.calls[0].body.get("seed") == (7 if seeded else None)


def test_what_is_written_to_the_cache_costs_a_quarter_more() -> None:
    answer = answer_to(completion(prompt=100, cached=20, written=40))

    assert answer.usage == Usage(prompt=110, cached=20, completion=3)


def test_an_answer_without_usage_is_an_answer() -> None:
    reply = Reply(body='{"choices": [{"message": {"content": "yes"}}]}')

    assert answer_to(reply).usage == Usage()


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (complaint(401, "bad key"), "openai:some: 401 bad key; the key is wrong"),
        (complaint(403), "may not use this model"),
        (complaint(404), "no such model at this server"),
        (complaint(400, "what?"), "400 what.; the server does not take this request"),
        (complaint(429, code="insufficient_quota"), "the quota is used up"),
        (Reply(status=404, body='{"error": "model not found"}'), "404 model not found;"),
        (Reply(status=404, body="<html>\nnot here</html>"), "404 <html> not here</html>;"),
    ],
)
def test_what_asking_again_would_not_help_stops_with_advice(reply: Reply, said: str) -> None:
    with pytest.raises(LLMError, match=said):
        answer_to(reply)


@pytest.mark.parametrize(
    "reply",
    [
        *(complaint(status) for status in (408, 409, 429, 500, 502, 503, 529)),
        Reply(body="half an answ"),
        Reply(body='{"choices": []}'),
        Reply(body='{"error": {"message": "upstream"}}'),
        Reply(body=""),
        Reply(drop="at once"),
        Reply(body=completion().body, drop="half way"),
    ],
)
def test_what_asking_again_may_help_is_a_setback(reply: Reply) -> None:
    with pytest.raises(Setback, match="openai:some: "):
        answer_to(reply)


def test_a_server_that_has_had_enough_says_until_when() -> None:
    with pytest.raises(Setback) as caught:
        answer_to(complaint(429, retry_after="7"))

    assert caught.value.throttled
    assert caught.value.retry_after == "7"


def test_a_slow_server_is_not_waited_for() -> None:
    with (
        serving(completion(wait=0.5)) as server,
        pytest.raises(Setback, match="timed out"),
    ):
        client(server, timeout=0.05).ask(QUESTION)


def test_a_server_out_of_reach_is_a_setback() -> None:
    with serving(completion()) as server:
        model = client(server)

    with pytest.raises(Setback, match="openai:some: Connection error"):
        model.ask(QUESTION)


def test_a_proxy_is_not_asked_for_this_machines_own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    assert answer_to(completion("direct")).text == "direct"
