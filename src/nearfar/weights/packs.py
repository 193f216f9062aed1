"""Weights without a network: a file that a user has, and packs from one machine to another."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar.errors import OutputError, OutputExistsError, WeightsError
from nearfar.machine.files import locked, sync
from nearfar.machine.staging import staging, sweep
from nearfar.machine.texts import parse_json
from nearfar.weights.store import PINS, hash_of, pin_of, sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nearfar.cards import ModelCard, WeightFile
    from nearfar.weights.store import Store

MANIFEST = "nearfar-pack.json"
_VERSION = 1
_ENGINE_OF = {
    ".onnx": "onnxruntime",
    ".pt": "torch",
    ".pth": "torch",
    ".bin": "torch",
    ".safetensors": "torch",
}
_IMPORTING = ".importing-"
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_MOST_LIST = 2**20  # bytes of a list of hashes
_NEWER = {"pytorch_model.bin": "model.safetensors"}
"""Names under which folders may hold what a card calls by an older one."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Hashes that a user trusts, out of a list or one alone: who made them vouches for the files."""

    hashes: frozenset[str]
    name: str

    def check(self, sha256: str, file: str) -> None:
        """WeightsError where a file is none of them."""
        if sha256 not in self.hashes:
            raise WeightsError(
                f"{file} has SHA-256 {sha256}, which is not in {self.name}.",
                "It is not what its sender listed, or the list is of another version: ask for both again.",
            )


def read_expected(text: str) -> Expected:
    """The hashes in a file whose lines begin with one, as ``sha256sum`` writes it; or the one given.

    Raises:
        WeightsError: there is no such file, or no hash in it.
    """
    if _HASH.fullmatch(text):
        return Expected(frozenset({text.lower()}), "what --expect says")
    try:
        with Path(text).open("rb") as file:
            data = file.read(_MOST_LIST + 1)
    except (OSError, ValueError) as exc:
        raise WeightsError(
            f"{text} cannot be read: {getattr(exc, 'strerror', None) or exc}.",
            "Give --expect a file of SHA-256 hashes, one a line, or one hash of 64 digits.",
        ) from exc
    words = [line.split()[0].lower() for line in data.decode("utf-8", "replace").splitlines() if line.split()]
    found = frozenset(word for word in words if _HASH.fullmatch(word))
    if not found or len(found) != len(set(words)) or len(data) > _MOST_LIST:
        raise WeightsError(
            f"{text} is no list of SHA-256 hashes.", "Make one with: sha256sum FILE... > hashes.txt"
        )
    return Expected(found, Path(text).name)


def sweep_imports(store: Store) -> int:
    """Remove what killed imports left; gives how many folders."""
    folders = [store.home, *(store.home / "models").glob("*")]
    return sum(sweep(folder, _IMPORTING) for folder in folders)


@dataclass(frozen=True, slots=True)
class Imported:
    """A file that was taken in. ``is_published``: its hash is the one that the card names."""

    path: Path
    sha256: str
    engine: str
    is_published: bool


