"""A small task that works, to begin one's own with."""

from importlib.resources import files
from pathlib import Path

from goexplore.domains.program.task import TaskError


def start(folder: Path) -> list[str]:
    """Write a small task into a folder; the names of its files.

    Raises:
        TaskError: the folder has something in it.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TaskError(f"{folder} is there already, and not empty")
    folder.mkdir(parents=True, exist_ok=True)
    ours = files("goexplore.domains.program") / "template"
    found = sorted((each for each in ours.iterdir() if each.is_file()), key=lambda one: one.name)
    for each in found:
        (folder / each.name).write_bytes(each.read_bytes())
    return [each.name for each in found]
