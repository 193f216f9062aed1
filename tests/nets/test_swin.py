"""DPT with Swin and with Next-ViT: published keys, second implementations, and the way to ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("onnxscript")

import nearfar  # noqa: E402 - after the checks
from conformance import INPUT_SEED, conformance_weight  # noqa: E402
from nearfar import nets  # noqa: E402
from nearfar.errors import WeightsError  # noqa: E402
from nearfar.nets import next_vit, stand_in, swin  # noqa: E402
from nearfar.nets._dpt_decoder import Decoder  # noqa: E402
from nearfar.settings import Settings  # noqa: E402
from nearfar.zoo import manage  # noqa: E402
from nearfar.zoo.convert import LARGEST_DIFFERENCE, relative_difference  # noqa: E402

SMALL = swin.Shape(16, (2, 2, 4, 2), (1, 2, 4, 8), 4, 128)
TINY = swin.Shape(8, (1, 2, 1, 1), (1, 1, 1, 1), 4, 64)
DATA = Path(__file__).parents[1] / "data"
RENAMED = {
    "patch_embed.proj": "embeddings.patch_embeddings.projection",
    "patch_embed.norm": "embeddings.norm",
    "attn.relative_position_bias_table": "attention.self.relative_position_bias_table",
    "attn.proj": "attention.output.dense",
    "mlp.fc1": "intermediate.dense",
    "mlp.fc2": "output.dense",
    "norm1": "layernorm_before",
    "norm2": "layernorm_after",
    "layers.": "encoder.layers.",
}


def drawn(network: Any, scale: float = 1.0) -> dict[str, Any]:
    """A weight for each key, by its name alone."""
    found = {}
    for key, value in network.state_dict().items():
        shape = tuple(value.shape)
        factor = np.float32(scale) if len(shape) > 1 else 1
        found[key] = torch.from_numpy(np.asarray(conformance_weight(key, shape) * factor))
    return found


def of_transformers(state: dict[str, Any]) -> dict[str, Any]:
    """The encoder's tensors as the library calls them."""
    found = {}
    for key, value in state.items():
        name = key
        for old, new in RENAMED.items():
            name = name.replace(old, new)
        if ".attn.qkv." in key:
            for part, tensor in zip(("query", "key", "value"), value.chunk(3), strict=True):
                found[name.replace("attn.qkv", f"attention.self.{part}")] = tensor
        else:
            found[name] = value
    return found


@torch.inference_mode()
def test_swin_is_the_one_of_transformers() -> None:
    """A second implementation answers the same behind each stage, with shifted windows and without."""
    ours = swin.Swin(SMALL).eval()
    ours.load_state_dict(drawn(ours))
    config = transformers.SwinConfig(
        image_size=128, embed_dim=16, depths=[2, 2, 4, 2], num_heads=[1, 2, 4, 8], window_size=4
    )
    state = of_transformers(ours.state_dict()) | {
        "layernorm.weight": torch.ones(128),
        "layernorm.bias": torch.zeros(128),
    }
    theirs, report = transformers.SwinModel.from_pretrained(
        None, config=config, state_dict=state, add_pooling_layer=False, output_loading_info=True
    )
    theirs.eval()
    assert not report["unexpected_keys"]
    assert not [key for key in report["missing_keys"] if "index" not in key]
    picture = torch.randn(1, 3, 128, 128, generator=torch.Generator().manual_seed(1))
    seen: list[torch.Tensor] = []
    for layer in theirs.encoder.layers:
        layer.blocks[-1].register_forward_hook(lambda _m, _i, answer: seen.append(answer))
    theirs(picture)
    for found, answer in zip(ours(picture), seen, strict=True):
        expected = answer[0] if isinstance(answer, tuple) else answer
        flat = found.flatten(2).transpose(1, 2)
        assert relative_difference(flat.numpy(), expected.numpy()) < LARGEST_DIFFERENCE


@torch.inference_mode()
def test_next_vit_is_the_one_of_timm() -> None:
    """Every 32nd channel of the four taps as timm 1.0.31's ``nextvit_large`` gave them for drawn weights."""
    with torch.device("meta"):
        network = next_vit.DptNextVit()
    state = drawn(network, 0.3) | {"scratch.output_conv.4.bias": torch.ones(1)}  # else all is cut off at 0
    network.load_state_dict(state, assign=True)
    rng = np.random.Generator(np.random.PCG64(INPUT_SEED))
    picture = torch.from_numpy(rng.standard_normal((1, 3, 96, 128)).astype(np.float32))
    found = network.eval().pretrained["model"](picture)
    with np.load(DATA / "next_vit.npz") as expected:
        for number, tap in enumerate(found, start=1):
            assert relative_difference(tap.numpy()[:, ::32], expected[f"tap{number}"]) < LARGEST_DIFFERENCE
    before = network(picture).numpy()
    network.fuse()
    assert np.ptp(before) > 0
    assert relative_difference(network(picture).numpy(), before) < LARGEST_DIFFERENCE


