"""The wall, by real workers: what crosses it, what does not, and that a lost worker costs one request."""

from __future__ import annotations

import encodings
import os
import pkgutil
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import captive
from nearfar.errors import BrokenImageError, ParameterError, TooLargeError
from nearfar.types import Camera, DepthKind, DepthMap, Photo, Provenance
from nearfar.wall import Wall, WallOptions, sandbox_here, wire
from nearfar.wall.errors import WorkerCrashedError, WorkerLostError, WorkerSlowError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the wall is made of Linux")
MIB = 2**20


@pytest.fixture(scope="module")
def wall() -> Iterator[Wall]:
    """A wall with little memory."""
    made = Wall(WallOptions(workers=2, most_bytes=256 * MIB, seconds=20.0, modules=("captive",)))
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def hasty() -> Iterator[Wall]:
    """A wall with little time."""
    made = Wall(WallOptions(seconds=1.0, modules=("captive",)))
    made.start()
    yield made
    made.close()


def ask(wall: Wall, work, *given):
    """One request of one step."""
    with wall.lease() as lease:
        return lease.do(work, *given)


def is_alive(pid: int) -> bool:
    """Whether there is such a process, a zombie aside."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_it_is_another_process(wall: Wall) -> None:
    """Work is done elsewhere, and the same worker does the next request."""
    first = ask(wall, captive.pid)
    assert first != os.getpid()
    assert ask(wall, captive.pid) == first


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 2.5, "naïve 远", b"short", b"long" * 5000, (1, (2, "x")), [1, [b"y"]], {"a": {"b": 1.0}}],
)
def test_values_cross_both_ways(wall: Wall, value: object) -> None:
    """What went in comes out, of the same type."""
    found = ask(wall, captive.same, value)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("shape", [(0, 3), (5, 7, 3), (300, 400)])
@pytest.mark.parametrize("kind", ["u1", "<u2", "<f4", "?"])
def test_arrays_cross_both_ways(wall: Wall, shape: tuple[int, ...], kind: str) -> None:
    """Small and large ones, of the types that pictures have."""
    array = (np.arange(np.prod(shape)) % 2).reshape(shape).astype(kind)
    with wall.lease() as lease:
        found = lease.do(captive.same, array)
        assert found.dtype == array.dtype
        assert np.array_equal(found, array)


def test_texts_of_any_encoding_are_read(wall: Wall) -> None:
    """A worker opens no file, so every codec is there before: JSON in UTF-32, EXIF in Shift JIS."""
    names = [module.name for module in pkgutil.iter_modules(encodings.__path__)]
    known = [name for name in names if not captive.unknown_encodings([name])]
    assert {"utf_32_le", "shift_jis", "koi8_r"} <= set(known)
    assert ask(wall, captive.unknown_encodings, known) == []


def test_a_turned_array_crosses(wall: Wall) -> None:
    """One whose rows do not follow each other in memory."""
    array = np.arange(120_000, dtype=np.uint16).reshape(300, 400).T[::2]
    with wall.lease() as lease:
        assert np.array_equal(lease.do(captive.same, array), array)


def test_a_photo_stays_on_the_other_side(wall: Wall) -> None:
    """What a worker gave goes back by its place: no pixels and no file are copied a second time."""
    photo = Photo(np.full((400, 500, 3), 7, np.uint8), encoded=b"file" * 9000, camera=Camera(1, 2, 3, 4))
    with wall.lease() as lease:
        twice = lease.do(captive.photo_twice, photo)
        top = lease._member.arena.top
        again = lease.do(captive.same, twice)
        assert lease._member.arena.top == top
        assert twice.pixels[0, 0, 0] == 14
        assert np.array_equal(again.pixels, twice.pixels)
        assert twice.encoded is photo.encoded


def test_a_depth_map_crosses(wall: Wall) -> None:
    """With its kind, its validity, its camera and what made it."""
    values = np.linspace(0, 1, 60_000, dtype=np.float32).reshape(200, 300)
    depth = DepthMap(values, DepthKind.METRIC, values > 0.5, Camera(9, 9, 5, 5), Provenance("m", "", (8, 9)))
    with wall.lease() as lease:
        found = lease.do(captive.same, depth)
        assert (found.kind, found.camera, found.provenance) == (depth.kind, depth.camera, depth.provenance)
        assert np.array_equal(found.values, values)
        assert np.array_equal(found.valid, depth.valid)


def test_an_error_of_the_tree_comes_out(wall: Wall) -> None:
    """With its class, its hint and the parameter that it names; the worker stays."""
    before = ask(wall, captive.pid)
    with pytest.raises(BrokenImageError, match=r"It is torn\. Mend it\."):
        ask(wall, captive.own_error, "broken")
    with pytest.raises(ParameterError) as caught:
        ask(wall, captive.own_error, "bad")
    assert caught.value.parameter == "blur"
    assert ask(wall, captive.pid) == before


def test_an_error_of_a_class_that_only_the_worker_knows_is_of_the_one_above(wall: Wall) -> None:
    """As of a module that the service has not imported: still what is answered with its own status."""
    with pytest.raises(ParameterError, match="No") as caught:
        ask(wall, captive.own_error, "of its own")
    assert type(caught.value) is ParameterError
    assert caught.value.parameter == "mask"


def test_an_unforeseen_error_comes_out_with_its_trace(wall: Wall) -> None:
    """As an error that nobody foresaw here either."""
    with pytest.raises(RuntimeError, match="ZeroDivisionError: of the worker"):
        ask(wall, captive.fault)


def test_what_may_not_cross_is_an_error(wall: Wall) -> None:
    """An object of another class is no answer."""
    with pytest.raises(RuntimeError, match="cannot be answered by a worker"):
        ask(wall, captive.same, 3j)


@pytest.mark.parametrize(
    "name",
    ["read", "write", "append", "make", "unlink", "rename", "mkdir", "link", "chmod", "list"],
)
def test_files_are_out_of_reach(wall: Wall, tmp_path: Path, name: str) -> None:
    """A worker reads, writes, makes and removes nothing, and lists no folder."""
    target = tmp_path / "file"
    target.write_text("secret")
    given = tmp_path if name == "list" else tmp_path / "new" if name in {"make", "mkdir", "write"} else target
    assert captive.tried("read", str(target)) == "done"
    assert ask(wall, captive.tried, name, str(given)) in {
        "FileNotFoundError 2",
        "PermissionError 1",
        "PermissionError 13",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert target.read_text() == "secret"


def test_the_network_is_out_of_reach(wall: Wall) -> None:
    """Not even this machine's own port can be reached."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert captive.tried("connect", "127.0.0.1", port) == "done"
        assert ask(wall, captive.tried, "connect", "127.0.0.1", port) == "PermissionError 1"


