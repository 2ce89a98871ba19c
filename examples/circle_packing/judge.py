"""Judges a packing when the program that made it is gone: the sum of its radii, if it is one."""

import math

TOLERANCE = 1e-9


def score(given, answer, expected):  # noqa: ARG001  # nobody knows the best packing
    """The sum of radii; or why the answer is no packing of `given` circles."""
    if why := flaw(given, answer):
        return {"invalid": why}
    radii = [circle[2] for circle in answer]
    return {
        "score": math.fsum(radii),
        "measures": {"smallest": min(radii), "largest": max(radii)},
        "feedback": f"radii from {min(radii):.4f} to {max(radii):.4f}",
    }


def flaw(count, circles):
    """What is wrong with a packing, or nothing."""
    if not isinstance(circles, list) or len(circles) != count:
        return f"not a list of {count} circles"
    for number, circle in enumerate(circles):
        if not is_circle(circle):
            return f"circle {number} is not [x, y, radius], three numbers, with a radius above 0"
        x, y, radius = circle
        if min(x, y, 1 - x, 1 - y) < radius - TOLERANCE:
            return f"circle {number} leaves the square"
    return overlap(circles)


def is_circle(circle):
    """Whether a value is three numbers, the last above 0. Truth values are none."""
    return (
        isinstance(circle, list)
        and len(circle) == 3
        and all(type(each) in (int, float) for each in circle)
        and circle[2] > 0
    )


def overlap(circles):
    """Which circles overlap, or nothing."""
    for second, (x, y, radius) in enumerate(circles):
        for first, (a, b, other) in enumerate(circles[:second]):
            if math.hypot(x - a, y - b) < radius + other - TOLERANCE:
                return f"circles {first} and {second} overlap"
    return ""
