"""Prompts in text files."""

from pathlib import Path

import pytest

from mutators.base import MutatorError
from mutators.prompt import PromptError, folder_of_ours, load, template


def test_a_prompt_is_filled_without_looking_into_the_values() -> None:
    prompt = template("$who owes $$5 to ${who}s\n\n", source="x", known=["who"])

    assert prompt.substitute(who="$who") == "$who owes $5 to $whos"


def test_a_prompt_of_ones_own_comes_from_ones_folder(tmp_path: Path) -> None:
    (tmp_path / "greeting.txt").write_text("Grüß Gott, $name!\n", encoding="utf-8")

    prompt = load("greeting.txt", known=["name"], folder=tmp_path)

    assert prompt.substitute(name="Ada") == "Grüß Gott, Ada!"


def test_the_prompts_that_come_along_lie_in_the_package() -> None:
    names = {path.name for path in folder_of_ours().iterdir()}

    assert {f"choose-action.{part}.txt" for part in ("system", "user", "repair")} <= names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" \n", "the prompt x.txt is empty"),
        ("$rules $nmae", r"x\.txt has an unknown placeholder \$nmae; known are \$name, \$rules"),
        ("$rules $RULES", r"unknown placeholder \$RULES"),
        ("$rules, 5 $ each", r"has a '\$' that begins no placeholder; write '\$\$'"),
        ("$name", r"the prompt x\.txt lacks the placeholder \$rules"),
    ],
)
def test_a_prompt_that_cannot_be_used_says_why(text: str, message: str) -> None:
    with pytest.raises(PromptError, match=message):
        template(text, source="x.txt", known=["rules", "name"], needed=["rules"])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MutatorError, match=r"no prompt can be read from .*greeting\.txt"):
        load("greeting.txt", known=[], folder=tmp_path)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "greeting.txt").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(MutatorError, match=r"no prompt can be read from .*greeting\.txt"):
        load("greeting.txt", known=[], folder=tmp_path)
