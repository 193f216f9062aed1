"""The cards of other people's networks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nearfar.cards import DepthKind
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from pathlib import Path

CARDS = catalogue.cards()
PROMISED = (
    "midas-small",
    "midas-large",
    "dpt-large",
    "dpt-hybrid",
    "dpt-beit-large-512",
    "dpt-beit-large-384",
    "dpt-swin2-large-384",
    "dpt-swin2-base-384",
    "dpt-swin2-tiny-256",
    "dpt-levit-224",
    "zoedepth-n",
    "zoedepth-k",
    "zoedepth-nk",
    *(f"depth-anything-{version}-{size}" for version in ("v1", "v2") for size in ("small", "base", "large")),
    *(
        f"depth-anything-v2-metric-{domain}-{size}"
        for domain in ("indoor", "outdoor")
        for size in ("small", "base", "large")
    ),
    "depth-pro",
    "leres-resnet50",
    "leres-resnext101",
    "bts-nyu-densenet161",
    "bts-kitti-densenet161",
    "bts-nyu-resnet50",
    *(f"depth-anything-v3-{variant}" for variant in ("small", "base", "large", "mono-large", "metric-large")),
    *(f"depth-anything-v3-{variant}" for variant in ("large-1.1", "giant", "giant-1.1")),
    "dpt-swin-large-384",
    "dpt-next-vit-large-384",
    *(f"moge-2-{size}" for size in ("small", "base", "large")),
    *(f"distill-any-depth-{size}" for size in ("small", "large")),
    *(f"prompt-depth-anything-{size}" for size in ("small", "large")),
    "metric3d-v2-small",
    "glpn-nyu",
    "glpn-kitti",
    "tipsv2-base",
    "tipsv2-large",
    "dpt-beit-base-384",
)


def test_all_promised_networks_have_a_row() -> None:
    """Names are the ones users know."""
    assert set(PROMISED) <= set(CARDS)


@pytest.mark.parametrize("name", PROMISED)
def test_card_is_complete(name: str) -> None:
    """Every row says whence, under what terms, and what its numbers mean."""
    card = CARDS[name]
    assert card.paper.startswith("https://arxiv.org/abs/")
    assert card.licence
    assert card.parameters > 1_000_000
    assert bool(card.network) == bool(card.files("torch"))
    assert card.extra in {"torch", "transformers", ""}
    assert bool(card.extra) == bool(card.network)
    assert card.max_depth_m is None or card.kind is DepthKind.METRIC
    assert card.source
    assert all(len(file.sha256) in {0, 8, 16, 64} for file in card.weights)


def test_restricted_networks_are_known() -> None:
    """What may not be used commercially is told apart."""
    restricted = {name for name in PROMISED if not CARDS[name].is_commercial_use_allowed}
    assert {"depth-pro", "leres-resnet50", "depth-anything-v2-large", "depth-anything-v2-base"} <= restricted
    assert restricted.isdisjoint({"midas-small", "dpt-large", "depth-anything-v2-small", "zoedepth-nk"})


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("midas-small", "midas_v21_small_256"),
        ("midas-large", "midas_v21_384"),
        ("dpt-large", "dpt_large_384"),
    ],
)
def test_input_sizes_are_the_published_ones(shared: Path, name: str, row: str) -> None:
    """The network's input has the size that the published preprocessing picks; a side is never 0."""
    table = json.loads((shared / "conformance" / "input_sizes.json").read_text())
    for entry in table["rows"]:
        expected = tuple(max(side, 32) for side in entry[row])
        assert CARDS[name].input.network_size(*entry["image"]) == expected, entry


def test_preferred_files_need_no_conversion() -> None:
    """Where a published ONNX file exists it is the first choice."""
    for name in ("midas-small", "midas-large", "dpt-large", "dpt-hybrid", "depth-anything-v2-small"):
        assert (CARDS[name].engines[0], CARDS[name].engines[-1]) == ("onnxruntime", "torch")


