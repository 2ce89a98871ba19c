"""Programs, and task folders that say what makes a program good."""

from goexplore.domains.program.domain import Program
from goexplore.domains.program.task import TaskError, evolved

__all__ = ["Program", "TaskError", "evolved"]
