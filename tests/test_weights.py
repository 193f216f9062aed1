"""Weights are the ones the card names, or an error."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nearfar import weights
from nearfar.catalogue import card
from nearfar.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

EMBEDDED = card("embedded")


def with_file(**changes: object) -> object:
    """The embedded network's card with other words about its file."""
    return replace(EMBEDDED, weights=(replace(EMBEDDED.weights[0], **changes),))


def test_embedded_weights_are_theirs() -> None:
    """The file in the package has the hash and the size on its card."""
    path = weights.locate(EMBEDDED)
    assert path.stat().st_size == EMBEDDED.weights[0].bytes


def test_flipped_byte_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One wrong bit anywhere, and the weights are not loaded."""
    data = bytearray(weights.locate(EMBEDDED).read_bytes())
    data[len(data) // 2] ^= 1
    copy = tmp_path / "embedded.onnx"
    copy.write_bytes(data)
    monkeypatch.setattr(weights, "_asset", lambda _: copy)
    with pytest.raises(WeightsError, match=r"have SHA-256 .*reinstall nearfar"):
        weights.locate(EMBEDDED)


def test_file_that_changes_is_hashed_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A good answer is remembered for as long as the file stays the same."""
    copy = tmp_path / "embedded.onnx"
    copy.write_bytes(weights.locate(EMBEDDED).read_bytes())
    monkeypatch.setattr(weights, "_asset", lambda _: copy)
    assert weights.locate(EMBEDDED) == copy
    copy.write_bytes(b"other")
    with pytest.raises(WeightsError):
        weights.locate(EMBEDDED)


def test_published_prefix_is_enough() -> None:
    """Eight digits in any case identify a file; fewer do not, nor none."""
    full = EMBEDDED.sha256
    assert weights.locate(with_file(sha256=full[:8].upper())).is_file()
    for short in (full[:7], ""):
        with pytest.raises(WeightsError):
            weights.locate(with_file(sha256=short))


def test_missing_file() -> None:
    """A file that the package lacks is told."""
    with pytest.raises(WeightsError, match="missing from the package"):
        weights.locate(with_file(location="asset:none.onnx"))


def test_card_without_weights() -> None:
    """A card that names no file cannot be loaded."""
    with pytest.raises(WeightsError, match="names no weights"):
        weights.locate(replace(EMBEDDED, weights=()))
