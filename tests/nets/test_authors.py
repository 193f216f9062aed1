"""Networks by their authors' packages: stand-ins always, the packages themselves where they are installed."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

import authors  # noqa: E402 - after the checks
from nearfar import nets  # noqa: E402
from nearfar.errors import MissingExtraError, WeightsError  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HAS_DA3 = importlib.util.find_spec("depth_anything_3") is not None
HAS_MOGE = importlib.util.find_spec("moge") is not None
NEEDED = "needs its authors' package: make authors"
CHANNELS = [32, 16, 16, 16, 16]
MOGE: dict[str, Any] = {
    "encoder": {"backbone": "dinov2_vits14", "intermediate_layers": [2, 5, 8, 11], "dim_out": 32},
    "neck": {"dim_in": [34, 2, 2, 2, 2], "dim_out": None},
    "points_head": {"dim_in": CHANNELS, "dim_out": [None, None, None, None, 3]},
    "mask_head": {"dim_in": CHANNELS, "dim_out": [None, None, None, None, 1]},
    "scale_head": {"dims": [384, 16, 1]},
    "remap_output": "exp",
    "num_tokens_range": [1200, 3600],
}
"""As configs/train/v2.json of microsoft/MoGe, narrow."""
for _part in ("neck", "points_head", "mask_head"):
    MOGE[_part] |= {
        "dim_res_blocks": CHANNELS,
        "num_res_blocks": [0, 1, 1, 1, 0],
        "res_block_in_norm": "none",
        "res_block_hidden_norm": "none",
        "resamplers": ["conv_transpose", "conv_transpose", "conv_transpose", "bilinear"],
    }


@pytest.fixture
def stand_ins(tmp_path: Path) -> Iterator[None]:
    """Packages that are stand-ins."""
    with authors.stand_ins(tmp_path / "packages"):
        yield


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize(("network", "planes"), [("da3-giant", 1), ("da3mono-large", 2)])
def test_weights_that_parts_share_are_needed_once(
    network: str, planes: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Published files lack the second name, and hold parts that depth does not need; nothing is printed."""
    path = authors.checkpoint(f"depth_anything_3/{network}", tmp_path / "model.safetensors")
    capsys.readouterr()
    loaded = nets.load(f"depth_anything_3/{network}", path)
    with torch.inference_mode():
        answer = loaded(torch.rand(2, 3, 14, 28))
    assert answer.shape == ((2, 14, 28) if planes == 1 else (2, 2, 14, 28))
    assert torch.equal(loaded.inner.norm.weight, loaded.inner.aux_norm.weight)
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("stand_ins")
def test_file_without_a_weight_is_refused(tmp_path: Path) -> None:
    """It would be filled with random numbers."""
    from safetensors.torch import load_file, save_file

    path = authors.checkpoint("depth_anything_3/da3-small", tmp_path / "model.safetensors")
    state = load_file(path)
    del state["model.stem.bias"]
    save_file(state, tmp_path / "less.safetensors")
    with pytest.raises(WeightsError, match=r"lacks inner.stem.bias \(1 such\)"):
        nets.load("depth_anything_3/da3-small", tmp_path / "less.safetensors")


@pytest.mark.usefixtures("stand_ins")
def test_other_checkpoint_is_no_moge(tmp_path: Path) -> None:
    """Its configuration is within the file."""
    torch.save({"weight": torch.zeros(2)}, tmp_path / "model.pt")
    with pytest.raises(WeightsError, match="no checkpoint of MoGe-2: it lacks model_config"):
        nets.load("moge/2", tmp_path / "model.pt")


@pytest.mark.skipif(HAS_DA3 or HAS_MOGE, reason="the packages are installed")
@pytest.mark.parametrize(
    ("network", "package"), [("depth_anything_3/da3-small", "depth-anything-3"), ("moge/2", "dlr-moge")]
)
def test_absent_package_is_told_with_its_command(network: str, package: str, tmp_path: Path) -> None:
    """What to install, without the dozens of programs that it names itself."""
    path = tmp_path / "model.pt"
    torch.save({"model_config": {}, "model": {"weight": torch.zeros(2)}}, path)
    with pytest.raises(MissingExtraError, match=f"authors' package {package}") as caught:
        nets.load(network, path)
    assert "--no-deps" in str(caught.value)


@pytest.mark.skipif(not HAS_DA3, reason=NEEDED)
@pytest.mark.filterwarnings("ignore")
def test_depth_anything_3_is_what_its_package_computes(tmp_path: Path) -> None:
    """A random DA3-SMALL, saved as the hub has it: our way equals the package's own forward."""
    from depth_anything_3.cfg import create_object, load_config
    from depth_anything_3.registry import MODEL_REGISTRY
    from safetensors.torch import save_model

    torch.manual_seed(0)
    theirs = torch.nn.Module()
    theirs.model = create_object(load_config(MODEL_REGISTRY["da3-small"])).eval()
    save_model(theirs, str(tmp_path / "model.safetensors"))  # leaves shared weights out, as the hub's file
    ours = nets.load("depth_anything_3/da3-small", tmp_path / "model.safetensors")
    picture = torch.rand(1, 3, 98, 126)
    with torch.inference_mode():
        expected = theirs.model(picture[:, None])["depth"][:, 0]
        assert torch.allclose(ours(picture), expected, rtol=1e-5)
    assert float(expected.max() - expected.min()) > 0


@pytest.mark.skipif(not HAS_DA3, reason=NEEDED)
@pytest.mark.filterwarnings("ignore")
def test_all_variants_of_the_package_are_there() -> None:
    """Names of the cards are names of its configurations; Mono tells sky."""
    from depth_anything_3.registry import MODEL_REGISTRY

    from nearfar.zoo.catalogue import cards

    names = {card.network.partition("/")[2] for card in cards().values() if card.family == "depth_anything_3"}
    assert names <= set(MODEL_REGISTRY)
    from nearfar.nets import depth_anything_3

    with torch.inference_mode():
        answer = depth_anything_3.empty("da3mono-large").eval()(torch.rand(1, 3, 70, 84))
    assert answer.shape == (1, 2, 70, 84)


@pytest.mark.skipif(not HAS_MOGE, reason=NEEDED)
@pytest.mark.filterwarnings("ignore")
def test_moge_is_what_its_package_computes(tmp_path: Path) -> None:
    """A random MoGe-2 of the published layout, narrow: five planes are the package's own answers."""
    from moge.model.v2 import MoGeModel

    torch.manual_seed(0)
    theirs = MoGeModel(**MOGE).eval()
    torch.save({"model_config": MOGE, "model": theirs.state_dict()}, tmp_path / "model.pt")
    ours = nets.load("moge/2", tmp_path / "model.pt")
    picture = torch.rand(1, 3, 112, 140)
    with torch.inference_mode():
        expected, found = theirs(picture, num_tokens=1800), ours(picture)
    assert found.shape == (1, 5, 112, 140)
    assert torch.allclose(found[:, :3], expected["points"].permute(0, 3, 1, 2), rtol=1e-5)
    assert torch.allclose(found[:, 3], expected["mask"], rtol=1e-5)
    assert torch.allclose(found[:, 4].mean(), expected["metric_scale"].mean(), rtol=1e-5)
