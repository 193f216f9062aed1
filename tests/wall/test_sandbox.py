"""The program that the kernel runs at each system call of a worker, run here by a machine of its rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nearfar.wall import sandbox

ALLOW, REFUSED, NO_FILE, NO_CALL, END = 0x7FFF0000, 0x50001, 0x50002, 0x50026, 0x80000000
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
PID = 4242
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
TABLES = {**sandbox.FREE, **sandbox._NO_SUCH_FILE} | {
    "clone": sandbox._CLONE,
    "clone3": sandbox._CLONE3,
    "mmap": sandbox._MMAP,
    "mprotect": sandbox._MPROTECT,
    "prlimit64": sandbox._PRLIMIT,
    "tgkill": sandbox._TGKILL,
}


def answer(machine: str, number: int, *given: int, arch: int | None = None) -> int:
    """What the kernel would do: the rules of classic BPF that the filter uses."""
    values = {0: number, 4: ARCH[machine] if arch is None else arch}
    for place, value in enumerate((*given, *[0] * (6 - len(given)))):
        values[16 + 8 * place] = value & 0xFFFFFFFF
        values[20 + 8 * place] = value >> 32
    rules, at, held = sandbox.filter_of(machine, PID), 0, 0
    while True:
        code, yes, no, operand = rules[at]
        at += 1
        if code == 0x06:
            return operand
        if code == 0x20:
            held = values[operand]
        elif code == 0x15:
            at += yes if held == operand else no
        else:
            assert code == 0x45
            at += yes if held & operand else no


NUMBERS = {
    "x86_64": {"socket": 41, "connect": 42, "execve": 59, "fork": 57, "ptrace": 101, "kill": 62, "bpf": 321},
    "aarch64": {"socket": 198, "connect": 203, "execve": 221, "ptrace": 117, "kill": 129, "bpf": 280},
}


@pytest.mark.parametrize(("machine", "name"), [(m, name) for m, rows in NUMBERS.items() for name in rows])
def test_what_is_not_named_is_refused(machine: str, name: str) -> None:
    """Network, programs, other processes."""
    assert answer(machine, NUMBERS[machine][name]) == REFUSED


@pytest.mark.parametrize("machine", ARCH)
def test_the_rules_are_as_meant(machine: str) -> None:
    """Reading goes on, files are not found, threads are allowed and processes are not."""
    column = 0 if machine == "x86_64" else 1

    def number(name: str) -> int:
        found = TABLES[name][column]
        assert found is not None
        return found

    assert answer(machine, number("read"), 3) == ALLOW
    assert answer(machine, number("openat"), 0) == NO_FILE
    assert answer(machine, number("clone"), 0x3D0F00) == ALLOW
    assert answer(machine, number("clone"), 17) == REFUSED
    assert answer(machine, number("clone3")) == NO_CALL
    assert answer(machine, number("mmap"), 0, 4096, 3) == ALLOW
    assert answer(machine, number("mmap"), 0, 4096, 5) == REFUSED
    assert answer(machine, number("mprotect"), 0, 4096, 7) == REFUSED
    assert answer(machine, number("prlimit64"), 0, 7, 0) == ALLOW
    assert answer(machine, number("prlimit64"), 0, 7, 1 << 40) == REFUSED
    assert answer(machine, number("prlimit64"), 0, 7, 8) == REFUSED
    assert answer(machine, number("tgkill"), PID, PID, 6) == ALLOW
    assert answer(machine, number("tgkill"), PID + 1, PID, 9) == REFUSED


@pytest.mark.parametrize("machine", ARCH)
def test_another_architecture_ends_the_worker(machine: str) -> None:
    """System calls of 32 bits have other numbers: none gets through, nor those of x32."""
    assert answer(machine, 0, arch=0x40000003) == END
    assert answer(machine, 0x40000000) == REFUSED


@pytest.mark.parametrize("machine", ARCH)
def test_jumps_fit(machine: str) -> None:
    """The kernel takes jumps of at most 255 rules and programs of 4096."""
    rules = sandbox.filter_of(machine, PID)
    assert len(rules) < 4096
    assert all(max(yes, no) < 256 for _, yes, no, _ in rules)


@pytest.mark.parametrize("machine", ARCH)
def test_the_numbers_are_the_kernel_s(machine: str) -> None:
    """As its headers have them, where they are installed."""
    if not HEADERS[machine].exists():
        pytest.skip("no headers of the kernel")
    text = HEADERS[machine].read_text("utf-8")
    known = {n: int(v) for n, v in re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)\b", text)}
    known |= {"newfstatat": known["fstatat"]} if "fstatat" in known else {}
    column = 0 if machine == "x86_64" else 1
    wrong = {
        name: (pair[column], known.get(name))
        for name, pair in TABLES.items()
        if pair[column] is not None and pair[column] != known.get(name)
    }
    assert wrong == {}
