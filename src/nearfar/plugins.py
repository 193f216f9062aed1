"""The seams: what a file under effects/ or exports/ offers as its ``PLUGIN``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from nearfar.encode import CLIP_TYPES, PICTURE_TYPES, TIFF_TYPES
from nearfar.errors import EffectError, MemoryShortError, NearfarError
from nearfar.options import describe
from nearfar.registry import absent
from nearfar.types.picture import in_8_bits
from nearfar.types.shape import check_shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.options import OptionInfo
    from nearfar.types import Clip, DepthMap, Photo, Picture

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tiff", ".tif")
_SHORT_WORDS = ("insufficient memory", "bad_alloc", "cannot allocate memory", "unable to allocate")


@dataclass(frozen=True, slots=True)
class Effect:
    """Photo and depth to a picture or a clip.

    ``options`` is a frozen dataclass made with :mod:`nearfar.options`. ``suffixes``: the files that hold the
    result, the usual one first. Where they are not pictures, the options have a ``format`` that takes such a
    suffix without its dot. ``libraries``: what it imports only as it works and may not be installed, by the
    names under which they are imported; ``extra``: the extra of nearfar that brings them.
    """

    name: str
    summary: str
    options: type
    apply: Callable[[Photo | None, DepthMap, Any], Picture | Clip]
    needs_photo: bool = True
    suffixes: tuple[str, ...] = PICTURES
    extra: str = ""
    libraries: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "apply", _guarded(self.apply, f"effect '{self.name}'"))

    @property
    def is_clip(self) -> bool:
        """The result is an animation or a video, and the option ``format`` names its suffix."""
        return any(info.name == "format" for info in describe(self.options))

    @property
    def media_types(self) -> tuple[str, ...]:
        """What :meth:`write` gives, the usual one first."""
        known = CLIP_TYPES if self.is_clip else PICTURE_TYPES
        return tuple(dict.fromkeys(known[suffix] for suffix in self.suffixes))

    def suffix_of(self, options: Any) -> str:
        """The suffix of the file that :meth:`write` gives, such as ``.png``."""
        return f".{options.format}" if self.is_clip else self.suffixes[0]

    def media_type_of(self, options: Any) -> str:
        """The media type of the file that :meth:`write` gives, such as ``image/png``."""
        return (CLIP_TYPES if self.is_clip else PICTURE_TYPES)[self.suffix_of(options)]

    def write(self, photo: Photo | None, depth: DepthMap, options: Any, suffix: str = "") -> bytes:
        """The result as the bytes of a file of the usual kind, or of a picture of that suffix.

        16 bits become 8 where the suffix's format holds no more.
        """
        done: Any = self.apply(photo, depth, options)
        if suffix and suffix not in {".png", *TIFF_TYPES} and not self.is_clip:
            done = in_8_bits(done)
        return bytes(done.encoded(suffix or self.suffix_of(options)))


@dataclass(frozen=True, slots=True)
class Export:
    """Depth (and photo) to the bytes of a file. ``has_record``: the file itself says what its values mean.

    ``libraries`` and ``extra`` as of an :class:`Effect`.
    """

    name: str
    summary: str
    suffix: str
    media_type: str
    options: type
    write: Callable[[Photo | None, DepthMap, Any], bytes]
    has_record: bool = True
    extra: str = ""
    libraries: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "write", _guarded(self.write, f"export '{self.name}'"))

    @property
    def media_types(self) -> tuple[str, ...]:
        """What :attr:`write` gives."""
        return (self.media_type,)

    def suffix_of(self, options: Any) -> str:  # noqa: ARG002 - as of an effect
        """The suffix of the file, such as ``.npy``."""
        return self.suffix

    def media_type_of(self, options: Any) -> str:  # noqa: ARG002 - as of an effect
        """The media type of the file."""
        return self.media_type


def _guarded(work: Callable[..., Any], what: str) -> Callable[..., Any]:
    """The same work within the bounds of all operations; libraries' errors come out as one of the tree."""

    @wraps(work)
    def guarded(photo: Photo | None, depth: DepthMap, options: Any) -> Any:
        check_shape(depth.width, depth.height, "The depth map")
        try:
            return work(photo, depth, options)
        except NearfarError:
            raise
        except Exception as exc:  # OpenCV, Pillow, codecs and plug-ins raise anything
            if _is_short_of_memory(exc):
                size = f"{depth.width}×{depth.height} pixels"
                raise MemoryShortError(
                    f"There is not enough memory for the {what} at {size}.", "Scale the photo down."
                ) from exc
            reason = str(exc).strip().rstrip(".") or type(exc).__name__
            raise EffectError(
                f"The {what} failed on {depth.width}×{depth.height} pixels: {reason}.",
                "Scale the photo down, or choose other options.",
            ) from exc

    return guarded


def _is_short_of_memory(error: Exception) -> bool:
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(word in said for word in _SHORT_WORDS)


def outline(plugin: Any) -> dict[str, Any]:
    """An effect or export as plain values: name, summary, what it writes, what it lacks, and its options.

    ``missing``: the libraries that it needs and that are not installed; it cannot run until they are.
    """
    keep = ("name", "summary", "suffix", "media_type", "needs_photo", "suffixes", "extra")
    row = {key: getattr(plugin, key) for key in keep if hasattr(plugin, key)}
    return row | {
        "missing": list(absent(plugin.libraries)),
        "options": [_plain(info) for info in describe(plugin.options)],
    }


def _plain(info: OptionInfo) -> dict[str, Any]:
    keep = ("name", "type", "default", "low", "high", "choices", "help", "form")
    return {key: getattr(info, key) for key in keep}
