"""Files from a server that drops connections, refuses, lies about lengths and flips bytes."""

from __future__ import annotations

import hashlib
import multiprocessing
from typing import TYPE_CHECKING, Any

import pytest

from nearfar.cards import WeightFile
from nearfar.errors import WeightsError
from nearfar.settings import Settings
from nearfar.weights import Store, fetch
from server import FileServer, Served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nearfar.cards import ModelCard

    CardAt = Callable[..., ModelCard]

DATA = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(DATA).hexdigest()
ONLINE = Settings()


@pytest.fixture
def served() -> Served:
    """How the file is served; tests change it."""
    return Served(DATA)


@pytest.fixture
def server(served: Served) -> Iterator[FileServer]:
    """A server with one file."""
    with FileServer(toy=served) as running:
        yield running


def pull(card: ModelCard, store: Store, **how: Any) -> Path:
    """The one path that came."""
    (path,) = fetch.pull(card, store, how.pop("settings", ONLINE), fetch.How(**how))
    return path


def leftovers(store: Store) -> list[str]:
    """Files in the store."""
    return sorted(p.name for p in store.home.rglob("*") if p.is_file())


def test_whole_file_comes_and_is_pinned(server: FileServer, card_at: CardAt, store: Store) -> None:
    """Without a published hash the first download is pinned whole."""
    card = card_at(f"{server.address}/toy")
    path = pull(card, store)
    assert path.read_bytes() == DATA
    pin = store.pins(card)["onnxruntime/toy.onnx"]
    assert (pin.sha256, pin.bytes, pin.source) == (SHA256, len(DATA), f"{server.address}/toy")
    assert leftovers(store) == ["pins.json", "toy.onnx"]


def test_dropped_connections_are_resumed(
    server: FileServer, served: Served, card_at: CardAt, store: Store
) -> None:
    """Each try asks only for what is missing."""
    served.drop_after += [300_000, 200_000]
    assert pull(card_at(f"{server.address}/toy", sha256=SHA256), store).read_bytes() == DATA
    assert [asked for _, asked in server.requests] == [None, "bytes=300000-", "bytes=500000-"]


def test_next_run_goes_on_where_the_last_gave_up(
    server: FileServer, served: Served, card_at: CardAt, store: Store
) -> None:
    """After five drops that bring nothing the part stays, and a later pull finishes it."""
    card = card_at(f"{server.address}/toy", sha256=SHA256)
    served.drop_after += [5000, 0, 0, 0, 0, 0]
    with pytest.raises(WeightsError, match=r"broke off 5 times.*run the same command again"):
        pull(card, store)
    assert pull(card, store).read_bytes() == DATA
    assert server.requests[-1][1] == "bytes=5000-"


def test_server_without_ranges_begins_anew(
    server: FileServer, served: Served, card_at: CardAt, store: Store
) -> None:
    """A server that sends all again gives the same file."""
    served.has_ranges = False
    served.drop_after += [1000]
    assert pull(card_at(f"{server.address}/toy", sha256=SHA256), store).read_bytes() == DATA


