"""DPT as the MiDaS releases hold it: a file in that layout is imported and answers as the hub's network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from nearfar.errors import WeightsError  # noqa: E402
from nearfar.nets import _midas_dpt, load  # noqa: E402
from nearfar.nets.transformers import wrapped  # noqa: E402
from nearfar.settings import Settings  # noqa: E402
from nearfar.weights import open_store  # noqa: E402
from nearfar.zoo import manage  # noqa: E402 - after the checks
from nearfar.zoo.catalogue import card  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

SMALL: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 64,
    "backbone_out_indices": [0, 1, 2, 3],
    "neck_hidden_sizes": [8, 8, 16, 16],
    "fusion_hidden_size": 16,
    "reassemble_factors": [4, 2, 1, 0.5],
}
HYBRID = SMALL | {
    "is_hybrid": True,
    "backbone_featmap_shape": [1, 1024, 4, 4],
    "neck_ignore_stages": [0, 1],
    "neck_hidden_sizes": [256, 512, 16, 16],
    "reassemble_factors": [1, 1, 1, 0.5],
}
LAYER = "pretrained.model.blocks.{}."
# Prefixes of the hub's keys, longest first, and of the release's: {} is a number that both have.
RELEASE = [
    ("dpt.embeddings.backbone.bit.embedder.convolution", "pretrained.model.patch_embed.backbone.stem.conv"),
    ("dpt.embeddings.backbone.bit.embedder.norm", "pretrained.model.patch_embed.backbone.stem.norm"),
    ("dpt.embeddings.patch_embeddings.projection", "pretrained.model.patch_embed.proj"),
    ("dpt.embeddings.projection", "pretrained.model.patch_embed.proj"),
    ("dpt.embeddings.cls_token", "pretrained.model.cls_token"),
    ("dpt.embeddings.position_embeddings", "pretrained.model.pos_embed"),
    ("dpt.layernorm", "pretrained.model.norm"),
    ("head.head", "scratch.output_conv"),
]
IN_LAYER = {
    "attention.output.dense": "attn.proj",
    "intermediate.dense": "mlp.fc1",
    "output.dense": "mlp.fc2",
    "layernorm_before": "norm1",
    "layernorm_after": "norm2",
}
IN_FUSION = {
    "projection": "out_conv",
    "residual_layer1.convolution1": "resConfUnit1.conv1",
    "residual_layer1.convolution2": "resConfUnit1.conv2",
    "residual_layer2.convolution1": "resConfUnit2.conv1",
    "residual_layer2.convolution2": "resConfUnit2.conv2",
}


def released(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The hub's state as the release has it, a classifier added."""
    found = {"pretrained.model.head.weight": torch.zeros(3, 16)}
    for key, value in state.items():
        module, _, kind = key.rpartition(".")
        words = key.split(".")
        if key.startswith("dpt.encoder.layer."):
            rest = module.split(".", 4)[4]
            if rest.startswith("attention.attention."):
                if rest.endswith("query"):
                    parts = [state[key.replace("query", name)] for name in ("query", "key", "value")]
                    found[LAYER.format(words[3]) + f"attn.qkv.{kind}"] = torch.cat(parts)
            else:
                found[LAYER.format(words[3]) + f"{IN_LAYER[rest]}.{kind}"] = value
        elif key.startswith("dpt.embeddings.backbone.bit.encoder.stages."):
            rest = ".".join(words[8:])
            found[f"pretrained.model.patch_embed.backbone.stages.{words[6]}.blocks.{rest}"] = value
        elif key.startswith("neck.fusion_stage.layers."):
            rest = ".".join(words[4:-1])
            found[f"scratch.refinenet{4 - int(words[3])}.{IN_FUSION[rest]}.{kind}"] = value
        elif key.startswith("neck.convs."):
            found[f"scratch.layer{int(words[2]) + 1}_rn.{kind}"] = value
        elif key.startswith("neck.reassemble_stage."):
            place = {"projection": "3", "resize": "4"}.get(words[4], "0.project.0")
            found[f"pretrained.act_postprocess{int(words[3]) + 1}.{place}.{kind}"] = value
        else:
            old, new = next(pair for pair in RELEASE if key.startswith(pair[0]))
            found[new + key.removeprefix(old)] = value
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "numbers"), [("dpt-large", SMALL), ("dpt-hybrid", HYBRID)])
def test_release_file_is_imported_and_answers_the_same(
    name: str, numbers: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real way: a .pt file, the import, the loaded network."""
    monkeypatch.setitem(_midas_dpt.CONFIGS, name, numbers)
    torch.manual_seed(0)
    network = wrapped(transformers.DPTForDepthEstimation(transformers.DPTConfig(**numbers)))
    with torch.no_grad():
        for weight in network.parameters():
            weight.normal_(0, 0.2)
    state = {key.removeprefix("inner."): value for key, value in network.state_dict().items()}
    torch.save(released(state), tmp_path / "release.pt")
    settings = Settings(home=str(tmp_path / "home"), offline=True, threads=1)
    done = manage.import_file(name, tmp_path / "release.pt", settings)
    assert [file.path.name for file in done] == [file.name for file in card(name).files("torch")]
    assert not done[0].is_published
    loaded = load(card(name).network, open_store(settings).find(card(name), "torch").path)
    picture = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        expected = network(picture).numpy()
        assert np.ptp(expected) > 0
        assert np.array_equal(loaded(picture).numpy(), expected)


def test_other_file_is_refused(tmp_path: Path) -> None:
    """A state dict of another network names the key that no DPT has; nothing is installed."""
    torch.save({"layer.weight": torch.zeros(2)}, tmp_path / "other.pt")
    settings = Settings(home=str(tmp_path / "home"), offline=True, threads=1)
    with pytest.raises(WeightsError, match=r"no DPT of a MiDaS release: it holds layer\.weight"):
        manage.import_file("dpt-large", tmp_path / "other.pt", settings)
    assert not open_store(settings).is_installed(card("dpt-large"))


def test_cards_name_the_release() -> None:
    """File, address and the published prefix of its hash."""
    release = card("dpt-hybrid").details["release"]
    assert isinstance(release, dict)
    assert (release["file"], release["sha256"]) == ("dpt_hybrid-midas-501f0c75.pt", "501f0c75")
    assert release["address"] == f"https://github.com/isl-org/DPT/releases/download/1_0/{release['file']}"
    assert set(_midas_dpt.CONFIGS) == {"dpt-large", "dpt-hybrid"}
