"""Networks as ONNX Runtime made them for this processor, kept so that the next start only maps their file.

CACHE/KEY/model.onnx    the graph, optimised and laid out
CACHE/KEY/model.bin     its weights as they are multiplied, mapped into memory

A folder is written under another name and renamed when it is whole. The key holds all that the result depends
on; what is too old, or more than a few, is removed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Open = Callable[[Path, Any], Any]  # (file, options of a session) to a session

LEAST_BYTES = 1_000_000
"""Smaller networks are optimised in less time than a file is looked for. The one in the
package starts in 60 ms less processor time from here, and in 30 MB less memory."""
LIMIT = 4
"""Folders kept for one model."""
GRAPH, DATA = "model.onnx", "model.bin"
_UNFINISHED = ".making-"
_STALE_S = 3600.0
_CPUINFO_BYTES = 8192
_log = logging.getLogger("nearfar.engines.onnxruntime")


def open_kept(weights: Path, folder: Path, make_options: Callable[[], Any], open_: Open) -> Any:
    """A session of a file: from the cache where it is there, else opened anew and kept.

    Args:
        weights: an ONNX file.
        folder: where it is kept; its name is :func:`key_of` the file.
        make_options: new options of a session, as all sessions of the engine have them.
        open_: opens a session; its errors are those of the caller.
    """
    import shutil

    import onnxruntime as ort

    if folder.is_dir():
        plain = make_options()
        plain.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            session = open_(folder / GRAPH, plain)
            os.utime(folder)  # it was used: others go before it
        except Exception as exc:  # damaged, or of a file system that maps nothing: it is made anew
            _log.info("%s is of no use: %s", folder, exc)
            shutil.rmtree(folder, ignore_errors=True)
        else:
            return session
    try:
        return _made(weights, folder, make_options(), open_)
    except OSError as exc:  # the folder is read-only, or the disk is full
        _log.info("%s is not kept: %s", weights.name, exc)
        return open_(weights, make_options())


def _made(weights: Path, folder: Path, how: Any, open_: Open) -> Any:
    """A session opened anew, and its folder."""
    import shutil
    import tempfile

    folder.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder.parent).free < 2 * weights.stat().st_size:
        raise OSError("too little room on the disk")
    part = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    try:
        how.optimized_model_filepath = str(part / GRAPH)
        how.add_session_config_entry("session.optimized_model_external_initializers_file_name", DATA)
        how.add_session_config_entry(
            "session.optimized_model_external_initializers_min_size_in_bytes", "1024"
        )
        how.add_session_config_entry("session.save_external_prepacked_constant_initializers", "1")
        session = open_(weights, how)
        for file in part.iterdir():
            _flush(file)
        with contextlib.suppress(OSError):  # another process was faster
            part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _tidy(folder.parent)
    return session


def _flush(file: Path) -> None:
    """Onto the disk, so that a name never stands for less than the whole."""
    with file.open("rb+") as handle:
        os.fsync(handle.fileno())


def _tidy(cache: Path) -> None:
    """Remove the folders that were used longest ago, and what killed processes left."""
    import shutil

    with contextlib.suppress(OSError):
        folders = sorted(cache.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
        whole = [folder for folder in folders if not folder.name.startswith(_UNFINISHED)]
        old = time.time() - _STALE_S
        left = [f for f in folders if f.name.startswith(_UNFINISHED) and f.stat().st_mtime < old]
        for folder in whole[LIMIT:] + left:
            shutil.rmtree(folder, ignore_errors=True)


def key_of(weights: Path, sha256: str, version: str) -> str:
    """What a result depends on: the file (an int8 file may be made anew), the runtime, the processor."""
    looks = weights.stat()
    parts = (weights.name, looks.st_size, looks.st_mtime_ns, version, _processor())
    words = "|".join(map(str, parts)).encode()
    return f"{sha256[:12]}-{zlib.crc32(words):08x}{zlib.adler32(words):08x}"


def _processor() -> str:
    """What tells apart processors that want other layouts; where Linux says it, no other program is asked."""
    try:
        with Path("/proc/cpuinfo").open("rb") as file:
            lines = file.read(_CPUINFO_BYTES).splitlines()
    except OSError:
        lines = []
    named = [line for line in lines if line.startswith((b"flags", b"Features", b"model name"))]
    if named:
        return f"{os.uname().machine} {named[:2]}"
    import platform

    return f"{platform.machine()} {platform.processor()}"
