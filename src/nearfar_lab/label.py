"""Dense labels of ranked photos by a finished network, at a larger size than another network learns at."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from nearfar.machine.files import write_whole
from nearfar_lab.checkpoint import known_by, load_net
from nearfar_lab.convert import fold
from nearfar_lab.datasets import order_set
from nearfar_lab.datasets.photos_labelled import LABELLED, LABELS, label_file
from nearfar_lab.errors import CheckpointError
from nearfar_lab.recipes import recipe

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar_lab.datasets.frames import FloatMap, Pixels
    from nearfar_lab.designs import AnyNet
    from nearfar_lab.recipes import Recipe
    from nearfar_lab.settings import LabSettings

logger = logging.getLogger(__name__)

MULTIPLE = 32
MAKER = "network.json"
"""Beside the labels: whose they are."""
ABOVE_ZERO = 10.0
"""Added to labels of mean deviation 1, so that all of them are positive, as inverse depth is."""


def label_photos(run: Path, settings: LabSettings) -> int:
    """Write what a run's network sees in every training photo with ranked points; how many were written.

    A photo enters with as many pixels as a 4:3 photo at the network's own size, and mirrored once more; what
    is there already is left alone.

    Raises:
        CheckpointError: the labels that are there are another network's.
    """
    net, state = load_net(run)
    net, rule = fold(net), recipe(state["recipe"])
    folder = settings.runs / LABELS
    _sign(folder, known_by(state))
    written = 0
    for name in LABELLED:
        for photo in order_set(name).items(settings.data):
            path = label_file(folder, name, photo.name)
            if path.is_file():
                continue
            part = path.with_suffix(".part.npy")
            np.save(part, labelled(net, rule, photo.read().rgb).astype(np.float16))
            part.replace(path)
            written += 1
    logger.info("%d photos labelled by %s", written, rule.name)
    return written


def _sign(folder: Path, network: dict[str, object]) -> None:
    """Note whose labels a folder holds; it is made where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / MAKER
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    if before != network and any(folder.glob("*.npy")):
        raise CheckpointError(
            f"{folder}: these labels are of {before or 'an unknown network'}, not of {network}.",
            "Move the folder away, then label again.",
        )
    write_whole(path, json.dumps(network).encode())


@torch.no_grad()
def labelled(net: AnyNet, rule: Recipe, rgb: Pixels) -> FloatMap:
    """A network's label of a photo, (H, W) float32 of its size: near is large, mean deviation 1, positive."""
    height, width = rgb.shape[:2]
    factor = (rule.input_size**2 * 3 / 4 / (height * width)) ** 0.5
    rows, columns = (max(1, round(side * factor / MULTIPLE)) * MULTIPLE for side in (height, width))
    smooth = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    image = torch.from_numpy(cv2.resize(rgb, (columns, rows), interpolation=smooth)).permute(2, 0, 1).float()
    mean, std = (torch.tensor(values).view(3, 1, 1) * 255 for values in (rule.mean, rule.std))
    both = torch.stack(((image - mean) / std, ((image - mean) / std).flip(2)))
    seen, mirrored = net(both)
    found = ((seen + mirrored.flip(1)) / 2).numpy()
    back = cv2.INTER_AREA if factor > 1 else cv2.INTER_LINEAR
    found = cv2.resize(found, (width, height), interpolation=back)
    found = found - np.median(found)
    return np.asarray(found / max(float(np.abs(found).mean()), 1e-6) + ABOVE_ZERO, np.float32)
