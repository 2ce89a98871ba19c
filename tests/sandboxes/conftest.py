"""Sandboxes of each kind, as far as this machine can have them."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from sandboxes.base import Kind, NoSandbox, SandboxError
from sandboxes.docker import Containers, Engine
from sandboxes.images.build import Recipe, build
from sandboxes.limits import MIB, Room
from sandboxes.pool import Pool, Source
from sandboxes.process import Bubblewrap, Unconfined

SMALL = Room(memory=160 * MIB, processes=32, disk=16 * MIB, inodes=512)

Opens = Callable[[Kind], Pool]


def missing(what: str) -> None:
    """Skip a test for want of something, or fail it where everything is to be there."""
    if os.environ.get("GOEXPLORE_REQUIRE_SERVICES"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The container engine."""
    try:
        return Engine()
    except NoSandbox as error:
        missing(str(error))
        raise


@pytest.fixture(scope="session")
def image(engine: Engine) -> str:
    """The image of the usual recipe."""
    return build(engine, Recipe()).name


def source_of(kind: Kind, request: pytest.FixtureRequest) -> Source:
    """Where sandboxes of a kind come from."""
    if kind == "unconfined":
        return Unconfined(SMALL)
    if kind == "bubblewrap":
        return working(Bubblewrap)
    engine: Engine = request.getfixturevalue("engine")
    if kind == "gvisor" and "runsc" not in engine.runtimes:
        # Not every machine that has all else has this; it is no part of what is required.
        pytest.skip("the engine has no runtime runsc")
    profile = "gvisor" if kind == "gvisor" else "strict"
    name: str = request.getfixturevalue("image")
    return Containers(engine=engine, image=name, room=SMALL, profile=profile, run="tests")


def working(make: Callable[[Room], Bubblewrap]) -> Bubblewrap:
    """Bubblewrap, if it is there and works."""
    try:
        with Pool(make(SMALL), size=1, attempts=1) as pool:
            pool.warm()
    except SandboxError as error:
        missing(str(error))
        raise
    return make(SMALL)


@pytest.fixture(scope="session")
def pools(request: pytest.FixtureRequest) -> Iterator[Opens]:
    """A pool of two sandboxes of a kind, the same at every call."""
    with ExitStack() as held:
        known: dict[Kind, Pool] = {}

        def of(kind: Kind) -> Pool:
            if kind not in known:
                known[kind] = held.enter_context(Pool(source_of(kind, request), size=2))
            return known[kind]

        yield of
