"""What a control group has counted, and what can be counted where there is none."""

import os
from contextlib import suppress
from dataclasses import dataclass

_GROUPS = "/sys/fs/cgroup"
_KILLS = (f"{_GROUPS}/memory.events", f"{_GROUPS}/memory/memory.oom_control")
_REFUSALS = (f"{_GROUPS}/pids.events", f"{_GROUPS}/pids/pids.events")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Counts:
    """How often the kernel killed for memory, and refused to make a process."""

    kills: int
    refusals: int

    @staticmethod
    def now() -> "Counts":
        """What the control group says now; zeros where there is none."""
        return Counts(_first(_KILLS, b"oom_kill"), _first(_REFUSALS, b"max"))


def _first(files: tuple[str, ...], name: bytes) -> int:
    for file in files:
        with suppress(OSError, ValueError, IndexError):
            for line in content(file).splitlines():
                if line.partition(b" ")[0] == name:
                    return int(line.split()[1])
    return 0


def content(file: str) -> bytes:
    """A small file of the kernel's, read as fast as it can be: this is done for each candidate."""
    fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, 1 << 16)
    finally:
        os.close(fd)


def resident(pids: set[int]) -> int:
    """Bytes that processes have in memory, what they share counted for each."""
    total = 0
    for pid in pids:
        with suppress(OSError, ValueError, IndexError):
            total += int(content(f"/proc/{pid}/statm").split()[1])
    return total * _PAGE


def full(folder: str) -> bool:
    """Whether a folder has no room left: less than a page, or no file more."""
    found = os.statvfs(folder)
    return found.f_bfree * found.f_frsize < 2 * _PAGE or (found.f_files > 0 and found.f_ffree == 0)


def files_in(folder: str) -> int:
    """Files on the file system of a folder."""
    found = os.statvfs(folder)
    return found.f_files - found.f_ffree


def limits() -> dict[str, int]:
    """The limits of the control group on bytes of memory and on processes; -1 for none."""
    memory = (f"{_GROUPS}/memory.max", f"{_GROUPS}/memory/memory.limit_in_bytes")
    processes = (f"{_GROUPS}/pids.max", f"{_GROUPS}/pids/pids.max")
    return {"memory": _number(memory), "processes": _number(processes)}


def _number(files: tuple[str, ...]) -> int:
    for file in files:
        with suppress(OSError, ValueError):
            return int(content(file))
    return -1