@torch.inference_mode()
def test_decoder_is_the_one_of_transformers() -> None:
    """The library's fusion and head, level by level, for features of a picture that is no square."""
    ours = Decoder((8, 16, 32, 64)).eval()
    ours.load_state_dict(drawn(ours))
    config = transformers.DPTConfig(
        backbone_config=transformers.Swinv2Config(embed_dim=8, num_heads=[1, 1, 2, 2], depths=[1, 1, 1, 1]),
        neck_hidden_sizes=[8, 16, 32, 64],
        reassemble_factors=[1, 1, 1, 1],
    )
    theirs = transformers.DPTForDepthEstimation(config).eval()
    names = {".resConfUnit": ".residual_layer", ".conv": ".convolution", ".out_conv": ".projection"}
    state = {}
    for key, value in ours.state_dict().items():
        if key.startswith("layer"):
            state[f"neck.convs.{int(key[5]) - 1}.weight"] = value
        elif key.startswith("output_conv"):
            state[key.replace("output_conv", "head.head")] = value
        else:
            rest = key[len("refinenet1") :]
            for old, new in names.items():
                rest = rest.replace(old, new)
            state[f"neck.fusion_stage.layers.{4 - int(key[9])}{rest}"] = value
    report = theirs.load_state_dict(state, strict=False)
    assert not report.unexpected_keys
    assert not [key for key in report.missing_keys if not key.startswith("backbone.")]
    generator = torch.Generator().manual_seed(2)
    features = [
        torch.randn(1, 8 * 2**level, 16 // 2**level, 24 // 2**level, generator=generator)
        for level in range(4)
    ]
    expected = theirs.head(theirs.neck(features, None, None)).numpy()
    assert np.ptp(expected) > 0
    assert relative_difference(ours(features).numpy(), expected) < LARGEST_DIFFERENCE


@pytest.mark.parametrize(
    ("name", "keys", "millions"), [("swin/large_384", 325 + 50, 212), ("next_vit/large_384", 905 + 50, 71)]
)
def test_shapes_and_count_are_the_published_ones(name: str, keys: int, millions: int) -> None:
    """Keys as timm counts them for the encoder, 50 of the decoder; MiDaS states 213 and 72 M parameters."""
    with torch.device("meta"):
        network = nets.build(name)
    state = network.state_dict()
    assert len(state) == keys
    assert round(sum(p.numel() for p in network.parameters()) / 1e6) == millions
    assert state["scratch.layer4_rn.weight"].shape == (256, 1536 if name.startswith("swin") else 1024, 3, 3)


def test_tables_and_classifiers_of_a_published_file_are_not_read(tmp_path: Path) -> None:
    """Files hold what follows from the grid; without it they load too, and a missing weight is refused."""
    network = swin.DptSwin(SMALL)
    model = "pretrained.model."
    state = drawn(network) | {
        f"{model}layers.0.blocks.1.attn_mask": torch.zeros(64, 16, 16),
        f"{model}layers.0.blocks.0.attn.relative_position_index": torch.zeros(16, 16).long(),
        f"{model}norm.weight": torch.zeros(128),
        f"{model}head.weight": torch.zeros(1000, 128),
    }
    from nearfar.nets._checkpoint import load_into

    load_into(network, state, "swin")
    del state[f"{model}layers.0.downsample.norm.weight"]
    with pytest.raises(WeightsError, match=r"lacks pretrained.model.layers.0.downsample.norm.weight"):
        load_into(network, state, "swin")


@pytest.mark.filterwarnings("ignore")
def test_import_converts_and_onnxruntime_agrees(
    tmp_path: Path, photo_jpeg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of the release page, small: both engines give one map."""
    monkeypatch.setitem(swin.NETWORKS, "large_384", lambda: swin.DptSwin(TINY))
    path = stand_in.write("swin/large_384", tmp_path / "dpt_swin_large_384.pt")
    settings = Settings(home=str(tmp_path / "home"), offline=True, threads=1)
    manage.import_file("dpt-swin-large-384", path, settings)
    maps = {
        engine: nearfar.load("dpt-swin-large-384", engine=engine, settings=settings).estimate(photo_jpeg)
        for engine in ("onnxruntime", "torch")
    }
    found, expected = maps["onnxruntime"], maps["torch"]
    assert (found.width, found.height, found.kind) == (128, 96, "relative_inverse")
    assert relative_difference(found.values, expected.values) < LARGEST_DIFFERENCE
