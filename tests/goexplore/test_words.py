"""The words that `goexplore` hands on, and the library face."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import goexplore

STUB = Path(goexplore.__file__).with_suffix(".pyi")
HEAVY = {"numpy", "sqlalchemy", "pydantic", "networkx", "typer", "rich", "alembic"}


def stub() -> dict[str, str]:
    """Each name of the stub with the module that it says it is from."""
    imports = (n for n in ast.parse(STUB.read_text()).body if isinstance(n, ast.ImportFrom))
    return {name.name: each.module or "" for each in imports for name in each.names}


def test_the_stub_and_the_package_name_the_same_words() -> None:
    assert {name for name in dir(goexplore) if name[0].isupper()} == set(stub())


@pytest.mark.parametrize("name", sorted(stub()))
def test_a_word_is_what_its_home_says(name: str) -> None:
    home = __import__(stub()[name], fromlist=[name])

    assert getattr(goexplore, name) is getattr(home, name)


def test_what_is_no_word_of_ours_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        getattr(goexplore, "nonsense")  # noqa: B009  # no type checker would let it stand


def test_importing_goexplore_loads_nothing_heavy() -> None:
    script = "import sys, goexplore; print(*sys.modules)"

    loaded = subprocess.run(  # noqa: S603  # our own script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()

    assert not HEAVY & set(loaded)


def test_a_search_takes_about_ten_lines(tmp_path: Path) -> None:
    script = f"""
from goexplore import AppendAction, Budget, Engine, Library
from goexplore.domains.game24 import Game24
from goexplore.selection.parts import best_first

with Library("sqlite:///{tmp_path}/search.db") as library:
    archive = library.open("my-search", {{"numbers": [4, 9, 10, 13]}})
    engine = Engine(
        archive=archive, domain=Game24((4, 9, 10, 13)), selector=best_first(),
        mutator=AppendAction(), budget=Budget(verifications=700),
    )
    outcome = engine.run()
    print(outcome.ending, archive.entry(outcome.best).result.observation)
    archive.close()
"""

    printed = subprocess.run(  # noqa: S603  # our own script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout

    assert printed.startswith("goal ")
    assert printed.endswith(" = 24\n")
