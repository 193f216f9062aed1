"""Checkpoints to ONNX files, and ONNX files to int8: made once, refused unless they agree, then kept.

The `torch` extra is needed while a file is made, not when it is used.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import EngineError, MissingExtraError
from nearfar.machine.files import locked
from nearfar.machine.staging import staging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.cards import InputSpec, ModelCard
    from nearfar.weights import Found, Store

    Batch = npt.NDArray[np.float32]

OPSET = 18
INPUT, OUTPUT = "image", "depth"
LARGEST_DIFFERENCE = 1e-4
"""Of torch's range: a converted file beyond it is refused."""
MEAN_DIFFERENCE = 0.02
SMALLEST_CORRELATION = 0.99
"""An int8 file is refused where its maps differ from float32's by more on average (as a share of the range),
or correlate less."""
_PERCENTILE = 99.999
_LARGEST_BYTES = 1_900_000_000  # one protobuf file ends at 2 GiB
_log = logging.getLogger("nearfar.zoo.convert")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well int8 maps agree with float32's, the worst picture counts."""

    mean_difference: float
    correlation: float

    def reaches(self, least: Agreement) -> bool:
        """At least as good as that."""
        return self.mean_difference <= least.mean_difference and self.correlation >= least.correlation


LEAST = Agreement(MEAN_DIFFERENCE, SMALLEST_CORRELATION)
UNCHECKED = Agreement(float("inf"), -1.0)
"""For weights that were drawn: they measure speed, and their maps mean nothing."""
_CALIBRATIONS = ("MinMax", "Percentile")
"""How ranges are found: the whole range first; where that is refused, without the most extreme values."""


def float_path(card: ModelCard, found: Found, store: Store) -> Path:
    """Where the ONNX file of a checkpoint lies once it is made: its name holds the checkpoint's hash."""
    return store.converted(card) / f"{found.sha256[:16]}.onnx"


def int8_path(card: ModelCard, found: Found, store: Store) -> Path:
    """Where the int8 file of some weights lies once it is made."""
    return store.converted(card) / f"{found.sha256[:16]}-int8.onnx"


def can_convert() -> bool:
    """All libraries that a conversion needs are installed."""
    return all(importlib.util.find_spec(name) for name in ("torch", "onnx", "onnxscript"))


def to_onnx(card: ModelCard, found: Found, store: Store) -> Path:
    """The ONNX file of a checkpoint; made where it is not there yet.

    Raises:
        MissingExtraError: the `torch` extra is not installed.
        WeightsError: the checkpoint is damaged or of another network.
        EngineError: the network cannot be converted, or the file does not compute what torch computes.
    """
    check_card(card)
    target = float_path(card, found, store)
    with locked(target.with_suffix(".lock"), passing=True):
        if not target.is_file():
            _check_extra(card)
            _make(target, lambda part: _export(card, found.path, part))
    return target


def to_int8(
    card: ModelCard,
    found: Found,
    store: Store,
    source: Path,
    pictures: Sequence[Batch],
    *,
    least: Agreement = LEAST,
) -> tuple[Path, Agreement]:
    """The int8 file of an ONNX file, and how well it agrees with it on pictures it was not calibrated on.

    Args:
        card: the model.
        found: the weights that ``source`` was made from, or is.
        store: where the file goes.
        source: the float32 ONNX file.
        pictures: at least 4 prepared inputs, (1, 3, H, W); every fourth is kept for the comparison.
        least: the agreement below which the file is refused.

    Raises:
        MissingExtraError: the library onnx is not installed.
        EngineError: the maps do not agree within the stated threshold; nothing is left.
    """
    if importlib.util.find_spec("onnx") is None:
        raise MissingExtraError("Making int8 files needs the library onnx.", "pip install 'nearfar[torch]'")
    target = int8_path(card, found, store)
    agreement = Agreement(0.0, 1.0)

    def make(part: Path) -> None:
        nonlocal agreement
        for calibration in _CALIBRATIONS:
            write_int8(source, part, [p for i, p in enumerate(pictures) if i % 4 != 3], calibration)
            agreement = _compare(source, part, [p for i, p in enumerate(pictures) if i % 4 == 3])
            if agreement.reaches(least):
                return
        raise EngineError(
            f"int8 is not offered for '{card.name}': its maps differ by {agreement.mean_difference:.1%} "
            f"on average and correlate by {agreement.correlation:.3f}; at most {least.mean_difference:.0%} "
            f"and at least {least.correlation} were expected.",
            "Use float32, or calibrate on pictures like yours (setting calibration).",
        )

    with locked(target.with_suffix(".lock"), passing=True):
        _make(target, make)
    return target, agreement


