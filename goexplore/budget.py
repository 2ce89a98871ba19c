"""When to stop."""

from dataclasses import dataclass, fields
from math import inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a run may spend, over all its sessions; infinite where nothing is said.

    steps: turns of the loop. verifications: candidates run. seconds: of its clock, while it runs.
    tokens, dollars: of all calls of models.
    """

    steps: float = inf
    verifications: float = inf
    seconds: float = inf
    tokens: float = inf
    dollars: float = inf

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) >= 0:
                raise ValueError(f"a budget of {getattr(self, field.name)} {field.name} is below 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a run has spent, in the units of its budget."""

    steps: int = 0
    verifications: int = 0
    seconds: float = 0.0
    tokens: int = 0
    dollars: float = 0.0

    def used_up(self, budget: Budget) -> str | None:
        """The first unit of which nothing is left; `None` for none."""
        names = (field.name for field in fields(self))
        return next((n for n in names if getattr(self, n) >= getattr(budget, n)), None)
