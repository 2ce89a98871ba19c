"""The house as a whole: four packages, side by side."""

from importlib import import_module
from pathlib import Path

import pytest

PACKAGES = ("goexplore", "archive", "mutators", "sandboxes")


def folder_of(package: str) -> Path:
    file = import_module(package).__file__
    assert file is not None, f"{package} has no __init__.py"
    return Path(file).parent


def test_the_four_packages_lie_side_by_side() -> None:
    homes = {folder_of(package).parent for package in PACKAGES}

    assert len(homes) == 1


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_tells_type_checkers_that_it_has_types(package: str) -> None:
    assert (folder_of(package) / "py.typed").is_file()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_what_it_is_for(package: str) -> None:
    words = import_module(package).__doc__

    assert words
    assert words.strip()
