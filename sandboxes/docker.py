"""Sandboxes in containers of a Docker engine."""

import json
import os
import secrets
import socket
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol, cast
from weakref import finalize

from docker import APIClient
from docker.errors import APIError, DockerException, NotFound
from docker.types import LogConfig, Ulimit
from docker.utils import kwargs_from_env
from requests.exceptions import RequestException

from sandboxes import labels
from sandboxes.base import Confinement, NoSandbox, SandboxBroke, SandboxError
from sandboxes.inside.frames import Kind
from sandboxes.inside.settings import Settings
from sandboxes.limits import Room
from sandboxes.link import Frames, PostMortem
from sandboxes.pool import IDLE_SECONDS
from sandboxes.process import INSIDE, LEASE_SECONDS, LEASES, START, first_uid
from sandboxes.services import PORTS, Service
from sandboxes.worker import Traits, Worker

Profile = Literal["strict", "networked", "gvisor"]

_TIMEOUT = 60
_VERSION = "1.41"
"""Of the API: that of Docker 20.10, which later engines understand."""

_CAPABILITIES = ("SETUID", "SETGID", "KILL", "CHOWN", "DAC_OVERRIDE", "FOWNER")
"""Of the supervisor alone; a candidate has none."""

_WORK, _SCRATCH = "/work", ("/tmp", "/dev/shm")  # noqa: S108  # of the container
_OWN_PROCESSES = 2
_WORDS = 4000
_KILLED = 137
_GVISOR_LEASES = 1
_DETAIL = {
    "strict": "no network, read-only, a fresh user without rights, two filters of system calls",
    "networked": "as strict; named hosts by a proxy of ours",
    "gvisor": "a kernel of its own in user space, one candidate a container",
}


Fact = Mapping[str, object]


class Api(Protocol):
    """As much of the SDK as is used here, with types that both checkers can see."""

    def info(self) -> Fact: ...
    def inspect_image(self, image: str) -> Fact: ...
    def containers(self, *, all: bool, filters: Mapping[str, str]) -> Sequence[Fact]: ...  # noqa: A002  # the SDK's
    def images(self, *, filters: Mapping[str, str]) -> Sequence[Fact]: ...
    def remove_image(self, image: str) -> None: ...
    def create_host_config(self, **walls: object) -> dict[str, object]: ...
    def create_container(self, image: str, **settings: object) -> Fact: ...
    def attach_socket(self, container: str, params: Mapping[str, int]) -> object: ...
    def start(self, container: str) -> None: ...
    def wait(self, container: str, timeout: float) -> object: ...
    def logs(self, container: str) -> bytes: ...
    def inspect_container(self, container: str) -> Fact: ...
    def remove_container(self, container: str, *, force: bool, v: bool) -> None: ...
    def pull(self, repository: str, *, tag: str, stream: bool, decode: bool) -> Iterator[Fact]: ...
    def build(self, **settings: object) -> Iterator[Fact]: ...
    def import_image_from_file(
        self, filename: str, repository: str, tag: str, changes: Sequence[str]
    ) -> object: ...


class Engine:
    """A Docker engine, and the words of ours that it understands.

    url: such as unix:///var/run/docker.sock; where nothing is said, what $DOCKER_HOST names.
    """

    def __init__(self, url: str = "") -> None:
        """Connect.

        Raises:
            NoSandbox: there is no engine.
        """
        named = kwargs_from_env()
        if url:
            named["base_url"] = url
        self.url = str(named.get("base_url") or "unix:///var/run/docker.sock")
        try:
            _knock(self.url)
            client = APIClient(timeout=_TIMEOUT, num_pools=64, version=_VERSION, **named)
            self.api = cast("Api", client)
            finalize(self, client.close)
            self._info = self.api.info()
        except (DockerException, RequestException, OSError) as error:
            raise NoSandbox(f"no Docker engine answers at {self.url}: {_short(error)}") from error

    @property
    def version(self) -> str:
        """The engine's version."""
        return str(self._info.get("ServerVersion"))

    @property
    def runtimes(self) -> Sequence[str]:
        """The names of the runtimes that it has."""
        found = self._info.get("Runtimes")
        return sorted(map(str, cast("Fact", found))) if found else []

    @property
    def lacks(self) -> Sequence[str]:
        """What it cannot limit, of what a sandbox needs."""
        needed = {"MemoryLimit": "memory", "SwapLimit": "swap", "PidsLimit": "processes"}
        found = [word for key, word in needed.items() if not self._info.get(key)]
        security = json.dumps(self._info.get("SecurityOptions") or [])
        return found if "seccomp" in security else [*found, "system calls"]

    @contextmanager
    def asked(self, what: str) -> Generator[None]:
        """Turn the errors of the engine into ours.

        Raises:
            SandboxBroke: the engine fails, is slow or is gone.
        """
        try:
            yield
        except (DockerException, RequestException, OSError) as error:
            raise SandboxBroke(f"{what}: {_short(error)}") from error

    def image_id(self, image: str) -> str:
        """The digest of an image.

        Raises:
            NoSandbox: there is none of that name.
            SandboxBroke: the engine fails.
        """
        found = self._image(image)
        config = cast("Fact", found.get("Config") or {})
        if config.get("Volumes"):
            raise NoSandbox(f"image {image} declares volumes, whose size nothing limits")
        return str(found["Id"])

    def has_image(self, image: str) -> bool:
        """Whether there is an image of a name.

        Raises:
            SandboxBroke: the engine fails.
        """
        try:
            self._image(image)
        except NoSandbox:
            return False
        return True

    def _image(self, image: str) -> Fact:
        try:
            with self.asked(f"image {image}"):
                return self.api.inspect_image(image)
        except SandboxBroke as error:
            if isinstance(error.__cause__, NotFound):
                raise NoSandbox(
                    f"no image {image} at {self.url}; goexplore sandbox build makes it"
                ) from error
            raise

    def containers(self) -> Sequence[Fact]:
        """All containers that carry our mark, whoever made them and however they stand.

        Raises:
            SandboxBroke: the engine fails.
        """
        with self.asked("containers"):
            chosen = {"label": f"{labels.MARK}=worker"}
            return self.api.containers(all=True, filters=chosen)

    def remove(self, container: str) -> bool:
        """Remove a container, running or not; whether it was there.

        Raises:
            SandboxBroke: the engine fails.
        """
        try:
            with self.asked(f"remove {container[:12]}"):
                self.api.remove_container(container, force=True, v=True)
        except SandboxBroke as error:
            cause = error.__cause__
            if isinstance(cause, NotFound):
                return False
            # It is being removed already.
            if isinstance(cause, APIError) and cause.status_code == _CONFLICT:
                return True
            raise
        return True


