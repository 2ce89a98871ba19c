"""Whose a container or an image is: the labels that ours carry, and whether their owner lives."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

MARK = "dev.goexplore.sandbox"
OWNER = "dev.goexplore.owner"
RUN = "dev.goexplore.run"
SOURCE = "dev.goexplore.source"
CONTENT = "dev.goexplore.content"


def owner() -> str:
    """This process, told apart from every other that was or will be on any machine."""
    pid = os.getpid()
    return f"{_boot()}:{pid}:{_began(pid)}"


def labels(run: str, source: str) -> dict[str, str]:
    """The labels of what a source of this process makes for a run."""
    return {MARK: "worker", OWNER: owner(), RUN: run, SOURCE: source}


def is_of(source: str, found: Mapping[str, str]) -> bool:
    """Whether a source of this very process made what carries these labels."""
    wanted = {MARK: "worker", OWNER: owner(), SOURCE: source}
    return all(found.get(name) == value for name, value in wanted.items())


def is_abandoned(found: Mapping[str, str], *, running: bool) -> bool:
    """Whether whoever made what carries these labels is gone.

    Of another machine's processes (or of this one's before it was started) nothing is known; what
    they made is abandoned when it does not run: their supervisors end by themselves.
    """
    if found.get(MARK) != "worker":
        return False
    boot, _, process = found.get(OWNER, "").partition(":")
    if boot != _boot():
        return not running
    pid, _, began = process.partition(":")
    return not pid.isdigit() or _began(int(pid)) != began


def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return "unknown"


def _began(pid: int) -> str:
    """When a process began, in ticks since the machine was started; nothing if it is not there."""
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text("latin-1").rpartition(")")[2].split()[19]
    return ""
