"""The command line, called as a user calls it, in an empty folder of its own."""

import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from goexplore.cli.main import main

SLOW_WORLD = '''
import time
from archive.entry import Candidate, Evaluation

class Slow:
    """Counts on without an end, `pause` seconds a number from `quick` on."""
    goal = None
    def __init__(self, pause: float = 0.2, quick: int = 3) -> None:
        self.pause, self.quick = pause, quick
    def roots(self):
        return [{"n": ""}]
    def verify(self, candidate, parent):
        if len(candidate.tree["n"]) > self.quick:
            time.sleep(self.pause)
        cell = str(len(candidate.tree["n"]))
        return Evaluation(cell=cell, objective=0.0, observation="\\x1b[31m[red]so far")

class AddOne:
    name = "add-one"
    def __init__(self) -> None:
        pass
    def can_propose(self, parent):
        return True
    def propose(self, parent, random):
        return Candidate(tree={"n": parent.tree["n"] + "1"}, mutator="add-one")
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the command is called in, with a slow world to explore in it."""
    (tmp_path / "slow_world.py").write_text(SLOW_WORLD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delenv("GOEXPLORE_ARCHIVE", raising=False)
    return tmp_path


@pytest.fixture
def goexplore(capsys: pytest.CaptureFixture[str]) -> Callable[..., CompletedProcess[str]]:
    """Runs the command in this process: exit status, stdout, stderr."""

    def call(*arguments: str) -> CompletedProcess[str]:
        capsys.readouterr()
        status: object = 0
        try:
            main(arguments)
        except SystemExit as end:
            status = end.code or 0
        out, err = capsys.readouterr()
        assert isinstance(status, int)
        return CompletedProcess(arguments, status, out, err)

    return call
