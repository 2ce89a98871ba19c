"""A base image made of what this machine runs: its Python, a shell, git and the usual tools.

For machines that reach no image registry. The same machine gives the same bytes every time.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from sandboxes.base import NoSandbox

_NEEDED = ("sh", "bash", "git", "env", "cat", "ls")
_TOOLS = (
    "awk basename cat chmod cmp comm cp cut date dd df diff dirname du echo env expr false find "
    "grep gzip head id join kill ln ls mkdir mkfifo mktemp mv nproc od paste patch printf pwd "
    "readlink realpath rm rmdir sed seq sha256sum sleep sort split stat sync tail tar tee test "
    "timeout touch tr true truncate tsort uname uniq wc which whoami xargs yes"
).split()

_LEFT_OUT = frozenset(
    "test tests idlelib turtledemo tkinter ensurepip lib2to3 site-packages dist-packages "
    "__pycache__ pydoc_data".split()
)
_LEFT_OUT_NAMES = re.compile(r"^(_test|_ctypes_test|_tkinter|xxlimited|config-)|\.(pyc|a)$")

_FILES = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/work:/bin/sh\n",
    "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
}
_FOLDERS = {"tmp": 0o1777, "work": 0o755, "root": 0o700, "proc": 0o755, "sys": 0o755, "dev": 0o755}
_LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
_MERGED = re.compile(r"^(bin|sbin|lib|lib32|lib64)/")


def write(file: BinaryIO) -> None:
    """Write the tar of the base.

    Raises:
        NoSandbox: a program that it needs is not on this machine.
    """
    content = _content()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, mode in sorted(_FOLDERS.items()):
            _add(tar, name, mode, kind=tarfile.DIRTYPE)
        for name in _parents(content):
            _add(tar, name, 0o755, kind=tarfile.DIRTYPE)
        for name, target in sorted(_LINKS.items()):
            _add(tar, name, 0o777, kind=tarfile.SYMTYPE, target=target)
        for name, source in sorted(content.items()):
            data = source if isinstance(source, bytes) else source.read_bytes()
            executable = isinstance(source, Path) and os.access(source, os.X_OK)
            _add(tar, name, 0o755 if executable else 0o644, data=data)


def _add(
    tar: tarfile.TarFile,
    name: str,
    mode: int,
    *,
    kind: bytes = tarfile.REGTYPE,
    data: bytes = b"",
    target: str = "",
) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size, info.linkname = kind, mode, len(data), target
    tar.addfile(info, io.BytesIO(data))


def _parents(content: Mapping[str, object]) -> list[str]:
    found = {str(parent) for name in content for parent in Path(name).parents}
    return sorted(found - {"."} - set(_FOLDERS) | {"usr/sbin", "usr/lib64", "usr/bin", "usr/lib"})


def _content() -> dict[str, Path | bytes]:
    """Everything that is to be in the image, by its path there."""
    programs = _programs()
    modules = dict(_standard_library())
    python = _interpreter()
    native = [path for path in modules.values() if path.suffix == ".so"]
    libraries = _libraries([python, *programs.values(), *native])
    home = _place(libraries["libc.so.6"]).rpartition("/")[0]
    found: dict[str, Path | bytes] = dict(_FILES)
    found |= {_place(path): path for path in libraries.values() if not _is_python(path)}
    # Beside the C library, where the loader looks without being told.
    found |= {f"{home}/{path.name}": path for path in libraries.values() if _is_python(path)}
    found |= {f"usr/bin/{name}": path for name, path in programs.items()}
    found |= {f"usr/local/{name}": path for name, path in modules.items()}
    found |= {f"usr/local/bin/{name}": python for name in ("python3", "python", python.name)}
    found |= dict(_extras())
    return found


def _programs() -> dict[str, Path]:
    found = {name: shutil.which(name) for name in sorted({*_NEEDED, *_TOOLS})}
    if lacking := [name for name in _NEEDED if not found[name]]:
        raise NoSandbox(f"a base needs {', '.join(lacking)}, which this machine has not")
    return {name: Path(path) for name, path in found.items() if path}


def _interpreter() -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = Path(sys.base_prefix) / "bin" / version
    return found if found.exists() else Path(sys.executable).resolve()


def _standard_library() -> Iterator[tuple[str, Path]]:
    home = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}))
    for folder, folders, files in os.walk(home):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        folders[:] = [name for name in folders if not _LEFT_OUT_NAMES.search(name)]
        for name in sorted(files):
            path = Path(folder) / name
            if path.is_file() and not _LEFT_OUT_NAMES.search(name):
                yield f"lib/{home.name}/{path.relative_to(home)}", path


def _libraries(programs: list[Path]) -> dict[str, Path]:
    """What some programs load, by name; the loader itself among it."""
    found: dict[str, Path] = {}
    for start in range(0, len(programs), _AT_A_TIME):
        words = ["ldd", *map(str, programs[start : start + _AT_A_TIME])]
        listing = subprocess.run(words, capture_output=True, text=True, check=False).stdout  # noqa: S603  # programs of this machine
        for path in re.findall(r"(?:=> )?(/\S+) \(0x", listing):
            found.setdefault(Path(path).name, Path(path))
    if "libc.so.6" not in found:
        raise NoSandbox("ldd names no C library; a base can be made on a machine with glibc only")
    home = found["libc.so.6"].parent
    return {name: home / name for name in _FOR_WHEELS if (home / name).exists()} | found


_FOR_WHEELS = (
    "libgcc_s.so.1",
    "libstdc++.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libgomp.so.1",
    "libz.so.1",
)
"""What compiled packages are built to find on every machine."""


_AT_A_TIME = 50


def _is_python(library: Path) -> bool:
    return library.name.startswith("libpython")


def _place(path: Path) -> str:
    """Where a file of this machine's is in the image, whose /bin and /lib lead into /usr."""
    name = str(path).lstrip("/")
    return f"usr/{name}" if _MERGED.match(name) else name


def _extras() -> Iterator[tuple[str, Path]]:
    places = ("/usr/share/git-core/templates", "/usr/lib/locale/C.utf8", "/etc/ssl/certs")
    for place in places[:2]:
        for path in sorted(Path(place).rglob("*")):
            if path.is_file():
                yield str(path).lstrip("/"), path
    bundle = Path(places[2]) / "ca-certificates.crt"
    if bundle.is_file():
        yield str(bundle).lstrip("/"), bundle
