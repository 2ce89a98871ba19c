"""A search that asks a model, for the kill test: `python asking_to_kill.py DATABASE SERVER`."""

import sys
from dataclasses import dataclass
from random import Random

from archive.entry import Candidate, Failure
from archive.library import Library
from goexplore.budget import Budget
from goexplore.connections import Connections
from goexplore.engine import Engine
from goexplore.selection import weights
from goexplore.selection.selectors import Weighted
from mutators.actions import append
from mutators.base import Parent
from mutators.llm.asking import Asking
from mutators.llm.base import Message, Request, Role
from mutators.llm.ledgered import Ledgered
from mutators.llm.purse import Purse
from tests.goexplore.walk import Walk

VERIFICATIONS = 700
WORKERS = 4


@dataclass(frozen=True, slots=True)
class AskFirst:
    """Asks once for each child, in words that no other child is asked for in."""

    asking: Asking
    name: str = "ask-first"

    def can_propose(self, parent: Parent) -> bool:
        return bool(parent.untried)

    def propose(self, parent: Parent, random: Random) -> Candidate | Failure:
        words = f"step {parent.step}, child {parent.place} of {parent.tree}"
        request = Request(system="", messages=(Message(speaker="user", text=words),), max_tokens=20)
        sample = f"{parent.step}.{parent.place}"
        self.asking.ask(request, role=Role.ACT, step=parent.step, sample=sample)
        return append(parent, random.choice(parent.untried), mutator=self.name)


def main(database: str, server: str) -> None:
    llm = Connections({}).llm(f"openai:test@{server}/v1", {})
    with Library(database) as library, library.open("killed", {}) as archive:
        purse = Purse()
        outcome = Engine(
            archive=archive,
            domain=Walk(size=100, goal=None),
            selector=Weighted(weights.go_explore_2019),
            mutator=AskFirst(Ledgered(llm, ledger=archive.ledger, purse=purse)),
            budget=Budget(verifications=VERIFICATIONS),
            horizon=3,
            workers=WORKERS,
            purse=purse,
        ).run()
    print(outcome.ending, outcome.detail, outcome.spent.verifications)  # noqa: T201  # its answer


if __name__ == "__main__":
    main(*sys.argv[1:])
