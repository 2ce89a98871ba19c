"""Asking a model in a run: the contract between mutators or selectors and the ledger."""

from typing import Protocol

from mutators.base import MutatorError
from mutators.llm.base import Answer, Model, Request, Role


class BudgetSpent(MutatorError):
    """The run's budget does not allow the call. `unit`: tokens or dollars."""

    def __init__(self, unit: str) -> None:
        super().__init__(f"the budget of {unit} is spent")
        self.unit = unit


class Asking(Protocol):
    """A model whose every answer is in the ledger before anyone uses it."""

    @property
    def model(self) -> Model:
        """Which model it is."""
        ...

    def ask(self, request: Request, *, role: Role, step: int, sample: str) -> Answer:
        """The answer to a request, from the ledger if it has been given before.

        step: the step of the search that asks. sample: tells equal requests apart, and is the
        same when a step that was killed is taken again.

        Raises:
            LLMError: the model cannot be asked.
            BudgetSpent: the budget does not allow it.
            Stopped: the run is to end, and the call waited to be sent.
        """
        ...
