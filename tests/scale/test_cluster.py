"""What is asked of a cluster is checked before Ray is asked for anything."""

from __future__ import annotations

import sys

import pytest

from nearfar.errors import MissingExtraError, ParameterError
from nearfar.scale import cluster
from nearfar.scale.cluster import Share


@pytest.mark.parametrize("wrong", [{"cpus": 0}, {"gpus": -1}, {"least": 0}, {"least": 3, "most": 2}])
def test_shares_that_cannot_be_are_refused(wrong) -> None:
    """No actor without processors, no most below the least."""
    with pytest.raises(ParameterError):
        Share(**wrong)


def test_an_absent_library_is_told_with_its_extra(monkeypatch) -> None:
    """Where ray is not installed, what to install is said."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"nearfar\[ray\]"):
        cluster.library()
