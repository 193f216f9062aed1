"""``tools/arm64.py``: every dependency of the base install has a wheel for arm64."""

from __future__ import annotations

import json

from scripts import script

arm64 = script("tools/arm64.py")


def test_every_dependency_has_a_wheel_for_arm64() -> None:
    """By the stored listing; each is a file that the lock pins."""
    rows = json.loads(arm64.LISTING.read_text("utf-8"))
    assert arm64.faults(rows) == []
    assert {"numpy", "opencv-python-headless", "onnxruntime", "pillow"} <= arm64.pinned().keys()
    assert "aarch64" in rows["onnxruntime"]["file"]


def test_what_is_absent_or_of_another_platform_is_told() -> None:
    """A package without a wheel, one for another processor, one that is not pinned."""
    rows = json.loads(arm64.LISTING.read_text("utf-8"))
    rows["numpy"] = {**rows["numpy"], "file": "numpy-2-cp311-cp311-manylinux_2_28_x86_64.whl"}
    rows["onnxruntime"] = {**rows["onnxruntime"], "sha256": "0" * 64}
    del rows["pillow"]
    told = " ".join(arm64.faults(rows))
    assert "x86_64.whl is not for arm64" in told
    assert "not what the lock pins" in told
    assert "pillow" in told