def is_pack(path: Path) -> bool:
    """The file is a pack made by :func:`export`."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as pack:
        return MANIFEST in pack.namelist()


def import_file(
    card: ModelCard,
    source: Path,
    store: Store,
    check: Callable[[Path, str], None],
    expected: Expected | None = None,
) -> tuple[Imported, ...]:
    """Take a file (or a folder as the model hub keeps it) in as the weights of a model.

    Args:
        card: the model.
        source: .onnx, .pt, .pth, .bin or .safetensors; or a folder with all files of the card's checkpoint.
        store: where it goes.
        check: given a path and its engine, raises where the file cannot be loaded as this model. It runs
            before anything that is installed changes.
        expected: hashes that a user trusts; each file must have one of them, before it is opened.

    Raises:
        WeightsError: it cannot be read, is of no known kind, is not of this model, or not what is expected.
    """
    sweep_imports(store)
    pairs = _pairs(card, source)
    engine = pairs[0][1].engine
    with locked(store.folder(card) / f".{engine}-import.lock", passing=True):
        place = store.folder(card) / engine
        with staging(store.folder(card), _IMPORTING) as folder:
            # One file keeps the user's name while it is checked: messages then name what was given.
            names = [path.name if len(pairs) == 1 else file.name for path, file in pairs]
            parts = [
                (_copy(path, folder / name), file) for (path, file), name in zip(pairs, names, strict=True)
            ]
            for part, file in parts if expected is not None else ():
                expected.check(sha256_of(part), file.name)  # type: ignore[union-attr]  # not None here
            check(parts[0][0], engine)
            place.mkdir(exist_ok=True)
            return tuple(_settle(card, part, file, store, source) for part, file in parts)


def export(cards: Iterable[ModelCard], store: Store, target: Path, *, overwrite: bool = False) -> int:
    """Write one pack with the files of these models, what was converted of them, cards and hashes.

    Gives its size in bytes.

    Raises:
        WeightsError: a model is not installed, or its files are not the right ones.
        OutputError: the pack cannot be written.
    """
    if target.exists() and not overwrite:
        raise OutputExistsError(f"{target} exists already.", "Pass --overwrite, or choose another name.")
    rows: dict[str, dict[str, str]] = {}
    files: dict[str, Path] = {}
    for card in cards:
        files |= dict(_files_of(card, store))
        rows[card.name] = {"title": card.title, "licence": card.licence, "paper": card.paper}
    manifest = {
        "version": _VERSION,
        "models": rows,
        "files": {name: {"sha256": sha256_of(p), "bytes": p.stat().st_size} for name, p in files.items()},
    }
    try:
        return _write_pack(target, manifest, files)
    except OSError as exc:
        raise OutputError(f"Cannot write {target}: {exc.strerror or exc}.", "Choose another place.") from exc


def import_pack(
    source: Path, store: Store, known: Iterable[str], expected: Expected | None = None
) -> tuple[str, ...]:
    """Take in a pack; gives the names of its models. Nothing changes unless every hash in it is right.

    The hashes in a pack are its own: they tell damage, not who made it. ``expected`` are those that a user
    trusts: the pack itself must be among them, or each of its files.

    Raises:
        WeightsError: it is no pack, is damaged, holds models that the catalogue does not know, or what is not
            expected.
    """
    sweep_imports(store)
    try:
        with zipfile.ZipFile(source) as pack:
            manifest = _manifest(pack, source)
            unknown = sorted(set(manifest["models"]) - set(known))
            if unknown:
                raise WeightsError(
                    f"{source.name} holds models unknown here: {', '.join(unknown)}.", "Update."
                )
            if expected is not None and hash_of(source) not in expected.hashes:
                for name, facts in manifest["files"].items():
                    expected.check(str(facts["sha256"]), f"{name} in {source.name}")
            store.home.mkdir(parents=True, exist_ok=True)
            with staging(store.home, _IMPORTING) as folder:
                for name, facts in manifest["files"].items():
                    _extract(pack, name, facts, folder, set(manifest["models"]))
                _move_all(folder, manifest["files"], store)
    except (zipfile.BadZipFile, OSError, KeyError, ValueError, TypeError, EOFError) as exc:
        raise WeightsError(
            f"{source.name} is no pack, or a damaged one: {exc}.", "Make it again: nearfar models export."
        ) from exc
    return tuple(manifest["models"])


def _pairs(card: ModelCard, source: Path) -> list[tuple[Path, WeightFile]]:
    """Which file of the user is which file of the card."""
    if source.is_dir():
        for engine in card.engines:
            files = card.files(engine)
            found = [_in_folder(source, file) for file in files]
            if all(path.is_file() for path in found):
                return list(zip(found, files, strict=True))
        wanted = " or ".join(" + ".join(f.name for f in card.files(e)) for e in card.engines)
        raise WeightsError(f"{source} does not hold the files of '{card.name}'.", f"It takes {wanted}.")
    if not source.is_file():
        raise WeightsError(f"There is no file {source}.", "Check the path.")
    engine = _ENGINE_OF.get(source.suffix.lower(), "") or _engine_by_bytes(source)
    files = card.files(engine)
    if not files:
        known = ", ".join(s for s, e in _ENGINE_OF.items() if e in card.engines)
        raise WeightsError(
            f"'{card.name}' is not loaded from '{source.suffix}' files.", f"Give one of: {known}."
        )
    if len(files) > 1:
        names = " and ".join(file.name for file in files)
        raise WeightsError(f"'{card.name}' takes several files.", f"Give the folder that holds {names}.")
    return [(source, files[0])]


def _in_folder(folder: Path, file: WeightFile) -> Path:
    """Where a file of the card lies in a folder: some have the same weights under a newer name."""
    newer = folder / _NEWER.get(file.name, file.name)
    return newer if newer.is_file() else folder / file.name


def _engine_by_bytes(source: Path) -> str:
    """What reads a file whose name tells nothing: BTS is published as ``model``."""
    if source.suffix:
        return ""
    with source.open("rb") as file:
        return "torch" if file.read(4).startswith((b"PK\x03\x04", b"\x80")) else ""


def _copy(source: Path, target: Path) -> Path:
    try:
        shutil.copyfile(source, target)
    except OSError as exc:
        raise WeightsError(
            f"{source} cannot be copied: {exc.strerror or exc}.", "Is it readable, is there room?"
        ) from exc
    return target


def _settle(card: ModelCard, part: Path, file: WeightFile, store: Store, source: Path) -> Imported:
    sha256, target = sha256_of(part), store.path(card, file)
    sync(part)
    part.replace(target)
    sync(target.parent)
    store.pin(card, file, pin_of(target, sha256, f"imported from {source.name}"))
    is_published = len(file.sha256) >= 8 and sha256.startswith(file.sha256)
    return Imported(target, sha256, file.engine, is_published)


def _files_of(card: ModelCard, store: Store) -> Iterable[tuple[str, Path]]:
    """(name in the pack, path) of all that a model has in the store, checked."""
    engines = [engine for engine in card.engines if store.is_installed(card, engine)]
    if not engines:
        store.find(card, card.engines[0])  # raises what is missing
    for engine in engines:
        for file in card.files(engine):
            store.check(card, file, is_thorough=True)
            yield f"models/{card.name}/{engine}/{file.name}", store.path(card, file)
    if (store.folder(card) / PINS).is_file():
        yield f"models/{card.name}/{PINS}", store.folder(card) / PINS
    for path in sorted(store.converted(card).glob("*.onnx")):
        yield f"converted/{card.name}/{path.name}", path


def _write_pack(target: Path, manifest: dict[str, Any], files: dict[str, Path]) -> int:
    with staging(target.parent, ".nearfar-export-") as folder:
        part = folder / "pack"
        with part.open("wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as pack:
                pack.writestr(MANIFEST, json.dumps(manifest, indent=1))
                for inside, path in files.items():
                    pack.write(path, inside)
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(target)
    sync(target.parent)
    return target.stat().st_size


def _manifest(pack: zipfile.ZipFile, source: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = parse_json(pack.read(MANIFEST))
    if manifest["version"] != _VERSION:
        raise WeightsError(
            f"{source.name} is a pack of version {manifest['version']}, not {_VERSION}.", "Update."
        )
    return manifest


def _extract(pack: zipfile.ZipFile, name: str, facts: dict[str, Any], folder: Path, models: set[str]) -> None:
    """One file into a folder, its hash checked while it is written; names cannot lead elsewhere."""
    parts = Path(name).parts
    is_inside = len(parts) in {3, 4} and parts[0] in {"models", "converted"} and parts[1] in models
    if not is_inside or ".." in parts:
        raise WeightsError(f"The pack holds '{name}', which belongs nowhere.", "It was not made by nearfar.")
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with pack.open(name) as source, target.open("wb") as out:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            out.write(chunk)
    if digest.hexdigest() != facts["sha256"]:
        raise WeightsError(
            f"{name} in the pack is damaged: its SHA-256 is not the one the pack names.",
            "Copy the pack again.",
        )


def _move_all(folder: Path, names: Iterable[str], store: Store) -> None:
    """Files first, pins last: a model counts as pinned only when it is whole."""
    for name in sorted(names, key=lambda name: name.endswith(PINS)):
        target = store.home.joinpath(*Path(name).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        sync(folder / name)
        (folder / name).replace(target)
        sync(target.parent)
