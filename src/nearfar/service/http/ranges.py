"""Parts of a file (RFC 9110, 14): one range of bytes; whatever else a header says, the whole is answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nearfar.jobs.errors import NoSuchJobError
from nearfar.service.errors import RangeError

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import Scope

_ONE = re.compile(rb"bytes=(\d{0,15})-(\d{0,15})", re.IGNORECASE)


def check_range(scope: Scope, size: int) -> None:
    """Leave a request at most one Range, written plainly.

    One that is none, or of several parts, is to be passed over; so is one behind the end where the client
    says which file it means (If-Range), for that may have been a longer one.

    Raises:
        RangeError: it asks for bytes behind the end of a file of ``size`` bytes.
    """
    found = next((value for name, value in scope["headers"] if name == b"range"), None)
    if found is None:
        return
    others = [pair for pair in scope["headers"] if pair[0] != b"range"]
    is_sure = all(name != b"if-range" for name, _ in others)
    one = _ONE.fullmatch(found.replace(b" ", b""))
    first, last = (one[1], one[2]) if one else (b"", b"")
    scope["headers"] = others
    if (not first and not last) or (first and last and int(first) > int(last)):
        return
    if (first and int(first) < size) or (not first and int(last) > 0):
        scope["headers"] = [(b"range", b"bytes=" + first + b"-" + last), *others]
    elif is_sure:
        raise RangeError(
            f"The file has {size:,} bytes, and none from there on.", "Ask for a part of it, or for all.", size
        )


def size_of(path: Path) -> int:
    """Bytes of a file.

    Raises:
        NoSuchJobError: it was removed meanwhile.
    """
    try:
        return path.stat().st_size
    except OSError as exc:
        raise NoSuchJobError(f"{path.name} is not there any more.", "GET /v1/jobs/ID tells what is.") from exc
