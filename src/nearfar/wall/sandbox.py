"""What a worker may not do, from the moment it is shut in: open files, reach a network, start programs.

Two walls of Linux, each where the kernel has it: seccomp lets through the few system calls that computing
needs, and Landlock allows no file and no TCP port at all. Both can only be made narrower afterwards.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from dataclasses import dataclass

from nearfar.errors import NearfarError

_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1), "arm64": (0xC00000B7, 1)}
"""Machine to what the kernel calls it, and the column of the tables below."""
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_GET_SECCOMP, _PR_SET_SECCOMP = 1, 38, 21, 22
_MODE_FILTER = 2
_ENOENT, _EPERM, _ENOSYS = 2, 1, 38
_MOST_FILES = 8

FREE: dict[str, tuple[int | None, int | None]] = {
    "arch_prctl": (158, None),
    "brk": (12, 214),
    "clock_getres": (229, 114),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "close": (3, 57),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "futex": (202, 98),
    "getcpu": (309, 168),
    "getegid": (108, 177),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getrandom": (318, 278),
    "getrusage": (98, 165),
    "gettid": (186, 178),
    "gettimeofday": (96, 169),
    "getuid": (102, 174),
    "madvise": (28, 233),
    "membarrier": (324, 283),
    "mincore": (27, 232),
    "mremap": (25, 216),
    "munmap": (11, 215),
    "nanosleep": (35, 101),
    "poll": (7, None),
    "ppoll": (271, 73),
    "pread64": (17, 67),
    "read": (0, 63),
    "recvfrom": (45, 207),
    "recvmsg": (47, 212),
    "restart_syscall": (219, 128),
    "rseq": (334, 293),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "sched_yield": (24, 124),
    "sendto": (44, 206),
    "set_robust_list": (273, 99),
    "set_tid_address": (218, 96),
    "sigaltstack": (131, 132),
    "sysinfo": (99, 179),
    "times": (100, 153),
    "write": (1, 64),
    "writev": (20, 66),
}
"""System calls without conditions, on x86-64 and on arm64; all that they reach is the worker itself."""
_NO_SUCH_FILE = {
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "lstat": (6, None),
    "newfstatat": (262, 79),
    "open": (2, None),
    "openat": (257, 56),
    "openat2": (437, 437),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "stat": (4, None),
    "statx": (332, 291),
}
"""These find nothing: libraries that look for a file which they can do without go on."""
_CLONE, _CLONE3, _MMAP, _MPROTECT = (56, 220), (435, 435), (9, 222), (10, 226)
_PRLIMIT, _TGKILL = (302, 261), (234, 131)
_CLONE_THREAD, _PROT_EXEC = 0x10000, 4

_LOAD, _IS, _HAS, _ANSWER = 0x20, 0x15, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCH, _ARGS = 0, 4, 16

Rule = tuple[int, int, int, int]


class SandboxError(NearfarError, RuntimeError):
    """A worker could not be shut in, where the settings want that it is."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What this machine's kernel can refuse a worker. ``landlock`` is its version, 0 for none."""

    seccomp: bool
    landlock: int

    def __str__(self) -> str:
        parts = ["seccomp"] if self.seccomp else []
        parts += [f"Landlock {self.landlock}"] if self.landlock else []
        return " and ".join(parts) or "nothing"


def sandbox_here() -> Sandbox:
    """What the kernel has; nothing where it is not Linux."""
    if sys.platform != "linux":
        return Sandbox(seccomp=False, landlock=0)
    library = ctypes.CDLL(None, use_errno=True)
    has_seccomp = platform.machine() in _ARCHITECTURES and library.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0
    return Sandbox(has_seccomp, max(0, library.syscall(444, None, ctypes.c_size_t(0), 1)))


