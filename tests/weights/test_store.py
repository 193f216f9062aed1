"""Weights on this disk."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from platformdirs import user_cache_path

from nearfar import assets
from nearfar.errors import WeightsError
from nearfar.settings import Settings
from nearfar.weights import Pin, Store, locate, open_store
from nearfar.weights import store as hashing
from nearfar.weights.store import key_of, pin_of, sha256_of
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nearfar.cards import ModelCard

    CardAt = Callable[..., ModelCard]


def put(store: Store, card: ModelCard, data: bytes) -> Path:
    """A file of the card, in place and pinned."""
    path = store.path(card, card.weights[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    store.pin(card, card.weights[0], Pin(sha256_of(path), len(data), "here"))
    return path


def test_embedded_weights_need_no_store(store: Store) -> None:
    """The network inside the package is found with its whole hash."""
    card = catalogue.card("embedded")
    found = locate(card, store)
    assert (found.path.name, found.sha256, found.engine) == ("embedded.onnx", card.sha256, "onnxruntime")


def with_file(**changes: object) -> ModelCard:
    """The embedded network's card with other words about its file."""
    card = catalogue.card("embedded")
    return replace(card, weights=(replace(card.weights[0], **changes),))


def test_published_prefix_is_enough(store: Store) -> None:
    """Eight digits in any case identify a file of the package; fewer do not, nor none."""
    full = catalogue.card("embedded").sha256
    assert locate(with_file(sha256=full[:8].upper()), store).path.is_file()
    for short in (full[:7], "", "0" * 64):
        with pytest.raises(WeightsError, match="reinstall nearfar"):
            locate(with_file(sha256=short), store)


def test_file_that_the_package_lacks(store: Store) -> None:
    """A missing file of the package is told."""
    with pytest.raises(WeightsError, match="missing from the package"):
        locate(with_file(location="asset:none.onnx"), store)


def test_a_file_of_the_package_is_hashed_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was found right and not written since is believed, unless a check is thorough."""
    card = catalogue.card("embedded")
    found = locate(card, store)
    monkeypatch.setattr(hashing, "sha256_of", lambda path: pytest.fail(f"{path} was hashed again"))
    assert locate(card, store) == found
    assert store.check(card, card.weights[0], is_thorough=True) == card.sha256


def test_what_is_noted_of_a_file_of_the_package_does_not_replace_its_card(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that was exchanged, or another hash in the notes, is found out; damaged notes are made anew."""
    card = catalogue.card("embedded")
    path = shutil.copyfile(assets.FOLDER / "embedded.onnx", tmp_path / "embedded.onnx")
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    locate(card, store)
    notes = store.converted(card) / "seen.json"
    notes.write_text(notes.read_text("utf-8").replace(card.sha256, "f" * 64), "utf-8")
    assert locate(card, store).sha256 == card.sha256
    notes.write_text("{", "utf-8")
    assert locate(card, store).sha256 == card.sha256
    path.write_bytes(b"evil" + path.read_bytes()[4:])
    with pytest.raises(WeightsError, match="reinstall nearfar"):
        locate(card, store)


def test_the_platform_s_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is the one that platformdirs names, with and without its variable."""
    for given in ("", str(tmp_path)):
        monkeypatch.setenv("XDG_CACHE_HOME", given)
        assert open_store(Settings()).home == user_cache_path("nearfar", appauthor=False)


def test_card_without_weights(store: Store) -> None:
    """A card that names no file cannot be loaded."""
    with pytest.raises(WeightsError, match="names no weights"):
        locate(replace(catalogue.card("embedded"), weights=()), store)


def test_untouched_file_is_not_hashed_again(card_at: CardAt, store: Store) -> None:
    """A pin of the file's size and time is believed; a thorough check is not fooled."""
    card = card_at("https://example.org/toy")
    path = put(store, card, b"good")
    store.pin(card, card.weights[0], pin_of(path, "f" * 64, "here"))
    assert locate(card, store).sha256 == "f" * 64
    with pytest.raises(WeightsError, match="not ffffffffffff"):
        store.check(card, card.weights[0], is_thorough=True)


