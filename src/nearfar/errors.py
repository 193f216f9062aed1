"""The one tree of errors that nearfar raises.

Each message says what was wrong and what was expected; ``hint`` says what to do next. An error also
inherits the built-in that a caller would guess.

    NearfarError
    ├── InputError (ValueError)           the picture or an argument is at fault
    │   ├── EmptyInputError               no bytes at all
    │   ├── UnsupportedFormatError        not a picture that we read
    │   ├── BrokenImageError              a picture, but damaged
    │   ├── TooLargeError                 over a limit of bytes or pixels
    │   ├── ParameterError                an option out of its range
    │   └── NoGroundError                 no floor that could give a scale
    ├── SourceError (OSError)             a file cannot be read
    ├── OutputError (OSError)             a result cannot be written
    │   └── OutputExistsError             ... because something is there already
    ├── UnknownNameError (LookupError)    no model, effect, format of that name
    ├── MissingExtraError (ImportError)   an optional library is not installed
    ├── SettingsError (ValueError)        a setting is unknown or out of range
    ├── WeightsError (RuntimeError)       weights are absent, damaged or not the expected ones
    ├── EffectError (RuntimeError)        an effect or export failed, as by a library's error
    │   └── MemoryShortError (MemoryError) ... for want of memory
    ├── EngineError (RuntimeError)        a network could not be loaded or run
    │   └── NonFiniteOutputError          ... its output holds NaN or infinity
    └── BusyError (RuntimeError)          the queue is full; try again later
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


MOST_TEXT = 2000
"""Characters of a message: what it quotes may come from outside and be of any length."""
_MOST_NAME = 100  # characters of a name for which a near one is looked for
_KEPT = frozenset("\n\t\u00a0\u2009\u202f\u3000")  # besides what can be printed


def shown(text: str, most: int = MOST_TEXT) -> str:
    r"""Text from outside as it may stand in a message, a log line or a name: cut, and escaped.

    Controls, halves of characters and what turns the direction of writing become ``\u202e`` and the like.
    """
    if len(text) > most:
        text = f"{text[: most - most // 4]} ... {text[len(text) - most // 4 + 5 :]}"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _KEPT else f"\\u{ord(c):04x}" for c in text)


class NearfarError(Exception):
    """The root of the tree: catch it to catch everything that nearfar raises on purpose."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = shown(message)
        self.hint = shown(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InputError(NearfarError, ValueError):
    """The picture or an argument is at fault."""


class EmptyInputError(InputError):
    """There were no bytes at all."""


class UnsupportedFormatError(InputError):
    """The bytes are not a picture in a format that we read."""


class BrokenImageError(InputError):
    """The bytes begin like a picture but cannot be decoded to its end."""


class TooLargeError(InputError):
    """The input goes over a limit of bytes or pixels."""


class ParameterError(InputError):
    """An option has a value out of its range; ``parameter`` names it."""

    def __init__(self, message: str, hint: str = "", parameter: str = "") -> None:
        super().__init__(message, hint)
        self.parameter = shown(parameter, _MOST_NAME)


class NoGroundError(InputError):
    """No level floor is seen that could tell how large the world is."""


class SourceError(NearfarError, OSError):
    """A file cannot be read."""


class OutputError(NearfarError, OSError):
    """A result cannot be written."""


class OutputExistsError(OutputError):
    """Something is already there and overwriting was not asked for."""


class UnknownNameError(NearfarError, LookupError):
    """There is no plug-in of that name."""


class MissingExtraError(NearfarError, ImportError):
    """An optional library is needed and not installed."""


class SettingsError(NearfarError, ValueError):
    """A setting is unknown or out of its range."""


class WeightsError(NearfarError, RuntimeError):
    """Weights are absent, damaged or not the ones the card names."""


class EffectError(NearfarError, RuntimeError):
    """An effect or export failed where nobody foresaw it: a library's own error, or want of memory."""


class MemoryShortError(EffectError, MemoryError):
    """There was not enough memory for an effect or export."""


class EngineError(NearfarError, RuntimeError):
    """A network could not be loaded or run."""


class NonFiniteOutputError(EngineError):
    """A network answered with NaN or infinity."""


class BusyError(NearfarError, RuntimeError):
    """The queue is full; ``retry_after_s`` says when to try again."""

    def __init__(self, message: str, hint: str = "", retry_after_s: int = 1) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s


@contextmanager
def as_broken(said: str, hint: str = "") -> Iterator[None]:
    """Whatever a library raises over a damaged file within becomes BrokenImageError: ``said``, and why."""
    try:
        yield
    except NearfarError:
        raise
    except Exception as exc:
        why = str(exc).rstrip(".") or type(exc).__name__
        raise BrokenImageError(f"{said}: {why}.", hint) from exc


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest known name, or lists all of them."""
    import difflib  # slow to import, and only needed once something is wrong

    names = sorted(name for name in known if name)
    near = difflib.get_close_matches(name[:_MOST_NAME], names, n=1, cutoff=0.6)
    return f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(names) or 'none'}."
