"""Packs circles into the unit square."""

import math


# EVOLVE-BLOCK-START
def pack(count):
    """Circles of one size on a grid, as [x, y, radius] each."""
    side = math.ceil(math.sqrt(count))
    radius = 0.5 / side
    places = [(column, row) for row in range(side) for column in range(side)]
    return [
        [(2 * column + 1) * radius, (2 * row + 1) * radius, radius]
        for column, row in places[:count]
    ]


# EVOLVE-BLOCK-END
