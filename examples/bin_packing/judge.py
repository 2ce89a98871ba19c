"""Judges a packing: how many bins the items would fill to the brim, by how many were opened."""


def score(given, answer, expected):  # noqa: ARG001  # nobody knows the best packing
    """The share of the opened bins that is filled, 1 at most; or why it is no packing."""
    items, size = given["items"], given["size"]
    if not is_numbers(answer, len(items)):
        return {"invalid": f"not a list of {len(items)} numbers of bins"}
    filled = {}
    for item, number in zip(items, answer, strict=True):
        filled[number] = filled.get(number, 0) + item
    over = [number for number, sum_ in sorted(filled.items()) if sum_ > size]
    if over:
        return {"invalid": f"bin {over[0]} holds {filled[over[0]]}, more than {size}"}
    return {"score": sum(items) / (size * len(filled)), "measures": {"bins": len(filled)}}


def is_numbers(answer, count):
    """Whether a value lists that many whole numbers from 0. Truth values are none."""
    return (
        isinstance(answer, list)
        and len(answer) == count
        and all(type(number) is int and number >= 0 for number in answer)
    )
