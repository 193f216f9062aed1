"""The bounded queue: full, left, busy, closing."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from nearfar import api
from nearfar.engines import fake
from nearfar.engines.fake import FakeSession
from nearfar.errors import BusyError
from nearfar.service.errors import ClientLeftError, DeadlineError
from nearfar.service.request.terms import Terms
from nearfar.service.request.timing import STAGES
from nearfar.service.work.pool import GIVES_WAY, EnginePool
from serving import loader_of, until

if TYPE_CHECKING:
    from nearfar.service.work.ticket import Ticket


@pytest.fixture
def busy(start, gate):
    """A service of one stream and two waiting places, whose network waits for the gate."""
    running = start(loader=loader_of(gate), streams=1, queue=2)
    until(lambda: gate.entered == 1)  # the probe that warms the model
    gate.open.set()
    until(lambda: running.client.get("/readyz").status_code == 200)
    gate.open.clear()
    return running


def _fill(busy, gate, jpeg, threads: ThreadPoolExecutor) -> list:
    """Three requests: one under way, two waiting."""
    pool, begun = busy.app.state.service.pool, gate.entered
    asked = [threads.submit(_ask, busy.url, jpeg) for _ in range(3)]
    until(lambda: gate.entered == begun + 1 and pool.waiting == 2)
    return asked


def _ask(url: str, jpeg: bytes) -> int:
    return httpx.post(f"{url}/v1/depth", files={"image": jpeg}, timeout=30).status_code


def test_a_full_queue_is_503_at_once(busy, gate, jpeg) -> None:
    """The fourth client is refused while three are served, with the time to come back after."""
    with ThreadPoolExecutor(3) as threads:
        asked = _fill(busy, gate, jpeg, threads)
        begin = time.monotonic()
        answer = busy.upload(jpeg)
        assert time.monotonic() - begin < 5  # the three before it are not even begun: no waiting
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.json()["type"].endswith("busy")
        gate.open.set()
        assert [one.result() for one in asked] == [200, 200, 200]
    assert busy.upload(jpeg).status_code == 200


def test_who_asks_before_sending_need_not_send(busy, gate, jpeg) -> None:
    """With Expect: 100-continue a full queue answers 503 to the head alone; a free one asks for the body."""
    host, _, port = busy.url.removeprefix("http://").partition(":")
    head = (
        f"POST /v1/depth HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\n"
        f"Content-Length: {len(jpeg)}\r\nExpect: 100-continue\r\n\r\n"
    ).encode()

    def first_line(body: bytes = b"") -> list[bytes]:
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(head)
            found = [connection.recv(65536).partition(b"\r\n")[0]]
            if body:
                connection.sendall(body)
                found.append(connection.recv(65536).partition(b"\r\n")[0])
            return found

    with ThreadPoolExecutor(3) as threads:
        asked = _fill(busy, gate, jpeg, threads)
        assert first_line()[0].startswith(b"HTTP/1.1 503")
        gate.open.set()
        assert [one.result() for one in asked] == [200, 200, 200]
    assert first_line(jpeg) == [b"HTTP/1.1 100 Continue", b"HTTP/1.1 200 OK"]


def test_health_and_page_answer_while_the_engine_is_busy(busy, gate, jpeg) -> None:
    """The event loop is free while all places are taken."""
    with ThreadPoolExecutor(3) as threads:
        asked = _fill(busy, gate, jpeg, threads)
        for path in ("/healthz", "/readyz", "/v1/models", "/docs"):
            assert busy.client.get(path, timeout=5).status_code == 200
        gate.open.set()
        assert [one.result() for one in asked] == [200, 200, 200]


def test_a_client_that_leaves_frees_its_place(busy, gate, jpeg) -> None:
    """Work that waits is dropped with its client, and the network never sees it."""
    pool, begun = busy.app.state.service.pool, gate.entered
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(_ask, busy.url, jpeg)
        until(lambda: gate.entered == begun + 1)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{busy.url}/v1/depth", files={"image": jpeg}, timeout=0.5)
        until(lambda: pool.waiting == 0)
        gate.open.set()
        assert first.result() == 200
    until(lambda: pool.running == 0)
    assert gate.entered == begun + 1


def test_work_under_way_stops_after_its_stage(busy, gate, jpeg) -> None:
    """A client that leaves while the network runs is not encoded for; its thread is free again."""
    pool, begun = busy.app.state.service.pool, gate.entered
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{busy.url}/v1/depth", files={"image": jpeg}, timeout=0.5)
    assert gate.entered == begun + 1
    gate.open.set()
    until(lambda: pool.running == 0)
    assert busy.upload(jpeg).status_code == 200


def test_not_ready_while_the_first_probe_hangs(start, gate, monkeypatch) -> None:
    """Readiness is the default model's answer, not the process's."""
    monkeypatch.setattr("nearfar.service.answer.probe.TIMEOUT_S", 0.2)
    running = start(loader=loader_of(gate), streams=1)
    answer = running.client.get("/readyz")
    assert (answer.status_code, answer.json()["type"].rpartition("-")[0]) == (503, "/docs#problem-not")
    assert "Retry-After" in answer.headers
    assert running.client.get("/healthz").status_code == 200
    gate.open.set()
    until(lambda: running.client.get("/readyz").status_code == 200)


def test_server_timing_names_the_stages(service, jpeg) -> None:
    """Each stage's time stands in the header that browsers' tools show."""
    timing = service.upload(jpeg).headers["Server-Timing"]
    names = [entry.partition(";dur=")[0] for entry in timing.split(", ")]
    assert names == [*STAGES, "total"]
    row = service.upload(jpeg, "?format=json&parts=").json()
    assert set(row["timing_ms"]) == {*STAGES} - {"encode"}
    assert json.dumps(row)


def test_loading_one_network_stops_no_other(start, jpeg, monkeypatch) -> None:
    """While a large network loads, its request waits and the only stream serves the others."""
    gate, loading = threading.Event(), threading.Event()

    def open_one(card, *_):
        if card.name == "midas-small":
            loading.set()
            assert gate.wait(60)
        return FakeSession()

    api._session_cache.cache_clear()
    monkeypatch.setattr(fake.PLUGIN, "open", open_one, raising=False)
    running = start(streams=1)
    try:
        with ThreadPoolExecutor(2) as threads:
            slow = [threads.submit(running.upload, jpeg, "?model=midas-small") for _ in range(2)]
            assert loading.wait(30)
            assert [running.upload(jpeg).status_code for _ in range(3)] == [200] * 3
            assert not any(one.done() for one in slow)
            gate.set()
            assert [one.result().status_code for one in slow] == [200, 200]
    finally:
        gate.set()
    pool = running.app.state.service.pool
    until(lambda: len(pool._threads) == 1)
    assert running.upload(jpeg).status_code == 200
    api._session_cache.cache_clear()


async def _in_pool(pool: EnginePool, work, held: Held | None = None) -> object:
    pool.start()
    try:
        return await work()
    finally:
        if held is not None:
            held.gate.set()  # also where the test failed
        await asyncio.to_thread(pool.close)


def test_the_pool_gives_results_and_errors_back() -> None:
    """What a thread returns or raises reaches the one who waits."""
    pool = EnginePool(2, 4)

    def fail(_: Ticket) -> None:
        raise ValueError("as it must")

    async def work() -> None:
        assert await pool.run(lambda _: threading.current_thread().name.startswith("nearfar-worker"))
        with pytest.raises(ValueError, match="as it must"):
            await pool.run(fail)

    asyncio.run(_in_pool(pool, work))
    assert (pool.running, pool.waiting) == (0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no niceness of their own")
def test_threads_that_compute_give_way_to_the_event_loop() -> None:
    """By so many steps, and the event loop stays as it was."""
    pool = EnginePool(1, 4)

    async def work() -> tuple[int, int]:
        theirs = await pool.run(_niceness)
        with ThreadPoolExecutor(1) as other:
            assert other.submit(_niceness, None).result() == mine
        return await pool.run(_niceness_of_a_stand_in(pool)), theirs

    mine = os.getpriority(os.PRIO_PROCESS, os.getpid())
    assert asyncio.run(_in_pool(pool, work)) == (min(19, mine + GIVES_WAY),) * 2


def _niceness(_: object) -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def _niceness_of_a_stand_in(pool: EnginePool):
    """Work that asks a thread which a worker started for itself: it must not be nicer still."""

    def work(_: Ticket) -> int:
        with pool.aside():
            until(lambda: len(pool._threads) == 2)
            newest = max(pool._threads, key=lambda thread: thread.native_id or 0)
            until(lambda: os.getpriority(os.PRIO_PROCESS, newest.native_id) > 0)
            return os.getpriority(os.PRIO_PROCESS, newest.native_id)

    return work


def test_a_cancelled_wait_tells_the_work() -> None:
    """Work under way learns at its next check that nobody waits."""
    pool, begun, left = EnginePool(1, 1), threading.Event(), threading.Event()
    stopped: list[type] = []

    def slow(ticket: Ticket) -> None:
        begun.set()
        assert left.wait(10)
        try:
            ticket.check()
        except ClientLeftError as exc:
            stopped.append(type(exc))
            raise

    async def work() -> None:
        task = asyncio.create_task(pool.run(slow))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        left.set()

    asyncio.run(_in_pool(pool, work))
    assert stopped == [ClientLeftError]


def test_a_closed_pool_finishes_what_it_took_and_takes_no_more() -> None:
    """Closing is draining."""
    pool, hold = EnginePool(1, 4), threading.Event()

    async def work() -> None:
        taken = [asyncio.create_task(pool.run(lambda _: hold.wait(10))) for _ in range(3)]
        await asyncio.sleep(0.05)
        closing = asyncio.create_task(asyncio.to_thread(pool.close))
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError):
            await pool.run(lambda _: None)
        hold.set()
        assert await asyncio.gather(*taken) == [True, True, True]
        await closing

    asyncio.run(_in_pool(pool, work))


def test_the_wait_is_estimated_from_the_work() -> None:
    """Retry-After grows with the queue and the time that its work takes."""
    pool = EnginePool(1, 8)

    async def work() -> None:
        await pool.run(lambda _: time.sleep(0.6))
        assert pool.estimated_wait_s() == 1
        gate = threading.Event()
        taken = [asyncio.create_task(pool.run(lambda _: gate.wait(30))) for _ in range(4)]
        await asyncio.sleep(0)
        waited_s = pool.estimated_wait_s()
        gate.set()
        await asyncio.gather(*taken)
        assert waited_s >= 2

    asyncio.run(_in_pool(pool, work))


class Held:
    """Work that waits for ``gate``, and a list of the names in the order in which they were begun."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun: list[str] = []

    def work(self, name: str):
        """Work of that name."""

        def run(_: Ticket) -> str:
            self.begun.append(name)
            assert self.gate.wait(30)
            return name

        return run


