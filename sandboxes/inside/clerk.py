"""The clerk of a sandbox: takes the host's orders, one lease after the other, and cleans up.

For each lease there is a user id that nobody has had. When a lease ends, every process is killed,
every folder is emptied and looked at, and the host is told.
"""

import os
import resource
import select
import signal
import traceback
from contextlib import suppress
from typing import cast

from sandboxes.inside import candidate, cleaning, frames
from sandboxes.inside.desk import Desk
from sandboxes.inside.files import Caps, Found, everything, named, put
from sandboxes.inside.frames import Kind
from sandboxes.inside.ports import Ports
from sandboxes.inside.running import Running
from sandboxes.inside.settings import Order, Settings

WELL, DIRTY, FAILED = 0, 70, 73

_HOST_IN, _HOST_OUT = 0, 1
_GROWTH = 16 * 1024
"""KiB that a clerk may grow before another takes its place: it has them of its candidates."""


def serve(settings: Settings, desk: Desk, ports: Ports, *, first_uid: int, served: int) -> int:
    """Serve leases until there are none; the exit status.

    first_uid: of the first lease's candidate; 0 where candidates have ours.
    served: how many leases there have been.
    """
    # The programs that the supervisor forks may be looked into by their own user; we may not.
    candidate.set_dumpable(False)
    most = _size() + _GROWTH
    try:
        for lease in range(served, settings.leases):
            if not _host_speaks(settings.idle_seconds):
                return WELL
            _serve(settings, desk, ports, first_uid + lease if first_uid else 0)
            if _size() > most:
                desk.leave(lease + 1)
                return WELL
    except frames.ChannelClosed:
        return FAILED
    except cleaning.Unclean as error:
        os.write(2, f"not clean: {error}\n".encode())
        return DIRTY
    except BaseException:  # noqa: BLE001  # the host is told, whatever it is
        with suppress(OSError):
            frames.send(_HOST_OUT, Kind.BROKEN, traceback.format_exc().encode())
        return FAILED
    return WELL


def _size() -> int:
    """The most KiB that we have had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _host_speaks(seconds: float) -> bool:
    """Whether the host has something to say; it is not read here."""
    poll = select.poll()
    poll.register(_HOST_IN, select.POLLIN)
    events = poll.poll(1000 * seconds)
    return any(event & select.POLLIN for _, event in events)


def _serve(settings: Settings, desk: Desk, ports: Ports, uid: int) -> None:
    """Serve a lease and leave nothing of it.

    Raises:
        ChannelClosed: the host is gone.
        Unclean: something is left.
    """
    # Nobody catches the signal: a lease that takes too long ends us, and that the sandbox.
    signal.setitimer(signal.ITIMER_REAL, settings.lease_seconds)
    _take_orders(settings, desk, ports, uid)
    _clean(settings, desk)
    signal.setitimer(signal.ITIMER_REAL, 0)
    frames.send(_HOST_OUT, Kind.CLEAN)


def _take_orders(settings: Settings, desk: Desk, ports: Ports, uid: int) -> None:
    short = ""
    while True:
        kind, _, payload = frames.receive(_HOST_IN)
        if kind is Kind.END:
            return
        if kind is Kind.FILE:
            short = short or _put(settings, uid, payload)
        elif kind is Kind.RUN:
            order = Order.of(frames.untitled(payload)[0])
            done = _no_room(order, short) if short else None
            done = done or Running(order, settings, uid, ports, desk).to_the_end()
            frames.send(_HOST_OUT, Kind.DONE, done)
        elif kind is Kind.GET:
            _get(settings, frames.untitled(payload)[0])


def _clean(settings: Settings, desk: Desk) -> None:
    spared = {os.getpid(), desk.supervisor}
    try:
        cleaning.end_all(settings, spared, desk.supervisor, desk.reap)
        for folder in (settings.work, *settings.scratch):
            cleaning.wipe(folder)
        cleaning.check(settings, spared)
    except OSError as error:
        raise cleaning.Unclean(str(error)) from error


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
