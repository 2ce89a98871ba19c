"""Leaving nothing: every process ended, every folder emptied, and a look at what is left."""

import os
import signal
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

from sandboxes.inside import meters
from sandboxes.inside.settings import Settings

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PATIENCE = 10.0
_PAUSE = 0.0005


class Unclean(Exception):
    """Something of a candidate is left."""


def processes() -> set[int]:
    """The ids of all processes that can be seen."""
    with os.scandir("/proc") as entries:
        return {int(entry.name) for entry in entries if entry.name.isdigit()}


def end_all(
    settings: Settings, spared: set[int], supervisor: int, reap: Callable[[], None]
) -> None:
    """Kill what a candidate started and wait until it is gone.

    Raises:
        Unclean: it does not go.
    """
    deadline = time.monotonic() + _PATIENCE
    pause = _PAUSE
    while True:
        if settings.alone and not _kill_everyone():
            return
        reap()
        left = (processes() if settings.alone else offspring(supervisor)) - spared
        if not left:
            return
        if time.monotonic() > deadline:
            raise Unclean(f"processes {sorted(left)} do not end")
        for pid in left if not settings.alone else ():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def _kill_everyone() -> bool:
    """Kill all but the caller and process 1 in one go, so that no fork escapes; false for none.

    A process that has ended and not been reaped counts as one.
    """
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def reap_orphans() -> None:
    """Take note of all children that have ended, so that they are gone."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def parents() -> dict[int, int]:
    """Each process and its parent."""
    found: dict[int, int] = {}
    for pid in processes():
        with suppress(OSError, ValueError, IndexError):
            # The name, in brackets, may hold anything.
            after = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
            found[pid] = int(after[1])
    return found


def offspring(ancestor: int) -> set[int]:
    """All processes that come of one."""
    known = parents()
    found = {ancestor}
    while more := {pid for pid, parent in known.items() if parent in found} - found:
        found |= more
    return found - {ancestor}


def wipe(folder: str) -> None:
    """Empty a folder, however deep and whoever's its files are."""
    top = os.open(folder, _FOLDER)
    names = count()
    try:
        while inner := _unlinked(top, top, names):
            for name in inner:
                _flatten(top, name, names)
    finally:
        os.close(top)


def _flatten(top: int, name: str, names: "count[int]") -> None:
    """Remove a folder of the top one; the folders in it move up, so that no path grows long."""
    os.chmod(name, 0o700, dir_fd=top)  # relative to a descriptor
    inner = os.open(name, _FOLDER, dir_fd=top)
    try:
        while _unlinked(inner, top, names):
            pass
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=top)


def _unlinked(at: int, top: int, names: "count[int]") -> list[str]:
    """Unlink what is no folder; folders that are not at the top move there."""
    with os.scandir(at) as entries:
        found = [entry.name for entry in entries]
    folders: list[str] = []
    for name in found:
        if stat.S_ISDIR(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
            folders.append(name)
        else:
            os.unlink(name, dir_fd=at)
    if at == top:
        return folders
    for name in folders:
        # A folder that is not its own owner's cannot be moved: its entry `..` changes.
        os.chmod(name, 0o700, dir_fd=at)
        _move_up(name, at, top, names)
    return folders


def _move_up(name: str, at: int, top: int, names: "count[int]") -> None:
    while True:
        try:
            os.rename(name, f"goexplore-wipe-{next(names)}", src_dir_fd=at, dst_dir_fd=top)
        except (FileExistsError, NotADirectoryError):
            continue
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            continue
        return


_TAKEN = (39, 21)
"""ENOTEMPTY and EISDIR: a candidate has had our name before us."""


def check(settings: Settings, spared: set[int]) -> None:
    """See that nothing of a candidate is left. `spared`: the processes that are ours.

    Raises:
        Unclean: something is.
    """
    folders = (settings.work, *settings.scratch)
    if settings.alone:
        folders = (*folders, "/dev/mqueue")
        if strangers := processes() - spared:
            raise Unclean(f"processes {sorted(strangers)} are left")
        _check_ipc()
    for folder in folders:
        if left := _content(folder):
            raise Unclean(f"{folder} holds {left[:3]}")


def _content(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # names
    except FileNotFoundError:
        return []


def _check_ipc() -> None:
    for kind in ("shm", "msg", "sem"):
        try:
            lines = meters.content(f"/proc/sysvipc/{kind}").splitlines()
        except FileNotFoundError:
            continue
        if len(lines) > 1:
            raise Unclean(f"{len(lines) - 1} {kind} objects are left")
