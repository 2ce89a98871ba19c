"""Coding agents, and the tasks that they are tried on."""

from goexplore.domains.agent.coding import (
    Cases,
    CodingTask,
    Difficulty,
    Script,
    UnfitTask,
    counted,
)
from goexplore.domains.agent.examining import Reach, Verdict, examine
from goexplore.domains.agent.sources import tasks_of

__all__ = [
    "Cases",
    "CodingTask",
    "Difficulty",
    "Reach",
    "Script",
    "UnfitTask",
    "Verdict",
    "counted",
    "examine",
    "tasks_of",
]
