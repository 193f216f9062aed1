"""Photos that carry their own depth, over HTTP."""

from __future__ import annotations

import io

import numpy as np

import nearfar


def test_own_depth_is_said_and_taken(service, jpeg) -> None:
    """A warning says that it is there; ``own_depth`` takes it, for depth and for effects."""
    values = np.tile(np.geomspace(1, 9, 128, dtype=np.float32), (96, 1))
    body = nearfar.export("dynamic-depth", nearfar.DepthMap(values, "metric"), jpeg)
    told = service.upload(body, "?format=npy")
    assert told.headers["Nearfar-Warning"].startswith("own_depth: This photo carries its own depth")
    taken = service.upload(body, "?format=npy&own_depth=true")
    assert (taken.status_code, taken.headers["Nearfar-Kind"]) == (200, "metric")
    assert np.abs(1 / np.load(io.BytesIO(taken.content)) - 1 / values).max() < 0.003
    refused = service.upload(jpeg, "?own_depth=true")
    assert (refused.status_code, refused.json()["parameter"]) == (422, "own_depth")
    effect = service.client.post("/v1/effects/fog?own_depth=true", files={"image": body})
    assert effect.status_code == 200


def test_jpeg_and_webp_answers(service, jpeg) -> None:
    """The picture comes as JPEG or WebP by Accept or by name."""
    for name, media_type, start in (("jpeg", "image/jpeg", b"\xff\xd8"), ("webp", "image/webp", b"RIFF")):
        by_name = service.upload(jpeg, f"?format={name}")
        by_accept = service.upload(jpeg, "", Accept=media_type)
        for answer in (by_name, by_accept):
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
            assert answer.content.startswith(start)
