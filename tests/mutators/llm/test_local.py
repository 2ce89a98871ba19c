"""A model from a GGUF file, really run: GOEXPLORE_TEST_GGUF names one that talks."""

import math
import os
from pathlib import Path

import numpy as np
import pytest

from mutators.llm.base import LLM, Answer, Message, Request
from mutators.llm.connect import connect
from mutators.llm.likelihood import chance_of_yes
from mutators.llm.models import parse
from mutators.llm.stopping import StopSign
from mutators.llm.vectors import unpacked

pytestmark = pytest.mark.model


def model(gguf: Path, **facts: object) -> LLM:
    written = f"local:{gguf}"
    table = {written: {"context_window": 2048, **facts}}
    return connect(parse(written), keys={}, table=table).llm(StopSign())


def asked(llm: LLM, *texts: str, max_tokens: int, alternatives: int = 0) -> Answer:
    messages = tuple(Message(speaker="user", text=text) for text in texts)
    return llm.ask(
        Request(system="", messages=messages, max_tokens=max_tokens, alternatives=alternatives)
    )


def test_a_local_model_tells_how_likely_a_yes_is(gguf: Path) -> None:
    question = "Is the sky blue? Answer with yes or no."

    answer = asked(model(gguf), question, max_tokens=1, alternatives=20)

    assert len(answer.alternatives) == 20
    assert sum(math.exp(each.logprob) for each in answer.alternatives) <= 1.0001
    chance = chance_of_yes(answer)
    assert chance is not None
    assert 0.0 < chance < 1.0


def test_a_local_model_says_the_same_from_the_same_seed(gguf: Path) -> None:
    llm = model(gguf)

    def said(seed: int) -> str:
        message = Message(speaker="user", text="Name an animal, a colour and a city.")
        asked = Request(system="", messages=(message,), max_tokens=16, temperature=1.5, seed=seed)
        return llm.ask(asked).text

    first = [said(seed) for seed in range(3)]

    assert [said(seed) for seed in range(3)] == first
    assert len(set(first)) > 1


def test_a_local_model_embeds(gguf: Path) -> None:
    dimension = int(os.environ.get("GOEXPLORE_TEST_GGUF_DIMENSION", "576"))
    texts = ["The cat sat on the mat.", "A cat is sitting on a rug.", "word " * 400, ""]

    answer = asked(model(gguf, dimension=dimension), *texts, max_tokens=0)

    vectors = unpacked(answer.text.split("\n"), dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert answer.usage.prompt > 400
