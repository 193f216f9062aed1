"""How large a video may be: checked before any work, and again while it is read."""

from __future__ import annotations

from dataclasses import dataclass

from nearfar.errors import ParameterError, TooLargeError


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """What a video may have at most; 0: any. ``pixels``: of one frame; ``seconds``: of its length."""

    bytes: int = 0
    pixels: int = 8192 * 8192
    frames: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if min(self.bytes, self.pixels, self.frames, self.seconds) < 0:
            raise ParameterError(f"A limit of {self} is below 0.", "Use 0 for none.")

    def check(self, found: float | None, of: str) -> None:
        """Refuse what goes over the limit; ``of`` is a field's name, None of ``found`` means unknown.

        Raises:
            TooLargeError: more than the limit.
        """
        most: float = getattr(self, of)
        if most and found is not None and found > most:
            what = {
                "bytes": f"The video has {found:,.0f} bytes, but at most {most:,} are taken.",
                "pixels": f"A frame of the video has {found:,.0f} pixels, but at most {most:,} are taken.",
                "frames": f"The video has more than {most:,} frames.",
                "seconds": f"The video is {found:,.1f} s long, but at most {most:,g} s are taken.",
            }[of]
            raise TooLargeError(what, "Cut it or make it smaller, or raise the limit.")
