"""What a program says to whoever runs it: its source without comments and layout.

Python is read by its own parser; of docstrings nothing stays, unless the file asks for them. What
other languages say is told by the lexers of Pygments, in those languages of which it is known how
far white space matters. Any other file, and one that cannot be read, counts as it is.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import PurePosixPath

from pygments.lexer import Lexer
from pygments.lexers import (
    get_lexer_by_name,  # pyright: ignore[reportUnknownVariableType]  # its options have no type
)
from pygments.token import Comment, Error, Text, Whitespace

from archive.entry import Tree

Kind = tuple[str, ...]
"""What a word is, from the general to the particular."""

_FREE = {
    ".c": "c",
    ".h": "c",
    ".cc": "cpp",
    ".cpp": "cpp",
    ".hpp": "cpp",
    ".cs": "csharp",
    ".java": "java",
    ".rs": "rust",
}
"""Languages in which no white space matters between words, by the ends of their files' names."""

_BY_LINES = {
    ".bash": "bash",
    ".go": "go",
    ".jl": "julia",
    ".lua": "lua",
    ".r": "r",
    ".sh": "bash",
}
"""Languages in which the ends of lines matter, and of other white space whether there is any."""

_UNSURE = {
    "bash": re.compile(r"<<"),
    "c": re.compile(r"^\s*#.*/[/*]", re.MULTILINE),
    "cpp": re.compile(r"^\s*#.*/[/*]", re.MULTILINE),
}
"""Where a lexer may take for a comment what is none: here-documents, and strings of a macro.

For the same reason there are no languages here whose regular expressions stand between slashes.
"""

_KEPT = (Comment.Preproc, Comment.PreprocFile, Comment.Hashbang)
"""What Pygments counts among comments, and compilers do not."""

_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def normal(tree: Tree) -> Mapping[str, str]:
    """Each file of a program without its comments and layout; the same text means the same."""
    return {path: _normal(path, text) for path, text in sorted(tree.items())}


def digest(form: Mapping[str, str]) -> int:
    """A number of 64 bits for a tree, or a normal form of one."""
    made = blake2b(digest_size=8)
    for path, text in sorted(form.items()):
        for part in (path, text):
            data = part.encode("utf-8", "surrogatepass")
            made.update(len(data).to_bytes(8, "big") + data)
    return int.from_bytes(made.digest(), "big")


def _normal(path: str, text: str) -> str:
    end = PurePosixPath(path).suffix.lower()
    if end == ".py":
        return _of_python(text)
    if name := _FREE.get(end):
        return _of_tokens(text, name, by_lines=False)
    if name := _BY_LINES.get(end):
        return _of_tokens(text, name, by_lines=True)
    return text


# Python


def _of_python(text: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in what a model wrote
            module = ast.parse(text)
            if "__doc__" not in text:
                _without_docstrings(module)
            return ast.dump(module)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text


def _without_docstrings(module: ast.Module) -> None:
    for node in ast.walk(module):
        if isinstance(node, _DOCUMENTED) and _is_docstring(node.body[:1]):
            del node.body[0]


def _is_docstring(first: list[ast.stmt]) -> bool:
    match first:
        case [ast.Expr(value=ast.Constant(value=str()))]:
            return True
        case _:
            return False


# Other languages


def _of_tokens(text: str, language: str, *, by_lines: bool) -> str:
    if (unsure := _UNSURE.get(language)) and unsure.search(text):
        return text
    tokens = [
        (kind, value) for _, kind, value in _lexer(language).get_tokens_unprocessed(f"{text}\n")
    ]
    if any(_within(kind, Error) for kind, _ in tokens):
        return text
    said = list(_by_lines(tokens) if by_lines else _words(tokens))
    return repr(said)


def _words(tokens: Sequence[tuple[Kind, str]]) -> Iterator[str]:
    """All that is neither comment nor white space."""
    for kind, value in tokens:
        if not _is_comment(kind) and not _is_space(kind, value):
            yield value


def _by_lines(tokens: Sequence[tuple[Kind, str]]) -> Iterator[str]:
    """The same, with one space where there is any, and one end of a line where there are any."""
    gap = "\n"
    for kind, value in tokens:
        if _is_comment(kind) or _is_space(kind, value):
            gap = "\n" if "\n" in gap + value else " "
            continue
        yield from (gap, value.rstrip("\n")) if gap else (value.rstrip("\n"),)
        gap = "\n" if value.endswith("\n") else ""


def _is_comment(kind: Kind) -> bool:
    return _within(kind, Comment) and not any(_within(kind, each) for each in _KEPT)


def _is_space(kind: Kind, value: str) -> bool:
    return (_within(kind, Whitespace) or kind is Text) and not value.strip()


def _within(kind: Kind, group: Kind) -> bool:
    return kind[: len(group)] == group


@lru_cache(maxsize=32)
def _lexer(language: str) -> Lexer:
    return get_lexer_by_name(language)