def _submit(pool: EnginePool, held: Held, name: str, terms: Terms) -> asyncio.Task:
    return asyncio.create_task(pool.run(held.work(name), terms))


def test_a_greedy_caller_gives_way() -> None:
    """In a full queue its newest place goes to a caller with none, who is served next but one."""
    pool, held = EnginePool(1, 3), Held()

    async def work() -> None:
        greedy = [_submit(pool, held, f"g{number}", Terms("greedy")) for number in range(4)]
        await asyncio.to_thread(until, lambda: held.begun == ["g0"])
        with pytest.raises(BusyError, match="3 requests wait"):
            await pool.run(held.work("g4"), Terms("greedy"))
        other = _submit(pool, held, "other", Terms("modest"))
        with pytest.raises(BusyError, match="fewer requests"):
            await greedy[3]
        held.gate.set()
        assert await other == "other"
        assert await asyncio.gather(*greedy[:3]) == ["g0", "g1", "g2"]

    asyncio.run(_in_pool(pool, work, held))
    assert held.begun.index("other") <= 2
    assert pool.refused == {"full": 1, "displaced": 1}


def test_background_work_takes_no_place_and_waits() -> None:
    """Jobs wait in a queue of their own, behind what somebody waits for."""
    pool, held = EnginePool(1, 2), Held()

    async def work() -> None:
        jobs = [_submit(pool, held, "job0", Terms("jobs", is_background=True))]
        await asyncio.to_thread(until, lambda: held.begun == ["job0"])
        jobs += [_submit(pool, held, f"job{n}", Terms("jobs", is_background=True)) for n in (1, 2)]
        asked = [_submit(pool, held, f"ask{n}", Terms("a")) for n in range(2)]
        await asyncio.sleep(0)
        assert (pool.waiting, pool.waiting_in_background, pool.running) == (2, 2, 1)
        with pytest.raises(BusyError):
            await pool.run(held.work("job3"), Terms("jobs", is_background=True))
        held.gate.set()
        await asyncio.gather(*jobs, *asked)

    asyncio.run(_in_pool(pool, work, held))
    assert held.begun == ["job0", "ask0", "ask1", "job1", "job2"]


