"""Vectors of texts without a model: hashed character n-grams."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mutators.llm.vectors import Vectors

DIMENSION = 256

_SIZES = (3, 4, 5)
"""Characters of an n-gram."""

_ENDS = "\x02", "\x03"
"""Stand before and after a text, so that its ends count and an empty one has n-grams, too."""

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((30, np.uint64(0xBF58476D1CE4E5B9)), (27, np.uint64(0x94D049BB133111EB)))
_LAST = np.uint64(31)
_SIGN = np.uint64(63)


class HashedNgrams:
    """Embeds texts by the pieces of three to five characters that they have in common.

    An embedder in the sense of `mutators.llm.embedding`, with no model, key or extra. A piece falls
    into one of the components by its hash, with a sign by another bit of it, so that pieces that
    meet by chance cancel on average (Weinberger et al. 2009, "Feature Hashing for Large Scale
    Multitask Learning", section 2). It counts by the root of how often it occurs: a sublinear
    term frequency (Salton and Buckley 1988, "Term-weighting approaches in automatic text
    retrieval"), and unlike the logarithm's, the root's last bit is the same on every machine.
    Character n-grams tell texts apart in any language and in code (Cavnar and Trenkle 1994,
    "N-Gram-Based Text Categorization").
    """

    def __init__(self, dimension: int = DIMENSION) -> None:
        self._dimension = dimension

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed(self, texts: Sequence[str], *, step: int = 0) -> Vectors:  # noqa: ARG002  # it costs nothing in any step
        """A vector of unit length for each text, one a row."""
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        for place, text in enumerate(texts):
            vectors[place] = self._vector(text)
        return vectors

    def _vector(self, text: str) -> NDArray[np.float64]:
        hashes, counts = np.unique(_hashes(text), return_counts=True)
        signs = np.where(hashes >> _SIGN, 1.0, -1.0)
        places = (hashes % np.uint64(self._dimension)).astype(np.intp)
        weights = signs * np.sqrt(counts)
        vector = np.zeros(self._dimension)
        vector += np.bincount(places, weights=weights, minlength=self._dimension)
        # The sum's rounding depends on its order, which a machine's vector unit decides.
        length = math.sqrt(math.fsum((vector * vector).tolist()))
        if length:
            return vector / length
        vector[0] = 1.0  # all pieces cancelled each other
        return vector


def _hashes(text: str) -> NDArray[np.uint64]:
    """A hash of 64 bits for each n-gram of a text.

    A polynomial of its characters, mixed by the finalizer of SplitMix64 (Steele, Lea and Flood
    2014, "Fast Splittable Pseudorandom Number Generators"): whole numbers only, so that it is the
    same everywhere, and none of Python's own hashes, which differ from process to process.
    """
    characters = _ENDS[0] + text + _ENDS[1]
    data = characters.encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(data, dtype="<u4").astype(np.uint64)
    polynomial = np.zeros(len(codes), dtype=np.uint64)
    found: list[NDArray[np.uint64]] = []
    for size in range(1, max(_SIZES) + 1):
        count = len(codes) - size + 1
        if count <= 0:
            break
        polynomial = polynomial[:count] * _FACTOR + codes[size - 1 :] + np.uint64(1)
        if size in _SIZES or count == 1:
            found.append(polynomial)
    return _mixed(np.concatenate(found))


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for shift, factor in _MIX:
        values = (values ^ (values >> np.uint64(shift))) * factor
    return values ^ (values >> _LAST)
