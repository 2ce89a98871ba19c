"""How a process becomes the candidate: fewer rights, fewer descriptors, then its program."""

import atexit
import ctypes
import fcntl
import json
import os
import resource
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from types import ModuleType, TracebackType
from typing import NoReturn, cast

from sandboxes.inside import frames
from sandboxes.inside.settings import Order, Settings

ANSWERS = 3
"""The descriptor on which a program answers its cases."""

_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
_CAPABILITY_VERSION = 0x20080522
_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 4, 36
_NEEDED = (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_DATA)
_LIMITS = {
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_MSGQUEUE: 0,
    resource.RLIMIT_MEMLOCK: 1 << 16,
    resource.RLIMIT_SIGPENDING: 256,
    resource.RLIMIT_NICE: 0,
    resource.RLIMIT_RTPRIO: 0,
}
_IGNORED = (signal.SIGINT, signal.SIGPIPE)
"""By the supervisor, and the second by Python programs, as their interpreter does."""

_NOT_FOUND, _NOT_RUNNABLE = 127, 126
_LENGTH = struct.Struct(">I")


def prepare(settings: Settings) -> None:
    """Do once, in the supervisor, what every candidate would have to do and is no other's harm."""
    _reset_signals()
    _set(_LIMITS)
    os.umask(0o022)
    os.environ.clear()
    os.environ.update(_ENVIRONMENT, HOME=settings.work, TMPDIR=settings.scratch[0])
    # Nobody reads or writes them before a candidate does, with descriptors of its own.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # a descriptor
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.argv = [""]
    for name in [name for name in sys.modules if name.partition(".")[0] == "sandboxes"]:
        # A module of the candidate's with a name of ours is its own.
        del sys.modules[name]


def _reset_signals() -> None:
    """Have every signal do what it does by default, but for those that shall not end us."""
    for number in range(1, signal.NSIG):
        with suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN if number in _IGNORED else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


@lru_cache(maxsize=1)
def _libc() -> ctypes.CDLL:
    """The C library, looked up once by the supervisor for all that it forks."""
    return ctypes.CDLL(None, use_errno=True)


def set_dumpable(wanted: bool) -> None:  # noqa: FBT001  # one word says it all
    """Whether others of the same user may look into this process."""
    _libc().prctl(_PR_SET_DUMPABLE, int(wanted), 0, 0, 0)


def inherit_no_capability() -> None:
    """Hand none of this process's capabilities on to what it executes."""
    header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
    found = ctypes.create_string_buffer(24)
    libc = _libc()
    if libc.capget(header, found):
        raise OSError(ctypes.get_errno(), "capget")
    words = list(struct.unpack("6I", found.raw))
    words[2] = words[5] = 0
    if libc.capset(header, struct.pack("6I", *words)):
        raise OSError(ctypes.get_errno(), "capset")


def be_subreaper() -> None:
    """Have orphans below this process become its children."""
    _libc().prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def tell(link: int, order: Order, uid: int) -> None:
    """Tell a process that has been forked what it is to become."""
    text = json.dumps({"uid": uid, "order": order.as_title()}).encode()
    left = memoryview(_LENGTH.pack(len(text)) + text)
    while left:
        left = left[os.write(link, left) :]


def become(settings: Settings, link: int, descriptors: tuple[int, ...]) -> NoReturn:
    """Become what one is told to be, with descriptors as 0, 1, 2 and perhaps 3. Never comes back.

    What is the same for all of them has been done by `prepare`.

    link: where that is told, and where is said what kept a process from becoming the candidate.
        Closed when it has.
    """
    try:
        _be_first_to_die()
        os.setsid()
        order, uid = _told(link)
        link = _take(descriptors, link)
        _limit(order, watched=not settings.metered)
        if uid:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        os.chdir(settings.work)
    except BaseException:  # noqa: BLE001  # nothing of ours may go on in the child
        os.write(link, traceback.format_exc().encode())
        os._exit(_NOT_RUNNABLE)
    try:
        os.close(link)
        _run(order)
    finally:
        os._exit(_NOT_RUNNABLE)


def _told(link: int) -> tuple[Order, int]:
    # Read here and not before the fork, so that it is in nobody else's memory.
    length = _LENGTH.unpack(frames.exactly(link, _LENGTH.size))[0]
    title: dict[str, object] = json.loads(frames.exactly(link, length))
    return Order.of(cast("dict[str, object]", title["order"])), cast("int", title["uid"])


