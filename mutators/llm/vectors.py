"""Vectors of unit length, as text for the ledger and as numpy arrays."""

from base64 import b64decode, b64encode
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""One a row, of unit length."""

_FINEST = 127
"""What the largest component of a vector becomes in its text."""


def packed(vector: Sequence[float]) -> str | None:
    """The direction of a vector as text; `None` where it has none.

    A byte a component in units of the largest, in base64: a sixth of what JSON takes. The cosine
    of two vectors of hundreds of components is off by less than a thousandth.
    """
    values = np.asarray(vector, dtype=np.float64)
    largest = float(np.max(np.abs(values), initial=0.0))
    if not 0.0 < largest < np.inf:
        return None
    return b64encode(np.rint(values / largest * _FINEST).astype(np.int8).tobytes()).decode("ascii")


def unpacked(texts: Sequence[str], dimension: int) -> Vectors:
    """The vectors that texts hold, the same on every machine.

    Raises:
        ValueError: one has another length.
    """
    found = np.array([components(text, dimension) for text in texts]).reshape(-1, dimension)
    whole = found.astype(np.int64)
    lengths = np.sqrt((whole * whole).sum(axis=1, keepdims=True))
    vectors: Vectors = (found / lengths).astype(np.float32)
    return vectors


def components(text: str, dimension: int) -> NDArray[np.int8]:
    """The vector that a text holds, in units of its smallest: whole numbers up to 127.

    Raises:
        ValueError: it has another length.
    """
    return np.frombuffer(b64decode(text), dtype=np.int8).reshape(dimension)
