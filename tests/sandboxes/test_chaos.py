"""An engine that is killed, frozen or out of disk under eight leases: every candidate is verified.

No verdict is wrong, and nothing is left behind.
"""

import gc
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from sandboxes.base import SandboxBroke
from sandboxes.docker import Containers, Engine
from sandboxes.pool import Pool
from tests.sandboxes.conftest import SMALL, missing
from tests.sandboxes.engine import OwnEngine, carry, own_engine
from tests.sandboxes.lease_to_kill import verify

# The SDK leaves a socket to the garbage collector where nobody listens.
_LEFT = "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"

pytestmark = [pytest.mark.docker, pytest.mark.kill, pytest.mark.filterwarnings(_LEFT)]

LEASES, CANDIDATES = 8, 16

Verdicts = list[Future[str]]


@pytest.fixture(scope="module")
def own(engine: Engine, image: str) -> Iterator[OwnEngine]:
    """An engine of our own, which has the image."""
    with ExitStack() as held:
        try:
            found = held.enter_context(own_engine())
        except OSError as error:
            missing(str(error))
            raise
        carry(image, engine, Engine(found.url))
        yield found


@pytest.fixture
def under_way(own: OwnEngine, image: str) -> Iterator[Verdicts]:
    """Candidates that are being verified, eight at a time; all of them have begun or wait.

    Afterwards there must be nothing left of them.
    """
    engine = Engine(own.url)
    source = Containers(engine=engine, image=image, room=SMALL, run="chaos")
    with Pool(source, size=LEASES) as pool, ThreadPoolExecutor(LEASES) as threads:
        pool.warm()
        started = [threads.submit(verify, pool) for _ in range(CANDIDATES)]
        time.sleep(0.5)
        yield started
    # Here, where the filter holds.
    gc.collect()
    assert engine.containers() == []


def verdicts(under_way: Verdicts) -> list[str]:
    """The verdicts on all candidates, when there are."""
    return [each.result(timeout=50) for each in under_way]


def test_an_engine_that_is_killed_and_comes_back_costs_no_candidate_its_score(
    own: OwnEngine, under_way: Verdicts
) -> None:
    own.kill()
    cut_short = sum(not each.done() for each in under_way)
    own.start()

    assert cut_short == CANDIDATES
    assert verdicts(under_way) == ["1.0"] * CANDIDATES


def test_an_engine_that_stands_still_for_a_while_costs_no_candidate_its_score(
    own: OwnEngine, under_way: Verdicts
) -> None:
    own.freeze()
    time.sleep(3)
    held_up = sum(not each.done() for each in under_way)
    own.thaw()

    assert held_up == CANDIDATES
    assert verdicts(under_way) == ["1.0"] * CANDIDATES


def test_an_engine_without_room_on_its_disk_costs_no_candidate_its_score(
    own: OwnEngine, image: str, under_way: Verdicts
) -> None:
    engine = Engine(own.url)
    with own.disk_full() as fill:
        for container in engine.containers()[: LEASES // 2]:
            engine.remove(str(container["Id"]))
        fill()
        with pytest.raises(SandboxBroke, match="no space left"):
            Containers(engine=engine, image=image, room=SMALL, run="full").start()

    assert verdicts(under_way) == ["1.0"] * CANDIDATES
