"""Families that the transformers library has: small random checkpoints of the real configuration classes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

import nearfar  # noqa: E402 - after the checks
from nearfar.errors import WeightsError  # noqa: E402
from nearfar.settings import Settings  # noqa: E402
from nearfar.weights import open_store  # noqa: E402
from nearfar.zoo import manage  # noqa: E402
from nearfar.zoo.catalogue import card, cards  # noqa: E402
from nearfar.zoo.convert import LARGEST_DIFFERENCE, relative_difference  # noqa: E402
from small_networks import checkpoint, depth_pro, dpt_hybrid, dpt_plain, small_network, zoedepth, zoedepth_nk  # noqa: E402 - after the checks

if TYPE_CHECKING:
    from pathlib import Path

HUB = [name for name, row in cards().items() if row.network.startswith("transformers/")]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home of the test's own, and no network."""
    return Settings(home=str(tmp_path / "home"), offline=True, threads=1)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", HUB)
def test_row_loads_through_the_real_path(
    name: str, settings: Settings, tmp_path: Path, photo_jpeg: Path
) -> None:
    """A folder of the hub is imported and gives a map of the photo's size, of the card's kind."""
    manage.import_file(name, checkpoint(tmp_path / "hub", small_network(name)), settings)
    spec = card(name).input
    small = None if spec.min_size == spec.max_size else spec.min_size
    depth = nearfar.load(name, size=small, engine="torch", settings=settings).estimate(photo_jpeg)
    assert (depth.width, depth.height, depth.kind) == (128, 96, card(name).kind)
    assert len(depth.provenance.weights_sha256) == 64


@pytest.mark.filterwarnings("ignore")
def test_depth_pro_gives_metres(tmp_path: Path) -> None:
    """The answer is turned over and scaled by the field of view, as published."""
    import torch

    from nearfar.nets import load

    folder = checkpoint(tmp_path / "hub", depth_pro())
    inner = transformers.AutoModelForDepthEstimation.from_pretrained(folder)
    image = torch.randn(1, 3, 32, 32)
    with torch.inference_mode():
        found = load("transformers/depth_pro", folder / "model.safetensors")(image).numpy()
        raw = inner(pixel_values=image)
    width = found.shape[3]
    focal_px = 0.5 * width / np.tan(np.radians(float(raw.field_of_view)) / 2)
    inverse = raw.predicted_depth.numpy() * width / focal_px
    assert np.allclose(found[:, 0], 1 / np.clip(inverse, 1e-4, 1e4), rtol=1e-4)
    assert np.allclose(
        found[:, 1], min(focal_px / width, 1e6), rtol=1e-4
    )  # a field of view may be drawn as 0


@pytest.mark.filterwarnings("ignore")
def test_zoedepth_for_streets_reaches_80_metres(tmp_path: Path) -> None:
    """The hub's configuration says 10 m, of which bins are shares; it is 80 m."""
    import torch

    from nearfar.nets import load

    config = zoedepth()
    config.bin_centers_type = "normed"
    folder = checkpoint(tmp_path / "hub", config)
    image = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        near, far = (
            load(f"transformers/{variant}", folder / "model.safetensors")(image).numpy()
            for variant in ("depth", card("zoedepth-k").network.partition("/")[2])
        )
    assert np.ptp(near) > 0
    assert np.allclose((far - 0.001) / (near - 0.001), (80 - 0.001) / (10 - 0.001), rtol=1e-3)


@pytest.mark.filterwarnings("ignore")
def test_checkpoint_of_an_older_name_holds_no_code(settings: Settings, tmp_path: Path) -> None:
    """dpt-hybrid is published as pytorch_model.bin: tensors are read, anything else is refused."""
    import torch

    folder = checkpoint(tmp_path / "hub", dpt_hybrid())
    (folder / "model.safetensors").unlink()
    torch.save({"weight": print}, folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="holds code"):
        manage.import_file("dpt-hybrid", folder, settings)


@pytest.mark.filterwarnings("ignore")
def test_plain_dpt_is_the_librarys_on_a_square_and_runs_beside_it(tmp_path: Path) -> None:
    """Equal at the trained size; other shapes, which the library refuses, work too."""
    import torch

    from nearfar.nets import load

    folder = checkpoint(tmp_path / "hub", dpt_plain())
    inner = transformers.AutoModelForDepthEstimation.from_pretrained(folder)
    network = load("transformers/depth", folder / "model.safetensors")
    image = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(network(image), inner(pixel_values=image).predicted_depth, atol=1e-6)
        assert network(torch.randn(1, 3, 64, 96)).shape == (1, 64, 96)