_CONFLICT = 409


def _knock(url: str) -> None:
    """See that somebody listens; the SDK leaves a socket open where nobody does."""
    if url.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(_TIMEOUT)
            link.connect(url.removeprefix("unix://"))


def _short(error: Exception) -> str:
    text = getattr(error, "explanation", None) or str(error)
    return " ".join(str(text).split())[:300]


@dataclass(frozen=True, slots=True, kw_only=True)
class Containers:
    """Starts workers in containers of one image. A `sandboxes.pool.Source`.

    run: whose containers they are, as their labels say it.
    token: tells this source's containers from another's.
    environment, services: what every program gets, and may ask; see `sandboxes.worker.Traits`.
    """

    engine: Engine
    image: str
    room: Room = field(default_factory=Room)
    profile: Profile = "strict"
    run: str = ""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    services: tuple[Service, ...] = ()
    token: str = field(default_factory=partial(secrets.token_hex, 8))

    def start(self) -> Worker:
        """A worker; see `Source`.

        Raises:
            NoSandbox: no image, or no such runtime.
            SandboxBroke: the engine fails.
        """
        if self.profile == "gvisor" and "runsc" not in self.engine.runtimes:
            raise NoSandbox(
                f"the engine at {self.engine.url} has no runtime runsc (gVisor); "
                f"it has {', '.join(self.engine.runtimes)}"
            )
        digest = self.engine.image_id(self.image)
        name = f"goexplore-{os.getpid()}-{secrets.token_hex(6)}"
        try:
            line = self._started(name, digest)
        except BaseException:
            # The engine may have made it though it said that it did not, or will yet.
            with suppress(SandboxError):
                self.engine.remove(name)
            raise
        return Worker(line, self._traits(digest))

    def _traits(self, digest: str) -> Traits:
        confinement = Confinement(
            name=self.profile, confined=True, image=digest, detail=_DETAIL[self.profile]
        )
        gvisor = self.profile == "gvisor"
        return Traits(
            confinement=confinement,
            room=self.room,
            leases=_GVISOR_LEASES if gvisor else LEASES,
            shares_user=False,
            metered=not gvisor,
            environment=self.environment,
            services=self.services,
        )

    def _started(self, name: str, digest: str) -> "_Container":
        api = self.engine.api
        with self.engine.asked("start a container"):
            made = api.create_container(
                digest,
                command=["-I", "-c", START, INSIDE, self._settings().as_text()],
                entrypoint=["python3"],
                name=name,
                user="0:0",
                hostname="sandbox",
                working_dir="/",
                stdin_open=True,
                # Not detached: then the supervisor's input ends when our line does.
                detach=False,
                tty=False,
                network_disabled=True,
                healthcheck={"test": ["NONE"]},
                labels=labels.labels(self.run, self.token),
                host_config=self._walls(),
            )
            container = str(made["Id"])
            asked = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            attached = api.attach_socket(container, params=asked)
            api.start(container)
        return _Container(self.engine, container, _plain(attached))

    def _settings(self) -> Settings:
        gvisor = self.profile == "gvisor"
        return Settings(
            work=_WORK,
            scratch=_SCRATCH,
            first_uid=first_uid(),
            alone=True,
            metered=not gvisor,
            inodes=self.room.inodes,
            leases=_GVISOR_LEASES if gvisor else LEASES,
            idle_seconds=IDLE_SECONDS,
            lease_seconds=LEASE_SECONDS,
            ports=PORTS,
        )

    def _walls(self) -> dict[str, object]:
        """What the engine is to hold."""
        room = self.room
        gvisor = self.profile == "gvisor"
        tmpfs = f"rw,exec,nosuid,nodev,size={room.disk},nr_inodes={room.inodes},mode=1777"
        ulimits = {"core": 0, "nofile": 1024, "fsize": room.disk}
        walls = self.engine.api.create_host_config(
            network_mode="none",
            read_only=True,
            tmpfs=dict.fromkeys((_WORK, *_SCRATCH), tmpfs),
            cap_drop=["ALL"],
            cap_add=list(_CAPABILITIES),
            security_opt=["no-new-privileges"],
            ipc_mode="none",
            mem_limit=room.memory,
            memswap_limit=room.memory,
            # gVisor needs processes of its own beyond all counting, and sets limits itself.
            pids_limit=-1 if gvisor else room.processes + _OWN_PROCESSES,
            ulimits=[]
            if gvisor
            else [Ulimit(name=name, soft=most, hard=most) for name, most in ulimits.items()],
            log_config=LogConfig(type="none"),
            # Process 1 is ours and does what an init does.
            init=False,
            runtime="runsc" if gvisor else None,
        )
        walls["NanoCpus"] = int(room.processors * 1e9)
        return walls

    def sweep(self) -> int:
        """Remove the containers of processes that are gone; see `Source`."""
        return self._remove(
            [
                each
                for each in self.engine.containers()
                if labels.is_abandoned(_labels(each), running=each.get("State") == "running")
            ]
        )

    def close(self) -> None:
        """Remove what this process has started, also what the engine made too late."""
        with suppress(SandboxError):
            found = self.engine.containers()
            self._remove([each for each in found if labels.is_of(self.token, _labels(each))])

    def _remove(self, found: Sequence[Fact]) -> int:
        return sum(self.engine.remove(str(each["Id"])) for each in found)


