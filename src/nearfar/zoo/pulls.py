"""Pulls that outlive whoever asked for them: written down, and gone on with by the next process.

HOME/pulls/NAME.json    how far the pull of a model is
HOME/pulls/NAME.stop    there while somebody wants it to end
"""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from nearfar.errors import NearfarError, WeightsError
from nearfar.machine.files import locked, write_whole
from nearfar.weights import open_store
from nearfar.weights.fetch import How
from nearfar.zoo import catalogue, manage

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.settings import Settings

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
STATES = (WAITING, RUNNING, DONE, FAILED, CANCELLED)
ENDED = (DONE, FAILED, CANCELLED)
_BETWEEN_NOTES_S = 0.25
_log = logging.getLogger("nearfar.zoo.pulls")


class StoppedError(Exception):
    """Somebody wants the pull to end."""


@dataclass(frozen=True, slots=True)
class PullRecord:
    """How far a pull is: ``bytes`` of ``total`` of the file that comes now (0 where not known)."""

    model: str
    engine: str = ""
    state: str = WAITING
    file: str = ""
    bytes: int = 0
    total: int = 0
    error: str = ""
    version: int = 1

    @property
    def is_ended(self) -> bool:
        """It is over, well or not."""
        return self.state in ENDED

    @property
    def plain(self) -> dict[str, Any]:
        """The record as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Pulls:
    """The pulls of one store; processes that share it share them."""

    settings: Settings

    @property
    def folder(self) -> Path:
        """Where records lie."""
        return open_store(self.settings).home / "pulls"

    def record(self, model: str) -> PullRecord | None:
        """How far the pull of a model is, or was; None where there never was one."""
        try:
            return PullRecord(**json.loads((self.folder / f"{model}.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def begin(self, model: str, engine: str = "") -> tuple[PullRecord, bool]:
        """Begin a pull, or join the one under way; tells whether it is new.

        Raises:
            UnknownNameError: there is no such model.
            WeightsError: it cannot be pulled for that engine.
        """
        card = catalogue.card(model)
        files = card.files(engine) if engine else card.weights
        if not any(file.location for file in files):
            raise WeightsError(
                f"The weights of '{model}' cannot be pulled{' for ' + engine if engine else ''}.",
                f"See nearfar models {model}, and nearfar models import.",
            )
        with locked(self.folder / f".{model}.lock", passing=True):
            there = self.record(model)
            if there is not None and not there.is_ended:
                return there, False
            (self.folder / f"{model}.stop").unlink(missing_ok=True)
            made = PullRecord(model, engine, version=there.version + 1 if there else 1)
            self._write(made)
        self._work_on(made)
        return made, True

    def cancel(self, model: str) -> PullRecord | None:
        """Let a pull end soon; what came is kept for the next one. Gives the record as it is now."""
        there = self.record(model)
        if there is not None and not there.is_ended:
            write_whole(self.folder / f"{model}.stop", b"")
        return there

    def resume(self) -> tuple[str, ...]:
        """Go on with what an ended process left under way; gives the names of the models."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            there = self.record(path.stem)
            if there is not None and not there.is_ended:
                self._work_on(there)
                found.append(there.model)
        return tuple(found)

    def _work_on(self, record: PullRecord) -> None:
        thread = threading.Thread(target=self._work, args=(record,), name=f"pull-{record.model}", daemon=True)
        thread.start()

    def _work(self, record: PullRecord) -> None:
        """Pull, and note how far it is; processes that resume the same pull wait for one another."""
        noted_at = 0.0
        now = replace(record, state=RUNNING)
        stop = self.folder / f"{record.model}.stop"

        def note(file: str, here: int, total: int) -> None:
            nonlocal now, noted_at
            if time.monotonic() - noted_at < _BETWEEN_NOTES_S and here != total:
                return
            noted_at = time.monotonic()
            now = self._write(replace(now, file=file, bytes=here, total=total))
            if stop.exists():
                raise StoppedError

        try:
            with locked(self.folder / f".{record.model}.working", passing=True):
                now = self._write(now)
                manage.pull(record.model, self.settings, How(record.engine, progress=note))
                now = self._write(replace(now, state=DONE))
        except StoppedError:
            self._write(replace(now, state=CANCELLED))
        except NearfarError as exc:
            self._write(replace(now, state=FAILED, error=str(exc)))
        except Exception as exc:
            _log.exception("the pull of %s broke", record.model)
            self._write(replace(now, state=FAILED, error=type(exc).__name__))
        finally:
            stop.unlink(missing_ok=True)

    def _write(self, record: PullRecord) -> PullRecord:
        """Keep a record; each has a higher version than the one before."""
        newer = replace(record, version=record.version + 1)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / f"{record.model}.json", json.dumps(newer.plain).encode(), lasting=True)
        return newer
