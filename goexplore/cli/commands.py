"""Which commands there are, and the module that each is in: known without loading any."""

COMPLETING = "_GOEXPLORE_COMPLETE"
"""The variable with which a shell asks for completion."""


class Command:
    """A command's module, and what it does in a few words."""

    # Not a dataclass: importing those costs more than all the rest of `goexplore --help`.
    def __init__(self, module: str, summary: str) -> None:
        self.module = f"goexplore.cli.{module}"
        self.summary = summary


COMMANDS = {
    "run": Command("run", "Explore a domain, or go on where the same run stopped."),
    "estimate": Command("estimate", "Say what a run will cost before it begins."),
    "resume": Command("resume", "Go on with a run."),
    "runs": Command("runs", "List the runs of an archive."),
    "show": Command("show", "Show an entry: what it is, and how it came about."),
    "lineage": Command("lineage", "Show where an entry came from, and what came of it."),
    "cells": Command("cells", "Show what a run has found, cell by cell."),
    "recell": Command("recell", "Go on with a run in other cells."),
    "export": Command("export", "Write a run as JSON lines, GraphML or DOT."),
    "costs": Command("costs", "Say what the models of a run cost."),
    "notes": Command("notes", "Read what a model has noted down of a run."),
    "judge": Command("judge", "Judge those who chose, by what came of it."),
    "replay": Command("replay", "Run a run again from its ledger, and compare."),
    "demo": Command("demo", "Solve ten Game of 24 puzzles before your eyes."),
    "doctor": Command("doctor", "Check that all a run needs is there."),
    "sandbox": Command("sandbox", "Build sandboxes for untrusted code, and attack them."),
    "task": Command("task", "Begin tasks for programs, and check that they can be searched."),
    "tasks": Command("tasks", "List coding tasks for agents, and check that they are sound."),
    "presets": Command("presets", "List the named settings that come along."),
    "config": Command("settings", "See the effective settings, or their schema."),
}
