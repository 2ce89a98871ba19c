"""Whether tasks are sound: their solutions pass, and what they begin with does not."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from goexplore.domains.agent.coding import CodingTask
from goexplore.domains.agent.examining import Verdict, examine
from sandboxes.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What the hidden tests of a task say of its own files."""

    task: CodingTask
    solution: Verdict
    start: Verdict

    @property
    def fault(self) -> str:
        """What is wrong with the task; empty if nothing is."""
        if not self.solution.solved:
            return f"its solution does not pass: {self.solution.why}"
        if self.start.solved:
            return "what it begins with passes already"
        return ""

    @property
    def seconds(self) -> float:
        """That its solution ran."""
        return self.solution.seconds


def check(
    tasks: Sequence[CodingTask],
    sandboxes: Pool,
    *,
    workers: int,
    tell: Callable[[], None],
) -> list[Check]:
    """Try each task on its own files. `tell`: hears that one more is known.

    Raises:
        SandboxError: there is no sandbox, or it broke at every attempt.
    """

    def one(task: CodingTask) -> Check:
        found = Check(
            task=task,
            solution=examine(task, task.solved, sandboxes),
            start=examine(task, task.start, sandboxes),
        )
        tell()
        return found

    with ThreadPoolExecutor(workers) as threads:
        return list(threads.map(one, tasks))
