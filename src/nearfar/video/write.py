"""Pictures to a piece of a video, and pieces to the whole file with the source's sound, texts and words.

A piece holds pictures alone, in a container that keeps any time base. It begins with a key frame and a fresh
encoder, and its pictures are stored in the order in which they are shown: pieces are laid one behind the
other without being encoded again, and the same pictures give the same bytes.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import OutputError, ParameterError
from nearfar.video._av import av
from nearfar.video._decoded import MATRICES, PRIMARIES, RANGES, SCALER_MATRICES, TRANSFERS
from nearfar.video.look import THREADS, Look

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    import numpy.typing as npt
    from av import VideoFrame as Encoded

    Planes = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]

PIECE_SUFFIX = ".nut"
BASE_WORD = "time_base"


class Piece:
    """A piece of a video that is being written; as a context it closes itself."""

    def __init__(self, path: Path, look: Look) -> None:
        library = av()
        self.path = path
        self.look = look
        self._last: int | None = None
        with translated(path):
            self._container: Any = library.open(str(path), "w", format="nut", options={"fflags": "+bitexact"})
            self._stream = self._container.add_stream(
                look.codec, rate=look.rate or 30, options=dict(look.options)
            )
            _set_up(self._stream, look)
            # The container may take a finer base of its own; the file in the end has the source's.
            self._container.metadata[BASE_WORD] = f"{look.time_base.numerator}/{look.time_base.denominator}"
            self._container.start_encoding()

    def write(self, pixels: npt.NDArray[Any], pts: int) -> None:
        """Add a picture: (H, W, 3) uint8 sRGB, or (H, W) uint16 where the look is grey.

        Raises:
            ParameterError: another shape or type than the look's, or a time that is not after the last one's.
            OutputError: the disk is full, or the encoder fails.
        """
        look = self.look
        shape = (look.height, look.width) if look.is_grey else (look.height, look.width, 3)
        kind = np.dtype(np.uint16 if look.is_grey else np.uint8)
        if pixels.shape != shape or pixels.dtype != kind:
            raise ParameterError(
                f"A picture is {pixels.shape} of {pixels.dtype}, but {shape} of {kind} was expected."
            )
        if look.is_grey:
            self._encode(av().VideoFrame.from_ndarray(pixels, format="gray16le"), pts)
            return
        given = av().VideoFrame.from_ndarray(
            np.ascontiguousarray(_padded(pixels, look.coded_size)), format="rgb24"
        )
        self._encode(
            given.reformat(
                format=look.pixels,
                dst_colorspace=SCALER_MATRICES[look.colour.matrix],
                dst_color_range=RANGES[look.colour.range],
                threads=1,
            ),
            pts,
        )

    def write_planes(self, planes: Planes, pts: int) -> None:
        """Add a picture as the encoder takes it: brightness (H, W), then two of half its sides, rounded up.

        uint8, or uint16 with numbers of 10 bits where the look has 10. Errors as of :meth:`write`.
        """
        width, height = self.look.coded_size
        kind = np.uint8 if self.look.bits == 8 else np.uint16
        sizes = [(width, height), (width // 2, height // 2), (width // 2, height // 2)]
        frame = av().VideoFrame(width, height, self.look.pixels)
        for plane, given, size in zip(frame.planes, planes, sizes, strict=True):
            if given.dtype != kind:
                raise ParameterError(f"A plane is {given.dtype}, but {np.dtype(kind)} was expected.")
            rows = np.frombuffer(plane, kind).reshape(plane.height, -1)
            rows[:, : plane.width] = _padded(given, size)
        self._encode(frame, pts)

    def _encode(self, frame: Encoded, pts: int) -> None:
        if self._last is not None and pts <= self._last:
            raise ParameterError(f"A picture at {pts} comes after one at {self._last}.", "Sort them by time.")
        self._last = frame.pts = pts
        frame.time_base = self.look.time_base
        _colour(frame, self.look)
        with translated(self.path):
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what the encoder still holds, and the end of the file."""
        with translated(self.path):
            if self._last is not None:
                self._container.mux(self._stream.encode())
            self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_piece(path: Path, look: Look) -> Piece:
    """A piece to write pictures to; its name should end in ``.nut``.

    Raises:
        OutputError: the place cannot be written, or the encoder does not take the settings.
    """
    return Piece(path, look)


def _set_up(stream: Any, look: Look) -> None:
    stream.width, stream.height = look.coded_size
    stream.pix_fmt = look.pixels
    context = stream.codec_context
    context.time_base = stream.time_base = look.time_base
    context.thread_count = THREADS
    context.sample_aspect_ratio = look.aspect
    _colour(context, look)


def _colour(of: Any, look: Look) -> None:
    colour = look.colour
    of.colorspace, of.color_range = MATRICES[colour.matrix], RANGES[colour.range]
    of.color_primaries, of.color_trc = PRIMARIES[colour.primaries], TRANSFERS[colour.transfer]


def _padded(pixels: npt.NDArray[Any], size: tuple[int, int]) -> npt.NDArray[Any]:
    """The picture at an even size: its last row and column once more where they are missing."""
    width, height = size
    if pixels.shape[:2] == (height, width):
        return pixels
    edges = ((0, height - pixels.shape[0]), (0, width - pixels.shape[1]), (0, 0))
    return np.pad(pixels, edges[: pixels.ndim], mode="edge")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what the library and the disk say into one error of the tree."""
    try:
        yield
    except OutputError:
        raise
    except (av().FFmpegError, OSError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise OutputError(
            f"The video {path.name} could not be written: {reason}.", "Make room, or choose another folder."
        ) from exc
