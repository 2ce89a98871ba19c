"""Prompts that fit: sections of text, cut by priority."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from mutators.llm.base import LLMError, Model
from mutators.llm.tokens import bytes_in, bytes_of, tokens_of


class Cut(StrEnum):
    """What a section may lose."""

    NOTHING = "nothing"
    TAIL = "tail"
    HEAD = "head"
    MIDDLE = "middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a prompt.

    name: one of its own among the sections of a prompt.
    priority: the higher, the longer it is kept whole.
    """

    name: str
    text: str
    priority: int
    cut: Cut = Cut.TAIL

    @classmethod
    def of(cls, name: str, text: str, priority: int, cut: Cut = Cut.TAIL) -> Self:
        """The same in fewer words."""
        return cls(name=name, text=text, priority=priority, cut=cut)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Sections that fit together.

    texts: by name, in the order of the sections; empty where nothing is left of one.
    lost: how many characters were cut from a section, by name; those that are whole are not here.
    """

    texts: dict[str, str]
    lost: dict[str, int]

    @property
    def left_out(self) -> str:
        """What was cut, in words, as `Request.left_out` takes it; empty if nothing was."""
        parts = (
            f"{count:,} characters of {name}" if self.texts[name] else f"all of {name} ({count:,})"
            for name, count in self.lost.items()
        )
        return ", ".join(parts)


def room(model: Model, max_tokens: int, *texts: str) -> int:
    """How many tokens a model's window has left beside an answer and some texts."""
    return model.context_window - max_tokens - tokens_of(*texts)


def pack(sections: Sequence[Section], *, tokens: int, model: Model) -> Packed:
    """Sections with no more tokens than allowed, as `mutators.llm.tokens` counts them.

    The section of the lowest priority is cut first; of equals the later one. It is cut until all
    fits or nothing is left of it, and only then the next one is. Where something was cut, the
    text says how much.

    tokens: that all of them may have; see `room`. model: whose window it is, for the message.

    Raises:
        LLMError: those that may not be cut do not fit.
    """
    _check(sections, tokens, model)
    texts = {section.name: section.text for section in sections}
    lost: dict[str, int] = {}
    excess = sum(map(bytes_of, texts.values())) - bytes_in(max(0, tokens))
    for _, section in sorted(enumerate(sections), key=_turn):
        if excess <= 0:
            break
        if section.cut is Cut.NOTHING or not section.text:
            continue
        size = bytes_of(section.text)
        texts[section.name], lost[section.name] = shortened(section, max(0, size - excess))
        excess -= size - bytes_of(texts[section.name])
    return Packed(texts=texts, lost={name: lost[name] for name in texts if name in lost})


def _turn(placed: tuple[int, Section]) -> tuple[int, int]:
    """When a section's turn to be cut comes."""
    place, section = placed
    return section.priority, -place


def _check(sections: Sequence[Section], tokens: int, model: Model) -> None:
    needed = tokens_of(*(each.text for each in sections if each.cut is Cut.NOTHING))
    if needed > max(0, tokens):
        raise LLMError(
            f"what cannot be cut of a prompt takes about {needed} tokens, and {max(0, tokens)} are "
            f"left of the {model.context_window} of {model.name}; choose a model with more, or "
            "give its context_window under [models] if that is wrong"
        )


def shortened(section: Section, size: int) -> tuple[str, int]:
    """A section's text in no more bytes than `size`, and how many characters it lost."""
    text = section.text
    if bytes_of(text) <= size:
        return text, 0
    spare = size - bytes_of(_mark(len(text)))
    head, tail = _kept(text, section.cut, spare)
    lost = len(text) - len(head) - len(tail)
    if not head and not tail:
        return "", len(text)
    return head + _mark(lost) + tail, lost


def _kept(text: str, cut: Cut, size: int) -> tuple[str, str]:
    """What is kept of the beginning and of the end of a text, in so many bytes at most."""
    if size <= 0:
        return "", ""
    if cut is Cut.TAIL:
        return _beginning(text, size), ""
    if cut is Cut.HEAD:
        return "", _beginning(text[::-1], size)[::-1]
    head = _beginning(text, size - size // 2)
    return head, _beginning(text[::-1], size // 2)[::-1]


def _beginning(text: str, size: int) -> str:
    """As many characters from the beginning as have no more bytes than `size`."""
    most = min(len(text), size)
    count = bisect_right(range(1, most + 1), size, key=lambda n: bytes_of(text[:n]))
    return text[:count]


def _mark(lost: int) -> str:
    return f"\n... {lost:,} characters left out ...\n"
