"""Prompts: text files with `$placeholders`, those that come along or a user's own.

A literal dollar sign is written `$$`, as in `string.Template`.
"""

from collections.abc import Collection
from importlib.resources import files
from pathlib import Path
from string import Template

from mutators.base import MutatorError


class PromptError(MutatorError):
    """A prompt that cannot be used as it is written; the message names its file."""


def load(
    name: str, *, known: Collection[str], needed: Collection[str] = (), folder: Path | None = None
) -> Template:
    """The prompt in the file `name` of a folder; of the one that comes along by default.

    known, needed: see `template`.

    Raises:
        PromptError: the file is not there or no text, or see `template`.
    """
    path = (folder or folder_of_ours()) / name
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"no prompt can be read from {path}: {error}") from error
    return template(text, source=str(path), known=known, needed=needed)


def folder_of_ours() -> Path:
    """Where the prompts lie that come along: the place to copy from for one's own."""
    return Path(str(files("mutators") / "prompts"))


def template(
    text: str, *, source: str, known: Collection[str], needed: Collection[str] = ()
) -> Template:
    """A prompt that `substitute` fills once it is given a value for each known placeholder.

    known: the placeholders that it may have. needed: those that it must have.

    Raises:
        PromptError: it is empty, has a placeholder that is not known, or lacks one it needs.
    """
    found = Template(text.strip())
    if fault := _flaw(found, known, needed):
        raise PromptError(f"the prompt {source} {fault}")
    return found


def _flaw(prompt: Template, known: Collection[str], needed: Collection[str]) -> str | None:
    if not prompt.template:
        return "is empty"
    if not prompt.is_valid():
        return "has a '$' that begins no placeholder; write '$$' for a dollar sign"
    named = prompt.get_identifiers()
    if unknown := [name for name in named if name not in known]:
        may = ", ".join(f"${name}" for name in sorted(known))
        return f"has an unknown placeholder ${unknown[0]}; known are {may}"
    if missing := [name for name in sorted(needed) if name not in named]:
        return f"lacks the placeholder ${missing[0]}"
    return None