def _labels(container: Fact) -> Mapping[str, str]:
    return cast("Mapping[str, str]", container.get("Labels") or {})


def _plain(attached: object) -> socket.socket:
    """A socket in place of what the SDK gives for an attached container, which is closed."""
    found = getattr(attached, "_sock", attached)
    if not isinstance(found, socket.socket):
        raise NoSandbox(f"a line of kind {type(found).__name__} has no time-outs")
    ours = found.dup()
    if isinstance(attached, socket.SocketIO):
        attached.close()
    found.close()
    return ours


class _Unwrap:
    """Takes the engine's frames apart: what the supervisor says, and its words on stderr."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.words = b""

    def __call__(self, data: bytes) -> bytes:
        self._buffer += data
        said: list[bytes] = []
        while len(self._buffer) >= _ENGINE_HEAD:
            length = int.from_bytes(self._buffer[4:_ENGINE_HEAD], "big")
            if len(self._buffer) < _ENGINE_HEAD + length:
                break
            payload = bytes(self._buffer[_ENGINE_HEAD : _ENGINE_HEAD + length])
            if self._buffer[0] == 1:
                said.append(payload)
            else:
                self.words = (self.words + payload)[-_WORDS:]
            del self._buffer[: _ENGINE_HEAD + length]
        return b"".join(said)


_ENGINE_HEAD = 8


class _Container:
    """A line to the supervisor of a container."""

    def __init__(self, engine: Engine, container: str, link: socket.socket) -> None:
        self._engine = engine
        self._container = container
        self._unwrap = _Unwrap()
        self._frames = Frames(link, self._unwrap)

    def send(self, frames: bytes) -> None:
        """Send frames; see `Line`."""
        self._frames.send(frames)

    def receive(self, deadline: float) -> tuple[Kind, int, bytes]:
        """The next frame; see `Line`."""
        return self._frames.receive(deadline)

    def end(self) -> PostMortem:
        """Look how it ended, if it has, and remove it."""
        status, for_memory = self._how_it_ended()
        self._frames.close()
        with suppress(SandboxError):
            self._engine.remove(self._container)
        words = self._unwrap.words.decode(errors="replace")
        return PostMortem(status=status, for_memory=for_memory, words=words)

    def _how_it_ended(self) -> tuple[int | None, bool]:
        with suppress(SandboxError):
            for _ in range(10):
                with self._engine.asked("look at a container"):
                    found = self._engine.api.inspect_container(self._container)
                state = cast("Fact", found["State"])
                status = cast("int", state.get("ExitCode"))
                if not state.get("Running"):
                    # Killed, and for memory: either alone can mean something else.
                    return status, bool(state.get("OOMKilled")) and status == _KILLED
                if self._unbroken():
                    return None, False
                time.sleep(0.1)
        return None, False

    def _unbroken(self) -> bool:
        """Whether the line still stands; then its end has not to be waited for."""
        return self._frames.open