def filter_of(machine: str, process: int) -> list[Rule]:
    """The program that the kernel runs at each system call of a worker: (code, if true, if false, number)."""
    arch, column = _ARCHITECTURES[machine]
    rules: list[Rule] = [
        (_LOAD, 0, 0, _ARCH),
        (_IS, 1, 0, arch),
        (_ANSWER, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for pair in FREE.values():
        rules += _where(pair[column], _say(_ALLOW))
    for pair in _NO_SUCH_FILE.values():
        rules += _where(pair[column], _say(_ERRNO | _ENOENT))
    rules += _where(_CLONE3[column], _say(_ERRNO | _ENOSYS))  # its flags cannot be seen: libraries use clone
    rules += _where(_CLONE[column], [_argument(0), (_HAS, 0, 1, _CLONE_THREAD), *_either()])
    for pair in (_MMAP, _MPROTECT):
        rules += _where(pair[column], [_argument(2), (_HAS, 1, 0, _PROT_EXEC), *_either()])
    ask = [_argument(2), (_IS, 0, 3, 0), (_LOAD, 0, 0, _ARGS + 2 * 8 + 4), (_IS, 0, 1, 0), *_either()]
    rules += _where(_PRLIMIT[column], ask)  # limits may be read, not set
    rules += _where(_TGKILL[column], [_argument(0), (_IS, 0, 1, process), *_either()])
    return [*rules, *_say(_ERRNO | _EPERM)]


def _where(number: int | None, then: list[Rule]) -> list[Rule]:
    return [] if number is None else [(_IS, 0, len(then), number), *then]


def _say(answer: int) -> list[Rule]:
    return [(_ANSWER, 0, 0, answer)]


def _either() -> list[Rule]:
    """Allowed where the test before went on, else refused."""
    return [*_say(_ALLOW), *_say(_ERRNO | _EPERM)]


def _argument(place: int) -> Rule:
    """The lower half of an argument."""
    return _LOAD, 0, 0, _ARGS + 8 * place


def shut_in(*, is_wanted: bool = True) -> Sandbox:
    """Give up what a worker never needs, in this process and for ever; tells what keeps it in.

    Args:
        is_wanted: seccomp and Landlock too; without them there are limits only.

    Raises:
        SandboxError: the kernel has it and does not do it.
    """
    _limit()
    found = sandbox_here()
    if not is_wanted:
        return Sandbox(seccomp=False, landlock=0)
    library = ctypes.CDLL(None, use_errno=True)
    _check(library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if found.landlock:
        _forbid_files(library, found.landlock)
    if found.seccomp:
        _filter(library)
    return found


def end_with_parent() -> None:
    """The kernel ends this process when its parent's thread ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _limit() -> None:
    """No core file, no file that grows, few descriptors."""
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _MOST_FILES),
    ):
        resource.setrlimit(what, (most, most))


def _forbid_files(library: ctypes.CDLL, version: int) -> None:
    """A ruleset that handles all it can and allows none of it."""
    files = (1 << (13 + (version >= 2) + (version >= 3) + (version >= 5))) - 1
    given = struct.pack("<QQQ", files, 3, 3)[: 8 + 8 * (version >= 4) + 8 * (version >= 6)]
    rules = library.syscall(444, given, ctypes.c_size_t(len(given)), 0)
    _check(rules)
    _check(library.syscall(446, rules, 0))
    os.close(rules)


def _filter(library: ctypes.CDLL) -> None:
    rules = filter_of(platform.machine(), os.getpid())
    packed = b"".join(struct.pack("<HBBI", *rule) for rule in rules)
    kept = ctypes.create_string_buffer(packed, len(packed))

    class Program(ctypes.Structure):
        _fields_ = (("count", ctypes.c_ushort), ("rules", ctypes.c_void_p))

    program = Program(len(rules), ctypes.addressof(kept))
    _check(library.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0))


def _check(answer: int) -> None:
    if answer < 0:
        reason = os.strerror(ctypes.get_errno())
        raise SandboxError(f"A worker cannot be shut in: {reason}.", "Set NEARFAR_SANDBOX=false, or mend it.")