def test_zoedepth_runs_as_published() -> None:
    """Its inference pads by mirroring and averages with the mirror image."""
    for name in ("zoedepth-n", "zoedepth-k", "zoedepth-nk"):
        spec = CARDS[name].input
        assert (spec.pad, spec.flip, spec.border(640, 480)) == (3.0, True, (53, 46))
    assert not any(card.input.flip for name, card in CARDS.items() if not name.startswith("zoe"))


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("zoedepth-n", (3000, 4000), (512, 672)),
        ("zoedepth-n", (640, 480), (512, 384)),
        ("zoedepth-k", (1242, 375), (1152, 384)),
        ("zoedepth-nk", (4000, 3000), (512, 384)),
    ],
)
def test_zoedepth_sees_the_published_size(
    name: str, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    """512 wide and 384 high (768 wide for streets), the border in it; long frames are not squashed."""
    spec = CARDS[name].input
    x, y = spec.border(*size)
    assert spec.network_size(size[0] + 2 * x, size[1] + 2 * y) == expected


def test_zoedepth_at_another_size_keeps_its_shape() -> None:
    """The width goes with the height."""
    half = CARDS["zoedepth-k"].input.with_size(192)
    assert (half.size, half.width) == (192, 384)


def test_depth_pro_is_resized_as_published() -> None:
    """Bilinear, without averaging."""
    assert CARDS["depth-pro"].input.resample == "linear"


def test_published_facts_are_filled_in() -> None:
    """Figures of BTS on ResNet-50, the hash of Depth Anything V2 small, archives, remarks on licences."""
    assert CARDS["bts-nyu-resnet50"].details["figures"] == {
        "NYU": {
            "delta1": 0.865,
            "delta2": 0.975,
            "delta3": 0.993,
            "AbsRel": 0.119,
            "RMSE": 0.419,
            "log10": 0.051,
        }
    }
    assert str(CARDS["bts-kitti-densenet161"].details["archive"]).count(
        "bts_eigen_v2_pytorch_densenet161.zip"
    )
    assert CARDS["depth-anything-v2-small"].sha256.startswith("afb6a5c2")
    remark = str(CARDS["depth-anything-v2-metric-outdoor-large"].details["licence_remark"])
    assert "disagree" in remark
    assert not CARDS["midas-small"].files("torch")[0].is_hash_certain
    assert CARDS["midas-large"].files("torch")[0].is_hash_certain


def test_pins_are_whole_and_of_rows() -> None:
    """Commits of 40 digits, hashes of 64; where only the hash is known it is asked about, not insisted on."""
    from nearfar.models._hub import PINS

    held = {
        file.location.removeprefix("hub:").rpartition("/")[0] for c in CARDS.values() for file in c.weights
    }
    for repository, pin in PINS.items():
        assert len(pin.commit) in {0, 40}
        assert len(pin.sha256) in {0, 64}
        assert (f"{repository}@{pin.commit}" if pin.commit else repository) in held
    assert not CARDS["depth-pro"].files("torch")[0].is_hash_certain
    assert CARDS["depth-anything-v3-large-1.1"].files("torch")[0].is_hash_certain
    assert {
        file.location.partition("/")[2].partition("/")[0] for file in CARDS["dpt-large"].files("torch")
    } == {"dpt-large@cc27b92e869fc79f52a0241addbbcd1579b66b11"}


def test_networks_of_authors_packages_name_what_to_install() -> None:
    """The command is on the card, and leaves out what the packages name besides."""
    for name in ("depth-anything-v3-giant-1.1", "moge-2-small"):
        package = CARDS[name].details["torch_package"]
        assert isinstance(package, dict)
        assert "--no-deps" in package["install"]
    assert CARDS["depth-anything-v3-giant"].engines == ("torch",)
    assert not CARDS["depth-anything-v3-large-1.1"].is_commercial_use_allowed
