"""When to stop asking a program cases: a test whose error rates hold whenever one looks.

The cases are a finite set, drawn in random order without replacement, and each passes or fails.
Of N cases an unknown number K passes. Wald's sequential probability ratio test (Annals of
Mathematical Statistics 16, 1945, section 3) weighs two such numbers against each other, here with
the likelihoods of draws without replacement. Under the number that a verdict would wrong, that
ratio is a martingale with mean 1, and where the truth is further away, a supermartingale; so it
ever exceeds 1 / error with no more than that probability (Ville 1939; Waudby-Smith and Ramdas,
"Confidence sequences for sampling without replacement", NeurIPS 2020, section 2). Wald's own
thresholds are a little lower, and hold only nearly.
"""

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from math import ceil, floor, inf, lgamma, log
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

_ROUNDING = 1e-9

Error = Annotated[float, Field(gt=0, lt=0.5)]


class Sequential(BaseModel):
    """What a run file says of a test that ends a verification early: `[domain.sequential]`.

    needed: the share of cases that ought to pass; "parent" for what the parent's share was.
    margin: how far below `needed` a share is that ought to be stopped; between, either will do.
    errors: how probable it may be that a program is stopped which has what is needed, and that
        one goes through which falls short by the margin or more.
    batch: cases that are asked before each look.
    finish: whether one that goes through is asked all cases that are left.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    needed: Annotated[float, Field(gt=0, le=1)] | Literal["parent"]
    margin: Annotated[float, Field(gt=0, lt=1)] = 0.1
    errors: tuple[Error, Error] = (0.05, 0.05)
    batch: Annotated[int, Field(ge=1)] = 8
    finish: bool = True


class Verdict(Enum):
    """What is known of a program after some of its cases."""

    OPEN = "open"
    BELOW = "below"
    ABOVE = "above"


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioTest:
    """Whether at least `enough` of `cases` pass, or at most `short`, which is less.

    errors: the probabilities of BELOW though enough pass, and of ABOVE though no more than
    `short` do. Each holds over all looks together, however many there are.
    """

    cases: int
    enough: int
    short: int
    errors: tuple[float, float]

    @classmethod
    def of(cls, cases: int, needed: float, margin: float, errors: tuple[float, float]) -> Self:
        """The test for a share of cases that is needed, and a margin below it."""
        enough = ceil(needed * cases - _ROUNDING)
        short = min(floor((needed - margin) * cases + _ROUNDING), enough - 1)
        return cls(cases=cases, enough=enough, short=max(short, -1), errors=errors)

    def verdict(self, passed: int, asked: int) -> Verdict:
        """What is known when `passed` of the `asked` cases that were drawn first have passed."""
        if passed >= self.enough:
            return Verdict.ABOVE
        if passed + self.cases - asked < self.enough:
            return Verdict.BELOW
        if self.short < 0:  # nobody can fall short by so much
            return Verdict.OPEN
        ratio = self.log_ratio(passed, asked)
        if ratio <= log(self.errors[0]):
            return Verdict.BELOW
        return Verdict.ABOVE if ratio >= -log(self.errors[1]) else Verdict.OPEN

    def log_ratio(self, passed: int, asked: int) -> float:
        """How much better `enough` explains what was seen than `short`: log of the likelihoods."""
        failed = asked - passed
        return (
            _log_ways(self.enough, passed)
            - _log_ways(self.short, passed)
            + (
                _log_ways(self.cases - self.enough, failed)
                - _log_ways(self.cases - self.short, failed)
            )
        )


def _log_ways(there: int, drawn: int) -> float:
    """Log of there (there - 1) ... down to `drawn` factors: ways to draw them in order."""
    return lgamma(there + 1) - lgamma(there - drawn + 1) if drawn <= there else -inf


@lru_cache(maxsize=4096)
def bounds(passed: int, asked: int, cases: int, confidence: float = 0.95) -> tuple[float, float]:
    """Between which shares of all cases the passing lie, whenever one stops to ask.

    Of the numbers that may pass in all, those stay that a uniform prior over all would not have
    lost by a factor of 1 / (1 - confidence) or more: the prior-posterior-ratio confidence
    sequence of Waudby-Smith and Ramdas (2020, section 2.3) with a beta-binomial prior, a = b = 1.
    """
    # The posterior of a number K is C(K, passed) C(N - K, failed) / C(N + 1, asked + 1).
    failed = asked - passed
    all_ways = _log_ways(cases + 1, asked + 1) - lgamma(asked + 2)
    orders = lgamma(passed + 1) + lgamma(failed + 1)
    least = all_ways - log(cases + 1) + log(1 - confidence) + orders

    def stays(total: int) -> bool:
        return _log_ways(total, passed) + _log_ways(cases - total, failed) > least - _ROUNDING

    # They have one peak, so that those that stay are neighbours.
    possible = range(passed, cases - failed + 1)
    low, high = next(filter(stays, possible)), next(filter(stays, reversed(possible)))
    return low / cases, high / cases
