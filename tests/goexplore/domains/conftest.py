"""Sandboxes for evaluators, as quick as this machine has them."""

import os
from collections.abc import Iterator

import pytest

from sandboxes.base import SandboxError
from sandboxes.limits import MIB, Room
from sandboxes.pool import Pool
from sandboxes.process import Bubblewrap


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[Pool]:
    """A sandbox of bubblewrap's; mark a test that takes it with `bubblewrap`."""
    try:
        source = Bubblewrap(Room(memory=160 * MIB, disk=16 * MIB))
        with Pool(source, size=1, attempts=2) as pool:
            pool.warm()
            yield pool
    except SandboxError as error:
        if os.environ.get("GOEXPLORE_REQUIRE_SERVICES"):
            pytest.fail(str(error))
        pytest.skip(str(error))
