"""How sure the mean of a few noisy values is."""

from collections.abc import Sequence
from functools import lru_cache
from math import atan, cos, pi, sin, sqrt
from statistics import NormalDist, fmean, stdev

from archive.entry import Interval

CONFIDENCE = 0.95


def of_mean(values: Sequence[float]) -> Interval | None:
    """Student's two-sided 95 % interval of a mean (Biometrika 6, 1908); `None` for one value."""
    if len(values) == 1:
        return None
    middle = fmean(values)
    half = student(len(values) - 1) * stdev(values) / sqrt(len(values))
    return Interval(low=middle - half, high=middle + half, trials=len(values))


def enough(values: Sequence[float], within: float, most: int) -> int:
    """How many values it takes until the half of such an interval is no longer than `within`.

    Of one value it is as if the standard deviation of `values` were known. No more than `most`.
    """
    spread = stdev(values) if len(values) > 1 else 0.0
    if NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * spread <= within:
        return 1
    counts = range(2, most)
    return next((n for n in counts if student(n - 1) * spread / sqrt(n) <= within), most)


@lru_cache(maxsize=1024)
def student(freedom: int, confidence: float = CONFIDENCE) -> float:
    """Within how many standard errors Student's t lies with a probability: its quantile."""
    low, high = 0.0, 1.0
    while probability_within(high, freedom) < confidence:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        inside = probability_within(middle, freedom) < confidence
        low, high = (middle, high) if inside else (low, middle)
    return high


def probability_within(t: float, freedom: int) -> float:
    """The probability that Student's t lies between -t and t.

    Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4.
    """
    angle = atan(t / sqrt(freedom))
    if freedom == 1:
        return 2 / pi * angle
    summed = sin(angle) * _series(cos(angle), freedom)
    return 2 / pi * (angle + summed) if freedom % 2 else summed


def _series(c: float, freedom: int) -> float:
    """1 + 1/2 c^2 + (1 3)/(2 4) c^4 ... or, for an odd number, c + 2/3 c^3 + (2 4)/(3 5) c^5 ..."""
    term = c if freedom % 2 else 1.0
    total = term
    for n in range(2 + freedom % 2, freedom - 1, 2):
        term *= (n - 1) / n * c * c
        total += term
    return total
