"""Depth and masks together."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

import nearfar
from nearfar.decode.masks import read_mask, read_masks
from nearfar.errors import BrokenImageError, ParameterError, UnsupportedFormatError
from nearfar.ops.fuse import fuse
from nearfar.types import DepthKind, DepthMap
from pictures import encoded
from spaces import steps

if TYPE_CHECKING:
    from pathlib import Path

MASK = np.zeros((6, 8), bool)
MASK[1:4, 2:7] = True


def test_edges_snap_to_masks() -> None:
    """A blurred step becomes one, at the mask's edge."""
    _, near = steps(200, 150)
    soft = cv2.GaussianBlur(near, (0, 0), 2.0)
    fused = fuse(DepthMap(soft, DepthKind.RELATIVE_INVERSE), np.stack([near == 0.5, near == 1]), band_px=6)
    rim = cv2.dilate(near, np.ones((5, 5))) != cv2.erode(near, np.ones((5, 5)))
    assert np.abs(fused.depth.values - near)[rim].mean() < 0.25 * np.abs(soft - near)[rim].mean()


def test_objects_are_told_from_near_to_far() -> None:
    """Each object has its median, percentiles, size and box; the nearest is first for every kind."""
    _, near = steps(200, 150)
    masks = np.stack([near == 0.5, near == 1])
    for depth in (DepthMap(near, DepthKind.RELATIVE_INVERSE), DepthMap(5 - near, DepthKind.METRIC)):
        table = fuse(depth, masks).describe()
        assert [row["index"] for row in table["objects"]] == [1, 0]
        assert table["objects"][0]["box"] == (80, 75, 160, 150)
    assert table["objects"][0]["median"] == table["objects"][0]["p10"] == 4
    json.dumps(table)


def test_object_without_valid_depth_is_last() -> None:
    """Nothing is made up where nothing is known."""
    valid = ~MASK
    depth = DepthMap(np.ones(MASK.shape, np.float32), DepthKind.METRIC, valid)
    rows = fuse(depth, np.stack([MASK, ~MASK])).objects
    assert [(r.index, r.median) for r in rows] == [(1, 1.0), (0, None)]


def test_sizes_must_agree() -> None:
    """Masks of another photo are refused."""
    with pytest.raises(ParameterError, match="are 8×6, but the photo 4×4"):
        fuse(DepthMap(np.ones((4, 4), np.float32), DepthKind.METRIC), MASK[None])


def coco_text(mask: np.ndarray) -> str:
    """COCO's text of run lengths, written the way pycocotools does."""
    flat = mask.T.ravel()
    cuts = np.flatnonzero(np.diff(np.r_[False, flat, ~flat[-1:]].astype(int)))
    runs = np.diff(np.r_[0, cuts]).tolist()
    out = []
    for i, run in enumerate(runs):
        x = run - runs[i - 2] if i > 2 else run
        more = True
        while more:
            part, x = x & 31, x >> 5
            more = x != (-1 if part & 16 else 0)
            out.append(chr((part | (32 if more else 0)) + 48))
    return "".join(out)


def numpy_file(array: np.ndarray) -> bytes:
    """The bytes of a .npy file."""
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def test_masks_in_every_form() -> None:
    """Label picture, binary pictures, COCO numbers and text, arrays: the same mask."""
    runs = {"size": [6, 8], "counts": [13, 3, 3, 3, 3, 3, 3, 3, 3, 3, 8]}
    forms = [
        MASK,
        MASK.astype(np.int32) * 7,
        MASK[None],
        encoded(MASK.astype(np.uint8) * 3),
        numpy_file(MASK.astype(np.uint16)),
        encoded(MASK.astype(np.uint8) * 255),
        encoded(np.repeat(MASK[..., None], 3, 2).astype(np.uint8) * 255),
        json.dumps(runs).encode(),
        json.dumps([{"segmentation": {"size": [6, 8], "counts": coco_text(MASK)}}]).encode(),
        json.dumps({"annotations": [{"segmentation": runs}]}).encode(),
    ]
    for form in forms:
        assert np.array_equal(read_masks(form), MASK[None])


def test_long_runs_of_coco_text() -> None:
    """Runs of more than five bits, and ones shorter than the last but one, are read."""
    mask = np.random.default_rng(0).random((120, 90)) < 0.02
    mask[30:90, 20:60] = True
    source = json.dumps({"size": [120, 90], "counts": coco_text(mask)}).encode()
    assert np.array_equal(read_masks(source)[0], mask)


def test_several_labels_and_files() -> None:
    """A label map gives one mask a label, a list of files one a file."""
    labels = np.zeros((6, 8), np.uint8)
    labels[:2], labels[4:] = 1, 9
    assert len(read_masks(labels)) == 2
    assert len(read_masks([MASK, labels])) == 3


def test_soft_grey_mask_is_one_object() -> None:
    """An outline that was smoothed is no hundred labels; a label picture with a white rest stays one."""
    soft = cv2.GaussianBlur(cv2.circle(np.zeros((90, 120), np.uint8), (60, 45), 30, 255, -1), (0, 0), 2)
    assert np.array_equal(read_masks(encoded(soft)), (soft > 127)[None])
    assert np.array_equal(read_mask(encoded(soft)), soft > 127)
    labels = np.full((90, 120), 255, np.uint8)
    labels[:30], labels[30:60, :60] = 0, 3
    assert len(read_masks(encoded(labels))) == 2


def test_a_photo_is_not_taken_for_labels() -> None:
    """Thousands of objects would fill the memory: that is told; all of them together still are one mask."""
    noise = np.random.default_rng(1).integers(0, 65536, (700, 800)).astype(np.uint16)
    with pytest.raises(ParameterError, match="Give labels, not a photo"):
        read_masks(noise)
    assert read_mask(noise).mean() > 0.99


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (np.zeros((4, 4), np.uint8), ParameterError),
        (np.zeros((4, 4), np.float32), ParameterError),
        (b"hello", UnsupportedFormatError),
        (b'{"size": [2, 2], "counts": [1, 1]}', BrokenImageError),
        (b'{"a": 1}', BrokenImageError),
        (b'{"annotations": [{"segmentation": [[0, 0, 3, 0]]}]}', BrokenImageError),
        (numpy_file(np.zeros((4, 4), np.float32)), ParameterError),
        (numpy_file(MASK)[:100], BrokenImageError),
        ([MASK, np.ones((2, 2), bool)], ParameterError),
    ],
)
def test_what_is_no_mask_is_refused(source: object, error: type[Exception]) -> None:
    """One clear error each."""
    with pytest.raises(error):
        read_masks(source)


def test_public_name_takes_what_masks_come_in(tmp_path: Path) -> None:
    """``nearfar.fuse`` reads a file, takes an array or several of them, and snaps to the band asked for."""
    _, near = steps(200, 150)
    depth = DepthMap(cv2.GaussianBlur(near, (0, 0), 2.0), DepthKind.RELATIVE_INVERSE)
    labels = np.rint(near * 2).astype(np.uint8)
    (tmp_path / "labels.png").write_bytes(encoded(labels))
    forms = (tmp_path / "labels.png", labels, [labels == 1, labels == 2])
    first, *others = (nearfar.fuse(depth, form, band_px=6) for form in forms)
    assert [thing.index for thing in first.objects] == [1, 0]
    assert all(np.array_equal(first.depth.values, other.depth.values) for other in others)
    assert not np.array_equal(first.depth.values, nearfar.fuse(depth, labels, band_px=1).depth.values)