def test_work_whose_time_is_over_is_not_done() -> None:
    """It is answered when its time is over, not when its turn would have come, and never begun."""
    pool, held = EnginePool(1, 4), Held()

    async def work() -> None:
        first = _submit(pool, held, "first", Terms("a"))
        await asyncio.to_thread(until, lambda: held.begun == ["first"])
        with pytest.raises(DeadlineError, match=r"within 0\.05 s"):
            await pool.run(held.work("late"), Terms("a", 0.05))
        held.gate.set()
        await first

    asyncio.run(_in_pool(pool, work, held))
    assert held.begun == ["first"]
    assert pool.expired == 1


def test_a_wait_that_is_given_up_leaves_nothing_behind() -> None:
    """Cancelled together with its outcome, or before: its place is free, and no error goes unheard."""
    pool, unheard = EnginePool(1, 4), []

    async def work() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
        for pause_s in (0.0, 0.002, 0.005):
            waiting = asyncio.create_task(pool.run(_fail))
            await asyncio.sleep(0)
            time.sleep(pause_s)  # noqa: ASYNC251 - the outcome arrives while the loop looks away
            waiting.cancel()
            await asyncio.wait({waiting})
        del waiting
        gc.collect()

    asyncio.run(_in_pool(pool, work, Held()))
    assert (len(pool._line), pool.running, unheard) == (0, 0, [])


