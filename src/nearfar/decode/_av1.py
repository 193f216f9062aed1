"""How large the pictures of an AV1 stream are, by its sequence headers (AV1 specification, 5.3 to 5.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEQUENCE_HEADER = 1
_MOST_UNITS = 4096
_HEADER_BYTES = 1024  # of a sequence header, at most: 32 operating points
_LEVEL_WITH_TIER = 7


def sizes(stream: bytes) -> Iterator[tuple[int, int]]:
    """(width, height) of each sequence header of a stream; nothing where it ends early."""
    at, count = 0, 0
    while at < len(stream) and count < _MOST_UNITS:
        head = stream[at]
        at += 2 if head & 4 else 1
        size = len(stream) - at
        if head & 2:
            size, at = _leb128(stream, at)
        if head >> 3 & 15 == _SEQUENCE_HEADER:
            yield _size(stream[at : at + min(size, _HEADER_BYTES)])
        at += size
        count += 1


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, and where the next byte stands."""
    value = 0
    for place in range(8):
        byte = data[at + place] if at + place < len(data) else 0
        value |= (byte & 127) << 7 * place
        if not byte & 128:
            return value, at + place + 1
    return value, at + 8


class _Bits:
    """Reads bits, the highest first; zeros behind the end."""

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """The next so many as a number."""
        self._left -= count
        shifted = self._bits >> self._left if self._left >= 0 else self._bits << -self._left
        return shifted & (1 << count) - 1

    def skip_uvlc(self) -> None:
        """Pass a number of variable length over."""
        zeros = 0
        while self._left > 0 and not self.take(1):
            zeros += 1
        self.take(zeros if zeros < 32 else 0)


def _size(body: bytes) -> tuple[int, int]:
    bits = _Bits(body)
    bits.take(4)  # profile, whether it is a still picture
    if bits.take(1):  # the short header of still pictures
        bits.take(5)
    else:
        _skip_operating_points(bits)
    across, down = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(across) + 1, bits.take(down) + 1


def _skip_operating_points(bits: _Bits) -> None:
    delay_bits = 0
    if bits.take(1):  # timing
        bits.take(64)
        if bits.take(1):
            bits.skip_uvlc()
        if bits.take(1):  # a model of the decoder
            delay_bits = bits.take(5) + 1
            bits.take(42)
    has_display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > _LEVEL_WITH_TIER:
            bits.take(1)
        if delay_bits and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if has_display_delay and bits.take(1):
            bits.take(4)
