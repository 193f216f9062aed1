"""DPT: MiDaS 3.0 and 3.1, with transformers as encoders."""

from __future__ import annotations

from dataclasses import dataclass, field

from nearfar.cards import DepthKind, Fit, InputSpec, ModelCard, WeightFile
from nearfar.models import _hub

V3 = "https://arxiv.org/abs/2103.13413"
V31 = "https://arxiv.org/abs/2307.14460"
RELEASE_V31 = "https://github.com/isl-org/MiDaS/releases/download/v3_1/"
RELEASE_V3 = "https://github.com/isl-org/DPT/releases/download/1_0/"
HALF = (0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class DptVariant:
    """What tells the variants apart. ``size`` is the network's; encoders with windows want a square."""

    variant: str
    title: str
    size: int
    millions: int
    paper: str
    licence: str
    repository: str = ""
    onnx: str = ""
    weights: str = "model.safetensors"
    fit: Fit = "minimal"
    figures: dict[str, float] = field(default_factory=dict)
    release: str = ""
    """The file of the MiDaS release, which can be imported too; its name ends with the prefix of its hash."""
    network: str = ""
    """What :mod:`nearfar.nets` has for a file that is on the release page of MiDaS 3.1 alone."""


ROWS = (
    DptVariant(
        "large",
        "DPT-Large 384 (MiDaS 3.0, ViT-L)",
        384,
        344,
        V3,
        "Apache-2.0",
        "Intel/dpt-large",
        "Xenova/dpt-large",
        release="dpt_large-midas-2f21e586.pt",
        figures={"DIW": 0.1082, "ETH3D": 0.0888, "Sintel": 0.2697, "TUM": 9.97, "KITTI": 8.46, "NYU": 8.32},
    ),
    DptVariant(
        "hybrid",
        "DPT-Hybrid 384 (MiDaS 3.0, ResNet-50 and ViT-B)",
        384,
        123,
        V3,
        "Apache-2.0",
        "Intel/dpt-hybrid-midas",
        "Xenova/dpt-hybrid-midas",
        weights="pytorch_model.bin",
        release="dpt_hybrid-midas-501f0c75.pt",
        figures={"DIW": 0.1106, "ETH3D": 0.0934, "Sintel": 0.2741, "TUM": 10.89, "KITTI": 11.56, "NYU": 8.69},
    ),
    DptVariant(
        "beit-large-512",
        "DPT BEiT-L 512 (MiDaS 3.1)",
        512,
        345,
        V31,
        "MIT",
        "Intel/dpt-beit-large-512",
        figures={"DIW": 0.1137, "ETH3D": 0.0659, "Sintel": 0.2366, "TUM": 6.13, "KITTI": 11.56, "NYU": 1.86},
    ),
    DptVariant(
        "beit-large-384",
        "DPT BEiT-L 384 (MiDaS 3.1)",
        384,
        344,
        V31,
        "MIT",
        "Intel/dpt-beit-large-384",
        figures={"DIW": 0.1239, "ETH3D": 0.0667, "Sintel": 0.2545, "TUM": 7.17, "KITTI": 9.84, "NYU": 2.21},
    ),
    DptVariant(
        "beit-base-384",
        "DPT BEiT-B 384 (MiDaS 3.1)",
        384,
        112,
        V31,
        "MIT",
        "Intel/dpt-beit-base-384",
        figures={"DIW": 0.1159, "ETH3D": 0.0967, "Sintel": 0.2901, "TUM": 9.88, "KITTI": 26.60, "NYU": 3.91},
    ),
    DptVariant(
        "swin2-large-384",
        "DPT Swin2-L 384 (MiDaS 3.1)",
        384,
        213,
        V31,
        "MIT",
        "Intel/dpt-swinv2-large-384",
        fit="exact",
        figures={"DIW": 0.1106, "ETH3D": 0.0732, "Sintel": 0.2442, "TUM": 8.87, "KITTI": 5.84, "NYU": 2.92},
    ),
    DptVariant(
        "swin2-base-384",
        "DPT Swin2-B 384 (MiDaS 3.1)",
        384,
        102,
        V31,
        "MIT",
        "Intel/dpt-swinv2-base-384",
        fit="exact",
        figures={"DIW": 0.1095, "ETH3D": 0.0790, "Sintel": 0.2404, "TUM": 8.93, "KITTI": 5.97, "NYU": 3.28},
    ),
    DptVariant(
        "swin2-tiny-256",
        "DPT Swin2-T 256 (MiDaS 3.1)",
        256,
        42,
        V31,
        "MIT",
        "Intel/dpt-swinv2-tiny-256",
        fit="exact",
        figures={"DIW": 0.1211, "ETH3D": 0.1106, "Sintel": 0.2868, "TUM": 13.43, "KITTI": 10.13, "NYU": 5.55},
    ),
    DptVariant(
        "swin-large-384",
        "DPT Swin-L 384 (MiDaS 3.1)",
        384,
        213,
        V31,
        "MIT",
        fit="exact",
        network="swin/large_384",
        figures={"DIW": 0.1126, "ETH3D": 0.0853, "Sintel": 0.2428, "TUM": 8.74, "KITTI": 6.60, "NYU": 3.34},
    ),
    DptVariant(
        "next-vit-large-384",
        "DPT Next-ViT-L 384 (MiDaS 3.1)",
        384,
        72,
        V31,
        "MIT",
        network="next_vit/large_384",
        figures={"DIW": 0.1031, "ETH3D": 0.0954, "Sintel": 0.2295, "TUM": 9.21, "KITTI": 6.89, "NYU": 3.47},
    ),
    DptVariant(
        "levit-224",
        "DPT LeViT 224 (MiDaS 3.1)",
        224,
        51,
        V31,
        "MIT",
        fit="exact",
        network="levit/dpt_224",
        figures={"DIW": 0.1314, "ETH3D": 0.1206, "Sintel": 0.3148, "TUM": 18.21, "KITTI": 15.27, "NYU": 8.64},
    ),
)


def _card(row: DptVariant) -> ModelCard:
    is_on_hub = not row.network
    return ModelCard(
        name=f"dpt-{row.variant}",
        title=row.title,
        family="dpt",
        kind=DepthKind.RELATIVE_INVERSE,
        input=_input(row),
        weights=_weights(row),
        licence=row.licence,
        is_commercial_use_allowed=True,
        parameters=row.millions * 1_000_000,
        summary="Relative depth with finer edges than the convolutional MiDaS.",
        paper=row.paper,
        extra="transformers" if is_on_hub else "torch",
        network=row.network or _hub.NETWORK,
        source="isl-org/MiDaS README.md, midas/model_loader.py, dpt_depth.py; isl-org/DPT; the hub's pages",
        details=_details(row),
    )


def _weights(row: DptVariant) -> tuple[WeightFile, ...]:
    if row.network:
        name = f"dpt_{row.variant.replace('-', '_')}.pt"
        return (WeightFile(name, RELEASE_V31 + name, engine="torch"),)
    onnx = _hub.onnx(row.onnx) if row.onnx else ()
    return *onnx, *_hub.checkpoint(row.repository, row.weights)


def _details(row: DptVariant) -> dict[str, object]:
    details: dict[str, object] = {}
    if row.figures:
        details["figures"] = {"MiDaS zero-shot protocol": row.figures}
    if row.release:
        prefix = row.release.removesuffix(".pt").rpartition("-")[2]
        details["release"] = {"file": row.release, "address": RELEASE_V3 + row.release, "sha256": prefix}
    return details


def _input(row: DptVariant) -> InputSpec:
    """Windows and LeViT's attention tables fix the size: their square cannot be changed."""
    is_fixed = row.fit == "exact"
    low, high = (row.size, row.size) if is_fixed else (64, 2048)
    return InputSpec(row.size, 32, HALF, HALF, row.fit, low, high, resample="cubic")


PLUGIN = tuple(_card(row) for row in ROWS)
