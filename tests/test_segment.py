"""Segment Anything by its real classes, small and random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nearfar.decode.masks import read_masks
from nearfar.errors import ParameterError, WeightsError
from nearfar.segment import Everything, labelled, load_segmenter
from nearfar.types import Photo
from pictures import draw, encoded
from tiny_sam import save_tiny

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar.segment import Segmenter

pytest.importorskip("transformers")
PHOTO = Photo(draw(60, 48))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small network and its processor."""
    return save_tiny(tmp_path_factory.mktemp("sam"))


@pytest.fixture(scope="module")
def network(weights: Path) -> Segmenter:
    """The network, loaded the way a user's is."""
    return load_segmenter(weights)


def test_points_give_masks_of_the_photos_size(network: Segmenter) -> None:
    """One mask a point, and the same again on a second run."""
    masks = network.at_points(PHOTO, [(10, 10), (40, 30), (50.5, 5)])
    assert (masks.shape, masks.dtype) == ((3, 48, 60), np.bool_)
    assert np.array_equal(masks, network.at_points(PHOTO, [(10, 10), (40, 30), (50.5, 5)]))


def test_what_was_seen_serves_the_next_point(network: Segmenter) -> None:
    """The same mask without looking at the photo again."""
    seen = network.look(PHOTO)
    assert np.array_equal(network.at_points(PHOTO, [(10, 10)], seen), network.at_points(PHOTO, [(10, 10)]))


def test_many_points_are_the_same_as_one_by_one(network: Segmenter) -> None:
    """Batches of prompts change nothing."""
    points = [(float(x), float(y)) for y in range(2, 48, 8) for x in range(2, 60, 8)]
    together = network.at_points(PHOTO, points)
    alone = [network.at_points(PHOTO, [point])[0] for point in points[::9]]
    assert (together[::9] == np.stack(alone)).mean() > 0.999


def test_boxes_give_masks(network: Segmenter) -> None:
    """A box is a prompt too."""
    assert network.in_boxes(PHOTO, [(5, 5, 30, 30)]).shape == (1, 48, 60)


def test_everything_is_distinct_and_sorted(network: Segmenter) -> None:
    """Masks are told once each, the largest first, and come back from a label picture."""
    masks = network.everything(PHOTO, Everything(4, -10, 0.0))
    sizes = masks.sum(axis=(1, 2))
    assert (np.diff(sizes) <= 0).all()
    labels = labelled(masks)
    assert read_masks(labels).shape[1:] == (48, 60)
    with pytest.raises(ParameterError, match="No object"):
        network.everything(PHOTO, Everything(2, 1e9))


def test_wrong_prompts_are_refused(network: Segmenter) -> None:
    """Points outside, empty boxes and nothing at all are told."""
    with pytest.raises(ParameterError, match="outside"):
        network.at_points(PHOTO, [(99, 1)])
    with pytest.raises(ParameterError, match="empty"):
        network.in_boxes(PHOTO, [(5, 5, 5, 9)])
    with pytest.raises(ParameterError, match="Nothing was pointed at"):
        network.at_points(PHOTO, [])


def test_folder_without_a_network_is_told(tmp_path: Path) -> None:
    """Weights that are not there give one clear error."""
    with pytest.raises(WeightsError, match="No Segment Anything network"):
        load_segmenter(tmp_path)


def test_command_writes_labels_that_effects_take(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Boxes and points together give one label picture, in that order, for fuse and --mask."""
    from nearfar.cli import main

    photo, labels = tmp_path / "a.png", tmp_path / "labels.png"
    photo.write_bytes(encoded(PHOTO.pixels))
    words = ["segment", str(photo), "20,20", "--weights", str(weights), "-o", str(labels)]
    assert main([*words, "--box", "2,2,30,30 20,10,58,46"]) == 0
    assert "3 objects" in capsys.readouterr().err
    network = load_segmenter(weights)
    boxes = network.in_boxes(PHOTO, [(2, 2, 30, 30), (20, 10, 58, 46)])
    wanted = labelled(np.concatenate([boxes, network.at_points(PHOTO, [(20, 20)])]))
    assert np.array_equal(read_masks(labels).any(axis=0), wanted > 0)
    assert main(["effect", "cutout", str(photo), "--mask", str(labels)]) == 0
    assert main([*words, "--overwrite", "--box", "1,2,3"]) == 2
