"""The filter of system calls, taken step by step as the kernel takes it."""

import errno
import struct

import pytest

from sandboxes.inside import seccomp

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SOCKET = {"x86_64": 41, "aarch64": 198}
CLONE = {"x86_64": 56, "aarch64": 220}


def result(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """What the filter says of a call."""
    code = seccomp.program(machine)
    steps = [struct.unpack_from("HBBI", code, at) for at in range(0, len(code), 8)]
    audit = MACHINES[machine] if architecture is None else architecture
    words = struct.pack("IIQ6Q", number, audit, 0, *arguments, *[0] * (6 - len(arguments)))
    at = value = 0
    while True:
        operation, yes, no, operand = steps[at]
        at += 1
        if operation == 0x20:
            (value,) = struct.unpack_from("I", words, operand)
        elif operation == 0x54:
            value &= operand
        elif operation == 0x06:
            return int(operand)
        else:
            tests = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}
            at += yes if tests[operation] else no


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("family", "kind", "protocol", "error"),
    [
        (1, 1, 0, 0),
        (1, 5, 0, 0),
        (1, 3, 0, 0),
        (2, 1, 0, 0),
        (2, 1 | 0x80000, 6, 0),
        (10, 2 | 0x800, 17, 0),
        (2, 3, 1, errno.EPERM),
        (2, 2, 1, errno.EPROTONOSUPPORT),
        (2, 1, 132, errno.EPROTONOSUPPORT),
        (2, 1, 262, errno.EPROTONOSUPPORT),
        (10, 2, 136, errno.EPROTONOSUPPORT),
        (2, 5, 132, errno.EPERM),
        (16, 3, 0, errno.EAFNOSUPPORT),
        (17, 3, 768, errno.EAFNOSUPPORT),
        (38, 5, 0, errno.EAFNOSUPPORT),
        (40, 1, 0, errno.EAFNOSUPPORT),
    ],
)
def test_sockets_are_local_tcp_or_udp(
    machine: str, family: int, kind: int, protocol: int, error: int
) -> None:
    found = result(machine, SOCKET[machine], family, kind, protocol)

    assert found == (ERRNO | error if error else ALLOW)


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_named_is_denied_and_what_is_usual_is_not(machine: str) -> None:
    denied = seccomp.numbers(machine)

    assert len(set(denied.values())) == len(denied)
    assert {result(machine, number) for number in denied.values()} == {ERRNO | errno.EPERM}
    usual = {"x86_64": (0, 1, 2, 3, 9, 59, 257), "aarch64": (63, 64, 56, 57, 222, 221, 172)}
    assert {result(machine, number) for number in usual[machine]} == {ALLOW}


@pytest.mark.parametrize("machine", MACHINES)
def test_a_process_can_be_cloned_and_a_namespace_cannot(machine: str) -> None:
    assert result(machine, CLONE[machine], 0x1200011) == ALLOW
    for flag in (0x20000, 0x2000000, 0x10000000, 0x20000000, 0x40000000):
        assert result(machine, CLONE[machine], flag | 17) == ERRNO | errno.EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_other_architectures_end_the_process(machine: str) -> None:
    assert result(machine, 20, architecture=0x40000003) == KILL


def test_calls_younger_than_the_list_and_x32_are_not_there() -> None:
    for number in (435, 463, 1000, 0x40000000 | 101):
        assert result("x86_64", number) == ERRNO | errno.ENOSYS


def test_nothing_is_typed_into_a_terminal() -> None:
    assert result("x86_64", 16, 0, 0x5412) == ERRNO | errno.EPERM
    assert result("x86_64", 16, 0, 0x5401) == ALLOW
