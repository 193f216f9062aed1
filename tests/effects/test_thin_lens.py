"""The blur against a lens that is traced ray by ray."""

from __future__ import annotations

import pytest

from scripts import script

pytest.importorskip("numba")


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "world"), [(1, "tabletop"), (5, "person")])
def test_error_is_a_third_below_the_plain_way(seed: int, world: str) -> None:
    """On scenes with exact depth the error is at least 30 % below blur-and-composite's."""
    ours, plain = script("benchmarks/thin_lens.py").compare(seed, world, size=(120, 160), samples=24)
    assert ours <= 0.7 * plain
