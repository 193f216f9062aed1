"""BTS: metric depth for rooms (NYU) or streets (KITTI). Checkpoints come from the user: ``models import``."""

from __future__ import annotations

from dataclasses import dataclass

from nearfar.cards import DepthKind, InputSpec, ModelCard, WeightFile

KITTI_FOCAL_PX = 715.0873


@dataclass(frozen=True, slots=True)
class BtsVariant:
    """What tells the variants apart."""

    data: str
    encoder: str
    parameters: int
    figures: dict[str, float]

    @property
    def is_kitti(self) -> bool:
        """Trained on streets."""
        return self.data == "kitti"


ROWS = (
    BtsVariant(
        "nyu",
        "densenet161",
        47_000_688,
        {"delta1": 0.885, "delta2": 0.978, "delta3": 0.994, "AbsRel": 0.110, "RMSE": 0.392, "log10": 0.047},
    ),
    BtsVariant(
        "kitti",
        "densenet161",
        47_000_688,
        {
            "delta1": 0.955,
            "delta2": 0.993,
            "delta3": 0.998,
            "AbsRel": 0.060,
            "SqRel": 0.249,
            "RMSE": 2.798,
            "RMSElog": 0.096,
        },
    ),
    BtsVariant(
        "nyu",
        "resnet50",
        49_530_968,
        {"delta1": 0.865, "delta2": 0.975, "delta3": 0.993, "AbsRel": 0.119, "RMSE": 0.419, "log10": 0.051},
    ),
)
ZIPS = "https://cogaplex-bts.s3.ap-northeast-2.amazonaws.com/bts_{}_v2_pytorch_{}.zip"
TITLES = {"densenet161": "DenseNet-161", "resnet50": "ResNet-50"}


def _card(row: BtsVariant) -> ModelCard:
    data = row.data.upper()
    return ModelCard(
        name=f"bts-{row.data}-{row.encoder}",
        title=f"BTS {data} {TITLES[row.encoder]}",
        family="bts",
        kind=DepthKind.METRIC,
        input=InputSpec(352, fit="lower_bound") if row.is_kitti else InputSpec(480, fit="lower_bound"),
        weights=(WeightFile(f"bts_{row.data}_{row.encoder}.pth", "", engine="torch"),),
        licence="GPL-3.0",
        is_commercial_use_allowed=True,
        parameters=row.parameters,
        summary="Depth in metres for streets." if row.is_kitti else "Depth in metres for rooms.",
        paper="https://arxiv.org/abs/1907.10326",
        domain="outdoor" if row.is_kitti else "indoor",
        max_depth_m=80.0 if row.is_kitti else 10.0,
        extra="torch",
        network=f"bts/{row.data}_{row.encoder}",
        reference_focal_px=KITTI_FOCAL_PX if row.is_kitti else None,
        source="cleinc/bts pytorch/README.md",
        details={
            "figures": {data: row.figures},
            "archive": {"address": _archive(row), "holds": "a file `model`"},
        },
    )


def _archive(row: BtsVariant) -> str:
    """Where the authors publish it: a ZIP whose checkpoint is called ``model``, without a suffix."""
    return ZIPS.format("eigen" if row.is_kitti else row.data, row.encoder)


PLUGIN = tuple(_card(row) for row in ROWS)
