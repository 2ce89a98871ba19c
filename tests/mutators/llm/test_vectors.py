"""Vectors as text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mutators.llm.vectors import packed, unpacked

NUMBERS = st.floats(-1e6, 1e6, width=32)


@given(st.lists(NUMBERS, min_size=8, max_size=8).filter(lambda v: max(map(abs, v)) > 1e-30))
def test_a_vector_comes_back_with_its_direction_and_unit_length(vector: list[float]) -> None:
    text = packed(vector)

    assert text is not None
    found = unpacked([text], 8)[0]
    expected = np.array(vector) / np.linalg.norm(vector)
    assert found.dtype == np.float32
    assert float(np.linalg.norm(found)) == pytest.approx(1.0, abs=1e-6)
    assert float(found @ expected) > 0.9999


def test_a_vector_takes_a_byte_a_component_before_it_is_written_as_text() -> None:
    vector = np.random.default_rng(0).normal(size=1536)

    text = packed(vector.tolist())

    assert text is not None
    assert len(text) == 1536 / 3 * 4


@pytest.mark.parametrize("vector", [[], [0.0, 0.0], [1.0, float("nan")], [1.0, float("inf")]])
def test_what_has_no_direction_is_no_vector(vector: list[float]) -> None:
    assert packed(vector) is None


def test_a_vector_of_another_length_is_an_error() -> None:
    text = packed([1.0, 2.0])

    assert text is not None
    with pytest.raises(ValueError, match="reshape"):
        unpacked([text], 3)
