"""Packs items into bins as they come: none is known before those ahead of it are packed."""


def priority(item, room):
    """How good a bin with that much room left is for an item; the best is taken."""
    # EVOLVE-BLOCK-START
    return room - item
    # EVOLVE-BLOCK-END


def pack(case):
    """The bin of each item; a new one is opened only where no bin has room."""
    rooms, bins = [], []
    for item in case["items"]:
        fitting = [number for number, room in enumerate(rooms) if room >= item]
        if not fitting:
            fitting = [len(rooms)]
            rooms.append(case["size"])
        bins.append(max(fitting, key=lambda n: priority(item, rooms[n])))
        rooms[bins[-1]] -= item
    return bins
