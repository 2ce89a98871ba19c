"""Chance: the same for the same seed, step and purpose, whatever else is drawn."""

import pytest

from goexplore.streams import stream


def test_streams_stay_what_they_are_from_version_to_version() -> None:
    assert stream(0, 1, "select").random() == 0.4718287019928401
    assert stream(7, 3, "explore").random() == 0.8330409387874218
    assert [stream(0, 1, "explore").randrange(100) for _ in range(3)] == [41] * 3


def test_a_stream_does_not_depend_on_what_was_drawn_before() -> None:
    one, other = stream(1, 1, "select"), stream(1, 2, "select")
    forwards = [one.random(), other.random()]

    other, one = stream(1, 2, "select"), stream(1, 1, "select")
    backwards = [other.random(), one.random()]

    assert forwards == backwards[::-1]


@pytest.mark.parametrize(
    ("seed", "step", "purpose"), [(2, 1, "select"), (1, 2, "select"), (1, 1, "explore")]
)
def test_another_seed_step_or_purpose_is_another_stream(seed: int, step: int, purpose: str) -> None:
    assert stream(seed, step, purpose).random() != stream(1, 1, "select").random()


def test_a_seed_and_a_step_are_not_mixed_up() -> None:
    assert stream(1, 11, "select").random() != stream(11, 1, "select").random()
    assert stream(-1, 1, "select").random() != stream(1, 1, "select").random()
