"""Vectors of texts without a model."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mutators.llm.ngrams import HashedNgrams

TEXTS = ["The cat sat on the mat.", "A cat sat on a mat.", "Quarterly revenue fell."]


@given(st.lists(st.integers(0, sys.maxunicode), max_size=60))
def test_every_text_has_a_vector_of_unit_length(codes: list[int]) -> None:
    text = "".join(map(chr, codes))

    vectors = HashedNgrams().embed([text])

    assert vectors.shape == (1, 256)
    assert vectors.dtype == np.float32
    assert float(np.linalg.norm(vectors[0])) == pytest.approx(1.0, abs=1e-6)


def test_texts_are_the_nearer_the_more_they_have_in_common() -> None:
    cat, other_cat, revenue = HashedNgrams().embed(TEXTS)

    assert cat @ other_cat > 0.4
    assert abs(cat @ revenue) < 0.2


def test_texts_that_share_their_letters_in_another_order_are_apart() -> None:
    forward, backward = HashedNgrams().embed(["numbers left: 4 6 8", "8 6 4 :tfel srebmun"])

    assert forward @ backward < 0.3


def test_nothing_and_one_character_and_two_are_told_apart() -> None:
    vectors = HashedNgrams().embed(["", "a", "b", "ab"])

    assert np.all(vectors @ vectors.T - np.eye(4) < 0.9)


def test_vectors_are_the_same_on_every_machine_and_in_every_process() -> None:
    # What it gave when it was written: whoever changes it makes all recorded distances wrong.
    told = HashedNgrams(16).embed(["to be or not to be"])[0]
    code = (
        "from mutators.llm.ngrams import HashedNgrams;"
        "print(HashedNgrams(16).embed(['to be or not to be']).tobytes().hex())"
    )

    said = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == told.tobytes().hex()
    assert np.rint(told * 1000).astype(int).tolist() == [
        172,
        172,
        0,
        71,
        0,
        0,
        172,
        172,
        172,
        587,
        172,
        0,
        71,
        516,
        -415,
        -172,
    ]
