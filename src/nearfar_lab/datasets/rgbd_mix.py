"""Small sets from many places and sensors, for training (and a few frames for validation)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nearfar_lab.datasets.frames import (
    DataSet,
    FloatMap,
    Frame,
    Item,
    folder_of,
    invert,
    read_codes,
    read_rgb,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

SKY = 65535


@dataclass(frozen=True)
class MixSet:
    """One of the sets: unit of its depth, what it can teach, and its terms."""

    name: str
    unit_m: float
    terms: str
    has_edges: bool = True
    has_sky: bool = False
    has_zero: bool = True
    is_open: bool = False


ROWS = (
    MixSet("tum", 1e-3, "TUM RGB-D: CC BY 4.0", is_open=True),
    MixSet("tartan_hospital", 1e-3, "TartanAir: CC BY 4.0", is_open=True),
    MixSet("replica_office0", 1e-3, "Replica: research only"),
    MixSet("people_kinect", 1e-3, "none stated / MIT"),
    MixSet("iphone_desk", 1e-3, "none stated"),
    MixSet("misc_indoor", 1e-3, "mixed, some MIT"),
    MixSet("carla_lidar", 1e-2, "none stated", has_edges=False),
    MixSet("ddad", 1e-2, "DDAD: CC BY-NC-SA", has_edges=False),
    MixSet("zed_street", 1e-2, "none stated", has_sky=True, has_zero=False),
    MixSet("people_fall", 1e-3, "none stated"),
    MixSet("strawberry_outdoor", 1e-3, "none stated"),
    MixSet("gazebo_gray", 1e-3, "none stated"),
)


def _inverse(codes: NDArray[np.uint16], row: MixSet) -> FloatMap:
    """Stored codes to 1/m: 0 is unknown, and sky (where the set marks it) is infinitely far."""
    inverse = invert(np.where(codes > 0, codes * row.unit_m, np.nan))
    if row.has_sky:
        inverse[codes == SKY] = 0.0
    return inverse


def _read(row: MixSet, picture: Path, depth: Path) -> Frame:
    return Frame(f"{row.name}/{depth.stem}", read_rgb(picture), _inverse(read_codes(depth), row))


def _group(name: str) -> str:
    """The place a frame shows: its name without the running number (`fr1_038` to `fr1`)."""
    return re.sub(r"_?\d+[LR]?$", "", name)


def _items(row: MixSet, root: Path) -> list[Item]:
    folder = folder_of(root, "rgbd_mix", row.name)
    names = sorted(p.name.removesuffix("_rgb.jpg") for p in folder.glob("*_rgb.jpg"))
    return [
        Item(
            name,
            f"{row.name}/{_group(name)}",
            partial(_read, row, folder / f"{name}_rgb.jpg", folder / f"{name}_depth.png"),
        )
        for name in names
    ]


def _data_set(row: MixSet) -> DataSet:
    lister: Callable[[Path], list[Item]] = partial(_items, row)
    return DataSet(
        row.name, row.terms, lister, has_edges=row.has_edges, has_zero=row.has_zero, is_open=row.is_open
    )


DATA_SETS = tuple(_data_set(row) for row in ROWS)
