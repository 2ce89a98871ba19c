"""Islands: archives beside each other in one run, which their best move between now and then."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Islands:
    """How many there are, and who moves when.

    The steps go round the islands, and a child belongs to the island of its parent. Each island
    begins with all the roots.

    every: with each so-manieth step of an island come copies of the best of the island before it
        in the ring, so that both have them then. migrants: how many at most; none for 0.
    """

    count: int = 1
    every: int = 20
    migrants: int = 1

    def of(self, step: int) -> int:
        """The island that a step is taken on, from 0."""
        return (step - 1) % self.count

    def before(self, step: int) -> int:
        """The island from which migrants come to that of a step."""
        return (self.of(step) - 1) % self.count

    def receives(self, step: int) -> bool:
        """Whether migrants come with a step."""
        turn = (step - 1) // self.count + 1
        return self.count > 1 and self.migrants > 0 and turn % self.every == 0


ONE = Islands()
"""No islands: all is one."""
