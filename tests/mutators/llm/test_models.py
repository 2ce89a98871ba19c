"""Which model is meant, and what is known of it."""

import pytest

from mutators.llm.base import LLMError, Prices
from mutators.llm.limiter import Limits
from mutators.llm.models import FREE, ModelRef, describe, limits_of, parse


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("openai:gpt-4o", ModelRef(provider="openai", name="gpt-4o")),
        (
            "openai:qwen2.5:0.5b@http://localhost:11434/v1",
            ModelRef(provider="openai", name="qwen2.5:0.5b", url="http://localhost:11434/v1"),
        ),
        (
            "anthropic:claude-3@1@https://host",
            ModelRef(provider="anthropic", name="claude-3@1", url="https://host"),
        ),
        ("local:a folder/m@1.gguf", ModelRef(provider="local", name="a folder/m@1.gguf")),
        ("scripted:rules.jsonl", ModelRef(provider="scripted", name="rules.jsonl")),
    ],
)
def test_a_model_is_written_in_one_of_four_ways_and_back(text: str, ref: ModelRef) -> None:
    assert parse(text) == ref
    assert str(ref) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("opnai:gpt-4o", "did you mean 'openai'"),
        ("gpt-4o", "write openai:NAME"),
        ("", "write openai:NAME"),
        ("openai:", "its name is missing"),
        ("openai:x@http://", "no address"),
        ("openai:x@http://host:port/v1", "no address"),
        ("local:x@http://host", "has no server"),
    ],
)
def test_what_is_no_model_says_what_is(text: str, said: str) -> None:
    with pytest.raises(LLMError, match=said):
        parse(text)


def test_a_known_model_has_its_prices_at_its_providers_own_server_alone() -> None:
    at_home = describe(parse("openai:gpt-4o"), {})
    elsewhere = describe(parse("openai:gpt-4o@https://host/v1"), {})

    assert at_home.prices == Prices(prompt=2.5, cached=1.25, completion=10.0)
    assert elsewhere.prices is None


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1:1", "127.3.2.1:1", "[::1]:1"])
def test_a_model_on_this_machine_is_free(host: str) -> None:
    assert describe(parse(f"openai:x@http://{host}/v1"), {}).prices == FREE


def test_a_model_from_a_file_is_free() -> None:
    assert describe(parse("local:x.gguf"), {}).prices == FREE
    assert describe(parse("scripted:x.jsonl"), {}).prices == FREE


@pytest.mark.parametrize("name", ["gpt-unheard-of@https://localhost.evil.org", "gpt-unheard-of"])
def test_an_unknown_model_has_no_price(name: str) -> None:
    assert describe(parse(f"openai:{name}"), {}).prices is None


def test_a_table_says_what_it_says_and_leaves_the_rest() -> None:
    table = {"openai:gpt-4o": {"context_window": 1000, "structured": False}}

    model = describe(parse("openai:gpt-4o"), table)

    assert (model.context_window, model.structured) == (1000, False)
    assert model.prices == Prices(prompt=2.5, cached=1.25, completion=10.0)


def test_without_a_price_for_cached_tokens_they_cost_what_others_cost() -> None:
    table = {"openai:new": {"prices": {"prompt": 2, "completion": 3}}}

    assert describe(parse("openai:new"), table).prices == Prices(prompt=2, cached=2, completion=3)


def test_a_price_without_a_server_does_not_hold_for_another_server() -> None:
    table = {"openai:new": {"context_window": 9, "prices": {"prompt": 2, "completion": 3}}}

    model = describe(parse("openai:new@https://host"), table)

    assert (model.context_window, model.prices) == (9, None)


def test_a_wire_format_without_a_server_is_the_providers_own_alone() -> None:
    table = {"openai:new": {"api": "responses"}, "openai:old@https://host": {"api": "responses"}}

    apis = [
        describe(parse(name), table).api
        for name in ("openai:new", "openai:new@https://host", "openai:old@https://host")
    ]

    assert apis == ["responses", "chat", "responses"]


def test_a_model_of_openais_newest_is_asked_for_responses_at_home_alone() -> None:
    assert describe(parse("openai:gpt-6-luna"), {}).api == "responses"
    assert describe(parse("openai:gpt-6-luna@https://host/v1"), {}).api == "chat"


def test_only_openais_formats_are_a_choice() -> None:
    with pytest.raises(LLMError, match="only a model of openai: has a choice"):
        describe(parse("anthropic:new"), {"anthropic:new": {"api": "chat"}})


def test_what_a_model_can_do_may_be_told() -> None:
    facts = {"logprobs": True, "temperature": False, "dimension": 384}

    model = describe(parse("openai:new"), {"openai:new": facts})

    assert (model.logprobs, model.temperature, model.dimension) == (True, False, 384)


def test_what_a_model_is_known_to_do_may_be_denied() -> None:
    table = {"openai:gpt-4o": {"logprobs": False}}

    assert describe(parse("openai:gpt-4o"), {}).logprobs
    assert not describe(parse("openai:gpt-4o"), table).logprobs


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"contxt_window": 1}, "'contxt_window'; did you mean 'context_window'"),
        ({"prices": {"promt": 1, "completion": 1}}, "prices"),
        ({"prices": {"prompt": 1, "completion": 1, "cahced": 1}}, "did you mean 'cached'"),
        ({"prices": {"prompt": 1}}, "prices.completion: field required"),
        ({"prices": {"prompt": -1, "completion": 1}}, "prices.prompt"),
        ({"prices": {"prompt": float("nan"), "completion": 1}}, "prices.prompt"),
        ({"context_window": 0}, "context_window"),
        ({"concurrency": 0}, "concurrency"),
        ({"requests_per_minute": 0.5}, "requests_per_minute"),
        ({"dimension": 0}, "dimension"),
        ({"api": "completions"}, "api"),
    ],
)
def test_a_slip_in_the_table_is_an_error(facts: dict[str, object], said: str) -> None:
    with pytest.raises(LLMError, match=said):
        describe(parse("openai:new"), {"openai:new": facts})


def test_a_table_says_what_a_model_allows_here_or_anywhere() -> None:
    table = {
        "openai:new": {"concurrency": 4, "requests_per_minute": 500},
        "openai:new@https://host": {"requests_per_minute": 60, "tokens_per_minute": 9000},
    }

    here, anywhere = (limits_of(parse(f"openai:new{at}"), table) for at in ("@https://host", ""))

    assert here == Limits(concurrency=4, requests_per_minute=60, tokens_per_minute=9000)
    assert anywhere == Limits(concurrency=4, requests_per_minute=500)
    assert limits_of(parse("openai:other"), table) == Limits()
