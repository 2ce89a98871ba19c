"""Whether the packages beside us are ours: their names are common words."""

from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("archive", "mutators", "sandboxes")


def strangers() -> list[str]:
    """What is wrong with the packages that should lie beside `goexplore`, a sentence each."""
    home = Path(__file__).parents[2]
    found = ((name, find_spec(name)) for name in PACKAGES)
    return [
        _complaint(name, spec.origin if spec else None, home)
        for name, spec in found
        if spec is None or spec.origin is None or Path(spec.origin).parents[1] != home
    ]


def _complaint(name: str, origin: str | None, home: Path) -> str:
    if origin is None:
        return f"the package {name!r} is missing from {home}: install goexplore again"
    return (
        f"the package {name!r} at {Path(origin).parent} hides ours in {home}: "
        "go to another folder, rename it, or use an environment without it"
    )
