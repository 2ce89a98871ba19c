"""`goexplore sandbox`: what it says, and what it refuses."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Command = Callable[..., CompletedProcess[str]]

NOWHERE = "unix:///nowhere/docker.sock"


@pytest.mark.parametrize("words", [(), ("build",), ("test",), ("prune",)])
def test_help_has_an_example(goexplore: Command, words: tuple[str, ...]) -> None:
    ended = goexplore("sandbox", *words, "--help")

    assert ended.returncode == 0
    assert not words or f"goexplore sandbox {words[0]}" in ended.stdout


@pytest.mark.parametrize("words", [("build",), ("test",), ("prune",)])
def test_without_an_engine_one_line_says_so(goexplore: Command, words: tuple[str, ...]) -> None:
    ended = goexplore("sandbox", *words, "--engine", NOWHERE)

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"goexplore: no Docker engine answers at {NOWHERE}")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("test", "--kind", "stirct"), "should be 'strict'"),
        (("test", "--only", "nothing"), "no attack or family 'nothing'"),
        (("test", "--kind", "networked"), "kind networked and a list of hosts belong together"),
        (("test", "-s", "sandbox.memroy_mib=1"), "did you mean 'memory_mib'?"),
        (("test", "-s", "sandbox.memory_mib=1"), "greater than or equal to 32"),
        (("build", "-s", 'sandbox.packages=["--pre"]'), "'--pre' is no package"),
        (("build", "no-such.toml"), "no-such.toml: No such file"),
    ],
)
def test_a_mistake_is_one_line(goexplore: Command, words: tuple[str, ...], complaint: str) -> None:
    ended = goexplore("sandbox", *words)

    assert ended.returncode == 2
    assert complaint in ended.stderr
    assert ended.stderr.count("\n") <= 1


def test_an_unconfined_process_must_be_allowed(goexplore: Command) -> None:
    ended = goexplore("sandbox", "test", "--kind", "unconfined")

    assert ended.returncode == 1
    assert "--allow-unconfined" in ended.stderr


def test_what_holds_is_said_as_json_and_as_a_status(goexplore: Command, folder: Path) -> None:
    (folder / "run.toml").write_text('[sandbox]\nkind = "unconfined"\nallow_unconfined = true\n')

    held = goexplore("sandbox", "test", "run.toml", "--only", "early-exit", "--json")
    broke = goexplore("sandbox", "test", "run.toml", "--only", "host-files")

    assert held.returncode == 0
    (outcome,) = json.loads(held.stdout)
    assert (outcome["attack"], outcome["held"], outcome["broke"]) == ("early-exit", True, "")
    assert broke.returncode == 1
    assert "NO: the secret of a file" in broke.stdout
    assert "0 of 1 attacks held" in broke.stdout


def test_doctor_says_where_code_could_run(
    goexplore: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)

    found = {each["what"]: each for each in json.loads(goexplore("doctor", "--json").stdout)}

    assert found["containers"]["ok"]
    assert NOWHERE in found["containers"]["detail"]
    assert found["bubblewrap"]["detail"]


@pytest.mark.docker
def test_an_image_is_built_and_kept(goexplore: Command) -> None:
    if not os.environ.get("DOCKER_HOST") and not shutil.which("dockerd"):
        pytest.skip("no Docker engine")
    built = goexplore("sandbox", "build", "--json")
    if built.returncode and not os.environ.get("GOEXPLORE_REQUIRE_SERVICES"):
        pytest.skip(built.stderr)

    facts = json.loads(built.stdout)

    assert facts["image"].startswith("goexplore-sandbox:")
    assert facts["digest"].startswith("sha256:")
    assert facts["megabytes"] > 20
