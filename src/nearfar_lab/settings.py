"""Where the lab finds its data: one table, read from the environment once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Setting:
    """One setting: its name in the environment, its default and what it is for."""

    name: str
    default: Path
    help: str


TABLE = (
    Setting(
        "NEARFAR_LAB_DATA",
        REPOSITORY.parent / "shared" / "data",
        "Folder of the real data sets (nyu_v2, rgbd_mix, kitti_tiny, middlebury_motorcycle).",
    ),
    Setting(
        "NEARFAR_LAB_SCENES",
        REPOSITORY.parent / "lab" / "scenes",
        "Folder of the rendered scene shards.",
    ),
    Setting(
        "NEARFAR_LAB_RUNS",
        REPOSITORY.parent / "lab" / "runs",
        "Folder of training runs and of the list of looks at held-out sets.",
    ),
)


@dataclass(frozen=True)
class LabSettings:
    """The folders a lab command works with."""

    data: Path
    scenes: Path
    runs: Path


def read_settings(environment: Mapping[str, str] | None = None) -> LabSettings:
    """The settings of this process: the environment's where set, else the defaults."""
    environment = os.environ if environment is None else environment
    data, scenes, runs = (Path(environment.get(row.name, row.default)) for row in TABLE)
    return LabSettings(data=data, scenes=scenes, runs=runs)
