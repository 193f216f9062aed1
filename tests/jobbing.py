"""A store of jobs for tests, and ZIPs, good and bad: ``from jobbing import ...``."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

from nearfar.jobs.claims import Claims
from nearfar.jobs.intake import Intake, IntakeLimits
from nearfar.jobs.owner import Owner
from nearfar.jobs.records import Job, Outcome, ResultFile
from nearfar.jobs.spool import Spool
from nearfar.jobs.store import JobStore, StoreLimits

RECIPE = {"model": "", "size": None, "effects": [{"name": "heatmap", "options": {}}], "exports": []}
LIMITS = IntakeLimits(job_bytes=2**20, pictures=20, picture_bytes=2**19)


@dataclass
class Bench:
    """A store, and one who works on it."""

    store: JobStore
    owner: Owner
    claims: Claims

    def submit(
        self, *pictures: bytes, caller: str = "me", key: str = "", limits: IntakeLimits = LIMITS
    ) -> Job:
        """A job of some pictures (or ZIPs)."""
        return self.hand_in(*pictures, caller=caller, key=key, limits=limits)[0]

    def hand_in(
        self, *pictures: bytes, caller: str = "me", key: str = "", limits: IntakeLimits = LIMITS
    ) -> tuple[Job, bool]:
        """The same, and whether it is new."""
        intake = Intake(self.store.spool, self.owner.name, limits)
        try:
            for number, data in enumerate(pictures):
                intake.begin(f"photo{number}.jpg")
                intake.write(data)
                intake.end()
            return self.store.submit(intake.finish(caller, RECIPE, key), intake.folder)
        finally:
            intake.discard()

    def die(self) -> None:
        """End as a killed process does: nothing is given back, and the lock is let go."""
        self.store.close()
        self.owner.close()

    def work(self, *, fails: bool = False) -> tuple[str, int] | None:
        """Do the next picture; its job and number."""
        claim = self.claims.take()
        if claim is None:
            return None
        if fails:
            outcome = Outcome(problem={"detail": "it failed"})
        else:
            token = self.store.spool.write_result(claim.job, claim.position, [("a.txt", b"result")])
            outcome = Outcome(token, (ResultFile("a.txt", "text/plain", 6),), {"kind": "metric"})
        assert self.claims.finish(claim, outcome)
        return claim.job, claim.position


def open_bench(home: Path, quota: int = 10**9, ttl: float = 100.0, jobs: int = 100_000) -> Bench:
    """A store in a folder."""
    store = JobStore(Spool(home), StoreLimits(quota, ttl, jobs))
    owner = Owner(store.spool.owners)
    return Bench(store, owner, Claims(store, owner))


def make_zip(entries: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The bytes of a ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def on_disk(folder: Path) -> int:
    """Bytes of all blocks below a folder, as ``du`` counts them."""
    return sum(512 * path.stat().st_blocks for path in folder.rglob("*"))


def files_below(folder: Path) -> set[str]:
    """All files below a folder, as names relative to it."""
    return {
        (Path(parent) / name).relative_to(folder).as_posix()
        for parent, _, names in os.walk(folder)  # which bears folders that go away meanwhile
        for name in names
    }


def finish_all(home: Path) -> Bench:
    """Another process that takes over and works until nothing is left."""
    bench = open_bench(home)
    bench.claims.recover()
    while bench.work():
        pass
    return bench
