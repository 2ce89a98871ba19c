"""What a run may spend on models, and what of it is promised to calls that are under way."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from math import inf
from threading import Condition

from mutators.llm.asking import BudgetSpent


class Purse:
    """Tokens and dollars for all calls of a run, over all its sessions.

    A call is given the most that it can cost before it is made, so that the budget holds with any
    number of calls under way; what it did not need comes back when it is answered.
    """

    def __init__(
        self,
        *,
        tokens: float = inf,
        dollars: float = inf,
        spent_tokens: int = 0,
        spent_dollars: float = 0.0,
    ) -> None:
        """`tokens`, `dollars`: the budgets; what earlier sessions spent counts against them."""
        self._budget = {"tokens": tokens, "dollars": dollars}
        self._spent = {"tokens": float(spent_tokens), "dollars": spent_dollars}
        self._held = {"tokens": 0.0, "dollars": 0.0}
        self._under_way = 0
        self._settled = Condition()

    @property
    def tokens(self) -> int:
        """Tokens spent."""
        return int(self._spent["tokens"])

    @property
    def dollars(self) -> float:
        """Dollars spent."""
        return self._spent["dollars"]

    @property
    def in_dollars(self) -> bool:
        """Whether there is a budget in dollars."""
        return self._budget["dollars"] < inf

    @contextmanager
    def holding(self, tokens: int, dollars: float) -> Generator[Callable[[int, float], None]]:
        """Keep the most that a call can cost; call what this gives with what it did cost.

        Waits for calls under way where what they do not need may be enough.

        Raises:
            BudgetSpent: there is not enough.
        """
        most = {"tokens": float(tokens), "dollars": dollars}
        self._hold(most)
        try:
            yield self._spend
        finally:
            with self._settled:
                self._under_way -= 1
                for unit, amount in most.items():
                    # No rounding error is left behind when nothing is under way.
                    self._held[unit] = self._held[unit] - amount if self._under_way else 0.0
                self._settled.notify_all()

    def _hold(self, most: dict[str, float]) -> None:
        with self._settled:
            while unit := self._short_of(most):
                if not self._under_way:
                    raise BudgetSpent(unit)
                self._settled.wait()
            self._under_way += 1
            for each, amount in most.items():
                self._held[each] += amount

    def _short_of(self, most: dict[str, float]) -> str | None:
        units = ("tokens", "dollars")
        needed = {unit: self._spent[unit] + self._held[unit] + most[unit] for unit in units}
        return next((unit for unit in units if needed[unit] > self._budget[unit]), None)

    def _spend(self, tokens: int, dollars: float) -> None:
        with self._settled:
            self._spent["tokens"] += tokens
            self._spent["dollars"] += dollars
