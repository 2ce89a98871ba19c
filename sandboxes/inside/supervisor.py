"""The first process of a sandbox: one lease after the other, and nothing of one for the next.

It never reads what belongs to a candidate. For each lease it forks a clerk, which takes the
host's orders and forks the programs; when the clerk has ended, every process is killed, every
folder is emptied and looked at, and the host is told. So a program that is forked from a ready
interpreter finds in its memory nothing but its own.
"""

import gc
import os
import select
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import cast

from sandboxes.inside import candidate, cleaning, frames, meters, seccomp
from sandboxes.inside.files import Caps, Found, everything, named, put
from sandboxes.inside.frames import Kind
from sandboxes.inside.ports import Ports
from sandboxes.inside.running import Running
from sandboxes.inside.settings import Order, Settings

_HOST_IN, _HOST_OUT = 0, 1
_RESERVED = 1000
_WELL, _DIRTY, _FELLED, _LATE, _FAILED = 0, 70, 71, 72, 73

_HOME = str(Path(__file__).parents[2])


def main(text: str) -> None:
    """Serve leases until the host is gone, or until it is time for a fresh supervisor."""
    settings = Settings.of(text)
    _settle(settings)
    ports = Ports(settings.ports)
    frames.send(_HOST_OUT, Kind.READY, frames.titled(dict(meters.limits())))
    first_uid = _mapped(settings)
    for lease in range(settings.leases):
        if not _host_speaks(settings.idle_seconds):
            break
        uid = first_uid + lease if first_uid else 0
        _serve(settings, uid, ports)


def _settle(settings: Settings) -> None:
    """Close what candidates shall never have, before there is one."""
    seccomp.install()
    candidate.inherit_no_capability()
    candidate.set_dumpable(False)
    if settings.alone and os.getpid() != 1:
        raise SystemExit("the supervisor is not process 1")
    if not settings.alone:
        candidate.be_subreaper()
    if settings.first_uid:
        for folder in (settings.work, *settings.scratch):
            # Some runtimes give a mounted folder the mode of what lies below it.
            os.chmod(folder, 0o1777)  # noqa: S103  # candidates are others every time
    os.umask(0o022)
    candidate.reset_signals()
    candidate.our_modules()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    if _HOME in sys.path:
        sys.path.remove(_HOME)
    gc.collect()
    gc.freeze()


def _mapped(settings: Settings) -> int:
    """The first user id, moved to where this namespace has as many: some have a few thousand."""
    if not settings.first_uid:
        return 0
    for line in meters.content("/proc/self/uid_map").splitlines():
        start, _, length = map(int, line.split())
        room = start + length - settings.leases - _RESERVED
        if room > 0 and start <= settings.first_uid < start + length - settings.leases:
            return settings.first_uid
        if room > 0:
            return start + _RESERVED + settings.first_uid % room
    raise SystemExit("this namespace has too few user ids")


def _host_speaks(seconds: float) -> bool:
    """Whether the host has something to say; it is not read here."""
    poll = select.poll()
    poll.register(_HOST_IN, select.POLLIN)
    events = poll.poll(1000 * seconds)
    return any(event & select.POLLIN for _, event in events)


def _serve(settings: Settings, uid: int, ports: Ports) -> None:
    clerk = os.fork()
    if clerk == 0:
        os._exit(_clerk(settings, uid, ports))
    status = _await(clerk, settings.lease_seconds)
    me = os.getpid()
    try:
        cleaning.end_all(settings, {me}, me, cleaning.reap_orphans)
        if status != _WELL:
            os._exit(status if status in (_LATE, _FAILED) else _FELLED)
        for folder in (settings.work, *settings.scratch):
            cleaning.wipe(folder)
        cleaning.check(settings)
    except (cleaning.Unclean, OSError) as error:
        sys.stderr.write(f"not clean: {error}\n")
        os._exit(_DIRTY)
    frames.send(_HOST_OUT, Kind.CLEAN)


def _await(clerk: int, seconds: float) -> int:
    """Wait for the clerk, and meanwhile for whatever else ends; its exit status."""

    def too_long(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        while True:
            pid, status = os.waitpid(-1, os.WUNTRACED)
            if pid == clerk and os.WIFSTOPPED(status):
                # Where users do not differ, a candidate can stop its clerk; then it has fallen.
                return _FELLED
            if pid == clerk:
                return os.waitstatus_to_exitcode(status)
    except TimeoutError:
        return _LATE
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _clerk(settings: Settings, uid: int, ports: Ports) -> int:
    """Take the orders of one lease; the exit status."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    candidate.set_dumpable(False)
    short = ""
    try:
        while True:
            kind, _, payload = frames.receive(_HOST_IN)
            if kind is Kind.END:
                return _WELL
            if kind is Kind.FILE:
                short = short or _put(settings, uid, payload)
            elif kind is Kind.RUN:
                order = Order.of(frames.untitled(payload)[0])
                done = _no_room(order, short) if short else None
                done = done or Running(order, settings, uid, ports).to_the_end()
                frames.send(_HOST_OUT, Kind.DONE, done)
            elif kind is Kind.GET:
                _get(settings, frames.untitled(payload)[0])
    except frames.ChannelClosed:
        return _FAILED
    except BaseException:  # noqa: BLE001  # the host is told, whatever it is
        with suppress(OSError):
            frames.send(_HOST_OUT, Kind.BROKEN, traceback.format_exc().encode())
        return _FAILED


def _put(settings: Settings, uid: int, payload: bytes) -> str:
    """Write a file; why that cannot be done, or nothing."""
    title, content = frames.untitled(payload)
    path, executable = str(title["path"]), bool(title["executable"])
    owner = 0 if title["ours"] else uid
    try:
        put(settings.work, path, content, uid=owner, executable=executable)
    except OSError as error:
        return f"{path}: {error.strerror or error}"
    return ""


def _no_room(order: Order, why: str) -> bytes:
    """A program whose files could not be written has failed before it began."""
    if order.cases >= 0:
        frames.receive(_HOST_IN)
    said = f"{why}\n".encode()[-order.kept :]
    nothing = {"status": 0, "signal": 0, "death": "disk", "fault": "", "seconds": 0.0, "peak": 0}
    counts = {"out": 0, "out_total": 0, "err": len(said), "err_total": len(said)}
    return frames.titled({**nothing, **counts, "answers": [], "answer_seconds": []}, said)


def _get(settings: Settings, title: dict[str, object]) -> None:
    caps = Caps(*map(int, str(title["caps"]).split()))
    wanted = cast("list[str] | None", title["paths"])
    found = (
        everything(settings.work, caps) if wanted is None else named(settings.work, wanted, caps)
    )
    for each in found:
        frames.send(_HOST_OUT, Kind.FILE, _file(each))
    frames.send(_HOST_OUT, Kind.GOT)


def _file(found: Found) -> bytes:
    path = found.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return frames.titled({"path": path, "refused": found.refused}, found.content)
