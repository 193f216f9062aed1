"""From which picture to decode, so that a part of a video is reached without decoding all before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class Key:
    """A picture that is decoded without others: its time, and how many frames are shown before it."""

    pts: int
    before: int

    def is_early(self, wanted: int, first: int) -> bool:
        """Whether nothing before it is asked for."""
        return self.pts <= wanted or self.before <= first


def key_before(packets: Iterable[tuple[int, bool]], wanted: int, first: int) -> tuple[Key | None, int]:
    """The last key frame before which nothing is asked for, and the first frame's index from ``wanted`` on.

    ``packets``: of each the time and whether it is a key frame, in the order in which they are stored, where
    some are shown before a key frame that precedes them. Asked for is what is shown at ``wanted`` or later
    and has at least the index ``first``.
    """
    best: Key | None = None
    newest: Key | None = None
    begin = 0
    for count, (pts, is_key) in enumerate(packets):
        if newest and pts < newest.pts:
            newest.before += 1
        begin += pts < wanted
        if is_key:
            if newest and newest.is_early(wanted, first):
                best = newest
            elif newest:
                break
            newest = Key(pts, count)
    return newest if newest and newest.is_early(wanted, first) else best, begin
