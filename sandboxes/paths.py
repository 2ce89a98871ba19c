"""Paths that may cross the wall, and such that may not."""

from collections.abc import Iterable, Mapping

_LONGEST, _DEEPEST = 512, 32
_NAME_BYTES = 255


def flaw(path: str) -> str:
    """What is wrong with the path of a file, or nothing."""
    if not path or len(path) > _LONGEST:
        return f"its path has {len(path)} characters; 1 to {_LONGEST} are fit"
    parts = path.split("/")
    if len(parts) > _DEEPEST:
        return f"it lies deeper than {_DEEPEST} folders"
    return next((fault for part in parts if (fault := _flaw_of_name(part))), "")


def _flaw_of_name(name: str) -> str:
    if name in ("", ".", ".."):
        return "its path is absolute, leads out or is not the shortest"
    if len(name.encode("utf-8", "replace")) > _NAME_BYTES:
        return "its name is too long"
    if not name.isprintable() or "\\" in name or "\ufffd" in name or name != name.strip():
        return "its name is odd"
    return ""


def git_shaped(paths: Iterable[str]) -> Mapping[str, str]:
    """Which files are part of something that git would take for a repository, and why.

    A repository can name programs that git runs when it is merely looked at, also one without
    the usual name: a folder with HEAD, objects and refs is enough.
    """
    found = {path: "belongs to a git repository" for path in paths if _names_git(path)}
    for folder in _bare(set(paths)):
        found |= {path: "belongs to a bare git repository" for path in paths if _in(folder, path)}
    return found


def _names_git(path: str) -> bool:
    # Some file systems take these for the same name.
    plain = [part.casefold().rstrip(". ").replace("\u200c", "") for part in path.split("/")]
    return any(part in (".git", "git~1", ".gitmodules") for part in plain)


def _bare(paths: set[str]) -> set[str]:
    folders = {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2] == "HEAD"}
    return {each for each in folders if _holds_config(each, paths)}


def _holds_config(folder: str, paths: set[str]) -> bool:
    prefix = f"{folder}/" if folder else ""
    return f"{prefix}config" in paths or any(
        path.startswith((f"{prefix}objects/", f"{prefix}refs/", f"{prefix}hooks/"))
        for path in paths
    )


def _in(folder: str, path: str) -> bool:
    return not folder or path.startswith(f"{folder}/")
