"""A name for what a file or folder holds, by which it is known whether that has changed."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

_NOT_PART_OF_IT = (".toml", ".db", ".db-wal", ".db-shm", ".db-journal", ".lock", ".pyc")
"""Run files, whose settings count by themselves, and what runs leave behind."""


def fingerprint(path: Path) -> str:
    """A digest of a file, or of all files of a folder that are part of it; `""` for nothing."""
    if not path.exists():
        return ""
    digest = sha256()
    for file in _files(path):
        with file.open("rb") as content:
            name = file.relative_to(path).as_posix()
            digest.update(f"{name}\0{file.stat().st_size}\0".encode())
            while data := content.read(1 << 20):
                digest.update(data)
    return digest.hexdigest()[:16]


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for file in sorted(path.rglob("*")):
        parts = file.relative_to(path).parts
        if any(part.startswith(".") or part == "__pycache__" for part in parts):
            continue
        if file.is_file() and not file.name.endswith(_NOT_PART_OF_IT):
            yield file