def _be_first_to_die() -> None:
    with suppress(OSError):
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(fd, b"1000")
        os.close(fd)


def _take(descriptors: tuple[int, ...], link: int) -> int:
    """Put descriptors into their places and close all others but one, which comes after them."""
    # First out of the way, so that none of them is overwritten before it is taken.
    moved = [fcntl.fcntl(fd, fcntl.F_DUPFD, 16) for fd in descriptors]
    last = fcntl.fcntl(link, fcntl.F_DUPFD, 16)
    for place, fd in enumerate(moved):
        os.dup2(fd, place, inheritable=True)
    link = len(moved)
    os.dup2(last, link)
    os.closerange(link + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return link


def _limit(order: Order, *, watched: bool) -> None:
    limits = {
        resource.RLIMIT_FSIZE: order.file_size,
        resource.RLIMIT_NOFILE: order.open_files,
        resource.RLIMIT_NPROC: order.processes,
    }
    if watched:
        # No control group limits the sum. A process that grows faster than it is looked at ends
        # here, having had enough that it is known why.
        limits[resource.RLIMIT_DATA] = 2 * order.memory
    _set(limits)


def _set(limits: Mapping[int, int]) -> None:
    for name, most in limits.items():
        hard = resource.getrlimit(name)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(name, (bound, bound))
        except (ValueError, OSError):
            # gVisor sets only such limits as it knows, and has not got what the others limit.
            if name in _NEEDED:
                raise


def _run(order: Order) -> None:
    if order.kind == "command":
        for number in _IGNORED:
            signal.signal(number, signal.SIG_DFL)
        _execute(order.words, {**os.environ, **order.environment})
    if order.environment:
        os.environ.update(order.environment)
    set_dumpable(True)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if order.kind == "script":
        _end_with(lambda: _script(order.words))
    _end_with(lambda: _function(*order.words))


def _execute(words: tuple[str, ...], environment: dict[str, str]) -> NoReturn:
    try:
        os.execvpe(words[0], words, environment)  # noqa: S606  # that is what we are for
    except FileNotFoundError:
        os.write(2, f"{words[0]}: not found\n".encode())
        os._exit(_NOT_FOUND)
    except OSError as error:
        os.write(2, f"{words[0]}: {error.strerror}\n".encode())
        os._exit(_NOT_RUNNABLE)


def _script(words: tuple[str, ...]) -> None:
    sys.argv = [*words]
    _module(words[0], "__main__")


def _function(file: str, name: str) -> None:
    sys.argv = [file]
    _answer(vars(_module(file, "candidate"))[name], sys.stdin, ANSWERS)


def _answer(function: Callable[[object], object], cases: Iterable[str], answers: int) -> None:
    """Call a function for each case, and write what it returns to a descriptor."""
    for line in cases:
        left = (json.dumps(function(json.loads(line))) + "\n").encode()
        while left:
            left = left[os.write(answers, left) :]


def _module(file: str, name: str) -> ModuleType:
    """Run a file as a module of a name."""
    # Not by pathlib: as little as can be, since it is done for every candidate.
    path = os.path.abspath(file)
    sys.path.insert(0, os.path.dirname(path))
    module = ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    with open(path, "rb") as source:
        code = compile(source.read(), path, "exec")
    exec(code, vars(module))  # noqa: S102  # that is what we are for
    return module


def _end_with(program: Callable[[], None]) -> NoReturn:
    """Run Python to its end as an interpreter does, and end the process with its status."""
    status = 1
    try:
        program()
        status = 0
    except SystemExit as end:
        status = _status_of(end.code)
    except BaseException as error:  # noqa: BLE001  # as the interpreter does
        traceback.print_exception(type(error), error, _theirs(error.__traceback__))
    with suppress(BaseException):
        for thread in threading.enumerate():
            if not thread.daemon and thread is not threading.current_thread():
                thread.join()
        atexit._run_exitfuncs()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # the only way
    for stream in (sys.stdout, sys.stderr):
        with suppress(BaseException):
            stream.flush()
    os._exit(status)


def _theirs(trace: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames that are ours."""
    while trace and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def _status_of(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    sys.stderr.write(f"{code}\n")
    return 1
