"""Answers from a script."""

from pathlib import Path

import pytest

from mutators.llm.base import Finish, LLMError, Message, Model, Request, Usage
from mutators.llm.models import FREE
from mutators.llm.scripted import Scripted, rules

MODEL = Model(name="scripted:some", context_window=1000, structured=False, prices=FREE)


def asking(text: str, *, max_tokens: int = 9) -> Request:
    return Request(
        system="be brief", messages=(Message(speaker="user", text=text),), max_tokens=max_tokens
    )


def script(folder: Path, *lines: str) -> Path:
    path = folder / "script.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_first_rule_that_fits_answers(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        '{"match": "2 + 2", "text": "4"}',
        "",
        r'{"match": "^\\d+ apples?", "text": "fruit"}',
        '{"match": "brief", "text": "never mind"}',
    )
    model = Scripted(MODEL, rules(path))

    said = [model.ask(asking(text)).text for text in ("is 2 + 2 = 4?", "3 apples", "apples")]

    assert said == ["4", "never mind", "never mind"]


def test_a_rule_without_a_match_answers_everything(tmp_path: Path) -> None:
    model = Scripted(MODEL, rules(script(tmp_path, '{"text": "yes"}')))

    assert model.ask(asking("anything")).text == "yes"


def test_words_are_counted() -> None:
    model = Scripted(MODEL, lambda request: request.messages[0].text.upper())

    answer = model.ask(asking("one two three"))

    assert answer.text == "ONE TWO THREE"
    assert answer.usage == Usage(prompt=5, completion=3)
    assert answer.usage.dollars(FREE) == 0


def test_an_answer_that_is_too_long_is_cut_short() -> None:
    model = Scripted(MODEL, lambda _: "one two three")

    answer = model.ask(asking("count", max_tokens=2))

    assert (answer.text, answer.finish) == ("one two", Finish.LENGTH)
    assert answer.usage.completion == 2


def test_a_question_that_no_rule_fits_is_an_error(tmp_path: Path) -> None:
    model = Scripted(MODEL, rules(script(tmp_path, '{"match": "a", "text": "b"}')))

    with pytest.raises(LLMError, match="scripted:some has no answer to 'x': add a rule"):
        model.ask(Request(system="", messages=asking("x").messages, max_tokens=1))


def test_a_script_that_is_missing_or_wrong_is_an_error(tmp_path: Path) -> None:
    wrong = script(tmp_path, '{"text": "fine"}', '{"txet": "b"}')

    with pytest.raises(LLMError, match="line 2: text field required"):
        rules(wrong)
    with pytest.raises(LLMError, match="no script"):
        rules(tmp_path / "none.jsonl")
