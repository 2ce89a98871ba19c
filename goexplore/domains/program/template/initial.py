"""Splits numbers into two groups."""


# EVOLVE-BLOCK-START
def split(numbers: list[int]) -> list[int]:
    """The places of the numbers that go into the first group."""
    return list(range(0, len(numbers), 2))


# EVOLVE-BLOCK-END
