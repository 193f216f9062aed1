"""The jobs of a running service: opened when first needed, worked on at lower priority than requests."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nearfar.errors import BusyError, NearfarError
from nearfar.jobs.claims import MAX_ATTEMPTS, Claims
from nearfar.jobs.errors import JobsUnavailableError, NoSuchJobError, PictureLostError, StorageFullError
from nearfar.jobs.intake import Intake, IntakeLimits
from nearfar.jobs.owner import Owner
from nearfar.jobs.records import STATES, Outcome
from nearfar.jobs.store import open_jobs, spool_of
from nearfar.jobs.upkeep import Upkeep
from nearfar.service.errors import ClientLeftError, StuckEngineError
from nearfar.service.jobs.videos import PausedError, VideoWatch, make_video
from nearfar.service.jobs.work import Made, make, problem_row
from nearfar.service.request.terms import Terms
from nearfar.video.signature import is_video
from nearfar.wall.errors import WallError, WorkerLostError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from nearfar.jobs.records import Claim
    from nearfar.jobs.spool import Spool
    from nearfar.jobs.store import JobStore
    from nearfar.service.jobs.work import JobTools
    from nearfar.service.work.pool import EnginePool
    from nearfar.settings import Settings

LOOK_S = 1.0
"""Seconds between two looks of an idle worker for jobs that other processes accepted."""
QUIET_S = 2.0
"""Seconds without a request after which jobs take the last stream too; the first request has it back."""
PAUSE_S = 5.0
"""How long work rests where the store has no room or cannot be used; nothing is lost meanwhile."""
KEEP_S, TICK_S, SWEEP_S = 2.0, 30.0, 600.0
"""How often pictures of dead processes are looked for, the clock moves on, leftovers are swept."""
TRIES: dict[type[Exception], int] = {
    StuckEngineError: 2,
    MemoryError: 2,
    PictureLostError: 2,
    WorkerLostError: MAX_ATTEMPTS,
}
"""Errors that may be over when a picture is tried again, and how often it is begun at most."""
_log = logging.getLogger("nearfar.service")


@dataclass(frozen=True, slots=True, eq=False)
class OpenStore:
    """An open store with what works on it."""

    store: JobStore
    owner: Owner
    claims: Claims
    upkeep: Upkeep


class Jobs:
    """Takes jobs in and works on them, some pictures at a time, of which at most one waits in the pool."""

    def __init__(self, settings: Settings, pool: EnginePool, tools: JobTools) -> None:
        self._settings = settings
        self._pool = pool
        self._tools = tools
        self._open: OpenStore | None = None
        self._opening = threading.Lock()
        self._queueing = asyncio.Lock()
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._owed: list[tuple[Claim, bool]] = []
        self._trouble = ""
        self._counts: dict[str, int] = {}
        self._waiting = 0
        self.is_closing = False

    @property
    def limits(self) -> IntakeLimits:
        """What a job may hold."""
        read = self._settings
        return IntakeLimits(read.job_bytes, read.job_pictures, read.max_bytes, read.video_bytes)

    def counts(self) -> dict[str, int]:
        """Jobs by state, as they were a moment ago; free."""
        return dict.fromkeys(STATES, 0) | self._counts

    def pictures_waiting(self) -> int:
        """Pictures that are not done yet, as of a moment ago; free."""
        return self._waiting

    def open(self) -> OpenStore:
        """The store, made where there is none. It may take a while: call it in a thread.

        Raises:
            JobsUnavailableError: it is damaged, read-only or of a newer version.
            StorageFullError: the disk is full.
        """
        with self._opening:
            if self._open is not None:
                return self._open
            if self.is_closing:
                raise JobsUnavailableError("The service is shutting down.", "Ask another one.")
            store = open_jobs(self._settings)
            try:
                owner = Owner(store.spool.owners)
            except BaseException:
                store.close()
                raise
            self._open = OpenStore(store, owner, Claims(store, owner), Upkeep(store))
            return self._open

    async def opened(self) -> OpenStore:
        """The same, without holding the event loop up."""
        if self._open is not None:
            return self._open
        return await asyncio.to_thread(self.open)

    def intake(self) -> Intake:
        """Where a new job arrives; to be called in a thread."""
        opened = self.open()
        return Intake(opened.store.spool, opened.owner.name, self.limits, partial(opened.store.check_room, 0))

    def wake(self) -> None:
        """There is something to do."""
        self._news.set()

    def start(self) -> None:
        """Begin to work; what was accepted before goes on."""
        hands = self._settings.job_streams or self._pool.workers
        is_shared = not self._settings.job_streams and hands > 1
        work: list[Coroutine[Any, Any, None]] = [self._keep()]
        work += [self._work(gives_way=is_shared and hand == 0) for hand in range(hands)]
        self._tasks = [asyncio.create_task(one) for one in work]

    def begin_closing(self) -> None:
        """Take no further picture, and end the streams of progress. May be called in a signal handler."""
        self.is_closing = True

    async def close(self, seconds: float) -> None:
        """Finish the pictures under way within that time, give the others back, close the store."""
        self.begin_closing()
        self.wake()
        if self._tasks:
            self._tasks[0].cancel()
            await asyncio.wait(self._tasks, timeout=seconds)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._open is not None:
            await asyncio.to_thread(self._repay)
            self._open.store.close()
            self._open.owner.close()
            self._open = None

    async def _work(self, *, gives_way: bool) -> None:
        """One worker: the next picture, and the next; one that gives way works while no request is there."""
        while not self.is_closing:
            if gives_way and not self._pool.is_quiet(QUIET_S):
                await self._rest(LOOK_S)
                continue
            try:
                claim = await self._next()
                if claim is not None:
                    await self._do(claim)
                self._trouble = ""
            except NearfarError as exc:
                self._note(exc)
                await self._rest(PAUSE_S)
            except Exception:
                _log.exception("work on jobs broke off; it goes on in %g s", PAUSE_S)
                await self._rest(PAUSE_S)
            else:
                if claim is None:
                    await self._rest(LOOK_S)

    async def _next(self) -> Claim | None:
        opened = await self._existing()
        if opened is None:
            return None
        return await asyncio.to_thread(_take, opened)

    async def _existing(self) -> OpenStore | None:
        """The store where there is one: looking for work makes none."""
        if self._open is None and not await asyncio.to_thread(spool_of(self._settings).database.exists):
            return None
        return await self.opened()

    async def _do(self, claim: Claim) -> None:
        """Work on a picture until it is finished or given back."""
        try:
            outcome = await self._outcome(claim)
            if outcome is None:
                await self._give_back(claim, counts=True)
            else:
                opened = await self.opened()
                await asyncio.to_thread(opened.claims.finish, claim, outcome)
        except PausedError:  # a video: others had their turn waiting, or the service ends
            await self._give_back(claim)
        except asyncio.CancelledError:
            await self._give_back(claim)
            raise
        except (BusyError, StorageFullError, JobsUnavailableError) as exc:
            await self._give_back(claim)
            if isinstance(exc, BusyError) or not await self._is_wanted(claim):
                await self._rest(LOOK_S)
                return
            raise
        except Exception:  # nobody foresaw it; a claim that is kept would never end
            await self._give_back(claim, counts=True)
            raise

    async def _outcome(self, claim: Claim) -> Outcome | None:
        """How it ended, its files written; None where it should be tried once more."""
        opened = await self.opened()
        spool = opened.store.spool
        try:
            made = await self._in_pool(await self._work_on(claim, opened), claim.caller)
            described = await asyncio.to_thread(getattr, made, "described")  # of files that are moved then
            token = await asyncio.to_thread(_kept, spool, claim, made)
        except (PausedError, BusyError, StorageFullError, JobsUnavailableError):
            raise
        except WallError as exc:
            raise BusyError(exc.message) from exc
        except Exception as exc:
            if self.is_closing and isinstance(exc, WorkerLostError):  # ended with the service, by one signal
                raise BusyError("The service is shutting down.") from exc
            tries = max((count for kind, count in TRIES.items() if isinstance(exc, kind)), default=1)
            return Outcome(problem=problem_row(claim, exc)) if claim.attempt >= tries else None
        return Outcome(token, described, made.depth)

    async def _work_on(self, claim: Claim, opened: OpenStore) -> Callable[[Any], Made]:
        """What is done with a claim in the pool: a photo's way, or a part of a video's."""
        spool = opened.store.spool
        if not is_video(await asyncio.to_thread(spool.head, claim.job, claim.slot)):
            return partial(make, claim, spool, self._tools)
        watch = VideoWatch(
            note=partial(opened.claims.note, claim),
            is_closing=lambda: self.is_closing,
            is_needed=lambda: not self._pool.is_quiet(QUIET_S) or self._pool.waiting_in_background > 0,
        )
        return partial(make_video, claim, spool, self._tools, watch)

    async def _in_pool(self, work: Any, caller: str) -> Made:
        """What the work gives; no second picture waits in the pool while one does."""
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def begin(ticket: Any) -> Any:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(begun.set)
            return work(ticket)

        async with self._queueing:
            doing = asyncio.create_task(self._pool.run(begin, Terms(caller, is_background=True)))
            beginning = asyncio.create_task(begun.wait())
            try:
                await asyncio.wait({doing, beginning}, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                doing.cancel()
                raise
            finally:
                beginning.cancel()
        try:
            made: Made = await doing
        except ClientLeftError as exc:
            raise BusyError("The service is shutting down.") from exc
        return made

    async def _is_wanted(self, claim: Claim) -> bool:
        """Whether the job still goes on: what was cancelled or removed has no folder to write to."""
        try:
            opened = await self.opened()
            return not (await asyncio.to_thread(opened.store.job, claim.job)).is_ended
        except NoSuchJobError:
            return False
        except NearfarError:
            return True

    async def _give_back(self, claim: Claim, *, counts: bool = False) -> None:
        """Give it back to the queue; later, where the store cannot be written now."""
        self._owed.append((claim, counts))
        await asyncio.to_thread(self._repay)

    def _repay(self) -> None:
        """Write down what is given back."""
        while self._owed and self._open is not None:
            claim, counts = self._owed.pop()
            try:
                self._open.claims.give_back(claim, counts=counts)
            except NearfarError as exc:
                self._owed.append((claim, counts))
                self._note(exc)
                return

    async def _rest(self, seconds: float) -> None:
        """Until something happens, or the time is over."""
        if self.is_closing:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()

    async def _keep(self) -> None:
        """Keep the store in order."""
        due = {TICK_S: float("-inf"), SWEEP_S: float("-inf")}
        while not self.is_closing:
            try:
                opened = await self._existing()
                if opened is not None:
                    now = time.monotonic()
                    late = {every for every, last in due.items() if now - last >= every}
                    due |= dict.fromkeys(late, now)
                    await asyncio.to_thread(self._tend, opened, late)
            except NearfarError as exc:
                self._note(exc)
            except Exception:
                _log.exception("the upkeep of jobs broke off; it goes on in %g s", KEEP_S)
            await asyncio.sleep(KEEP_S)

    def _tend(self, opened: OpenStore, late: set[float]) -> None:
        opened.store.database.checkpoint()
        self._repay()
        if count := opened.claims.recover():
            _log.warning("%d pictures of processes that ended are queued again", count)
            self._news_from_thread()
        if TICK_S in late:
            opened.upkeep.tick()
        if SWEEP_S in late:
            opened.upkeep.sweep()
        self._counts = opened.store.counts()
        self._waiting = opened.store.pictures_waiting()

    def _news_from_thread(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._tasks[0].get_loop().call_soon_threadsafe(self.wake)

    def _note(self, exc: NearfarError) -> None:
        """Log trouble once, not every few seconds."""
        if str(exc) != self._trouble:
            self._trouble = str(exc)
            _log.error("jobs rest: %s", exc)


def _kept(spool: Spool, claim: Claim, made: Made) -> str:
    """Write a result; its token."""
    if made.folder is not None:
        return spool.keep_result(claim.job, claim.position, made.folder)
    pairs = [(name, data) for name, _, data in made.files]
    return spool.write_result(claim.job, claim.position, pairs)


def _take(opened: OpenStore) -> Claim | None:
    """The next picture; StorageFullError where its result would find no room."""
    if opened.store.pictures_waiting():
        opened.store.check_room(1)
    return opened.claims.take()
