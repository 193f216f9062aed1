"""What can be done with the weights of models: pull, verify, import, export, quantise."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar import assets
from nearfar.decode.photo import Limits, read_photo
from nearfar.engines import EngineOptions, input_of
from nearfar.errors import MissingExtraError, ParameterError, WeightsError
from nearfar.machine.staging import staging
from nearfar.pipeline.preprocess import prepare
from nearfar.registry import ENGINES
from nearfar.sessions.choice import check_memory, float_file
from nearfar.types import Photo
from nearfar.weights import fetch, locate, open_store, packs
from nearfar.weights.store import hash_of
from nearfar.zoo import catalogue, convert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy.typing as npt

    from nearfar.cards import InputSpec, ModelCard
    from nearfar.settings import Settings
    from nearfar.weights import Store
    from nearfar.weights.fetch import How
    from nearfar.weights.packs import Imported

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".avif"}
_FEWEST, _MOST = 4, 32


@dataclass(frozen=True, slots=True)
class Verified:
    """One file and its hash, or what is wrong with it."""

    path: Path
    sha256: str
    error: WeightsError | None = None


def pull(name: str, settings: Settings, how: How | None = None) -> tuple[Path, ...]:
    """Bring a model's weights over the network; gives their paths.

    Raises:
        UnknownNameError: there is no such model.
        WeightsError: see :func:`nearfar.weights.fetch.pull`.
    """
    return fetch.pull(catalogue.card(name), open_store(settings), settings, how)


def verify(name: str, settings: Settings) -> tuple[Verified, ...]:
    """Hash every installed file of a model again.

    Raises:
        UnknownNameError: there is no such model.
        WeightsError: nothing of it is installed.
    """
    card, store = catalogue.card(name), open_store(settings)
    rows = []
    for engine in card.engines:
        if not store.is_installed(card, engine):
            continue
        for file in card.files(engine):
            try:
                rows.append(Verified(store.path(card, file), store.check(card, file, is_thorough=True)))
            except WeightsError as exc:
                rows.append(Verified(store.path(card, file), "", exc))
    if not rows:
        locate(card, store)  # raises what is missing
    return tuple(rows)


def remove(name: str, settings: Settings) -> int:
    """Delete a model's weights and all made of them; gives the bytes that became free."""
    return open_store(settings).remove(catalogue.card(name))


def path(name: str, settings: Settings) -> Path:
    """The file that would be opened; errors as in :func:`nearfar.weights.locate`."""
    return locate(catalogue.card(name), open_store(settings)).path


def import_file(name: str, source: Path, settings: Settings, expect: str = "") -> tuple[Imported, ...]:
    """Take in a file of the user as a model's weights, checked by loading it.

    A checkpoint is converted for onnxruntime at once where its network can be, so that torch is not needed
    any more when it runs. ``expect``: a list of hashes that the user trusts, or one.

    Raises:
        UnknownNameError: there is no such model.
        WeightsError: the file is damaged, holds code, or is of another model; what is installed stays.
        MissingExtraError: the library that reads it is not installed.
    """
    card, store = catalogue.card(name), open_store(settings)
    expected = packs.read_expected(expect) if expect else None

    def check(part: Path, engine: str) -> None:
        check_memory(card, part)
        session = ENGINES.load(engine).open(card, part, EngineOptions())
        width, height = session.fixed_size or (4 * card.input.multiple,) * 2
        if engine == "onnxruntime":
            session.run(np.zeros((1, 3, height, width), np.float32))

    if _is_release(card, source):
        if expected is not None:
            expected.check(hash_of(source), source.name)
        return _import_release(card, source, store, check)
    done = packs.import_file(card, source, store, check, expected)
    if done[0].engine == "torch" and not card.network.startswith("transformers/"):
        convert.to_onnx(card, store.find(card, "torch"), store)
    return done


def _is_release(card: ModelCard, source: Path) -> bool:
    """One file of a release page, for a card whose weights are a folder of the model hub."""
    return "release" in card.details and source.is_file() and source.suffix.lower() in {".pt", ".pth"}