def relative_difference(found: Batch, expected: Batch) -> float:
    """The largest difference as a share of the expected range."""
    if found.shape != expected.shape:
        return float("inf")
    return float(np.abs(found - expected).max() / max(float(np.ptp(expected)), 1e-6))


def _make(target: Path, write: Callable[[Path], None]) -> None:
    """Write a file in a folder of its own, then rename it."""
    with staging(target.parent, ".making-") as folder:
        part = folder / target.name
        write(part)
        part.replace(target)


def check_card(card: ModelCard) -> None:
    """Raise EngineError at once where a conversion would take long and end in nothing."""
    if card.not_converted:
        raise EngineError(
            f"'{card.name}' is not converted to ONNX: {card.not_converted}.", "Run it with --engine torch."
        )


def _check_extra(card: ModelCard) -> None:
    if not can_convert():
        raise MissingExtraError(
            f"The checkpoint of '{card.name}' must be converted once, which needs PyTorch.",
            "Install it: pip install 'nearfar[torch]' (afterwards it is not needed any more).",
        )


def _export(card: ModelCard, checkpoint: Path, part: Path) -> None:
    from nearfar import nets

    network = nets.load(card.network, checkpoint).requires_grad_(requires_grad=False)
    if sum(p.numel() * p.element_size() for p in network.parameters()) > _LARGEST_BYTES:
        raise EngineError(f"'{card.name}' is too large for one ONNX file.", "Run it with --engine torch.")
    getattr(network, "for_export", _as_it_is)()
    try:
        spec = _spec(network, card.input)
        _write(network, spec, part)
    except Exception as exc:  # the exporter raises whatever its parts raise
        first = str(exc).strip().partition("\n")[0][:300]
        raise EngineError(
            f"'{card.name}' cannot be converted: {first}", "Run it with --engine torch."
        ) from exc
    for height, width in _sizes(spec):
        difference = _parity(network, part, height, width)
        if not difference <= LARGEST_DIFFERENCE:
            raise EngineError(
                f"The conversion of '{card.name}' differs from torch by {difference:.1e} of the range at "
                f"{width}×{height}; at most {LARGEST_DIFFERENCE:.0e} was expected.",
                "It was thrown away. Run the network with --engine torch.",
            )
        _log.info("%s at %d×%d differs from torch by %.1e", card.name, width, height, difference)


def _as_it_is() -> None:
    """Most networks are exported as they run."""


def _spec(network: Any, spec: InputSpec) -> InputSpec:
    """The card's rule, or the one size that the network itself takes."""
    fixed: tuple[int, int] | None = getattr(network, "fixed_size", None)
    return spec if fixed is None else spec.only(*fixed)


def _write(network: Any, spec: InputSpec, part: Path) -> None:
    """One ONNX file; height and width are free where the network's rule lets them vary."""
    import torch

    step = spec.multiple
    is_free = spec.min_size < spec.max_size and spec.shape is None
    height, width = _sizes(spec)[0]
    dim = torch.export.Dim
    shape = {2: step * dim("rows", min=2, max=256), 3: step * dim("columns", min=2, max=256)}
    with _quiet_exporter():
        program = torch.onnx.export(
            network,
            (torch.zeros(1, 3, height, width),),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=(shape,) if is_free else None,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise EngineError("the exporter gave nothing")
    program.save(str(part), include_initializers=True)


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """What the exporter tells of its own parts is nothing that a user could act on."""
    logs = [
        log
        for name, log in logging.root.manager.loggerDict.items()
        if name.startswith("torch.onnx") and isinstance(log, logging.Logger)
    ]
    levels = [log.level for log in logs]
    try:
        for log in logs:
            log.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)


