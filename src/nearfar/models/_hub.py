"""What cards of networks on the model hub have in common."""

from __future__ import annotations

from nearfar.cards import WeightFile

NETWORK = "transformers/depth"


def checkpoint(repository: str, weights: str = "model.safetensors") -> tuple[WeightFile, ...]:
    """The checkpoint of a hub repository: weights without code, then their configuration."""
    names = (weights, "config.json")
    return tuple(WeightFile(name, f"hub:{repository}/{name}", engine="torch") for name in names)


def onnx(repository: str, sha256: str = "", bytes: int = 0) -> tuple[WeightFile, ...]:
    """The ONNX file of a hub repository that follows transformers.js."""
    return (WeightFile("model.onnx", f"hub:{repository}/onnx/model.onnx", sha256, bytes),)


def onnx_with_data(repository: str, revision: str = "") -> tuple[WeightFile, ...]:
    """The ONNX file of such a repository whose weights lie in a file beside it."""
    at = f"@{revision}" if revision else ""
    names = ("model.onnx", "model.onnx_data")
    return tuple(WeightFile(name, f"hub:{repository}{at}/onnx/{name}") for name in names)


def narrow(repository: str, int8_sha256: str = "") -> tuple[WeightFile, ...]:
    """The half-precision and the int8 file of a hub repository that follows transformers.js."""
    rows = (("fp16", "model_fp16.onnx", ""), ("int8", "model_int8.onnx", int8_sha256))
    return tuple(
        WeightFile(name, f"hub:{repository}/onnx/{name}", sha256, engine=f"onnxruntime-{kind}")
        for kind, name, sha256 in rows
    )
