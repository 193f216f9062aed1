"""Shapes of arrays are written in one notation: (N, C, H, W)."""

from __future__ import annotations

import re

import pytest

from house_reading import modules

PRODUCT = re.compile(r"\b[NCHWKhw]( x |×)[\dA-Za-z]|[\dA-Za-z]( x |×)[NCHWhw]\b")


def test_shapes_are_tuples() -> None:
    """Neither as a product with a cross nor with the letter x, in no docstring, comment or message."""
    found = [
        f"{name}:{number}"
        for name, file in modules().items()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if PRODUCT.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("text", ["H×W×3", "N x H x W", "1×3×h×w", "P x H"])
def test_products_are_found(text: str) -> None:
    """The old ways of writing them."""
    assert PRODUCT.search(f"An array {text} of bytes.")
