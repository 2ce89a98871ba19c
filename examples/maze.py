"""A world of one's own: a maze, explored by Go-Explore's rules.

    python examples/maze.py

or, with the command line, from the folder that holds this file:

    goexplore run maze:Maze -s selection.kind=go-explore-2019 -s run.horizon=20 --seed 1
"""

from collections.abc import Sequence

from goexplore import (
    Budget,
    Candidate,
    Cause,
    Engine,
    Evaluation,
    Failure,
    Library,
    Option,
    Parent,
    Tree,
)
from goexplore.selection.parts import go_explore_2019
from mutators.actions import ACTIONS_FILE, AppendAction

PLAN = """
#########
#S#     #
# # ### #
#   # # #
##### # #
#     #G#
#########
""".strip().splitlines()
STEPS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}


class Maze:
    """From S to G. A state is the steps that lead to it, and a cell is where they lead."""

    goal = 1.0

    def roots(self) -> Sequence[Tree]:
        return [{ACTIONS_FILE: ""}]

    def verify(self, candidate: Candidate, parent: Parent | None) -> Evaluation | Failure:
        row, column = 1, 1
        for step in candidate.tree[ACTIONS_FILE].split():
            row, column = row + STEPS[step][0], column + STEPS[step][1]
            if PLAN[row][column] == "#":
                return Failure(cause=Cause.IMPOSSIBLE, message=f"a wall at {row}, {column}")
        arrived = PLAN[row][column] == "G"
        return Evaluation(
            cell=f"{row},{column}",
            objective=float(arrived),
            observation=f"at row {row}, column {column}",
            options=tuple(Option(text=step) for step in STEPS),
            terminal=arrived,
        )


def main() -> None:
    """Find the way and print it."""
    with Library("sqlite:///maze.db") as library, library.open("maze", {}) as archive:
        outcome = Engine(
            archive=archive,
            domain=Maze(),
            selector=go_explore_2019(),
            mutator=AppendAction(order="random"),
            budget=Budget(verifications=2_000),
            horizon=20,
            seed=1,
        ).run()
        print(f"{outcome.ending} after {outcome.spent.verifications} steps tried")
        if outcome.best:
            print(archive.entry(outcome.best).candidate.tree[ACTIONS_FILE].replace("\n", " "))


if __name__ == "__main__":
    main()
