"""A search by cases for the kill test: `python cases_to_kill.py URL KIND`, and again to resume."""

import sys

from archive.library import Library
from goexplore.budget import Budget
from goexplore.catalog import Choice, find
from goexplore.engine import Engine
from tests.goexplore.bits import Bits, Flip

STEPS = 1_500


def main(url: str, kind: str) -> None:
    with Library(url) as library:
        archive = library.open("killed", {})
        part = find("selection", kind)
        outcome = Engine(
            archive=archive,
            domain=Bits(pause=0.03),
            selector=Choice(part=part, parameters=part.parameters()).selector(),
            mutator=Flip(),
            budget=Budget(steps=STEPS),
            workers=8,
            deterministic=True,
        ).run()
        archive.close()
    print(outcome.ending, outcome.detail, outcome.spent.steps)  # noqa: T201  # its answer


if __name__ == "__main__":
    main(*sys.argv[1:])