def _sizes(spec: InputSpec) -> tuple[tuple[int, int], ...]:
    """(height, width) to export at and to compare at: small, unequal, allowed by the rule."""
    if spec.shape is not None:
        return (spec.shape[::-1],)
    if spec.min_size == spec.max_size:
        return ((spec.size, spec.size),)
    step = spec.multiple
    few = max(2, -(-spec.min_size // step))
    return ((4 * few * step // 2, 5 * few * step // 2 // step * step), (few * step, (few + 2) * step))


def _parity(network: Any, path: Path, height: int, width: int) -> float:
    import torch

    batch = np.random.default_rng(0).standard_normal((1, 3, height, width)).astype(np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(batch)).numpy()
    return relative_difference(_run(_session(path), batch), expected)


def _session(path: Path) -> Any:
    import onnxruntime as ort

    how = ort.SessionOptions()
    how.log_severity_level = 3
    return ort.InferenceSession(os.fspath(path), how, providers=["CPUExecutionProvider"])


def _run(session: Any, batch: Batch) -> Batch:
    raw = session.run(None, {session.get_inputs()[0].name: batch})[0]
    return np.asarray(raw[:, 0] if raw.ndim == 4 else raw, np.float32)


def write_int8(
    source: Path, part: Path, pictures: Sequence[Batch], calibration: str = "MinMax", first_float: int = 0
) -> None:
    """Static quantisation in QDQ form: unsigned activations, signed weights by channel.

    ``pictures``: prepared inputs, (1, 3, H, W), all of one size. ``calibration``: the runtime's name of it.
    ``first_float``: what has fewer than so many convolutions before it, from the picture on, stays as it is;
    so does the last layer and what follows it.
    """
    import onnx
    from onnxruntime import quantization as q
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(q.CalibrationDataReader):  # type: ignore[misc]  # the library has no types
        """Hands the pictures out one by one."""

        def __init__(self, name: str) -> None:
            self._rows = iter([{name: picture} for picture in pictures])

        def get_next(self) -> dict[str, Batch] | None:
            """The next picture, or None at the end."""
            return next(self._rows, None)

    prepared = part.with_name(f"prepared-{part.name}")
    name = _session(source).get_inputs()[0].name
    quant_pre_process(source, prepared, skip_symbolic_shape=True)
    q.quantize_static(
        prepared,
        part,
        Reader(name),
        quant_format=q.QuantFormat.QDQ,
        activation_type=q.QuantType.QUInt8,
        weight_type=q.QuantType.QInt8,
        per_channel=True,
        calibrate_method=q.CalibrationMethod[calibration],
        nodes_to_exclude=_kept_wide(onnx.load(str(prepared)).graph, first_float),
        extra_options={"CalibPercentile": _PERCENTILE},
        op_types_to_quantize=["Conv", "Gemm", "MatMul", "Add", "Resize", "MaxPool", "Relu", "Clip", "Concat"],
    )


_LEARNED = ("Conv", "ConvTranspose", "Gemm", "MatMul")


def _kept_wide(graph: Any, count: int) -> list[str]:
    """Names of the nodes that stay float32: both ends of the graph.

    The first: with fewer than `count` convolutions on the longest way to them from the picture. The last:
    with no convolution or product behind them, those too: depth in 256 steps would be terraces.
    """
    before: dict[str, int] = {}
    early = set()
    for node in graph.node:  # a graph's nodes stand in the order in which they are computed
        longest = max((before.get(name, 0) for name in node.input), default=0)
        if longest < count:
            early.add(node.name)
        before.update(dict.fromkeys(node.output, longest + (node.op_type == "Conv")))
    has_more: set[str] = set()
    late = set()
    for node in reversed(graph.node):
        is_followed = bool(has_more & set(node.output))
        if not is_followed:
            late.add(node.name)
        if is_followed or node.op_type in _LEARNED:
            has_more.update(node.input)
    return sorted(early | late)


def _compare(source: Path, part: Path, pictures: Sequence[Batch]) -> Agreement:
    reference, narrow = _session(source), _session(part)
    rows = []
    for picture in pictures:
        expected, found = _run(reference, picture), _run(narrow, picture)
        spread = max(float(np.ptp(expected)), 1e-6)
        correlation = float(np.corrcoef(expected.ravel(), found.ravel())[0, 1])
        rows.append((float(np.abs(found - expected).mean()) / spread, correlation))
    return Agreement(max(row[0] for row in rows), min(row[1] for row in rows))