def _fail(_: Ticket) -> None:
    raise ValueError("nobody hears this")


def test_a_wait_that_is_too_long_is_refused_at_once() -> None:
    """Who wants the answer sooner than its turn would come is told so before anything is done."""
    pool, held = EnginePool(1, 4), Held()

    async def work() -> None:
        await pool.run(lambda _: time.sleep(0.5))
        taken = [_submit(pool, held, f"t{number}", Terms("a")) for number in range(3)]
        await asyncio.to_thread(until, lambda: held.begun == ["t0"])
        with pytest.raises(BusyError, match=r"The wait is about 1\.\d s, but .* in 1 s"):
            pool.check_room(Terms("a", 1))
        pool.check_room(Terms("b", 1))  # its turn comes earlier: callers take turns
        held.gate.set()
        await asyncio.gather(*taken)

    asyncio.run(_in_pool(pool, work, held))
    assert pool.refused == {"deadline": 1}


def test_a_deadline_is_a_504(busy, gate, jpeg) -> None:
    """``Prefer: wait`` gives the time that a client has."""
    with ThreadPoolExecutor(1) as threads:
        begun = gate.entered
        asked = threads.submit(_ask, busy.url, jpeg)
        until(lambda: gate.entered == begun + 1)
        answer = busy.upload(jpeg, Prefer="wait=1")
        assert (answer.status_code, answer.json()["type"]) == (504, "/docs#problem-deadline")
        assert busy.app.state.service.pool.waiting == 0
        gate.open.set()
        assert asked.result() == 200
    assert gate.entered == begun + 1


def test_a_pool_is_quiet_while_no_request_comes() -> None:
    """Background work does not count; a request does, while it is there and for a moment after."""

    async def run() -> list[bool]:
        pool, gate = EnginePool(2, 4), threading.Event()
        pool.start()
        said = [pool.is_quiet(0.05)]
        behind = asyncio.create_task(pool.run(lambda _: gate.wait(10), Terms("job", is_background=True)))
        await asyncio.sleep(0.01)
        said.append(pool.is_quiet(0.05))
        await pool.run(lambda _: None, Terms("somebody"))
        said.append(pool.is_quiet(30))
        await asyncio.sleep(0.06)
        said.append(pool.is_quiet(0.05))
        gate.set()
        await behind
        await asyncio.to_thread(pool.close)
        return said

    assert asyncio.run(run()) == [True, True, False, True]
