"""How promising the numbers of a state look for 24: a rule of thumb, not a model and no solver.

It sees what the Intelligent Go-Explore paper shows its model, the numbers of a state and of those
that it can lead to, and looks no further: no action is tried on what has not been reached. Its four
constants are round numbers chosen by hand; what they are exactly matters little.
"""

import math
from collections.abc import Sequence

from archive.entry import Failure
from goexplore.domains.game24.rules import TARGET, Number, State


def promises(following: Sequence[State | Failure]) -> tuple[float, ...]:
    """How promising each of the states that can follow looks, from 0 to 1.

    Nothing can come of what is impossible, or of what an earlier action leads to as well: 0.
    """
    first = {state: place for place, state in reversed(list(enumerate(following)))}
    return tuple(
        0.0 if isinstance(state, Failure) or first[state] < place else promise(state)
        for place, state in enumerate(following)
    )


def promise(state: State) -> float:
    """How promising a state looks: 1 for 24 itself, 0 for any other last number.

    Else the geometric mean of what its numbers are worth, and half of that for a pair that does
    not go together.
    """
    if len(state) == 1:
        return float(state[0] == TARGET)
    mean = math.prod(map(worth, state)) ** (1 / len(state))
    # Rounded, so that no machine's last bit decides between equals.
    return round(mean if _go_together(state) else mean / 2, 6)


def worth(number: Number) -> float:
    """What one number is worth on the way to 24: more if it divides 24, or lies near it.

    1 divides everything, which helps little.
    """
    if number == 1:
        return 0.4
    if _divides(number):
        return 0.8
    return 0.6 * TARGET / (TARGET + abs(float(number) - TARGET))


def _divides(number: Number) -> bool:
    return number.denominator == 1 and number > 0 and TARGET % number == 0


def _go_together(state: State) -> bool:
    """Whether two numbers are both odd or both even, as sums and differences of 24 need it.

    Divisors of 24 may be multiplied; of three numbers or more nothing of the kind is known.
    """
    match state:
        case (small, large) if not all(map(_divides, state)):
            return (large - small) % 2 != 1
        case _:
            return True