@pytest.mark.filterwarnings("ignore")
def test_file_that_lacks_weights_is_refused(settings: Settings, tmp_path: Path) -> None:
    """Where the library would fill in random numbers, there is an error instead, and nothing is installed."""
    from safetensors.torch import load_file, save_file

    folder = checkpoint(tmp_path / "hub", dpt_plain())
    state = load_file(folder / "model.safetensors")
    lost = next(key for key in state if key.startswith("head"))
    save_file({k: v for k, v in state.items() if k != lost}, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(WeightsError, match=r"missing keys, first head"):
        manage.import_file("dpt-large", folder, settings)
    assert not open_store(settings).is_installed(card("dpt-large"))


@pytest.mark.filterwarnings("ignore")
def test_damaged_configuration_is_refused(settings: Settings, tmp_path: Path) -> None:
    """A configuration of nothing is told."""
    folder = checkpoint(tmp_path / "hub", dpt_plain())
    (folder / "config.json").write_text(json.dumps({"model_type": "nonsense"}))
    with pytest.raises(WeightsError, match="could not be loaded"):
        manage.import_file("dpt-large", folder, settings)


def test_folder_without_weights_names_what_it_takes(settings: Settings, tmp_path: Path) -> None:
    """Both files are needed."""
    with pytest.raises(WeightsError, match=r"model.safetensors \+ config.json"):
        manage.import_file("zoedepth-n", tmp_path, settings)


def test_every_hub_row_is_of_a_tested_family() -> None:
    """No row uses a network that these tests do not build."""
    tested = {"dpt", "depth_anything", "zoedepth", "depth_pro"}
    tested |= {"distill_any_depth", "glpn", "prompt_depth_anything", "tipsv2"}
    assert {cards()[name].family for name in HUB} == tested


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["dpt-hybrid", "depth-anything-v2-metric-indoor-small"])
def test_family_converts_and_onnxruntime_agrees(
    name: str, settings: Settings, tmp_path: Path, drawing: np.ndarray
) -> None:
    """Imported, converted and run in onnxruntime: torch's maps, also at sizes that no gate looked at."""
    pytest.importorskip("onnxscript")
    manage.import_file(name, checkpoint(tmp_path / "hub", small_network(name)), settings)
    spec = card(name).input
    fast = nearfar.load(name, engine="onnxruntime", settings=settings).estimator
    exact = nearfar.load(name, engine="torch", settings=settings).estimator
    step = spec.multiple
    sizes = [(6 * step, 9 * step), (8 * step, 5 * step)] if fast.session.fixed_size is None else []
    assert bool(sizes) == (name != "dpt-hybrid")
    for height, width in sizes or [fast.session.fixed_size]:
        batch = np.random.default_rng(5).standard_normal((1, 3, height, width)).astype(np.float32)
        found, expected = fast.session.run(batch), exact.session.run(batch)
        assert np.ptp(expected) > 0
        assert relative_difference(found, expected) < LARGEST_DIFFERENCE
    assert fast.estimate(nearfar.read(drawing)).values.shape == drawing.shape[:2]


@pytest.mark.filterwarnings("ignore")
def test_zoedepth_chooses_a_head_for_each_picture(tmp_path: Path) -> None:
    """One by one it is the library's answer; in a batch, where the library lets pictures vote, too."""
    import torch

    from nearfar.nets import load

    folder = checkpoint(tmp_path / "hub", zoedepth_nk())
    inner = transformers.AutoModelForDepthEstimation.from_pretrained(folder)
    network = load("transformers/depth", folder / "model.safetensors")
    images = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        alone = torch.cat([inner(pixel_values=image[None]).predicted_depth for image in images])
        assert relative_difference(network(images).numpy(), alone.numpy()) < LARGEST_DIFFERENCE


@pytest.mark.filterwarnings("ignore")
def test_library_draws_no_progress(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Its bars do not reach standard error of whoever loads a network."""
    from nearfar.nets import load

    folder = checkpoint(tmp_path / "hub", dpt_plain())
    capfd.readouterr()
    load("transformers/depth", folder / "model.safetensors")
    assert capfd.readouterr() == ("", "")
