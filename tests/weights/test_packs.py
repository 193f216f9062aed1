"""Weights without a network: files of the user, and packs."""

from __future__ import annotations

import hashlib
import json
import os
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


def test_packs_are_taken_by_a_list_of_their_maker(
    card_at: CardAt, source: Path, store: Store, tmp_path: Path
) -> None:
    """Of each file, of the pack itself, or one hash alone."""
    card, pack = card_at(""), tmp_path / "toy.pack"
    installed(card, source, store)
    packs.export([card], store, pack)
    with zipfile.ZipFile(pack) as inside:
        rows = json.loads(inside.read(packs.MANIFEST))["files"]
    of_files = tmp_path / "files.txt"
    of_files.write_text("".join(f"{row['sha256']}  {name}\n" for name, row in rows.items()))
    of_pack = hashlib.sha256(pack.read_bytes()).hexdigest()
    for number, text in enumerate((str(of_files), of_pack, of_pack.upper())):
        other = Store(tmp_path / f"other{number}")
        assert packs.import_pack(pack, other, ["toy"], packs.read_expected(text)) == ("toy",)


def test_packs_that_no_list_names_change_nothing(
    card_at: CardAt, source: Path, store: Store, tmp_path: Path
) -> None:
    """Its own hashes are right, and it was made by somebody else."""
    card, pack, other = card_at(""), tmp_path / "toy.pack", Store(tmp_path / "other")
    installed(card, source, store)
    packs.export([card], store, pack)
    expected = packs.read_expected("a" * 64)
    with pytest.raises(WeightsError, match="is not in what --expect says"):
        packs.import_pack(pack, other, ["toy"], expected)
    assert not other.home.exists()


def test_files_that_no_list_names_are_not_opened(card_at: CardAt, source: Path, store: Store) -> None:
    """The check comes before the file is loaded; the right one is taken."""
    card = card_at("")

    def opened(path: Path, engine: str) -> None:
        pytest.fail("it was opened")

    with pytest.raises(WeightsError, match="is not in what --expect says"):
        packs.import_file(card, source, store, opened, packs.read_expected("b" * 64))
    right = packs.read_expected(hashlib.sha256(DATA).hexdigest())
    assert packs.import_file(card, source, store, accept, right)


@pytest.mark.parametrize("text", ["", "no hash here\n", "a" * 63, f"{'a' * 64}\nand more\n"])
def test_what_is_no_list_of_hashes_is_told(tmp_path: Path, text: str) -> None:
    """A list of other things vouches for nothing."""
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(WeightsError, match="no list of SHA-256 hashes"):
        packs.read_expected(str(tmp_path / "list.txt"))
    with pytest.raises(WeightsError, match="cannot be read"):
        packs.read_expected(str(tmp_path / "absent.txt"))


def test_what_killed_imports_left_is_swept(
    card_at: CardAt, source: Path, store: Store, tmp_path: Path
) -> None:
    """By the next import, of whatever model: 1.19 GB stayed of ten kills."""
    card = card_at("")
    left = [store.home / ".importing-a", store.home / "models" / "another" / ".importing-b"]
    for folder in left:
        folder.mkdir(parents=True)
        (folder / "part").write_bytes(b"1" * 1000)
        os.utime(folder, (1, 1))
    installed(card, source, store)
    assert [folder for folder in left if folder.exists()] == []
