"""What a task is worth before it is searched: whether it runs, how long it takes, its noise."""

from dataclasses import dataclass
from statistics import fmean, stdev
from time import perf_counter

from archive.entry import Evaluation, Failure
from goexplore.domains.program.domain import Program
from goexplore.domains.program.intervals import enough

_NEAR, _MOST_REPEATS = 0.05, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What the initial program showed, as often as it was run.

    seconds: of each verification, by the clock on the wall. held_out: on cases that never steer
    the search; `None` where there are none.
    """

    evaluations: tuple[Evaluation, ...]
    seconds: tuple[float, ...]
    held_out: Evaluation | Failure | None

    @property
    def objectives(self) -> tuple[float, ...]:
        """The objective of each verification."""
        return tuple(each.objective for each in self.evaluations)

    @property
    def noise(self) -> float:
        """The standard deviation of the objective, as the repeats let one guess it."""
        return stdev(self.objectives) if len(self.objectives) > 1 else 0.0

    @property
    def repeats(self) -> int:
        """How many runs in a verification would tell the mean to 5 % of it, 95 times of 100."""
        near = _NEAR * abs(fmean(self.objectives))
        return enough(self.objectives, within=near, most=_MOST_REPEATS)


def check(world: Program, repeats: int) -> Check | Failure:
    """Run the initial program a few times, with other seeds; the first failure is the answer.

    Raises:
        DomainError: there is no sandbox, or it broke twice.
    """
    tree = world.roots()[0]
    evaluations: list[Evaluation] = []
    seconds: list[float] = []
    for seed in range(repeats):
        began = perf_counter()
        found = world.trial(seed)
        if isinstance(found, Failure):
            return found
        evaluations.append(found)
        seconds.append(perf_counter() - began)
    return Check(
        evaluations=tuple(evaluations),
        seconds=tuple(seconds),
        held_out=world.verify_held_out(tree),
    )
