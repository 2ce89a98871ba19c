"""What a candidate may use."""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a sandbox has, whoever is in it.

    memory: bytes of all its processes and files together; there is no swap.
    processors: how many it may keep busy.
    processes: processes and threads.
    disk: bytes of all files, and as much again for temporary ones. inodes: files, likewise.
    """

    memory: int = 256 * MIB
    processors: float = 1.0
    processes: int = 64
    disk: int = 64 * MIB
    inodes: int = 4096

    def __post_init__(self) -> None:
        """Refuse a room that nothing fits in.

        Raises:
            ValueError: one of the numbers is too small.
        """
        least = {"memory": 32 * MIB, "processes": 1, "disk": MIB, "inodes": 16}
        for name, number in least.items():
            if getattr(self, name) < number:
                raise ValueError(f"{name} is {getattr(self, name)}; {number} is the least")
        if self.processors <= 0:
            raise ValueError(f"processors is {self.processors}; more than 0 are needed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one command may use.

    seconds: from its start until it is killed.
    output: bytes of stdout and stderr together. kept: bytes of the end of each that are kept.
    open_files: a process. file_size: bytes a file.
    answer: bytes of one answer to one case.
    """

    seconds: float = 10.0
    output: int = MIB
    kept: int = 16 * 1024
    open_files: int = 256
    file_size: int = 64 * MIB
    answer: int = 64 * 1024

    def __post_init__(self) -> None:
        """Refuse limits that are none.

        Raises:
            ValueError: one of the numbers is too small.
        """
        least = {"output": 0, "kept": 0, "open_files": 16, "file_size": 0, "answer": 1}
        for name, number in least.items():
            if getattr(self, name) < number:
                raise ValueError(f"{name} is {getattr(self, name)}; {number} is the least")
        if not 0 < self.seconds <= MOST_SECONDS:
            raise ValueError(f"seconds is {self.seconds}; more than 0, at most {MOST_SECONDS:g}")


MOST_SECONDS = 10_800.0
"""That a command may take; a lease ends by itself after a little more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportCaps:
    """What may come back: bytes a file, bytes in all, files in all."""

    file: int = 4 * MIB
    total: int = 16 * MIB
    count: int = 2000
