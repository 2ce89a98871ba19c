"""Where coding tasks come from, as a user names it."""

from collections.abc import Sequence
from pathlib import Path

from goexplore.domains.agent.coding import CodingTask, UnfitTask
from goexplore.domains.agent.collection import collected, ours
from goexplore.domains.agent.humaneval import humaneval
from goexplore.domains.agent.polyglot import polyglot

KNOWN = "ours, humaneval[:FILE], polyglot:CHECKOUT, or a folder of NAME.toml"


def tasks_of(source: str) -> Sequence[CodingTask]:
    """The tasks of a source: ours, humaneval, humaneval:FILE, polyglot:CHECKOUT, or a folder.

    Raises:
        UnfitTask: there is no such source, or what is there is none.
    """
    kind, colon, place = source.partition(":")
    if source == "ours":
        return ours()
    if kind == "humaneval":
        return humaneval(_there(place) if colon else None)
    if kind == "polyglot" and colon:
        return polyglot(_there(place))
    if Path(source).is_dir():
        return collected(Path(source), source)
    raise UnfitTask(f"no tasks {source!r}; known are {KNOWN}")


def _there(place: str) -> Path:
    path = Path(place).expanduser()
    if not place or not path.exists():
        raise UnfitTask(f"{place!r}: no such file or folder")
    return path
