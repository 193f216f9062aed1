"""Ways to damage any file, and the numbers that headers lie with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    Way = tuple[int, Callable[[Random], bytes]]
    """How often, beside the others, and what makes the file."""

NUMBERS = (
    *(
        0,
        1,
        2,
        3,
        7,
        8,
        15,
        16,
        64,
        127,
        128,
        255,
        256,
        257,
        4095,
        8192,
        16383,
        16384,
        26_000,
        32_767,
        32_768,
    ),
    *(
        60_000,
        65_535,
        65_536,
        100_000,
        1_000_000,
        2**24 - 1,
        2**30,
        2**31 - 1,
        2**31,
        2**32 - 1,
        2**63,
        2**64 - 1,
    ),
)
"""Where sizes turn over, or are more than there is."""


def lie(rng: Random, bits: int = 32) -> int:
    """A number for a field of so many bits: mostly one of those that hurt."""
    fitting = [number for number in NUMBERS if number < 1 << bits]
    return rng.choice(fitting) if rng.random() < 0.85 else rng.getrandbits(bits)


def by_weight(rng: Random, ways: Sequence[Way]) -> bytes:
    """What one of the ways makes."""
    ((_, way),) = rng.choices(ways, [weight for weight, _ in ways])
    return way(rng)


def scarred(rng: Random, file: bytes) -> bytes:
    """A file with a few bytes, or a piece, changed: most often in its first part."""
    found = bytearray(file)
    for _ in range(rng.randint(1, 5)):
        if not found:
            break
        at = rng.randrange(min(len(found), rng.choice((64, 400, len(found)))))
        found = _CHANGES[rng.randrange(len(_CHANGES))](rng, found, at)
    return bytes(found)


def cut(rng: Random, file: bytes) -> bytes:
    """The beginning of a file."""
    return file[: rng.randint(0, len(file))]


def _flip(rng: Random, file: bytearray, at: int) -> bytearray:
    file[at] ^= 1 << rng.randrange(8)
    return file


def _put(rng: Random, file: bytearray, at: int) -> bytearray:
    size = rng.choice((1, 2, 4, 8))
    order = "little" if rng.random() < 0.5 else "big"
    file[at : at + size] = lie(rng, 8 * size).to_bytes(size, order)
    return file


def _remove(rng: Random, file: bytearray, at: int) -> bytearray:
    return file[:at] + file[at + rng.randint(1, 64) :]


def _double(rng: Random, file: bytearray, at: int) -> bytearray:
    return file[: at + rng.randint(1, 64)] + file[at:]


def _fill(rng: Random, file: bytearray, at: int) -> bytearray:
    size = rng.randint(1, 64)
    file[at : at + size] = bytes([rng.choice((0, 255, rng.randrange(256)))]) * size
    return file


_CHANGES = (_flip, _put, _put, _remove, _double, _fill)
