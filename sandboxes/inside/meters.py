"""What a control group has counted, and what can be counted where there is none."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_KILLS = (_GROUPS / "memory.events", _GROUPS / "memory/memory.oom_control")
_REFUSALS = (_GROUPS / "pids.events", _GROUPS / "pids/pids.events")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Counts:
    """How often the kernel killed for memory, and refused to make a process."""

    kills: int
    refusals: int

    @staticmethod
    def now() -> "Counts":
        """What the control group says now; zeros where there is none."""
        return Counts(_first(_KILLS, "oom_kill"), _first(_REFUSALS, "max"))


def _first(files: tuple[Path, ...], name: str) -> int:
    for file in files:
        with suppress(OSError, ValueError, IndexError):
            for line in file.read_text("ascii").splitlines():
                if line.partition(" ")[0] == name:
                    return int(line.split()[1])
    return 0


def resident(pids: set[int]) -> int:
    """Bytes that processes have in memory, what they share counted for each."""
    total = 0
    for pid in pids:
        with suppress(OSError, ValueError, IndexError):
            total += int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
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
    memory = (_GROUPS / "memory.max", _GROUPS / "memory/memory.limit_in_bytes")
    processes = (_GROUPS / "pids.max", _GROUPS / "pids/pids.max")
    return {"memory": _number(memory), "processes": _number(processes)}


def _number(files: tuple[Path, ...]) -> int:
    for file in files:
        with suppress(OSError, ValueError):
            return int(file.read_text("ascii"))
    return -1