def test_moved_file_is_hashed_once(card_at: CardAt, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that came from elsewhere (a pack, another disk) is hashed, then believed as it lies there."""
    card = card_at("https://example.org/toy")
    put(store, card, b"good")
    sha256 = locate(card, store).sha256
    monkeypatch.setattr(hashing, "sha256_of", lambda path: pytest.fail(f"{path} was hashed again"))
    assert locate(card, store).sha256 == sha256
    with pytest.raises(pytest.fail.Exception):
        locate(card, replace(store, home=moved(store)))


def moved(store: Store) -> Path:
    """The same store in another folder."""
    return shutil.copytree(store.home, store.home.with_name("moved"), copy_function=shutil.copyfile)


def test_exchanged_file_of_equal_size_and_time_is_found_out(card_at: CardAt, store: Store) -> None:
    """A file that took another's place is not the same file, whatever its time says."""
    card = card_at("https://example.org/toy")
    path = put(store, card, b"good")
    locate(card, store)
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    other = path.with_name("other")
    other.write_bytes(b"evil")
    os.utime(other, ns=times)
    other.replace(path)
    with pytest.raises(WeightsError, match="not the file that came"):
        locate(card, store)


def test_store_that_cannot_be_written_serves_all_the_same(
    card_at: CardAt, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found right need not be noted."""
    card = card_at("https://example.org/toy")
    put(store, card, b"good")

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Store, "pin", refuse)
    assert locate(card, store).sha256 == sha256_of(store.path(card, card.weights[0]))


def test_absent_weights_say_how_to_get_them(card_at: CardAt, store: Store) -> None:
    """Pull where there is an address, import where there is none."""
    with pytest.raises(WeightsError, match="models pull toy"):
        locate(card_at("https://example.org/toy"), store)
    with pytest.raises(WeightsError, match="models import toy FILE"):
        locate(card_at(""), store)


def test_changed_file_is_found_out(card_at: CardAt, store: Store) -> None:
    """Weights that differ from their pin are refused."""
    card = card_at("https://example.org/toy")
    path = put(store, card, b"good")
    assert locate(card, store).sha256 == sha256_of(path)
    path.write_bytes(b"evil")
    with pytest.raises(WeightsError, match="not the file that came"):
        locate(card, store)


def test_unpinned_file_is_held_against_the_card(card_at: CardAt, store: Store) -> None:
    """A file that someone put there by hand needs the card's hash."""
    card = card_at("https://example.org/toy", sha256="0" * 64)
    path = store.path(card, card.weights[0])
    path.parent.mkdir(parents=True)
    path.write_bytes(b"anything")
    with pytest.raises(WeightsError, match="not 000000000000"):
        locate(card, store)


def test_damaged_pins_are_one_clear_error(card_at: CardAt, store: Store) -> None:
    """Pins that are no JSON say which file, and what to do."""
    card = card_at("https://example.org/toy")
    put(store, card, b"good")
    (store.folder(card) / "pins.json").write_text("{")
    with pytest.raises(WeightsError, match=r"pins.json is damaged.*models remove toy"):
        locate(card, store)


def test_remove_frees_a_model_and_what_was_made_of_it(card_at: CardAt, store: Store) -> None:
    """Files and conversions go; another model stays."""
    card, other = card_at("https://example.org/toy"), replace(card_at(""), name="other")
    put(store, card, b"12345")
    kept = put(store, other, b"67890")
    store.converted(card).mkdir(parents=True)
    (store.converted(card) / "made.onnx").write_bytes(b"123")
    assert store.remove(card) > 8
    assert not store.folder(card).exists()
    assert not store.converted(card).exists()
    assert kept.exists()


def test_embedded_weights_cannot_be_removed(store: Store) -> None:
    """The package's own files stay."""
    with pytest.raises(WeightsError, match="part of the package"):
        store.remove(catalogue.card("embedded"))


def test_first_engine_whose_files_are_there_is_taken(card_at: CardAt, store: Store) -> None:
    """A checkpoint alone serves where the preferred file is absent."""
    card = card_at("https://example.org/toy")
    torch = replace(card.weights[0], name="toy.pt", engine="torch")
    card = replace(card, weights=(*card.weights, torch))
    only = replace(card, weights=(torch,))
    put(store, only, b"checkpoint")
    assert key_of(torch) == "torch/toy.pt"
    assert locate(card, store).engine == "torch"


def test_home_is_a_setting(tmp_path: Path) -> None:
    """NEARFAR_HOME, or the platform's cache folder."""
    assert open_store(Settings(home=str(tmp_path))).home == tmp_path
    assert open_store(Settings()).home.name == "nearfar"
