"""Weights without a network: files of the user, and packs."""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING

import pytest

from nearfar.errors import EngineError, OutputExistsError, WeightsError
from nearfar.weights import Store, locate, packs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nearfar.cards import ModelCard

    CardAt = Callable[..., ModelCard]

DATA = b"weights" * 1000


def accept(path: Path, engine: str) -> None:
    """Every file is fine."""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file of the user."""
    path = tmp_path / "mine.onnx"
    path.write_bytes(DATA)
    return path


def installed(card: ModelCard, source: Path, store: Store) -> Path:
    """The file taken in."""
    (done,) = packs.import_file(card, source, store, accept)
    return done.path


def test_file_is_taken_in_and_pinned(card_at: CardAt, source: Path, store: Store) -> None:
    """It is found afterwards under its own hash."""
    card = card_at("")
    installed(card, source, store)
    assert locate(card, store).sha256 == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize(("known", "is_published"), [("", False), ("0" * 8, False), (None, True)])
def test_published_files_are_told_apart(
    card_at: CardAt, source: Path, store: Store, known: str | None, is_published: bool
) -> None:
    """A file with another hash than the card's is taken, but known to be another."""
    sha256 = hashlib.sha256(DATA).hexdigest()[:8] if known is None else known
    (done,) = packs.import_file(card_at("", sha256=sha256), source, store, accept)
    assert done.is_published is is_published


def test_file_that_does_not_load_changes_nothing(card_at: CardAt, source: Path, store: Store) -> None:
    """What was installed before stays."""
    card = card_at("")
    before = locate_after(card, source, store)
    source.write_bytes(b"broken")

    def refuse(path: Path, engine: str) -> None:
        raise EngineError("no network")

    with pytest.raises(EngineError):
        packs.import_file(card, source, store, refuse)
    assert locate(card, store).sha256 == before
    assert not list(store.folder(card).glob(".importing*"))


def locate_after(card: ModelCard, source: Path, store: Store) -> str:
    """The hash of what was just taken in."""
    installed(card, source, store)
    return locate(card, store).sha256


def test_unknown_suffix_names_the_known_ones(card_at: CardAt, source: Path, store: Store) -> None:
    """A picture is no checkpoint."""
    other = source.rename(source.with_suffix(".jpg"))
    with pytest.raises(WeightsError, match=r"not loaded from '.jpg' files.*\.onnx"):
        packs.import_file(card_at(""), other, store, accept)


def test_pack_carries_a_model_to_another_store(
    card_at: CardAt, source: Path, store: Store, tmp_path: Path
) -> None:
    """Files, pins and conversions arrive."""
    card, other = card_at(""), Store(tmp_path / "other")
    installed(card, source, store)
    store.converted(card).mkdir(parents=True)
    (store.converted(card) / "made.onnx").write_bytes(b"made")
    packs.export([card], store, tmp_path / "toy.pack")
    assert packs.is_pack(tmp_path / "toy.pack")
    assert packs.import_pack(tmp_path / "toy.pack", other, ["toy"]) == ("toy",)
    assert locate(card, other).sha256 == locate(card, store).sha256
    assert (other.converted(card) / "made.onnx").read_bytes() == b"made"


def test_pack_is_not_overwritten(card_at: CardAt, source: Path, store: Store, tmp_path: Path) -> None:
    """An existing file stays unless asked."""
    installed(card_at(""), source, store)
    (tmp_path / "toy.pack").write_bytes(b"precious")
    with pytest.raises(OutputExistsError):
        packs.export([card_at("")], store, tmp_path / "toy.pack")


def test_model_that_is_absent_is_not_packed(card_at: CardAt, store: Store, tmp_path: Path) -> None:
    """There is nothing to carry."""
    with pytest.raises(WeightsError, match="not installed"):
        packs.export([card_at("")], store, tmp_path / "toy.pack")
    assert not (tmp_path / "toy.pack").exists()


def rewritten(pack: Path, change: Callable[[str, bytes], tuple[str, bytes]]) -> None:
    """A pack whose members went through a function."""
    with zipfile.ZipFile(pack) as old:
        members = [change(name, old.read(name)) for name in old.namelist()]
    with zipfile.ZipFile(pack, "w") as new:
        for name, data in members:
            new.writestr(name, data)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda name, data: (name, b"X" + data[1:] if name.endswith("onnx") else data), "damaged"),
        (lambda name, data: (name, data.replace(b"models/toy/onnx", b"models/../onnx")), "belongs nowhere"),
        (lambda name, data: (name, data.replace(b'"toy"', b'"toi"')), "unknown here: toi"),
    ],
)
def test_tampered_pack_changes_nothing(
    card_at: CardAt,
    source: Path,
    store: Store,
    tmp_path: Path,
    change: Callable[[str, bytes], tuple[str, bytes]],
    text: str,
) -> None:
    """Flipped bytes, names that lead elsewhere and unknown models are refused."""
    installed(card_at(""), source, store)
    pack, other = tmp_path / "toy.pack", Store(tmp_path / "other")
    packs.export([card_at("")], store, pack)
    rewritten(pack, change)
    with pytest.raises(WeightsError, match=text):
        packs.import_pack(pack, other, ["toy"])
    assert not (other.home / "models").exists()


def test_cut_off_pack_is_refused(card_at: CardAt, source: Path, store: Store, tmp_path: Path) -> None:
    """Half a pack is none."""
    installed(card_at(""), source, store)
    pack = tmp_path / "toy.pack"
    packs.export([card_at("")], store, pack)
    pack.write_bytes(pack.read_bytes()[:3000])
    with pytest.raises(WeightsError, match="no pack, or a damaged one"):
        packs.import_pack(pack, Store(tmp_path / "other"), ["toy"])


def test_checkpoint_without_a_suffix_is_told_by_its_bytes(
    card_at: CardAt, store: Store, tmp_path: Path
) -> None:
    """BTS is published as ``model``; a file of anything else keeps being refused."""
    card = card_at("", engine="torch")
    (tmp_path / "model").write_bytes(b"PK\x03\x04 and so on")
    (done,) = packs.import_file(card, tmp_path / "model", store, lambda *_: None)
    assert done.engine == "torch"
    (tmp_path / "notes").write_bytes(b"words")
    with pytest.raises(WeightsError, match="is not loaded from ''"):
        packs.import_file(card, tmp_path / "notes", store, lambda *_: None)
