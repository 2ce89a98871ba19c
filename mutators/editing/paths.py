"""The files that an answer names, and which of them may be."""

import re
from collections.abc import Collection, Iterable
from itertools import accumulate

_LONGEST = 200
"""Characters of a path at most."""

_DEEPEST = 10
"""Folders, the file included, of a path at most."""

_PART = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.+@=-]*")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_LABEL = re.compile(r"(?i)^(?:file ?name|file|path|new file)\s*[:=]\s*")
_ORNAMENT = re.compile(r"(?:[-#;*>]+|//|\d+[.)])\s+")
_LOOKS_LIKE = re.compile(r"\S*[/\\]\S*|[^\s.]\S*\.[A-Za-z]\w{0,9}|\.\w+")
_DELETE = re.compile(r"\s*(?:#+ |\**)?DELETE FILE:\s*(\S.*)", re.IGNORECASE)


def named(line: str, known: Collection[str]) -> str:
    """The path that stands alone on a line, with or without decoration; `""` for none.

    It need not be one that may be; see `flaw`.
    """
    text = _undressed(line)
    if line.strip() in known:
        return line.strip()
    return text if text in known or _LOOKS_LIKE.fullmatch(text) else ""


def deleted(line: str) -> str:
    """The path that a line says to delete; `""` for none."""
    found = _DELETE.fullmatch(line)
    return found[1].strip().strip("`*\"'") if found else ""


def listed(paths: Iterable[str]) -> str:
    """Some paths, for a message."""
    names = sorted(paths)
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""  # noqa: PLR2004  # enough
    return ", ".join(names[:10]) + more


def flaw(path: str, known: Collection[str]) -> str | None:
    """What is wrong with the path of a new file beside those that are known."""
    if any(_odd(part) for part in path.split("/")) or len(path) > _LONGEST:
        return (
            "a path is relative, of letters, digits and _ . + @ = - between slashes, and leads "
            "neither upwards nor into .git"
        )
    if path.count("/") >= _DEEPEST:
        return f"a path has no more than {_DEEPEST} parts"
    return _clash(path, known)


def _undressed(line: str) -> str:
    """A line without the marks of a list, a heading, a comment, bold type or a quotation."""
    text = _ORNAMENT.sub("", line.strip()).strip("*_` \t")
    text = _LABEL.sub("", text).strip("*`\"' \t")
    return text.removesuffix(":").strip("*`\"' \t")


def _odd(part: str) -> bool:
    return (
        not _PART.fullmatch(part)
        or part.endswith(".")
        or part.casefold() == ".git"
        or bool(_RESERVED.fullmatch(part))
    )


def _clash(path: str, known: Collection[str]) -> str | None:
    folded = path.casefold()
    folders = set(accumulate(folded.split("/")[:-1], lambda one, other: f"{one}/{other}"))
    for other in known:
        there = other.casefold()
        if there == folded or there in folders or there.startswith(f"{folded}/"):
            return f"it cannot lie beside {other!r}"
    return None
