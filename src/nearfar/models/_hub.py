"""What cards of networks on the model hub have in common."""

from __future__ import annotations

from dataclasses import dataclass

from nearfar.cards import WeightFile

NETWORK = "transformers/depth"


@dataclass(frozen=True, slots=True)
class Pin:
    """What a stored public page says of a file: at which commit it lay, its SHA-256 and its size.

    A hash without a commit is that of the branch ``main`` when its page was stored: a file that differs is
    asked about, for its authors may have renewed it.
    """

    commit: str = ""
    sha256: str = ""
    bytes: int = 0


PINS = {
    "Intel/dpt-large": Pin(
        "cc27b92e869fc79f52a0241addbbcd1579b66b11",
        "c173e7fd575c4d6c2164621063fed3a0e7e2eb6adbfb7c1845b364bc0fed9ce8",
    ),
    "Intel/dpt-beit-large-512": Pin("", "1b8f53dd5004a5c8f33ddf8998803fcf566bfb40b8d189531ac4946d488a7364"),
    "Intel/dpt-beit-large-384": Pin("", "0d353badaf2cb08a05ab343cc70d1895c769ff1da34da4e2962c08dce8d4d1a1"),
    "Intel/dpt-swinv2-tiny-256": Pin("", "b11e8b50dee40e953a1c38c9d9330e3bf5512247389b87b74d0c47c263b64983"),
    "Intel/zoedepth-nyu": Pin(
        "52ae69caf7896c927909b3ceab4249c235e16dc1",
        "b616e347efc30e64822be28d2464c2fcd0b665b5fdbc9a135d53d168c31c77ab",
    ),
    "Intel/zoedepth-nyu-kitti": Pin("", "c5494fa0938f18d71e215e245472470c3aefebd7b434abd89750e5ae4008e2dc"),
    "LiheYoung/depth-anything-base-hf": Pin(
        "74316968dd3bb353fb1fba30ab5876ff4f0c3352",
        "91a6561491e7cca06cec2522f2353037f59a8d8ec8e3436a7520883d1cf99d65",
    ),
    "LiheYoung/depth-anything-large-hf": Pin(
        "43762334d671865d0412922f802914eae8cdadd5",
        "bc27360a3e6906e5ddd8f618e2dcde11362327361918b8f76793e42e25de31b3",
    ),
    "depth-anything/Depth-Anything-V2-Small-hf": Pin(
        "", "3152477ce0d8d6978d76b995120de97cb5b928701fd0f817769f59e249a16b70"
    ),
    "depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf": Pin(
        "4d5187ef4957085a714f15b6ae43230a8b813c03"
    ),
    "apple/DepthPro-hf": Pin("", "9c6811e3165485b9a94a204329860cb333a79877e757eb795a179a4ea34bbcf7"),
    "depth-anything/DA3-SMALL": Pin(
        "e08cab65ca0ec38e7826075418411ab90cab4da3",
        "364492e38a3a06d221ac75da7f6621ada3f2361cd24fde11ba79091e9f40efcf",
        137_248_940,
    ),
    "depth-anything/DA3-BASE": Pin(
        "f4a6c9b3c95e41c82048423d3493a81ec3fa810e",
        "e01067dc1659613083d9145a9a2547ccdbe6ccbbf83c4fe7b3e8a4e2bdae78b5",
        541_518_028,
    ),
    "depth-anything/DA3-LARGE-1.1": Pin(
        "0e109ae307c5982f319a67cf6f9f99ccdc0ec97c",
        "739905c423cf0d6ccaf9e61a8401d82ba1ac32d7f4d3ee6dca8f92b377633f64",
        1_643_843_860,
    ),
    "depth-anything/DA3METRIC-LARGE": Pin(
        "4010e39f3634a45bc60553321fb49fb760bd594e",
        "bbea5b0b3ee389849cffa7ddae89de064a90abd2b055fc5aa99aac68db324776",
        1_336_734_448,
    ),
    "Ruicheng/moge-2-vitl-normal": Pin(
        "cb0e8bbd6b1e243589717c78e750b1ba4c093acf",
        "280741fd09bc3f403ccff9967784c2a391b52d2c0742ae3efdb21d9f90cc1a01",
        1_323_815_904,
    ),
}
"""Of the weights of a repository. Sources: the hub's stored pages of these files; for Depth Anything 3 and
MoGe-2, manifests of public repositories that pin them (InferBridge's and others' native ports)."""


def checkpoint(repository: str, weights: str = "model.safetensors") -> tuple[WeightFile, ...]:
    """The checkpoint of a hub repository: weights without code, then their configuration."""
    pin = PINS.get(repository, Pin())
    config = WeightFile("config.json", f"{_at(repository, pin)}/config.json", engine="torch")
    return weights_alone(repository, weights), config


def weights_alone(repository: str, name: str = "model.safetensors") -> WeightFile:
    """The weights of a hub repository, pinned where that can be."""
    pin = PINS.get(repository, Pin())
    is_certain = bool(pin.commit) or not pin.sha256
    return WeightFile(name, f"{_at(repository, pin)}/{name}", pin.sha256, pin.bytes, "torch", is_certain)


def _at(repository: str, pin: Pin) -> str:
    return f"hub:{repository}@{pin.commit}" if pin.commit else f"hub:{repository}"


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
