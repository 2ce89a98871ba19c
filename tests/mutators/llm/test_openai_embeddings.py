"""Models that embed, asked over the wire."""

from dataclasses import replace

import numpy as np
import pytest

from mutators.llm.base import Answer, LLMError, Message, Model, Request, Usage
from mutators.llm.openai_embeddings import OpenAIEmbeddings
from mutators.llm.outcome import Setback
from mutators.llm.vectors import unpacked
from tests.mutators.llm.servers import Reply, Server, complaint, embeddings, serving

MODEL = Model(name="openai:some", context_window=1000, structured=False, prices=None, dimension=2)


def texts(*given: str) -> Request:
    messages = tuple(Message(speaker="user", text=text) for text in given)
    return Request(system="", messages=messages, max_tokens=0)


def client(server: Server) -> OpenAIEmbeddings:
    return OpenAIEmbeddings(MODEL, "some", key="sk-1", url=f"{server.url}/v1", timeout=5.0)


def answer_to(reply: Reply, request: Request | None = None) -> Answer:
    with serving(reply) as server:
        return client(server).ask(request or texts("a"))


def test_each_text_has_its_vector_of_unit_length() -> None:
    with serving(embeddings([3.0, 4.0], [0.0, -0.5], prompt=7)) as server:
        answer = client(server).ask(texts("a", "b"))

    vectors = unpacked(answer.text.split("\n"), 2)
    assert np.allclose(vectors, [[0.6, 0.8], [0.0, -1.0]], atol=0.01)
    assert answer.usage == Usage(prompt=7)
    assert 0 < answer.seconds < 5
    assert server.calls[0].path == "/v1/embeddings"
    assert server.calls[0].headers["authorization"] == "Bearer sk-1"
    assert server.calls[0].body == {
        "model": "some",
        "input": ["a", "b"],
        "encoding_format": "float",
    }


def test_an_empty_text_is_sent_as_a_space() -> None:
    with serving(embeddings([1.0, 0.0])) as server:
        client(server).ask(texts(""))

    assert server.calls[0].body["input"] == [" "]


def test_vectors_of_another_length_are_refused_with_what_to_say() -> None:
    with pytest.raises(LLMError, match="give dimension = 3 under"):
        answer_to(embeddings([1.0, 2.0, 3.0]))


@pytest.mark.parametrize("asked", [{"max_tokens": 9}, {"system": "be brief"}])
def test_a_model_that_embeds_does_not_talk(asked: dict[str, str]) -> None:
    with pytest.raises(LLMError, match="openai:some embeds texts and answers none"):
        answer_to(embeddings([1.0, 0.0]), replace(texts("a"), **asked))  # type: ignore[arg-type]  # the fields' own types


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (complaint(401, "bad key"), "openai:some: 401 bad key; the key is wrong"),
        (complaint(404), "no such model at this server"),
    ],
)
def test_what_asking_again_would_not_help_stops_with_advice(reply: Reply, said: str) -> None:
    with pytest.raises(LLMError, match=said):
        answer_to(reply)


@pytest.mark.parametrize(
    "reply",
    [
        complaint(429),
        complaint(500),
        embeddings(),
        embeddings([1.0, 0.0], [0.0, 1.0]),
        embeddings([0.0, 0.0]),
        Reply(body="{"),
        Reply(drop="at once"),
    ],
)
def test_what_asking_again_may_help_is_a_setback(reply: Reply) -> None:
    with pytest.raises(Setback, match="openai:some: "):
        answer_to(reply)
