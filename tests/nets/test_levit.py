"""DPT with LeViT: published keys, a second implementation of its encoder, and the way to ONNX."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

import nearfar  # noqa: E402 - after the checks
from nearfar import nets  # noqa: E402
from nearfar.errors import WeightsError  # noqa: E402
from nearfar.nets import _levit, stand_in  # noqa: E402
from nearfar.settings import Settings  # noqa: E402
from nearfar.zoo import manage  # noqa: E402
from nearfar.zoo.convert import LARGEST_DIFFERENCE, relative_difference  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

NAME = "levit/dpt_224"
BLOCKS = 28
STATS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
# The published keys by their pattern, written down apart from the network: layer without norm, then its rank.
ATTENTION = ("m.attention_biases", "m.attention_bias_idxs")
SUBSAMPLES = (8, 18)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every published key, drawn by chance."""
    return stand_in.write(NAME, tmp_path_factory.mktemp("levit") / "dpt_levit_224.pt")


def raw(checkpoint: Path) -> Any:
    """The network as it is published: its norms stand alone."""
    with torch.device("meta"):
        network = nets.build(NAME)
    network.load_state_dict(torch.load(checkpoint, weights_only=True), strict=True, assign=True)
    return network


def normed(*layers: str) -> set[str]:
    """The keys of layers that a norm follows."""
    return {f"{layer}.c.weight" for layer in layers} | {
        f"{layer}.bn.{stat}" for layer in layers for stat in STATS
    }


def published_keys() -> set[str]:
    """Of dpt_levit_224.pt (MiDaS 3.1 on timm 0.6)."""
    model = "pretrained.model."
    keys = normed(*(f"{model}patch_embed.{i}" for i in (0, 2, 4, 6)))
    for number in range(BLOCKS):
        block = f"{model}blocks.{number}"
        is_late = sum(number > place for place in SUBSAMPLES)
        if number in SUBSAMPLES:
            keys |= normed(*(f"{block}.{part}" for part in ("kv", "q.1", "proj.1")))
            keys |= {f"{block}.{name[2:]}" for name in ATTENTION}
        elif (number - 2 * is_late) % 2 == 0 and number - 1 not in SUBSAMPLES:
            keys |= normed(f"{block}.m.qkv", f"{block}.m.proj.1") | {f"{block}.{name}" for name in ATTENTION}
        else:
            keys |= normed(f"{block}.m.0", f"{block}.m.2")
    for head in ("head", "head_dist"):
        keys |= {f"{model}{head}.bn.{stat}" for stat in STATS}
        keys |= {f"{model}{head}.l.weight", f"{model}{head}.l.bias"}
    for level in (1, 2, 3):
        units = [f"resConfUnit{unit}.conv{conv}" for unit in (1, 2) for conv in (1, 2)]
        keys |= {
            f"scratch.refinenet{level}.{p}.{w}" for p in (*units, "out_conv") for w in ("weight", "bias")
        }
        keys.add(f"scratch.layer{level}_rn.weight")
    keys |= normed("scratch.stem_transpose.0", "scratch.stem_transpose.2")
    return keys | {f"scratch.output_conv.{i}.{w}" for i in (0, 2, 4) for w in ("weight", "bias")}


def test_keys_shapes_and_count_are_the_published_ones() -> None:
    """A published checkpoint would load strictly: MiDaS states 51 M parameters."""
    with torch.device("meta"):
        network = nets.build(NAME)
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    assert shapes.keys() == published_keys()
    block = "pretrained.model.blocks."
    assert shapes[f"{block}0.m.attention_bias_idxs"] == (196, 196)
    assert shapes[f"{block}8.attention_bias_idxs"] == (49, 196)
    assert shapes[f"{block}8.q.1.c.weight"] == (384, 384)
    assert shapes[f"{block}10.m.qkv.c.weight"] == (9 * 128, 512)
    assert shapes[f"{block}18.kv.c.weight"] == (16 * 160, 512)
    assert shapes["scratch.stem_transpose.0.c.weight"] == (256, 128, 3, 3)
    assert round(sum(p.numel() for p in network.parameters()) / 1e6) == 51


