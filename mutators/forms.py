"""The forms in which a model may write an edit, each with how it is asked for and read."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import BaseModel, ConfigDict

from archive.entry import Failure, Tree
from mutators.edit import (
    Limits,
    Replacement,
    apply_blocks,
    apply_diff,
    apply_replacements,
    apply_rewrite,
    explanation,
)
from mutators.editing import regions
from mutators.editing.lines import bare_lines
from mutators.llm.base import Answer, Json
from mutators.llm.parsing import cut_off, object_schema, parse, unusable

FormName = Literal["blocks", "diff", "whole", "schema", "lines", "words"]

MOST_LINES = 300
"""How many lines of a program a schema lists at most."""

_MOST_EDITS = 3
"""How many lines may be replaced at a time by a model that cannot end by itself."""

_MOST_CHARACTERS = 160
"""Of a line that is made of the program's own words, and of what is said of it."""

_USUAL = ("if", "else", "and", "or", "not", "min", "max", "abs")
"""Words of most languages, by which those of a program are joined to others."""

_WORD = re.compile(r"[A-Za-z_]\w*")

_TEXT: Json = {"type": "string"}
_IN_SHORT: Json = {"type": "string", "maxLength": _MOST_CHARACTERS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A program that came of an answer, and what its model said of it."""

    tree: Tree
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A way to write an edit.

    schema: what an answer to the question about a program follows; `None` for free text.
    read: the program that an answer comes to, or why none.
    """

    schema: Callable[[Tree], Mapping[str, Json] | None]
    read: Callable[[Answer, Tree, Limits], Made | Failure]


class _Edit(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    search: str
    replace: str
    file: str = ""


class _Edits(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    explanation: str
    edits: tuple[_Edit, ...]


def single_lines(tree: Tree) -> list[str]:
    """The lines of a program that may change and stand in one place only, file by file."""
    lines = [line for _, text in sorted(tree.items()) for line in _changeable(text, tree)]
    counts = Counter(line for text in tree.values() for line in bare_lines(text))
    return [line for line in lines if line.strip() and counts[line] == 1][:MOST_LINES]


def _changeable(text: str, tree: Tree) -> list[str]:
    lines = bare_lines(text)
    if not regions.is_marked(tree):
        return lines
    return [lines[number] for region in regions.regions(text) for number in region]


def _text(apply: Callable[[str, Tree, Limits], Tree | Failure]) -> Form:
    """A form in free text."""

    def read(answer: Answer, tree: Tree, limits: Limits) -> Made | Failure:
        if fault := cut_off(answer):
            return fault
        after = apply(answer.text, tree, limits)
        if isinstance(after, Failure):
            return replace(after, log=answer.text)
        return Made(tree=after, explanation=explanation(answer.text, tree))

    return Form(schema=lambda _: None, read=read)


def _as_schema(tree: Tree) -> Mapping[str, Json]:
    files: list[Json] = [*sorted(tree)]
    # No new file may be made where a program is marked, so that its files can be listed.
    file: Json = {"type": "string", "enum": files} if regions.is_marked(tree) else _TEXT
    edit = object_schema({"file": file, "search": _TEXT, "replace": _TEXT})
    return object_schema({"explanation": _TEXT, "edits": {"type": "array", "items": edit}})


def _as_lines(tree: Tree) -> Mapping[str, Json]:
    lines = single_lines(tree)
    most = min(len(lines), _MOST_EDITS) or _MOST_EDITS
    return object_schema({"explanation": _TEXT, "edits": _of_lines(lines, _TEXT, most)})


def _as_words(tree: Tree) -> Mapping[str, Json]:
    """The program's own lines, and in place of one a line of words that stand in such lines."""
    lines = single_lines(tree)
    words = sorted({*_USUAL, *(word for line in lines for word in _WORD.findall(line))})
    # The longer first: a word may begin with another.
    longest = sorted(words, key=lambda word: (-len(word), word))
    made_of = rf"( |{'|'.join(longest)}|[0-9]|[-+*/%<>=().,:])"
    replacement: Json = {"type": "string", "pattern": f"^{made_of}{{1,{_MOST_CHARACTERS}}}$"}
    return object_schema({"explanation": _IN_SHORT, "edits": _of_lines(lines, replacement, 1)})


def _of_lines(lines: Sequence[str], replacement: Json, most: int) -> Json:
    """Edits of which each names one of these lines, and what takes its place."""
    search: Json = {"type": "string", "enum": [*lines]} if lines else _TEXT
    edit = object_schema({"search": search, "replace": replacement})
    return {"type": "array", "items": edit, "minItems": 1, "maxItems": most}


def _read_edits(answer: Answer, tree: Tree, limits: Limits) -> Made | Failure:
    return _replaced(answer, tree, limits, lambda edit: edit.replace)


def _read_lines(answer: Answer, tree: Tree, limits: Limits) -> Made | Failure:
    return _replaced(answer, tree, limits, _aligned)


def _read_words(answer: Answer, tree: Tree, limits: Limits) -> Made | Failure:
    return _replaced(answer, tree, limits, lambda edit: _indent(edit) + edit.replace.strip())


def _replaced(
    answer: Answer, tree: Tree, limits: Limits, text: Callable[[_Edit], str]
) -> Made | Failure:
    said = parse(answer, _Edits)
    if isinstance(said, Failure):
        return said
    if not said.edits:
        return unusable("it holds no edit", answer)
    edits = [Replacement(file=e.file, search=e.search, replace=text(e)) for e in said.edits]
    after = apply_replacements(edits, tree, limits)
    if isinstance(after, Failure):
        return replace(after, log=answer.text)
    return Made(tree=after, explanation=said.explanation.strip())


def _aligned(edit: _Edit) -> str:
    """What replaces a line, indented as it is where a model has begun at the margin."""
    if edit.replace[:1].isspace():
        return edit.replace
    indent, lines = _indent(edit), bare_lines(edit.replace)
    return "\n".join(indent + line if line.strip() else line for line in lines)


def _indent(edit: _Edit) -> str:
    return edit.search[: len(edit.search) - len(edit.search.lstrip())]


FORMS: Mapping[FormName, Form] = {
    "blocks": _text(apply_blocks),
    "diff": _text(apply_diff),
    "whole": _text(apply_rewrite),
    "schema": Form(schema=_as_schema, read=_read_edits),
    "lines": Form(schema=_as_lines, read=_read_lines),
    "words": Form(schema=_as_words, read=_read_words),
}
