"""A filter of system calls, set once by the supervisor and inherited by all that it starts.

It stacks upon an engine's own and closes what that leaves open: unusual families of sockets,
io_uring and its like, reading the memory of one's own kind, IPC that outlives its process,
namespaces and mounts. A system call younger than the list is not there.
"""

import ctypes
import errno
import platform
import struct

_NAMES = (
    "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise "
    "io_uring_setup io_uring_enter io_uring_register "
    "io_setup io_submit io_destroy io_getevents io_cancel io_pgetevents "
    "userfaultfd perf_event_open bpf fanotify_init fanotify_mark lookup_dcookie "
    "add_key request_key keyctl unshare setns mount umount2 pivot_root chroot "
    "fsopen fsconfig fsmount fspick move_mount open_tree mount_setattr statmount listmount "
    "swapon swapoff reboot kexec_load kexec_file_load init_module finit_module delete_module "
    "acct quotactl quotactl_fd settimeofday clock_settime adjtimex clock_adjtime "
    "sethostname setdomainname syslog vhangup name_to_handle_at open_by_handle_at "
    "shmget shmat shmctl shmdt semget semop semtimedop semctl msgget msgsnd msgrcv msgctl "
    "mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr "
    "mbind set_mempolicy get_mempolicy migrate_pages move_pages set_mempolicy_home_node "
    "remap_file_pages vmsplice nfsservctl memfd_create memfd_secret"
).split()

_X86_64 = (
    "101 310 311 312 438 440 425 426 427 206 209 207 208 210 333 323 298 321 300 301 212 "
    "248 249 250 272 308 165 166 155 161 430 431 432 433 429 428 442 457 458 167 168 169 246 320 "
    "175 313 176 163 179 443 164 227 159 305 170 171 103 153 303 304 29 30 31 67 64 65 220 66 "
    "68 69 70 71 240 241 242 243 244 245 237 238 239 256 279 450 216 278 180 319 447"
)

_GENERIC = (
    "117 270 271 272 438 440 425 426 427 0 2 1 4 3 292 282 241 280 262 263 18 "
    "217 218 219 97 268 40 39 41 51 430 431 432 433 429 428 442 457 458 224 225 142 104 294 "
    "105 273 106 89 60 443 170 112 171 266 161 162 116 58 264 265 194 196 195 197 190 193 192 191 "
    "186 189 188 187 180 181 182 183 184 185 235 237 236 238 239 450 234 75 42 279 447"
)

_ONLY_X86_64 = (172, 173, 154, 134, 136, 139, 156, 174, 177, 178)
"""iopl, ioperm, modify_ldt, uselib, ustat, sysfs, _sysctl and the old calls for modules."""

_CLONE3, _NEWEST = 435, 462

_SPECIAL = {
    "x86_64": {"socket": 41, "socketpair": 53, "clone": 56, "ioctl": 16, "personality": 135},
    "aarch64": {"socket": 198, "socketpair": 199, "clone": 220, "ioctl": 29, "personality": 92},
}
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_UNIX, _INET, _INET6 = 1, 2, 10
_STREAM, _DGRAM = 1, 2
_TCP, _UDP = 6, 17
_NEW_NAMESPACES = 0x7E020000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2

Step = tuple[int, int, int, int]


def numbers(machine: str) -> dict[str, int]:
    """The numbers of the calls that are denied whatever their arguments are."""
    table = {"x86_64": _X86_64, "aarch64": _GENERIC}[machine]
    return dict(zip(_NAMES, map(int, table.split()), strict=True))


def program(machine: str) -> bytes:
    """The filter for a machine."""
    steps = [
        *_architecture(machine),
        *_denied(machine),
        *_sockets(_SPECIAL[machine]["socket"], _SPECIAL[machine]["socketpair"]),
        *_arguments(_SPECIAL[machine]),
        _result(_ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def install() -> None:
    """Set the filter for this process and all that come of it.

    Raises:
        OSError: the kernel does not take it, or there is none for this machine.
    """
    machine = platform.machine()
    if machine not in _AUDIT:
        raise OSError(errno.ENOSYS, f"no filter of system calls for {machine}")
    code = program(machine)
    buffer = ctypes.create_string_buffer(code, len(code))
    whole = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero):
        raise OSError(ctypes.get_errno(), "no new privileges")
    if libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_FILTER), whole, zero, zero):
        raise OSError(ctypes.get_errno(), "filter of system calls")


def _architecture(machine: str) -> list[Step]:
    """Calls of another architecture (32 bits, x32) end the process; young ones are not there."""
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _AUDIT[machine]),
        _result(_KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _NEWEST + 1),
        _error(errno.ENOSYS),
    ]


def _denied(machine: str) -> list[Step]:
    found = [*numbers(machine).values(), *(_ONLY_X86_64 if machine == "x86_64" else ())]
    steps = [step for number in found for step in _if(number, _error(errno.EPERM))]
    # Its flags lie in memory, which a filter cannot read; callers fall back to clone.
    return [*steps, *_if(_CLONE3, _error(errno.ENOSYS))]


def _sockets(socket: int, socketpair: int) -> list[Step]:
    """Local sockets, TCP and UDP, and no others."""
    body = [
        _argument(0),
        (_EQUAL, 8, 0, _UNIX),
        (_EQUAL, 2, 0, _INET),
        (_EQUAL, 1, 0, _INET6),
        _error(errno.EAFNOSUPPORT),
        _argument(1),
        (_AND, 0, 0, 0xF),
        (_EQUAL, 3, 0, _STREAM),
        (_EQUAL, 5, 0, _DGRAM),
        _error(errno.EPERM),
        _result(_ALLOW),
        _argument(2),
        (_EQUAL, 4, 0, 0),
        (_EQUAL, 3, 4, _TCP),
        _argument(2),
        (_EQUAL, 1, 0, 0),
        (_EQUAL, 0, 1, _UDP),
        _result(_ALLOW),
        _error(errno.EPROTONOSUPPORT),
    ]
    pair = [_argument(0), (_EQUAL, 1, 0, _UNIX), _error(errno.EAFNOSUPPORT), _result(_ALLOW)]
    return [*_block(socket, body), *_block(socketpair, pair)]


def _arguments(number: dict[str, int]) -> list[Step]:
    """Calls whose arguments decide."""
    clone = [
        _argument(0),
        (_ANY_BIT, 0, 1, _NEW_NAMESPACES),
        _error(errno.EPERM),
        _result(_ALLOW),
    ]
    ioctl = [
        _argument(1),
        (_EQUAL, 1, 0, _TIOCSTI),
        (_EQUAL, 0, 1, _TIOCLINUX),
        _error(errno.EPERM),
        _result(_ALLOW),
    ]
    personality = [
        _argument(0),
        (_EQUAL, 1, 0, 0),
        (_EQUAL, 0, 1, 0xFFFFFFFF),
        _result(_ALLOW),
        _error(errno.EPERM),
    ]
    return [
        *_block(number["clone"], clone),
        *_block(number["ioctl"], ioctl),
        *_block(number["personality"], personality),
    ]


def _block(number: int, body: list[Step]) -> list[Step]:
    """Steps for one call; each way through them ends in a result."""
    return [(_EQUAL, 0, len(body), number), *body]


def _if(number: int, result: Step) -> list[Step]:
    return [(_EQUAL, 0, 1, number), result]


def _argument(index: int) -> Step:
    """Load the lower half of an argument; the kernel looks at no more of these."""
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * index)


def _result(value: int) -> Step:
    return (_RETURN, 0, 0, value)


def _error(number: int) -> Step:
    return _result(_ERRNO | number)
