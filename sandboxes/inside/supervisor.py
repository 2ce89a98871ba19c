"""The first process of a sandbox: it forks, waits, and knows nothing of anyone.

It never reads what belongs to a candidate. Its clerk talks with the host and watches programs; it
forks them when the clerk asks, from a memory in which nobody has left anything. So a program that
is forked from a ready interpreter finds in it nothing but its own.
"""

import gc
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from sandboxes.inside import candidate, cleaning, clerk, desk, frames, meters, seccomp
from sandboxes.inside.clerk import DIRTY, FAILED
from sandboxes.inside.frames import Kind
from sandboxes.inside.ports import Ports
from sandboxes.inside.settings import Settings

_HOST_OUT = 1
_RESERVED = 1000
_FELLED, _LATE = 71, 72

_HOME = str(Path(__file__).parents[2])


class _Fell(Exception):
    """The clerk is gone or cannot move: its exit status, as far as it has one."""

    def __init__(self, status: int) -> None:
        self.status = status


def main(text: str) -> None:
    """Serve leases until the host is gone, or until it is time for a fresh supervisor."""
    settings = Settings.of(text)
    _settle(settings)
    ports = Ports(settings.ports)
    first_uid = _mapped(settings)
    frames.send(_HOST_OUT, Kind.READY, frames.titled(dict(meters.limits())))
    served = 0
    while served < settings.leases:
        served = _employ(settings, ports, first_uid, served)


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
    candidate.prepare(settings)
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


def _employ(settings: Settings, ports: Ports, first_uid: int, served: int) -> int:
    """Have a clerk serve leases after those that are served; how many are done when it leaves."""
    supervisor = os.getpid()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        counter = desk.Desk(theirs, supervisor)
        os._exit(clerk.serve(settings, counter, ports, first_uid=first_uid, served=served))
    theirs.close()
    try:
        with ours:
            return _attend(settings, ours, pid)
    except _Fell as fall:
        _end(settings, fall.status)


def _attend(settings: Settings, link: socket.socket, pid: int) -> int:
    """Do what the clerk asks for until it leaves.

    Raises:
        _Fell: it did not leave well.
    """
    served = settings.leases
    while True:
        asked, descriptors = desk.heard(link)
        if asked == desk.FORK:
            _start(settings, link, descriptors, pid)
        elif asked == desk.REAP:
            cleaning.reap_orphans()
            link.send(desk.REAPED)
        elif asked:
            served = desk.leases(asked)
        elif status := os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
            raise _Fell(status)
        else:
            return served


def _start(
    settings: Settings, link: socket.socket, descriptors: tuple[int, ...], clerk_pid: int
) -> None:
    """Fork a program, and tell the clerk when it has ended."""
    try:
        program = os.fork()
    except OSError as error:
        link.send(desk.FAILED + str(error).encode())
        return
    if program == 0:
        candidate.become(settings, descriptors[0], descriptors[1:])
    for fd in descriptors:
        os.close(fd)
    status, peak = _wait(program, clerk_pid)
    desk.tell_ending(link, status, peak)


def _wait(program: int, clerk_pid: int) -> tuple[int, int]:
    """Wait for a program and meanwhile for whatever else ends; its status, and its peak in KiB.

    Raises:
        _Fell: the clerk is gone. Where users do not differ, a candidate can also stop it.
    """
    while True:
        pid, status, usage = os.wait4(-1, os.WUNTRACED)
        stopped = os.WIFSTOPPED(status)
        if pid == clerk_pid:
            raise _Fell(_FELLED if stopped else os.waitstatus_to_exitcode(status))
        if pid == program and not stopped:
            return status, usage.ru_maxrss


def _end(settings: Settings, status: int) -> NoReturn:
    """End all that is here, with a status that says why."""
    me = os.getpid()
    with suppress(cleaning.Unclean):
        cleaning.end_all(settings, {me}, me, cleaning.reap_orphans)
    if status == -signal.SIGALRM:
        status = _LATE
    os._exit(status if status in (DIRTY, FAILED, _LATE) else _FELLED)
