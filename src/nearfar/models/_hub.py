"""What cards of networks on the model hub have in common."""

from __future__ import annotations

from nearfar.cards import WeightFile

NETWORK = "transformers/depth"


def checkpoint(repository: str) -> tuple[WeightFile, ...]:
    """The checkpoint of a hub repository: weights without code, then their configuration."""
    names = ("model.safetensors", "config.json")
    return tuple(WeightFile(name, f"hub:{repository}/{name}", engine="torch") for name in names)


def onnx(repository: str) -> tuple[WeightFile, ...]:
    """The ONNX file of a hub repository that follows transformers.js."""
    return (WeightFile("model.onnx", f"hub:{repository}/onnx/model.onnx"),)
