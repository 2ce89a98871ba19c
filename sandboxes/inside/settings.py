"""What a supervisor is told when it starts, and what it is asked to run."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Settings:
    """Where candidates work and as whom.

    work: the folder that they begin in. scratch: other folders that they can write.
    first_uid: the first of the user ids that candidates get, one each; 0 leaves them ours.
    alone: everything that runs here is ours or a candidate's, and the supervisor is process 1.
    metered: the limits on memory and processes are a control group's, which counts for itself.
    inodes: files that there may be; watched here where the file system does not limit them.
    leases: how many there may be before the supervisor ends itself.
    idle_seconds, lease_seconds: how long it waits for a lease, and how long one may take.
    ports: on loopback, whose connections are carried to what the host offers.
    """

    work: str
    scratch: tuple[str, ...]
    first_uid: int
    alone: bool
    metered: bool
    inodes: int
    leases: int
    idle_seconds: float
    lease_seconds: float
    ports: tuple[int, ...]

    def as_text(self) -> str:
        """The settings as one word of a command line."""
        return json.dumps(asdict(self))

    @staticmethod
    def of(text: str) -> "Settings":
        """The settings that a word of a command line holds."""
        found = json.loads(text)
        found["scratch"], found["ports"] = tuple(found["scratch"]), tuple(found["ports"])
        return Settings(**found)


@dataclass(frozen=True)
class Order:
    """A program to run, and the limits to run it in.

    kind: `command` (words), `script` (a Python file and arguments, in an interpreter that is
        ready) or `function` (a Python file and a name in it, called once for each case).
    cases: how many inputs follow, one at a time, each answered on descriptor 3; -1 for none,
        with an empty standard input.
    memory, processes, open_files, file_size, output, answer: bytes and counts; see `Limits`.
    """

    kind: str
    words: tuple[str, ...]
    environment: dict[str, str]
    cases: int
    seconds: float
    memory: int
    processes: int
    open_files: int
    file_size: int
    output: int
    kept: int
    answer: int

    def as_title(self) -> dict[str, object]:
        """The order as JSON."""
        return asdict(self)

    @staticmethod
    def of(title: dict[str, object]) -> "Order":
        """The order that JSON holds."""
        found = {**title, "words": tuple(title["words"])}  # type: ignore[arg-type]  # the host's own
        return Order(**found)  # type: ignore[arg-type]  # the host's own
