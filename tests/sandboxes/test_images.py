"""Images: the same bytes for the same machine, and a name for what they are made of."""

import io
import tarfile
from hashlib import sha256

import pytest

from sandboxes.docker import Engine
from sandboxes.images import local_base
from sandboxes.images.build import Recipe, build


def test_a_base_of_this_machine_is_the_same_every_time() -> None:
    digests = set[str]()
    for _ in range(2):
        file = io.BytesIO()
        local_base.write(file)
        digests.add(sha256(file.getvalue()).hexdigest())

    assert len(digests) == 1


def test_a_base_holds_no_package_and_no_home_of_this_machine() -> None:
    file = io.BytesIO()
    local_base.write(file)
    file.seek(0)
    with tarfile.open(fileobj=file) as tar:
        members = tar.getmembers()

    names = {member.name for member in members}
    assert {"usr/bin/git", "usr/bin/bash", "usr/local/bin/python3"} <= names
    assert not [name for name in names if "site-packages" in name or name.startswith("root/")]
    assert {member.uid for member in members} == {0}
    assert not [member.name for member in members if member.mode & 0o6000]


def test_an_image_is_named_by_what_it_is_made_of() -> None:
    names = [
        Recipe().name,
        Recipe(base="python:3.13").name,
        Recipe(packages=("numpy",)).name,
    ]

    assert len(set(names)) == 3
    assert Recipe(packages=("a", "b")).name == Recipe(packages=("b", "a")).name


@pytest.mark.docker
def test_an_image_is_made_once(engine: Engine, image: str) -> None:
    stages: list[str] = []

    built = build(engine, Recipe(), tell=lambda stage, _: stages.append(stage))

    assert (built.name, built.new, stages) == (image, False, [])
    assert built.digest.startswith("sha256:")
