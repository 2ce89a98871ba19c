"""About how many tokens a text has, without a tokenizer."""

import math

_BYTES_PER_TOKEN = 3
"""Fewer than a tokenizer's usual four, so that an estimate is rather too high."""


def tokens_of(*texts: str) -> int:
    """About how many tokens texts have together; rather more than fewer."""
    return math.ceil(sum(map(bytes_of, texts)) / _BYTES_PER_TOKEN)


def bytes_in(tokens: int) -> int:
    """How many bytes of text so many tokens hold; rather fewer than more."""
    return tokens * _BYTES_PER_TOKEN


def bytes_of(text: str) -> int:
    """How many bytes a text has in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))