@torch.inference_mode()
def test_encoder_is_the_one_of_transformers(checkpoint: Path) -> None:
    """A second implementation of LeViT answers the same at the three taps."""
    transformers = pytest.importorskip("transformers")
    ours = raw(checkpoint).pretrained["model"]
    config = transformers.LevitConfig(
        hidden_sizes=[384, 512, 768], num_attention_heads=[6, 9, 12], key_dim=[32, 32, 32]
    )
    with torch.device("meta"):
        network = transformers.LevitModel(config)
    theirs = transformers.LevitModel(config).eval()
    state = {new: v for k, v in ours.state_dict().items() if (new := renamed(k)) in network.state_dict()}
    assert state.keys() == network.state_dict().keys()
    theirs.load_state_dict(state, strict=True)
    layers = [layer for stage in theirs.encoder.stages for layer in stage.layers]
    seen: list[torch.Tensor] = []
    for tap in _levit.TAPS:
        layers[tap].register_forward_hook(lambda _m, _i, answer: seen.append(answer))
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    theirs(image)
    for found, expected in zip(ours(image), seen, strict=True):
        flat = found.flatten(2).transpose(1, 2)
        assert relative_difference(flat.numpy(), expected.numpy()) < LARGEST_DIFFERENCE


def renamed(key: str) -> str:
    """A key as transformers calls it."""
    stem = re.match(r"patch_embed\.(\d)\.", key)
    if stem:
        key = key.replace(stem[0], f"patch_embeddings.embedding_layer_{int(stem[1]) // 2 + 1}.")
    block = re.match(r"blocks\.(\d+)\.", key)
    if block:
        number = int(block[1])
        stage = (number >= 10) + (number >= 20)
        key = key.replace(block[0], f"encoder.stages.{stage}.layers.{number - 10 * stage}.")
    words = {
        r"\.m\.0\.": ".module.linear_up.",
        r"\.m\.2\.": ".module.linear_down.",
        r"\.m\.": ".module.",
        r"\.qkv\.": ".queries_keys_values.",
        r"\.kv\.": ".keys_values.",
        r"\.q\.1\.": ".queries.",
        r"\.proj\.1\.": ".projection.",
        r"\.bn\.": ".batch_norm.",
        r"\.c\.": ".convolution." if stem else ".linear.",
    }
    for old, new in words.items():
        key = re.sub(old, new, key)
    return key


@torch.inference_mode()
def test_norms_within_their_layers_change_nothing(checkpoint: Path) -> None:
    """The loaded network has no norms left, and answers what the published one does, at 224×224."""
    network = nets.load(NAME, checkpoint)
    assert not any(isinstance(m, torch.nn.modules.batchnorm._BatchNorm) for m in network.modules())
    image = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(2))
    found, expected = network(image).numpy(), raw(checkpoint)(image).numpy()
    assert found.shape == (1, 224, 224)
    assert np.ptp(expected) > 0
    assert relative_difference(found, expected) < LARGEST_DIFFERENCE


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_import_converts_and_onnxruntime_agrees(checkpoint: Path, tmp_path: Path, photo_jpeg: Path) -> None:
    """The checkpoint is imported, converted at once, and both engines give one map."""
    settings = Settings(home=str(tmp_path / "home"), offline=True)
    manage.import_file("dpt-levit-224", checkpoint, settings)
    maps = {
        engine: nearfar.load("dpt-levit-224", engine=engine, settings=settings).estimate(photo_jpeg)
        for engine in ("onnxruntime", "torch")
    }
    found, expected = maps["onnxruntime"], maps["torch"]
    assert (found.width, found.height, found.kind) == (128, 96, "relative_inverse")
    assert found.provenance.input_size == (224, 224)
    assert relative_difference(found.values, expected.values) < LARGEST_DIFFERENCE


def test_checkpoint_without_a_key_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    """Loading is strict."""
    state = torch.load(checkpoint, weights_only=True)
    del state["scratch.stem_transpose.2.c.weight"]
    torch.save(state, tmp_path / "less.pt")
    with pytest.raises(WeightsError, match=r"lacks scratch.stem_transpose.2.c.weight \(1 such\)"):
        nets.load(NAME, tmp_path / "less.pt")
