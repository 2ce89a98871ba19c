"""Files into the work folder and out of it, past whatever a candidate has put there."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DEEPEST = 64


@dataclass(frozen=True)
class Caps:
    """What may come back: bytes a file, bytes in all, files in all."""

    file: int
    total: int
    count: int


@dataclass(frozen=True)
class Found:
    """A file that came back, or why it did not (`refused`, then without content)."""

    path: str
    content: bytes
    refused: str


def put(work: str, path: str, content: bytes, *, uid: int, executable: bool) -> None:
    """Write a file, following no link. `uid`: whose it is to be; 0 leaves it ours.

    Raises:
        OSError: there is no room for it, or the path is none.
    """
    *folders, name = path.split("/")
    if not all(part not in ("", ".", "..") for part in (*folders, name)):
        raise OSError(f"{path!r} is no path below the work folder")
    at = os.open(work, _FOLDER)
    try:
        for folder in folders:
            at = _below(at, folder, uid)
        _replace(at, name, content, uid, 0o755 if executable else 0o644)
    finally:
        os.close(at)


def _below(at: int, folder: str, uid: int) -> int:
    """Open a folder in another, made if it is not there; closes the other."""
    try:
        made = False
        try:
            os.mkdir(folder, 0o755, dir_fd=at)
            made = True
        except FileExistsError:
            pass
        inner = _entered(at, folder)
        if made and uid:
            os.fchown(inner, uid, uid)
    finally:
        os.close(at)
    return inner


def _entered(at: int, folder: str) -> int:
    """Open a folder in another; a link to one is none."""
    # Not every kernel refuses a link by itself, for all that it is asked to.
    if not stat.S_ISDIR(os.stat(folder, dir_fd=at, follow_symlinks=False).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "no folder", folder)
    return os.open(folder, _FOLDER, dir_fd=at)


def _replace(at: int, name: str, content: bytes, uid: int, mode: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=at)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, mode, dir_fd=at)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(fd, left) :]
        if uid:
            os.fchown(fd, uid, uid)
        os.fchmod(fd, mode)
    finally:
        os.close(fd)


def named(work: str, paths: list[str], caps: Caps) -> Iterator[Found]:
    """The files of these paths, as far as they are there; links are never followed."""
    left = caps.total
    for path in paths[: caps.count]:
        found = _named(work, path, caps, left)
        if found:
            left -= len(found.content)
            yield found


def _named(work: str, path: str, caps: Caps, left: int) -> "Found | None":
    *folders, name = path.split("/")
    at = os.open(work, _FOLDER)
    try:
        for folder in folders:
            inner = _entered(at, folder)
            os.close(at)
            at = inner
        return _taken(at, name, path, caps, left)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Found(path, b"", f"cannot be read: {error.strerror}")
    finally:
        os.close(at)


def everything(work: str, caps: Caps) -> Iterator[Found]:
    """All files below the work folder that are fit to leave it, and why the others are not."""
    left, count = caps.total, 0
    folders = [("", 0)]
    while folders:
        folder, depth = folders.pop()
        for path, found in _folder(work, folder, depth, caps, left):
            count += 1
            if count > caps.count:
                yield Found(path, b"", f"more than {caps.count} files")
                return
            if found is None:
                folders.append((path, depth + 1))
                continue
            left -= len(found.content)
            yield found


def _folder(
    work: str, folder: str, depth: int, caps: Caps, left: int
) -> "Iterator[tuple[str, Found | None]]":
    """What is in a folder: each file, and `None` for each folder."""
    if depth > _DEEPEST:
        yield folder, Found(folder, b"", f"deeper than {_DEEPEST} folders")
        return
    at = _opened(work, folder)
    try:
        with os.scandir(at) as entries:
            names = sorted(entry.name for entry in entries)
        for name in names:
            path = f"{folder}/{name}" if folder else name
            if stat.S_ISDIR(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
                yield path, None
                continue
            found = _taken(at, name, path, caps, left)
            left -= len(found.content)
            yield path, found
    finally:
        os.close(at)


def _opened(work: str, folder: str) -> int:
    at = os.open(work, _FOLDER)
    for part in folder.split("/") if folder else ():
        inner = _entered(at, part)
        os.close(at)
        at = inner
    return at


def _taken(at: int, name: str, path: str, caps: Caps, left: int) -> Found:
    """The content of a regular file with no other name and no holes."""
    status = os.stat(name, dir_fd=at, follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        return Found(path, b"", f"is {_called(status.st_mode)}")
    if status.st_nlink != 1:
        return Found(path, b"", "has other names, too")
    if status.st_size > caps.file:
        return Found(path, b"", f"{status.st_size} bytes; {caps.file} are the most")
    if status.st_size > left:
        return Found(path, b"", f"all files together may have {caps.total} bytes")
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    with open(fd, "rb") as file:  # a descriptor
        if _has_holes(fd, status):
            return Found(path, b"", "has holes")
        return Found(path, file.read(status.st_size), "")


def _has_holes(fd: int, status: os.stat_result) -> bool:
    try:
        first = os.lseek(fd, 0, os.SEEK_HOLE) if status.st_size else 0
        os.lseek(fd, 0, os.SEEK_SET)
    except OSError:
        # Not every kernel tells holes; then what is stored tells, give or take a block.
        return status.st_blocks * 512 + (1 << 16) < status.st_size
    return first < status.st_size


def _called(mode: int) -> str:
    kinds = {
        stat.S_IFLNK: "a link",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "no regular file")
