"""Looks for the lowest point of a function of two variables."""

import random


def search(function, low, high, evaluations, seed):
    """Try points at random, and keep the lowest."""
    chance = random.Random(seed)
    best = None
    for _ in range(evaluations):
        point = (chance.uniform(low, high), chance.uniform(low, high))
        value = function(*point)
        if best is None or value < best[0]:
            best = (value, point)
    return best[1]
