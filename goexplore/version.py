"""Which goexplore this is."""

from importlib.metadata import PackageNotFoundError, version


def _installed() -> str:
    try:
        return version("goexplore")
    except PackageNotFoundError:
        return "not installed"  # run from its sources


VERSION = _installed()
