"""Engines, containers and processes that end in the middle: no wrong score, and nothing left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

import pytest

from sandboxes.base import Command, Death, NoSandbox, SandboxBroke, Script
from sandboxes.docker import Containers, Engine
from sandboxes.images.build import Recipe
from sandboxes.limits import Limits
from sandboxes.pool import Pool, Source
from sandboxes.process import Bubblewrap, Unconfined
from sandboxes.proxy import Proxy
from sandboxes.settings import Settings, source
from sandboxes.worker import Lease, Worker
from tests.sandboxes.conftest import SMALL
from tests.sandboxes.lease_to_kill import verify

ROOT = Path(__file__).parents[2]


class Failing:
    """A source whose first workers do not start. Counts what it is asked for."""

    def __init__(self, error: Exception, times: int) -> None:
        self._source: Source = Unconfined(SMALL)
        self._error = error
        self._left = times
        self.starts = 0

    def start(self) -> Worker:
        self.starts += 1
        if self._left:
            self._left -= 1
            raise self._error
        return self._source.start()

    def sweep(self) -> int:
        return 0

    def close(self) -> None:
        pass


def run_true(sandbox: Lease) -> bool:
    """A piece of work that goes well."""
    return sandbox.run(Command(words=("true",))).ok


class Counting(Bubblewrap):
    """Counts what it starts."""

    starts = 0

    def start(self) -> Worker:
        self.starts += 1
        return super().start()


@pytest.mark.bubblewrap
def test_a_sandbox_outlives_the_thread_that_started_it() -> None:
    source = Counting(SMALL)
    with Pool(source, size=1) as pool:
        first = Thread(target=pool.warm)
        first.start()
        first.join()
        time.sleep(0.2)

        with pool.lease() as sandbox:
            assert run_true(sandbox)

    assert source.starts == 1


def test_work_is_done_again_where_a_sandbox_does_not_start() -> None:
    failing = Failing(SandboxBroke("the engine is busy"), 2)
    with Pool(failing, size=1) as pool:
        assert pool.attempt(run_true)

    assert failing.starts == 3


def test_a_sandbox_that_never_starts_is_said_so() -> None:
    failing = Failing(SandboxBroke("the engine is gone"), 99)
    with Pool(failing, size=1, attempts=2) as pool, pytest.raises(SandboxBroke, match="is gone"):
        pool.attempt(run_true)

    assert failing.starts == 2


def test_what_another_attempt_would_not_mend_is_not_attempted_again() -> None:
    failing = Failing(NoSandbox("no image"), 99)
    with Pool(failing, size=1) as pool, pytest.raises(NoSandbox):
        pool.attempt(run_true)

    assert failing.starts == 1


def test_an_unconfined_process_must_be_allowed() -> None:
    with pytest.raises(NoSandbox, match="--allow-unconfined"):
        source(Settings(kind="unconfined"))


def test_a_service_that_cannot_be_reached_is_said_so() -> None:
    service = Proxy(["example.org"])
    with Pool(Unconfined(SMALL), size=1) as pool, pytest.raises(NoSandbox, match="no service"):
        pool.attempt(run_true, services=[service])


def test_no_engine_is_said_in_a_line() -> None:
    with pytest.raises(NoSandbox, match="no Docker engine answers at unix:///nowhere"):
        Engine("unix:///nowhere/docker.sock")


def test_a_pool_that_is_closed_lends_nothing() -> None:
    pool = Pool(Unconfined(SMALL), size=1, attempts=1)
    pool.close()

    with pytest.raises(SandboxBroke, match="has been closed"):
        pool.attempt(run_true)


@pytest.mark.docker
def test_an_image_that_is_not_there_is_said_so(engine: Engine) -> None:
    source = Containers(engine=engine, image="no-such:image")

    with pytest.raises(NoSandbox, match="no image no-such:image"):
        source.start()


def _ours(engine: Engine, run: str) -> list[str]:
    found = (c for c in engine.containers() if f"'{run}'" in str(c["Labels"]))
    return [str(each["Id"]) for each in found]


@pytest.mark.docker
def test_a_container_that_is_pulled_away_costs_no_candidate_its_score(
    engine: Engine, image: str
) -> None:
    source = Containers(engine=engine, image=image, run="pulled")
    with Pool(source, size=8) as pool, ThreadPoolExecutor(8) as threads:
        pool.warm()
        under_way = [threads.submit(verify, pool) for _ in range(16)]
        time.sleep(0.5)
        pulled = _ours(engine, "pulled")[:4]
        for container in pulled:
            engine.remove(container)
        verdicts = [each.result() for each in under_way]

    assert len(pulled) == 4
    assert verdicts == ["1.0"] * 16
    assert _ours(engine, "pulled") == []


@pytest.mark.docker
@pytest.mark.kill
def test_what_a_killed_process_leaves_ends_by_itself_or_is_swept_up(
    engine: Engine, image: str
) -> None:
    run = f"killed-{os.getpid()}"
    words = [sys.executable, "-m", "tests.sandboxes.lease_to_kill", image, run]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        _until(lambda: len(_ours(engine, run)) == 8, 60)
        time.sleep(0.5)
        process.send_signal(signal.SIGKILL)
        said = process.stdout.read().split()
    _until(lambda: not _running(engine, run), 15)

    removed = Containers(engine=engine, image=image, run="sweeper").sweep()

    assert removed == 8
    assert _ours(engine, run) == []
    assert set(said) <= {b"1.0"}


def _running(engine: Engine, run: str) -> list[str]:
    found = (c for c in engine.containers() if f"'{run}'" in str(c["Labels"]))
    return [str(each["Id"]) for each in found if each.get("State") == "running"]


def _until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.1)


@pytest.mark.docker
def test_a_sweep_leaves_alone_what_is_anothers(engine: Engine, image: str) -> None:
    walls = engine.api.create_host_config(network_mode="none")
    plain = str(engine.api.create_container(image, command=["true"], host_config=walls)["Id"])
    with Pool(Containers(engine=engine, image=image, run="alive"), size=1) as pool:
        pool.warm()
        try:
            before = _ours(engine, "alive")

            Containers(engine=engine, image=image, run="sweeper").sweep()

            assert len(before) == 1
            assert _ours(engine, "alive") == before
            assert engine.api.inspect_container(plain)
        finally:
            engine.remove(plain)


@pytest.mark.docker
def test_memory_that_takes_the_whole_sandbox_down_is_laid_to_the_candidate(
    engine: Engine, image: str
) -> None:
    # Files of one process count for none of it, so that the kernel's choice may be any.
    code = (
        "import os\nopen('/proc/self/oom_score_adj', 'w').write('0')\n"
        "for n in range(3):\n    for folder in ('/work', '/tmp', '/dev/shm'):\n"
        "        open(f'{folder}/{n}', 'wb').write(b'x' * (5 << 20))\n"
        "kept = [b'x' * (1 << 20) for _ in range(500)]\n"
    )
    source = Containers(engine=engine, image=image, room=SMALL)
    with Pool(source, size=1) as pool, pool.lease() as sandbox:
        sandbox.write({"main.py": code})
        done = sandbox.run(Script(file="main.py"), Limits(seconds=20))

    assert done.death is Death.MEMORY


def test_a_recipe_that_pip_would_take_for_options_is_refused() -> None:
    with pytest.raises(ValueError, match="is no package"):
        Recipe(packages=("--index-url=http://x",))