@pytest.mark.parametrize(
    "name", ["socket", "unix", "pair", "pipe", "memfd", "fork", "start", "exec", "raise_limit", "executable"]
)
def test_what_a_worker_may_not_do(wall: Wall, name: str) -> None:
    """No socket, no pipe, no memory beside its own, no process, no higher limit, no new code."""
    assert ask(wall, captive.tried, name).startswith("PermissionError")


@pytest.mark.parametrize("name", ["kill", "limits"])
def test_other_processes_are_out_of_reach(wall: Wall, name: str) -> None:
    """The service can be neither ended nor limited by a worker."""
    assert ask(wall, captive.tried, name, str(os.getpid())) == "PermissionError 1"


def test_threads_are_allowed(wall: Wall) -> None:
    """Decoders and effects have some."""
    assert ask(wall, captive.tried, "thread") == "done"


@pytest.mark.parametrize("number", ["41", "101", "310", "321", "425", "9999"])
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86-64")
def test_bare_system_calls_are_refused(wall: Wall, number: str) -> None:
    """socket, ptrace, process_vm_readv, bpf, io_uring_setup, and one that there is not."""
    assert ask(wall, captive.tried, "call", number, "1", "1", "0") == "PermissionError 1"


def test_a_worker_knows_no_secret(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the variables of the service nor its files: its line, its memory, output to nowhere."""
    monkeypatch.setenv("NEARFAR_HUB_TOKEN", "secret")
    fresh = Wall(WallOptions(modules=("captive",)))
    fresh.start()
    try:
        assert not [name for name in ask(fresh, captive.variables) if name.startswith(("NEARFAR", "HF"))]
        assert ask(fresh, captive.descriptors) == 5
    finally:
        fresh.close()


def test_a_killed_worker_costs_one_request(wall: Wall) -> None:
    """Kill -9 in the middle of work: that request is told to come again, the next has a fresh worker."""
    victim = ask(wall, captive.pid)
    threading.Timer(0.2, os.kill, (victim, signal.SIGKILL)).start()
    with pytest.raises(WorkerLostError):
        ask(wall, captive.sleep, 0.9)
    assert ask(wall, captive.pid) != victim
    assert not is_alive(victim)


def test_a_worker_that_is_killed_while_idle_costs_nothing(wall: Wall) -> None:
    """It is not lent out any more."""
    os.kill(ask(wall, captive.pid), signal.SIGKILL)
    time.sleep(0.1)
    assert ask(wall, captive.same, 1) == 1


def test_a_crash_costs_one_request(wall: Wall) -> None:
    """A fault of memory in a decoder."""
    victim = ask(wall, captive.pid)
    with pytest.raises(WorkerCrashedError):
        ask(wall, captive.end_by, signal.SIGSEGV)
    assert ask(wall, captive.pid) != victim


@pytest.mark.parametrize("work", ["loop", "sleep"])
def test_a_worker_that_does_not_come_back_is_ended(hasty: Wall, work: str) -> None:
    """By the clock, whether it uses a processor or not; soon after its time."""
    victim, begun = ask(hasty, captive.pid), time.monotonic()
    with pytest.raises(WorkerSlowError, match="1 s"):
        ask(hasty, getattr(captive, work), *([] if work == "loop" else [60]))
    assert time.monotonic() - begun < 5
    assert not is_alive(victim)


def test_processor_time_is_limited_too() -> None:
    """Where the clock would let it go on."""
    made = Wall(WallOptions(seconds=30, modules=("captive",)))
    try:
        with made.lease() as lease:
            lease.do(captive.pid)
            lease._wall.options = WallOptions(seconds=0.1)
            member = lease._member
            lease._answer = lambda _: (member.line.settimeout(120), _receive(member))[1]
            with pytest.raises(WorkerSlowError):
                lease.do(captive.loop)
    finally:
        made.close()


def _receive(member) -> bytes:
    from nearfar.wall import wire

    return wire.receive(member.line)


def test_memory_of_its_own_is_limited(wall: Wall) -> None:
    """A request that takes more is told so with the number, and the worker lives on."""
    victim = ask(wall, captive.pid)
    assert ask(wall, captive.grow, 200) == 200 * MIB
    with pytest.raises(TooLargeError, match="256 MiB"):
        ask(wall, captive.grow, 600)
    assert ask(wall, captive.pid) == victim


def test_a_request_may_be_allowed_less(wall: Wall) -> None:
    """Its own estimate, with some slack."""
    with wall.lease() as lease:
        lease.allow(20 * MIB)
        with pytest.raises(TooLargeError, match="20 MiB"):
            lease.do(captive.grow, 300)


def test_shared_memory_is_limited(wall: Wall) -> None:
    """A worker that fills it all beyond what its request may take is ended, and the pages come back."""
    with wall.lease() as lease:
        lease.allow(50 * MIB)
        lease.do(captive.pid)
        member = lease._member
        with pytest.raises(TooLargeError):
            lease.do(captive.fill_shared, 5.0)
    assert not is_alive(member.pid)
    assert ask(wall, captive.same, 1) == 1


def test_idle_workers_hold_little(wall: Wall) -> None:
    """After large work the memory goes back to the system: shared pages, and the worker's own."""
    with wall.lease() as lease:
        lease.do(captive.same, np.ones(120 * MIB, np.uint8))
        member = lease._member
        assert member.shared_bytes() > 100 * MIB
    time.sleep(0.2)
    assert member.shared_bytes() <= 33 * MIB
    assert member.own_bytes() < 100 * MIB


def test_a_worker_that_has_grown_is_replaced() -> None:
    """One that keeps much of its own between two requests gives its place to a fresh one."""
    made = Wall(WallOptions(modules=("captive",), most_idle_bytes=20 * MIB))
    try:
        first = ask(made, captive.pid)
        assert ask(made, captive.keep, 5) == first
        assert ask(made, captive.pid) == first
        ask(made, captive.keep, 40)
        assert ask(made, captive.pid) != first
    finally:
        made.close()


def test_limits_are_set_once_a_request(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    """A further step of a request, or of the next one of the same size, asks the system for nothing."""
    ask(wall, captive.pid)
    calls: list[int] = []
    monkeypatch.setattr("nearfar.wall.member.resource.prlimit", lambda *given: calls.append(given[1]))
    monkeypatch.setattr("nearfar.wall.member.time.monotonic", lambda: 1e6)
    ask(wall, captive.pid)
    first = len(calls)
    for _ in range(3):
        with wall.lease() as lease:
            lease.do(captive.pid)
            lease.do(captive.pid)
    assert len(calls) <= first + 1
    assert first <= 2


def test_messages_come_in_pieces_and_alone() -> None:
    """A message is whole with its last byte; bytes behind it, or a length too large, are no message."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        message = wire.Message()
        for byte in (5).to_bytes(4, "little") + b"hello":
            assert not message.is_whole
            theirs.sendall(bytes([byte]))
            message.read(ours)
        assert message.is_whole
        assert message.body == b"hello"
        theirs.sendall((1).to_bytes(4, "little") + b"ab")
        with pytest.raises(ValueError, match="behind"):
            wire.receive(ours)
        theirs.sendall((2**31).to_bytes(4, "little"))
        with pytest.raises(ValueError, match="too long"):
            wire.receive(ours)


@pytest.mark.parametrize(
    "answer",
    [
        "no JSON",
        "[]",
        "{}",
        '{"result": 1}',
        '{"result": 1, "top": -1}',
        '{"result": 1, "top": 99999999999}',
        '{"result": {"!": "bytes", "at": 0, "size": 99999999999}, "top": 900000}',
        '{"result": {"!": "bytes", "at": -8, "size": 8}, "top": 900000}',
        '{"result": {"!": "array", "at": 0, "shape": [9999999, 9999999], "dtype": "|u1"}, "top": 900000}',
        '{"result": {"!": "array", "at": 0, "shape": [-1, -1], "dtype": "|u1"}, "top": 900000}',
        '{"result": {"!": "array", "at": 0, "shape": [2], "dtype": "|O"}, "top": 900000}',
        '{"result": {"!": "Photo", "of": {"pixels": 1}}, "top": 900000}',
        '{"result": {"!": "Popen", "of": {}}, "top": 900000}',
        '{"result": {"!": "kind", "of": "far"}, "top": 900000}',
        '{"error": {"class": ["SystemExit"], "message": 1, "hint": ""}}',
        '{"error": {"class": "TooLargeError", "message": "m", "hint": "h"}}',
        '{"error": {"class": [["TooLargeError"]], "message": "m", "hint": "h"}}',
        "[" * 100_000,
    ],
)
def test_a_worker_that_lies_is_ended(wall: Wall, answer: str) -> None:
    """Whatever it answers, nothing of it is run and no memory beside the shared one is looked at."""
    victim = ask(wall, captive.pid)
    with pytest.raises(WorkerCrashedError):
        ask(wall, captive.lie, answer)
    assert not is_alive(victim)


def test_an_error_of_no_known_class_is_an_error_of_the_tree(wall: Wall) -> None:
    """The class is looked up in nearfar's tree and nowhere else."""
    from nearfar.errors import NearfarError

    with pytest.raises(NearfarError) as caught:
        ask(wall, captive.lie, '{"error": {"class": ["SystemExit"], "message": "m", "hint": "h"}}')
    assert type(caught.value) is NearfarError
    for pid in wall.idle:  # it would lie to the next one too
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)


def test_a_request_that_nobody_waits_for_ends_its_worker(wall: Wall) -> None:
    """What the check raises comes out, and the processor is free."""

    def check() -> None:
        raise KeyboardInterrupt

    with wall.lease(check) as lease:
        victim = lease.do(captive.pid)
        with pytest.raises(KeyboardInterrupt):
            lease.do(captive.sleep, 30)
    assert not is_alive(victim)


def test_a_zygote_that_ends_is_started_anew(wall: Wall) -> None:
    """Its workers end with it; at most the requests under way are lost."""
    ask(wall, captive.pid)
    os.kill(wall._nursery._process.pid, signal.SIGKILL)
    time.sleep(0.2)
    found = []
    for _ in range(4):
        try:
            found.append(ask(wall, captive.same, 1))
        except WorkerLostError:
            found.append(0)
    assert found[-1] == 1


@pytest.mark.parametrize("is_anew", [False, True])
def test_work_whose_zygote_is_ended_was_not_the_pictures_fault(wall: Wall, is_anew: bool) -> None:
    """How its workers ended is then known to nobody: neither to us nor to the next zygote."""
    with wall.lease() as lease:
        victim = lease.do(captive.pid)
        os.kill(wall._nursery._process.pid, signal.SIGKILL)
        wall._nursery._process.wait()
        while is_alive(victim):
            time.sleep(0.01)
        if is_anew:
            wall._nursery.close()
            wall._nursery.bury(wall._nursery.worker())
        with pytest.raises(WorkerLostError):
            lease.do(captive.sleep, 0.1)
    assert ask(wall, captive.same, 1) == 1


def test_workers_are_replaced_after_some_requests() -> None:
    """None lives for ever, so that one that was taken over does not either."""
    made = Wall(WallOptions(requests=3, modules=("captive",)))
    try:
        pids = [ask(made, captive.pid) for _ in range(7)]
    finally:
        made.close()
    assert [len({*pids[:3]}), len({*pids[3:6]}), len(set(pids))] == [1, 1, 3]


def test_all_ends_with_the_service() -> None:
    """Zygote and workers are gone when the wall is closed."""
    made = Wall(WallOptions(modules=("captive",)))
    worker = ask(made, captive.pid)
    zygote = made._nursery._process.pid
    made.close()
    deadline = time.monotonic() + 5
    while is_alive(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(worker)
    assert not is_alive(zygote)


def test_without_the_sandbox_the_limits_stay(tmp_path: Path) -> None:
    """The setting is_shut_in is off: files can be read, and a crash still costs one request."""
    made = Wall(WallOptions(is_shut_in=False, modules=("captive",)))
    target = tmp_path / "file"
    target.write_text("x")
    try:
        assert ask(made, captive.tried, "read", str(target)) == "done"
        with pytest.raises(WorkerCrashedError):
            ask(made, captive.end_by, signal.SIGSEGV)
    finally:
        made.close()


def test_the_kernel_here_has_a_sandbox() -> None:
    """The tests above mean something."""
    assert sandbox_here().seccomp
