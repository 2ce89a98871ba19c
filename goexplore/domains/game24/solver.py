"""Everything that some numbers can make: exhaustion, for telling which puzzles have a solution.

The search never asks it for the way.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

from archive.entry import Failure
from goexplore.domains.game24.rules import Number, Rules, State, actions, outcome


@lru_cache(maxsize=1024)
def values(state: State, rules: Rules) -> frozenset[Number]:
    """All values that the numbers of a state, sorted and each used once, can make."""
    return frozenset(state) if len(state) == 1 else frozenset(stream(state, rules))


def stream(state: State, rules: Rules) -> Iterator[Number]:
    """The values of two numbers or more one by one, some more than once."""
    for part, rest in _splits(state):
        for left in values(part, rules):
            for right in values(rest, rules):
                yield from _made(left, right, rules)


def _splits(state: State) -> set[tuple[State, State]]:
    places = range(len(state))
    chosen = [some for size in range(1, len(state) // 2 + 1) for some in combinations(places, size)]
    return {
        (
            tuple(state[place] for place in some),
            tuple(state[place] for place in places if place not in some),
        )
        for some in chosen
    }


def _made(left: Number, right: Number, rules: Rules) -> Iterator[Number]:
    small, large = sorted((left, right))
    for action in actions((small, large), rules):
        made = outcome(action, rules)
        if not isinstance(made, Failure):
            yield made
