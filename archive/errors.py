"""What can go wrong with an archive, for its caller to tell apart."""


class ArchiveError(Exception):
    """An archive that cannot go on; the message says what is wrong, where, and what would help."""


class UnknownRun(ArchiveError):
    """No run of that name in the database."""


class UnknownEntry(ArchiveError):
    """No entry of that number in the run."""


class NewerSchema(ArchiveError):
    """The database was written by a newer goexplore."""


class RunInUse(ArchiveError):
    """Another process is exploring the same run."""
