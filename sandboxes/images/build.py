"""The image of a sandbox: what it is made of, and making it where it is not there yet."""

import io
import platform
import re
import subprocess
import sys
import tarfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import BinaryIO, Literal, cast

from sandboxes import inside, labels
from sandboxes.base import NoSandbox, SandboxBroke, SandboxError
from sandboxes.docker import Engine, Fact
from sandboxes.images import local_base

USUAL_BASE = "python:3.12-slim"
_REPOSITORY, _BASE_REPOSITORY = "goexplore-sandbox", "goexplore-base"
_PACKAGES = ("pytest>=8.2",)
_HERE = Path(__file__).parent
_PULL_SECONDS = 900
_OLDEST = (3, 10)
_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"

Stage = Literal["base", "pull", "local base", "packages", "image"]
Tell = Callable[[Stage, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What an image is made of.

    base: the image that it is built on, with a Python of 3.10 or newer; where nothing is said,
        `python:3.12-slim`, or one made of this machine's Python where no registry is reached.
    packages: what pip is to install beside pytest, such as `numpy>=2`.
    """

    base: str = ""
    packages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse words that pip would take for options.

        Raises:
            ValueError: a package is none.
        """
        for package in self.packages:
            if not re.match(r"[A-Za-z0-9]", package):
                raise ValueError(f"{package!r} is no package; write one as pip does: numpy>=2")

    @property
    def content(self) -> str:
        """SHA-256 of all that it is made of, as far as this machine knows it."""
        parts = [self.base, *sorted(self.packages), *_PACKAGES, platform.machine()]
        files = [_HERE / "Dockerfile", _HERE / "prepare.py", *_inside().values()]
        texts = [path.read_bytes() for path in files]
        if not self.base:
            texts.append((_HERE / "local_base.py").read_bytes())
            parts.append(platform.python_version())
        return sha256(b"\0".join([*(part.encode() for part in parts), *texts])).hexdigest()

    @property
    def name(self) -> str:
        """What the image is called."""
        return f"{_REPOSITORY}:{self.content[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An image that is there. `base`: what it was built on; `new`: whether it was made just now."""

    name: str
    digest: str
    base: str
    size: int
    new: bool


def say_nothing(stage: Stage, detail: str) -> None:
    """Say nothing."""


def build(engine: Engine, recipe: Recipe, *, tell: Tell = say_nothing, anew: bool = False) -> Built:
    """Make the image of a recipe, or find it made.

    Raises:
        NoSandbox: it cannot be made; the message says what is missing.
        SandboxBroke: the engine fails.
    """
    if not anew and (found := find(engine, recipe)):
        return found
    base = _base(engine, recipe, tell)
    version = _python_of(engine, base)
    with TemporaryDirectory(prefix="goexplore-image-") as folder:
        tell("packages", ", ".join((*_PACKAGES, *recipe.packages)))
        _fetch(Path(folder), version, (*_PACKAGES, *recipe.packages))
        context = _context(Path(folder))
    _make(engine, recipe, base, context, tell)
    built = find(engine, recipe)
    if built is None:
        raise SandboxBroke(f"the engine has built {recipe.name} and does not have it")
    return Built(name=built.name, digest=built.digest, base=base, size=built.size, new=True)


def find(engine: Engine, recipe: Recipe) -> Built | None:
    """The image of a recipe, if it has been made.

    Raises:
        SandboxBroke: the engine fails.
    """
    if not engine.has_image(recipe.name):
        return None
    with engine.asked(f"image {recipe.name}"):
        found = engine.api.inspect_image(recipe.name)
    config = cast("Fact", found.get("Config") or {})
    marks = cast("Mapping[str, str]", config.get("Labels") or {})
    return Built(
        name=recipe.name,
        digest=str(found["Id"]),
        base=marks.get(_BASE_LABEL, ""),
        size=cast("int", found["Size"]),
        new=False,
    )


_BASE_LABEL = "dev.goexplore.base"


def prune(engine: Engine, *, kept: Sequence[str] = ()) -> list[str]:
    """Remove our images, but some; those that containers use stay, too. What was removed.

    Raises:
        SandboxBroke: the engine fails.
    """
    with engine.asked("images"):
        chosen = {"label": f"{labels.MARK}=image"}
        found = engine.api.images(filters=chosen)
    tags = [tag for each in found for tag in cast("list[str]", each.get("RepoTags") or [])]
    removed: list[str] = []
    # Images before the bases that they are built on.
    for tag in sorted(tags, reverse=True):
        if tag in kept:
            continue
        with suppress(SandboxBroke), engine.asked(f"remove {tag}"):
            engine.api.remove_image(tag)
            removed.append(tag)
    return removed


# The base


def _base(engine: Engine, recipe: Recipe, tell: Tell) -> str:
    wanted = recipe.base or USUAL_BASE
    if engine.has_image(wanted):
        return wanted
    tell("pull", wanted)
    try:
        _pull(engine, wanted, tell)
    except SandboxError as error:
        if recipe.base:
            raise NoSandbox(f"image {wanted} cannot be had: {error}") from error
        tell("local base", f"no registry gives {wanted}")
        return _made_here(engine)
    return wanted


def _pull(engine: Engine, image: str, tell: Tell) -> None:
    name, _, tag = image.rpartition(":")
    if not name or "/" in tag:
        name, tag = image, "latest"
    with engine.asked(f"pull {image}"):
        events = engine.api.pull(name, tag=tag, stream=True, decode=True)
        _follow(events, lambda line: tell("pull", line))


def _made_here(engine: Engine) -> str:
    with NamedTemporaryFile(prefix="goexplore-base-") as file:
        local_base.write(cast(BinaryIO, file))
        file.flush()
        with Path(file.name).open("rb") as written:
            tag = file_digest(written, "sha256").hexdigest()[:16]
        name = f"{_BASE_REPOSITORY}:{tag}"
        if engine.has_image(name):
            return name
        with engine.asked(f"import {name}"):
            changes = [f"LABEL {labels.MARK}=image", 'CMD ["python3"]']
            answer = engine.api.import_image_from_file(
                file.name, repository=_BASE_REPOSITORY, tag=tag, changes=changes
            )
    if not engine.has_image(name):
        raise SandboxBroke(f"the engine did not take the base: {str(answer).strip()[-300:]}")
    return name


def _python_of(engine: Engine, image: str) -> str:
    """The version of the Python in an image, such as 3.12."""
    said = _said_by(engine, image, ["python3", "-I", "-c", _VERSION]).strip()
    found = re.fullmatch(r"(\d+)\.(\d+)", said)
    if not found or (int(found[1]), int(found[2])) < _OLDEST:
        raise NoSandbox(f"image {image} has no Python of 3.10 or newer: {said[-200:]!r}")
    return said


def _said_by(engine: Engine, image: str, words: Sequence[str]) -> str:
    """What a command in an image says; it runs without a network."""
    api = engine.api
    with engine.asked(f"run {words[0]} in {image}"):
        walls = api.create_host_config(network_mode="none", cap_drop=["ALL"])
        made = api.create_container(
            image,
            command=list(words),
            entrypoint=[],
            labels=labels.labels("build", "build"),
            host_config=walls,
        )
        container = str(made["Id"])
        try:
            api.start(container)
            api.wait(container, timeout=60)
            return api.logs(container).decode(errors="replace")
        finally:
            engine.remove(container)


# The image


def _fetch(folder: Path, version: str, packages: Sequence[str]) -> None:
    """Have pip put packages for the image's Python into a folder."""
    machine = platform.machine()
    platforms = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "linux")
    words = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-input", "--no-compile", "--only-binary", ":all:", "--python-version", version),
        *(word for each in platforms for word in ("--platform", f"{each}_{machine}")),
        *("--implementation", "cp", "--target", str(folder / "site"), "--", *packages),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  # `Recipe` has looked at the packages
    if done.returncode:
        complaint = done.stderr.strip().splitlines() or ["it says nothing"]
        errors = [line for line in complaint if line.startswith("ERROR")] or complaint
        raise NoSandbox(f"pip cannot fetch {', '.join(packages)}: {errors[-1][:400]}")


def _inside() -> dict[str, Path]:
    """What of ours is in an image, by its path there."""
    folder = Path(inside.__file__ or "").parent
    ours = {f"sandboxes/inside/{path.name}": path for path in sorted(folder.glob("*.py"))}
    return {"sandboxes/__init__.py": folder.parent / "__init__.py", **ours}


def _context(folder: Path) -> io.BytesIO:
    """The tar that the engine builds from: the same bytes for the same files."""
    files = {"Dockerfile": _HERE / "Dockerfile", "context/prepare.py": _HERE / "prepare.py"}
    files |= {f"context/{name}": path for name, path in _inside().items()}
    for path in sorted((folder / "site").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            files[f"context/{path.relative_to(folder)}"] = path
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, path in sorted(files.items()):
            data = path.read_bytes()
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o644
            tar.addfile(info, io.BytesIO(data))
    context.seek(0)
    return context


def _make(engine: Engine, recipe: Recipe, base: str, context: io.BytesIO, tell: Tell) -> None:
    tell("image", recipe.name)
    ours = base.startswith(f"{_BASE_REPOSITORY}:")
    marks = {labels.MARK: "image", labels.CONTENT: recipe.content, _BASE_LABEL: base}
    with engine.asked(f"build {recipe.name}"):
        events = engine.api.build(
            fileobj=context,
            custom_context=True,
            tag=recipe.name,
            rm=True,
            forcerm=True,
            decode=True,
            buildargs={"BASE": base},
            labels=marks,
            # A base of ours has all that is needed.
            network_mode="none" if ours else None,
        )
        _follow(events, lambda line: tell("image", line))


def _follow(events: Iterator[Fact], say: Callable[[str], None]) -> None:
    """Pass on what an engine says of its progress.

    Raises:
        NoSandbox: it says that it has failed.
    """
    said = deque[str](maxlen=6)
    for event in events:
        if "error" in event:
            raise NoSandbox(f"{event['error']}: {' | '.join(said)[-600:]}")
        text = str(event.get("stream") or event.get("status") or "").strip()
        if text:
            said.append(text)
            say(text.splitlines()[0])
