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
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import ModuleType, TracebackType
from typing import NoReturn, cast

from sandboxes.inside import frames
from sandboxes.inside.frames import Kind
from sandboxes.inside.settings import Order, Settings

ANSWERS = 3
"""The descriptor on which a program answers its cases."""

_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
_CAPABILITY_VERSION = 0x20080522
_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 4, 36
_NEEDED = (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_DATA)
_CHANGED = (signal.SIGINT, signal.SIGALRM, signal.SIGPIPE, signal.SIGXFSZ)
_NOT_FOUND, _NOT_RUNNABLE = 127, 126


def reset_signals() -> None:
    """Have every signal do what it does by default; the supervisor does so once for all."""
    for number in range(1, signal.NSIG):
        with suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)


@lru_cache(maxsize=1)
def our_modules() -> tuple[str, ...]:
    """The names of our modules, looked up once by the supervisor for all that it forks."""
    return tuple(name for name in sys.modules if name.partition(".")[0] == "sandboxes")


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
    frames.send(link, Kind.RUN, frames.titled({"uid": uid, "order": order.as_title()}))


def become(settings: Settings, link: int, descriptors: tuple[int, ...]) -> NoReturn:
    """Become what one is told to be, with descriptors as 0, 1, 2 and perhaps 3. Never comes back.

    link: where that is told, and where is said what kept a process from becoming the candidate.
        Closed when it has.
    """
    try:
        _be_first_to_die()
        os.setsid()
        order, uid = _told(link)
        link = _take(descriptors, link)
        _limit(order, watched=not settings.metered)
        _drop(uid)
        os.chdir(settings.work)
        os.umask(0o022)
        environment = _ENVIRONMENT | {"HOME": settings.work, "TMPDIR": settings.scratch[0]}
    except BaseException:  # noqa: BLE001  # nothing of ours may go on in the child
        os.write(link, traceback.format_exc().encode())
        os._exit(_NOT_RUNNABLE)
    try:
        os.close(link)
        _run(order, environment | order.environment)
    finally:
        os._exit(_NOT_RUNNABLE)


def _told(link: int) -> tuple[Order, int]:
    # Read here and not before the fork, so that it is in nobody else's memory.
    title, _ = frames.untitled(frames.receive(link)[2])
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
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: order.file_size,
        resource.RLIMIT_NOFILE: order.open_files,
        resource.RLIMIT_NPROC: order.processes,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_MEMLOCK: 1 << 16,
        resource.RLIMIT_SIGPENDING: 256,
        resource.RLIMIT_NICE: 0,
        resource.RLIMIT_RTPRIO: 0,
    }
    if watched:
        # No control group limits the sum. A process that grows faster than it is looked at ends
        # here, having had enough that it is known why.
        limits[resource.RLIMIT_DATA] = 2 * order.memory
    for name, most in limits.items():
        hard = resource.getrlimit(name)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(name, (bound, bound))
        except (ValueError, OSError):
            # gVisor sets only such limits as it knows, and has not got what the others limit.
            if name in _NEEDED:
                raise


def _drop(uid: int) -> None:
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    for number in _CHANGED:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _run(order: Order, environment: dict[str, str]) -> None:
    if order.kind == "command":
        _execute(order.words, environment)
    os.environ.clear()
    os.environ.update(environment)
    set_dumpable(True)
    _forget_ourselves()
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # a descriptor
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
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


def _forget_ourselves() -> None:
    """A module of the candidate's with a name of ours is its own."""
    for name in our_modules():
        sys.modules.pop(name, None)
    sys.argv = [""]


def _script(words: tuple[str, ...]) -> None:
    sys.argv = [*words]
    _module(words[0], "__main__")


def _function(file: str, name: str) -> None:
    sys.argv = [file]
    function = vars(_module(file, "candidate"))[name]
    with open(ANSWERS, "w", encoding="utf-8") as answers:  # a descriptor
        for line in sys.stdin:
            answers.write(json.dumps(function(json.loads(line))) + "\n")
            answers.flush()


def _module(file: str, name: str) -> ModuleType:
    """Run a file as a module of a name."""
    path = Path(file).absolute()
    sys.path.insert(0, str(path.parent))
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    code = compile(path.read_bytes(), str(path), "exec")
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
