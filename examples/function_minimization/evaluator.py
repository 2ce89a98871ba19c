"""How near a search comes to the lowest point of a bumpy function, in 200 evaluations."""

import math
from importlib.util import module_from_spec, spec_from_file_location

LOW, HIGH = -5.0, 5.0
EVALUATIONS = 200
SEEDS = range(5)
LOWEST = (-1.1, 2.3)


def bumpy(x, y):
    """A bowl with ripples; 0 at its lowest point, and more everywhere else."""
    dx, dy = x - LOWEST[0], y - LOWEST[1]
    ripples = 2 - math.cos(4 * dx) - math.cos(4 * dy)
    return 0.1 * (dx * dx + dy * dy) + ripples


class Metered:
    """The function, for as many evaluations as there are."""

    def __init__(self):
        self.left = EVALUATIONS

    def __call__(self, x, y):
        if self.left == 0:
            raise RuntimeError(f"more than {EVALUATIONS} evaluations")
        self.left -= 1
        return bumpy(x, y)


def evaluate(program_path):
    """Metrics of a program: combined_score is 1 at the lowest point, and falls to 0 far above."""
    spec = spec_from_file_location("program", program_path)
    program = module_from_spec(spec)
    spec.loader.exec_module(program)
    values = []
    for seed in SEEDS:
        x, y = program.search(Metered(), LOW, HIGH, EVALUATIONS, seed)
        if not (LOW <= x <= HIGH and LOW <= y <= HIGH):
            raise ValueError(f"({x}, {y}) lies outside of the square")
        values.append(bumpy(x, y))
    mean = sum(values) / len(values)
    return {"combined_score": 1 / (1 + mean), "mean_value": mean}
