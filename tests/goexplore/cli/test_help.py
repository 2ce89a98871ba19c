"""Help: what it says, and how little it loads."""

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from subprocess import CompletedProcess

import pytest

from goexplore.cli.commands import COMMANDS

Command = Callable[..., CompletedProcess[str]]

HEAVY = {"numpy", "sqlalchemy", "pydantic", "networkx", "typer", "rich", "alembic", "re", "typing"}


@pytest.mark.parametrize("asked", [(), ("--help",), ("-h",)])
def test_help_lists_every_command(goexplore: Command, asked: tuple[str, ...]) -> None:
    ended = goexplore(*asked)

    assert ended.returncode == 0
    assert all(f"\n  {name} " in ended.stdout for name in COMMANDS)


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; before = set(sys.modules); from goexplore.cli.main import main; "
        "main(['--help']); print(*set(sys.modules) - before, file=sys.stderr)"
    )

    loaded = subprocess.run(  # noqa: S603  # our own script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stderr.split()

    assert not HEAVY & set(loaded)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself(goexplore: Command, name: str) -> None:
    ended = goexplore(name, "--help")

    assert ended.returncode == 0
    assert ended.stdout.startswith(f"Usage: goexplore {name} ")


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in {"config", "presets"}])
def test_a_command_shows_how_it_is_used(goexplore: Command, name: str) -> None:
    assert f"\n  goexplore {name}" in goexplore(name, "--help").stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_where_the_list_says(name: str) -> None:
    assert callable(import_module(COMMANDS[name].module).add)


def test_the_version_is_that_of_the_package(goexplore: Command) -> None:
    import goexplore as package  # noqa: PLC0415  # its name is the fixture's

    assert goexplore("--version").stdout == f"goexplore {package.__version__}\n"


def test_an_unknown_command_names_its_nearest(goexplore: Command) -> None:
    ended = goexplore("rnu")

    assert ended.returncode == 2
    assert ended.stderr == "goexplore: no command 'rnu'; did you mean 'run'?\n"


def test_an_unknown_option_names_its_nearest(goexplore: Command) -> None:
    ended = goexplore("run", "game24", "4", "4", "6", "8", "--stps", "3")

    assert ended.returncode == 2
    assert "--steps" in ended.stderr


@pytest.mark.parametrize(
    ("typed", "offered"), [("goexplore l", "lineage"), ("goexplore run --pre", "--preset")]
)
def test_a_shell_is_told_how_to_go_on(
    goexplore: Command, monkeypatch: pytest.MonkeyPatch, typed: str, offered: str
) -> None:
    monkeypatch.setenv("_GOEXPLORE_COMPLETE", "complete_bash")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", typed)
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split()) - 1))

    assert goexplore().stdout.strip() == offered
