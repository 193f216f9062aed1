"""A small Ray cluster for the tests of this folder: a head of its own, with two logical processors."""

from __future__ import annotations

import pytest

from ray_heads import head


@pytest.fixture(scope="session")
def ray():
    """Ray with a cluster of two logical processors."""
    pytest.importorskip("ray", reason="Ray is not installed")
    from nearfar.scale import cluster

    with head() as (address, _), cluster.joined(address) as found:
        yield found
