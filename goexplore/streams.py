"""Chance, derived from the seed and the step, never from timing."""

from hashlib import blake2b
from random import Random


def stream(seed: int, step: int, purpose: str) -> Random:
    """The random numbers of one purpose in one step of a run."""
    name = f"{seed}:{step}:{purpose}".encode()
    return Random(int.from_bytes(blake2b(name, digest_size=8).digest()))