def _import_release(
    card: ModelCard, source: Path, store: Store, check: Callable[[Path, str], None]
) -> tuple[Imported, ...]:
    """Take in a file of a release page, its tensors under the names of the model hub."""
    release: Mapping[str, str] = card.details["release"]  # type: ignore[assignment]  # a table of texts
    check_memory(card, source)
    try:
        from nearfar.nets import _midas_dpt
    except ImportError as exc:
        raise MissingExtraError(
            f"Reading {source.name} needs PyTorch.", "Install it: pip install 'nearfar[transformers]'"
        ) from exc
    with staging(Path(tempfile.gettempdir()), "nearfar-release-") as folder:
        _midas_dpt.write_hub_folder(card.name, source, folder)
        done = packs.import_file(card, folder, store, check)
    is_published = hash_of(source).startswith(release["sha256"])
    return tuple(replace(file, is_published=is_published) for file in done)


def import_pack(source: Path, settings: Settings, expect: str = "") -> tuple[str, ...]:
    """Take in a pack; gives the names of its models. ``expect``: hashes that the user trusts, or one."""
    expected = packs.read_expected(expect) if expect else None
    return packs.import_pack(source, open_store(settings), catalogue.cards(), expected)


def export(names: tuple[str, ...], target: Path, settings: Settings, *, overwrite: bool = False) -> int:
    """Write one pack of models for a machine without a network; gives its size in bytes."""
    cards = [catalogue.card(name) for name in names]
    return packs.export(cards, open_store(settings), target, overwrite=overwrite)


def quantize(
    name: str, settings: Settings, *, least: convert.Agreement = convert.LEAST
) -> tuple[Path, convert.Agreement]:
    """Make a model's int8 file, calibrated on the pictures of the setting ``calibration``.

    Raises:
        ParameterError: too few pictures.
        EngineError: its maps do not agree with float32's within the stated threshold; nothing is left.
    """
    card, store = catalogue.card(name), open_store(settings)
    found = locate(card, store)
    source = float_file(card, found, store)
    session = ENGINES.load("onnxruntime").open(card, source, EngineOptions())
    spec = input_of(session, card.input)
    pictures = [prepare(photo, spec).tensor for photo in _calibration(settings)]
    return convert.to_int8(card, found, store, source, _square(pictures, spec), least=least)


def _square(pictures: list[npt.NDArray[np.float32]], spec: InputSpec) -> list[npt.NDArray[np.float32]]:
    """All pictures at the size of the first: the calibrator compares them layer by layer."""
    height, width = pictures[0].shape[2:] if spec.shape is None else spec.shape[::-1]
    return [_resized(picture, width, height) for picture in pictures]


def _resized(picture: npt.NDArray[np.float32], width: int, height: int) -> npt.NDArray[np.float32]:
    if picture.shape[2:] == (height, width):
        return picture
    plane = cv2.resize(picture[0].transpose(1, 2, 0), (width, height), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(plane.transpose(2, 0, 1)[None], np.float32)


def _calibration(settings: Settings) -> list[Photo]:
    """The user's pictures, or views of the samples that the scene generator made for the package."""
    limits = Limits(settings.max_bytes, settings.max_pixels)
    if not settings.calibration:
        photos = [read_photo(item, limits) for item in assets.SAMPLES.iterdir()]
        return [view for photo in photos for view in _views(photo)]
    folder = Path(settings.calibration)
    paths = sorted(p for p in folder.glob("*") if p.suffix.lower() in PICTURES)[:_MOST]
    if len(paths) < _FEWEST:
        raise ParameterError(
            f"{folder} holds {len(paths)} pictures, but at least {_FEWEST} are needed.",
            "Set NEARFAR_CALIBRATION to a folder of photos like yours.",
            parameter="calibration",
        )
    return [read_photo(item, limits) for item in paths]


def _views(photo: Photo) -> Iterator[Photo]:
    """The whole, its mirror image, darker, and its four quarters."""
    pixels = photo.rgb8()
    half = pixels.shape[0] // 2, pixels.shape[1] // 2
    yield Photo(pixels)
    yield Photo(np.ascontiguousarray(pixels[:, ::-1]))
    yield Photo((pixels // 2).astype(np.uint8))
    for rows in (slice(None, half[0]), slice(half[0], None)):
        for columns in (slice(None, half[1]), slice(half[1], None)):
            yield Photo(np.ascontiguousarray(pixels[rows, columns]))
