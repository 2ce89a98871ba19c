"""A search for the kill test: `python search_to_kill.py URL`; the same command again resumes it."""

import sys

from archive.library import Library
from goexplore.budget import Budget
from goexplore.engine import Engine
from goexplore.selection import weights
from goexplore.selection.selectors import Weighted
from mutators.actions import AppendAction
from tests.goexplore.walk import Walk

VERIFICATIONS = 12_000


def main(url: str) -> None:
    with Library(url) as library:
        archive = library.open("killed", {})
        outcome = Engine(
            archive=archive,
            domain=Walk(size=100, goal=None, pause=0.002),
            selector=Weighted(weights.go_explore_2019),
            mutator=AppendAction(order="random"),
            budget=Budget(verifications=VERIFICATIONS),
            horizon=3,
            workers=8,
        ).run()
        archive.close()
    print(outcome.ending, outcome.detail, outcome.spent.verifications)  # noqa: T201  # its answer


if __name__ == "__main__":
    main(sys.argv[1])