def test_part_that_is_already_whole_is_taken(server: FileServer, card_at: CardAt, store: Store) -> None:
    """416 for a part of the file's size means that nothing is missing."""
    card = card_at(f"{server.address}/toy", sha256=SHA256)
    part = store.path(card, card.weights[0]).with_name(".toy.onnx.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(DATA)
    assert pull(card, store).read_bytes() == DATA


def test_part_that_is_too_long_begins_anew(server: FileServer, card_at: CardAt, store: Store) -> None:
    """416 for a part beyond the file's end throws the part away."""
    card = card_at(f"{server.address}/toy", sha256=SHA256)
    part = store.path(card, card.weights[0]).with_name(".toy.onnx.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(DATA + b"more")
    assert pull(card, store).read_bytes() == DATA


@pytest.mark.parametrize(("status", "hint"), [(403, "with a browser"), (404, "not there any more")])
def test_refusals_say_what_to_do(
    server: FileServer, served: Served, card_at: CardAt, store: Store, status: int, hint: str
) -> None:
    """A refusal is not tried again and leaves nothing."""
    served.status = status
    with pytest.raises(WeightsError, match=rf"answers {status}.*{hint}"):
        pull(card_at(f"{server.address}/toy"), store)
    assert len(server.requests) == 1
    assert leftovers(store) == []


def test_unavailable_server_is_tried_five_times(
    server: FileServer, served: Served, card_at: CardAt, store: Store
) -> None:
    """503 may pass."""
    served.status = 503
    with pytest.raises(WeightsError, match=r"answers 503, 5 times"):
        pull(card_at(f"{server.address}/toy"), store)
    assert len(server.requests) == 5


def test_wrong_length_is_another_file(server: FileServer, card_at: CardAt, store: Store) -> None:
    """The card's size is checked before anything is written."""
    with pytest.raises(WeightsError, match=r"1048576 bytes, not 99 as the card says"):
        pull(card_at(f"{server.address}/toy", bytes=99), store)
    assert leftovers(store) == []


def test_length_that_never_comes_is_an_error(
    server: FileServer, served: Served, card_at: CardAt, store: Store
) -> None:
    """A server that promises more than it sends does not end with a short file."""
    served.claimed_length = len(DATA) + 7
    served.has_ranges = False
    with pytest.raises(WeightsError, match="broke off 5 times"):
        pull(card_at(f"{server.address}/toy"), store)
    assert "toy.onnx" not in leftovers(store)


@pytest.mark.parametrize("known", [SHA256, SHA256[:8]])
def test_flipped_byte_is_found(
    server: FileServer, served: Served, card_at: CardAt, store: Store, known: str
) -> None:
    """One wrong byte is found by the whole hash and by its published prefix; nothing is left."""
    served.data = DATA[:-1] + b"\0"
    with pytest.raises(WeightsError, match="the card says"):
        pull(card_at(f"{server.address}/toy", sha256=known), store)
    assert leftovers(store) == []


def test_hash_that_the_hub_names_is_checked(card_at: CardAt, store: Store) -> None:
    """The linked etag of a redirect is the SHA-256 of what it leads to."""
    with FileServer(blob=Served(b"not the file"), link=Served(b"", etag=SHA256)) as running:
        running.files["/link"].redirect = f"{running.address}/blob"
        with pytest.raises(WeightsError, match="the server says"):
            pull(card_at(f"{running.address}/link"), store)


def test_web_page_is_no_file(server: FileServer, served: Served, card_at: CardAt, store: Store) -> None:
    """A login page is told apart from weights."""
    served.content_type = "text/html"
    with pytest.raises(WeightsError, match="a web page"):
        pull(card_at(f"{server.address}/toy"), store)


def test_file_that_is_here_is_not_brought_again(server: FileServer, card_at: CardAt, store: Store) -> None:
    """A second pull asks the server nothing."""
    card = card_at(f"{server.address}/toy")
    assert pull(card, store) == pull(card, store)
    assert len(server.requests) == 1


def test_progress_is_told(server: FileServer, card_at: CardAt, store: Store) -> None:
    """The last step has all bytes."""
    seen: list[tuple[str, int, int]] = []
    pull(card_at(f"{server.address}/toy"), store, progress=lambda *row: seen.append(row))
    assert seen[-1] == ("toy.onnx", len(DATA), len(DATA))


def test_offline_asks_nobody(server: FileServer, card_at: CardAt, store: Store) -> None:
    """Offline mode says what to do instead."""
    with pytest.raises(WeightsError, match=r"offline mode is on.*models import toy FILE"):
        pull(card_at(f"{server.address}/toy"), store, settings=Settings(offline=True))
    assert server.requests == []


def test_file_that_nobody_hosts_is_imported(card_at: CardAt, store: Store) -> None:
    """Without an address the way is an import."""
    with pytest.raises(WeightsError, match=r"Get toy.onnx from the authors.*models import toy FILE"):
        pull(card_at(""), store)


def test_mirror_stands_before_the_address() -> None:
    """A mirror sees the whole address; the hub can be a copy."""
    file = WeightFile("m", "hub:a/b/onnx/model.onnx")
    settings = Settings(mirror="https://mirror.example/", hub="https://copy.example")
    expected = "https://mirror.example/https://copy.example/a/b/resolve/main/onnx/model.onnx"
    assert fetch.address_of(file, settings) == expected


def _pull_in_process(card: ModelCard, home: Path) -> str:
    return hashlib.sha256(pull(card, Store(home)).read_bytes()).hexdigest()


def test_two_processes_at_once_end_with_one_good_file(
    server: FileServer, served: Served, card_at: CardAt, store: Store
) -> None:
    """The second waits for the first and then finds its file."""
    served.drop_after += [500_000]
    card = card_at(f"{server.address}/toy", sha256=SHA256)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.starmap(_pull_in_process, [(card, store.home)] * 2) == [SHA256] * 2
    assert len(server.requests) == 2
    assert leftovers(store) == ["pins.json", "toy.onnx"]
