"""Files of the model hub: commits, hashes, logins, patience, other programs' caches, its own library."""

from __future__ import annotations

import hashlib
import inspect
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hub import LocalHub, Repository
from nearfar.cards import WeightFile
from nearfar.errors import WeightsError
from nearfar.settings import Settings, load
from nearfar.weights import Store, fetch, socks, transfer
from nearfar.weights import hub as hub_module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nearfar.cards import ModelCard

    CardAt = Callable[..., ModelCard]

DATA = bytes(range(256)) * 4096
NEWER = DATA[::-1]
CONFIG = b'{"model_type": "toy"}'
WORD = "open sesame"
COMMIT, OTHER = "c" * 40, "d" * 40


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    """A hub with one repository: a large file and a small one."""
    files = {"model.safetensors": DATA, "config.json": CONFIG}
    others = {"v2": (OTHER, {**files, "model.safetensors": NEWER})}
    with LocalHub(toy__net=Repository(files, COMMIT, others)) as running:
        yield running


@pytest.fixture
def settings(hub: LocalHub, tmp_path: Path) -> Settings:
    """Of that hub, our own way, an empty cache."""
    return Settings(hub=hub.address, hub_cache=str(tmp_path / "cache"), downloader="own")


@pytest.fixture
def card(card_at: CardAt) -> ModelCard:
    """A card with both files."""
    names = ("model.safetensors", "config.json")
    return replace(
        card_at(""),
        weights=tuple(WeightFile(name, f"hub:toy/net/{name}", engine="torch") for name in names),
    )


def pull(card: ModelCard, store: Store, settings: Settings, **how: Any) -> Path:
    """The first path that came."""
    return fetch.pull(card, store, settings, fetch.How(**how))[0]


def test_commit_is_stored_and_files_are_of_one(
    hub: LocalHub, card: ModelCard, store: Store, settings: Settings
) -> None:
    """The first file tells the commit, the others are asked for by it; the pin keeps it."""
    assert pull(card, store, settings).read_bytes() == DATA
    pins = store.pins(card)
    assert {pin.commit for pin in pins.values()} == {COMMIT}
    assert [one.path for one in hub.asked if one.host == "hub"] == [
        "/toy/net/resolve/main/model.safetensors",
        f"/toy/net/resolve/{COMMIT}/config.json",
    ]


def test_revision_can_be_named(card: ModelCard, store: Store, settings: Settings) -> None:
    """By whoever pulls, or in the card's location."""
    assert pull(card, store, settings, revision="v2").read_bytes() == NEWER
    pinned = replace(card.weights[0], location="hub:toy/net@v2/model.safetensors")
    assert fetch.address_of(pinned, Settings()).endswith("/toy/net/resolve/v2/model.safetensors")
    request = WeightFile("m", "hub:a/b@refs/pr/5/m")
    assert fetch.address_of(replace(request, location="hub:a/b/m"), Settings(), "refs/pr/5").endswith(
        "/a/b/resolve/refs%2Fpr%2F5/m"
    )


def test_unknown_revision_is_told(card: ModelCard, store: Store, settings: Settings) -> None:
    """A 404."""
    with pytest.raises(WeightsError, match=r"resolve/v9/model\.safetensors answers 404"):
        pull(card, store, settings, revision="v9")


def test_only_the_linked_etag_is_a_hash(card: ModelCard, store: Store, settings: Settings) -> None:
    """Xet's name of 64 digits is no SHA-256: the file is taken, and held against the linked one."""
    pull(card, store, settings)
    assert store.pins(card)["torch/model.safetensors"].sha256 == hashlib.sha256(DATA).hexdigest()


def test_linked_size_goes_before_all(
    hub: LocalHub, card: ModelCard, store: Store, settings: Settings
) -> None:
    """A card that knows another size refuses before a byte is written."""
    sized = replace(card, weights=(replace(card.weights[0], bytes=5),))
    with pytest.raises(WeightsError, match="1048576 bytes, not 5"):
        pull(sized, store, settings)


def test_asked_for_patience_is_given(
    hub: LocalHub, card: ModelCard, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 with Retry-After: so long is waited, then it comes."""
    waits: list[float] = []
    monkeypatch.setattr(transfer.time, "sleep", waits.append)
    hub.failures += [(429, {"Retry-After": "60"}), (503, {"Retry-After": "7"})]
    pull(card, store, settings)
    assert waits == [60.0, 7.0]


def test_patience_has_an_end(hub: LocalHub, card: ModelCard, store: Store, settings: Settings) -> None:
    """Five refusals, and it says what to do."""
    hub.failures += [(429, {})] * 5
    with pytest.raises(WeightsError, match=r"answers 429, 5 times\. .*HF_TOKEN"):
        pull(card, store, settings)


def test_drops_that_bring_bytes_are_not_counted(
    hub: LocalHub, card: ModelCard, store: Store, settings: Settings
) -> None:
    """Nine drops, each a little further, and the file is whole."""
    hub.drop_after += [1000] * 9
    assert pull(card, store, settings).read_bytes() == DATA
    ranges = [one.headers.get("range") for one in hub.asked if one.host == "blobs"]
    assert ranges == [None, *(f"bytes={1000 * step}-" for step in range(1, 10))]


@pytest.mark.parametrize(
    ("repository", "told"),
    [
        (Repository({}, token=WORD), r"401\. There is no such repository, or it needs a login"),
        (Repository({}, token=WORD, is_gated=True), r"403\. .*accept its terms"),
        (Repository({}), r"404\. .*not there any more"),
        (None, r"401\. There is no such repository, or it needs a login"),
    ],
)
def test_refusals_say_what_may_be_meant(
    hub: LocalHub,
    card: ModelCard,
    store: Store,
    settings: Settings,
    repository: Repository | None,
    told: str,
) -> None:
    """The hub answers 401 also where there is nothing."""
    hub.repositories = {"toy/net": repository} if repository else {}
    with pytest.raises(WeightsError, match=f"answers {told}"):
        pull(card, store, settings)


def test_token_goes_to_the_hub_alone(
    hub: LocalHub, card: ModelCard, store: Store, settings: Settings
) -> None:
    """Not to the second host, not to a mirror."""
    hub.repositories["toy/net"].token = WORD
    pull(card, store, replace(settings, hub_token=WORD))
    sent = {one.host: one.headers.get("authorization") for one in hub.asked}
    assert sent == {"hub": f"Bearer {WORD}", "blobs": None}
    hub.asked.clear()
    far = replace(settings, hub_token=WORD, hub="https://hub.example", mirror=f"{hub.address}/mirror/")
    with pytest.raises(WeightsError, match="answers 401"):
        pull(card, Store(store.home / "other"), far)
    assert hub.asked[0].headers.get("authorization") is None


def test_mirror_is_asked_for_the_whole_address(
    hub: LocalHub, card: ModelCard, store: Store, settings: Settings
) -> None:
    """And gives the same file."""
    far = replace(settings, hub="https://hub.example", mirror=f"{hub.address}/mirror/", downloader="auto")
    assert pull(card, store, far).read_bytes() == DATA
    assert hub.asked[0].path == "/mirror/https://hub.example/toy/net/resolve/main/model.safetensors"


@pytest.mark.parametrize("downloader", ["own", "auto"])
def test_no_network_is_told_within_two_seconds(
    card: ModelCard, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, downloader: str
) -> None:
    """It says offline, and does not claim that anything came; also where the hub's library is installed."""
    if downloader == "auto":
        pytest.importorskip("huggingface_hub.errors")  # the first import takes its own time
    monkeypatch.undo()  # real pauses
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    start = time.monotonic()
    with pytest.raises(WeightsError, match="seems to be offline") as caught:
        pull(card, store, replace(settings, hub=nobody, downloader=downloader))
    assert time.monotonic() - start < 2
    assert "kept" not in str(caught.value)
    assert "bytes are here" not in str(caught.value)


def in_cache(root: Path, commit: str = COMMIT, data: bytes = DATA) -> Path:
    """The layout of the hub's own programs, with links as they make them."""
    folder = root / "models--toy--net"
    blob = folder / "blobs" / hashlib.sha256(data).hexdigest()
    for made in (blob.parent, folder / "refs", folder / "snapshots" / commit):
        made.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(data)
    (folder / "refs" / "main").write_text(commit)
    (folder / "snapshots" / commit / "model.safetensors").symlink_to(blob)
    (folder / "snapshots" / commit / "config.json").write_bytes(CONFIG)
    return blob


def test_what_other_programs_fetched_is_used(
    hub: LocalHub, card: ModelCard, store: Store, settings: Settings, tmp_path: Path
) -> None:
    """Also offline: nothing is asked, and the bytes lie on the disk once."""
    blob = in_cache(tmp_path / "cache")
    path = pull(card, store, replace(settings, offline=True))
    assert (path.read_bytes(), hub.asked) == (DATA, [])
    assert path.stat().st_ino == blob.stat().st_ino
    pin = store.pins(card)["torch/model.safetensors"]
    assert (pin.commit, pin.sha256) == (COMMIT, hashlib.sha256(DATA).hexdigest())


def test_damaged_file_in_the_cache_is_not_taken(
    card: ModelCard, store: Store, settings: Settings, tmp_path: Path
) -> None:
    """Its name is its hash; the cache's own file stays where it is."""
    blob = in_cache(tmp_path / "cache")
    blob.write_bytes(b"X" + DATA[1:])
    with pytest.raises(WeightsError, match="the server says"):
        pull(card, store, settings)
    assert blob.is_file()


def test_environment_of_the_hub_is_heeded() -> None:
    """Its variables count where ours say nothing."""
    found = load({"HF_ENDPOINT": "http://h", "HF_TOKEN": "t", "HF_HUB_OFFLINE": "1", "HF_HOME": "/x"})
    assert (found.hub, found.hub_token, found.offline) == ("http://h", "t", True)
    assert Path(found.hub_cache) == Path("/x/hub")
    ours = load({"HF_ENDPOINT": "http://h", "NEARFAR_HUB": "http://ours", "HF_HUB_OFFLINE": "0"})
    assert (ours.hub, ours.offline) == ("http://ours", False)
    assert load({"HF_HOME": "/x", "HF_HUB_CACHE": "/y"}).hub_cache == "/y"


def test_own_library_of_the_hub_brings_its_files(
    hub: LocalHub, card: ModelCard, store: Store, settings: Settings
) -> None:
    """Where it is installed: into its cache, and from there into ours; progress is told."""
    hf_hub_download = pytest.importorskip("huggingface_hub").hf_hub_download
    seen: list[tuple[str, int, int]] = []
    path = pull(card, store, replace(settings, downloader="auto"), progress=lambda *row: seen.append(row))
    assert path.read_bytes() == DATA
    assert {pin.commit for pin in store.pins(card).values()} == {COMMIT}
    assert (Path(settings.hub_cache) / "models--toy--net" / "snapshots" / COMMIT).is_dir()
    assert any(
        "huggingface_hub" in one.headers.get("user-agent", "") or "hf_hub" in str(one) for one in hub.asked
    )
    if "tqdm_class" in inspect.signature(hf_hub_download).parameters:  # older ones tell nobody
        assert seen[-1][1] in (len(CONFIG), len(DATA))


def test_errors_of_that_library_are_ours(
    hub: LocalHub, card: ModelCard, store: Store, settings: Settings
) -> None:
    """A missing repository is told with the same words."""
    pytest.importorskip("huggingface_hub")
    hub.repositories.clear()
    with pytest.raises(WeightsError, match=r"answers 401\. .*no such repository"):
        pull(card, store, replace(settings, downloader="huggingface_hub"))


@pytest.mark.parametrize(
    "failure", [ConnectionError("broke off"), ImportError("no SOCKS"), RuntimeError("odd")]
)
def test_what_that_library_cannot_do_is_done_by_us(
    card: ModelCard, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """A company's certificate, a broken connection: our own way brings the file; alone, it is one error."""
    pytest.importorskip("huggingface_hub")

    def fail(*_: Any) -> Any:
        raise failure

    monkeypatch.setattr(hub_module, "_by_library", fail)
    with pytest.raises(WeightsError, match="did not come"):
        pull(card, store, replace(settings, downloader="huggingface_hub"))
    assert pull(card, store, replace(settings, downloader="auto")).read_bytes() == DATA


def test_who_wants_an_end_of_that_library_gets_it(
    hub: LocalHub, card: ModelCard, store: Store, settings: Settings
) -> None:
    """A pull that is cancelled while the library works is not begun anew in our own way."""
    hf_hub_download = pytest.importorskip("huggingface_hub").hf_hub_download
    if "tqdm_class" not in inspect.signature(hf_hub_download).parameters:
        pytest.skip("this huggingface_hub tells nobody of its progress")

    def stop(*_: Any) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        pull(card, store, replace(settings, downloader="auto"), progress=stop)
    assert not store.is_installed(card)


def test_that_library_is_not_asked_behind_socks(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It speaks none by itself; our own way does."""
    pytest.importorskip("huggingface_hub")
    auto = replace(settings, downloader="auto")
    monkeypatch.setattr(hub_module, "getproxies", dict)
    assert hub_module.has_library(auto)
    monkeypatch.setattr(hub_module, "getproxies", lambda: {"all": "socks5h://127.0.0.1:1"})
    assert not hub_module.has_library(auto)


def test_uncertain_hash_is_asked_about(
    hub: LocalHub, card: ModelCard, store: Store, settings: Settings
) -> None:
    """What differs from a hash of an older file is kept where somebody says so, and then pinned."""
    doubted = replace(card, weights=(replace(card.weights[0], sha256="70d6b9c8", is_hash_certain=False),))
    with pytest.raises(WeightsError, match="--accept"):
        pull(doubted, store, settings)
    count = len(hub.asked)
    told: list[str] = []
    path = pull(doubted, store, settings, accept=lambda text: not told.append(text))
    assert path.read_bytes() == DATA
    assert "70d6b9c8" in told[0]
    assert next(one.headers.get("range") for one in hub.asked[count:]) == f"bytes={len(DATA)}-"
    assert store.check(doubted, doubted.weights[0], is_thorough=True) == hashlib.sha256(DATA).hexdigest()


def test_killed_in_the_middle_leaves_a_whole_store(
    hub: LocalHub, card: ModelCard, store: Store, settings: Settings, tmp_path: Path
) -> None:
    """A kill -9 while bytes come: nothing counts as installed, and the next pull goes on."""
    code = f"""
        import os, signal, sys
        sys.path[:0] = {sys.path!r}
        from pathlib import Path
        from dataclasses import replace
        from nearfar.cards import WeightFile
        from nearfar.settings import Settings
        from nearfar.weights import Store, fetch
        from nearfar.zoo.catalogue import card
        files = (WeightFile("model.safetensors", "hub:toy/net/model.safetensors", engine="torch"),)
        toy = replace(card("embedded"), name="toy", weights=files)
        def tell(name, here, total):
            os.kill(os.getpid(), signal.SIGKILL)
        settings = Settings(hub={hub.address!r}, hub_cache="-", downloader="own")
        fetch.pull(toy, Store(Path({str(store.home)!r})), settings, fetch.How(progress=tell))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not store.is_installed(card, "torch")
    assert pull(card, store, settings).read_bytes() == DATA
    assert not list(store.home.rglob("*.part"))


def test_killed_before_the_last_step_is_mended(card: ModelCard, store: Store, settings: Settings) -> None:
    """A pinned part that was never renamed: the next pull takes it as it is."""
    path = pull(card, store, settings)
    path.rename(path.with_name(f".{path.name}.part"))
    assert pull(card, store, settings).read_bytes() == DATA


def test_full_disk_leaves_what_is_there(
    card: ModelCard, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too little room is told before a byte is written."""
    usage = transfer.shutil.disk_usage(store.home.parent)
    monkeypatch.setattr(transfer.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(WeightsError, match="MB are free"):
        pull(card, store, settings)
    assert not store.is_installed(card)
    monkeypatch.undo()
    assert pull(card, store, settings).is_file()


def test_disk_that_fills_up_on_the_way(
    card: ModelCard, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ENOSPC in the middle is an error of ours; the next pull goes on."""

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as broken:
        broken.setattr(transfer, "_write", full)
        with pytest.raises(WeightsError, match="No space left"):
            pull(card, store, settings)
    assert pull(card, store, settings).is_file()


class Proxy(threading.Thread):
    """A SOCKS5 proxy for one connection: whatever is asked for, it connects to ``port`` here."""

    def __init__(self, port: int, login: bytes = b"") -> None:
        super().__init__(daemon=True)
        self._server = socket.create_server(("127.0.0.1", 0))
        self._port, self._login = port, login
        self.port: int = self._server.getsockname()[1]
        self.asked = b""
        self.start()

    def run(self) -> None:
        """Greet, connect, carry bytes both ways."""
        with self._server, self._server.accept()[0] as client:
            count = client.recv(2)[1]
            client.recv(count)
            client.sendall(b"\5\2" if self._login else b"\5\0")
            if self._login:
                given = client.recv(513)
                client.sendall(b"\1\0" if given == self._login else b"\1\1")
            head = client.recv(5)
            self.asked = client.recv(head[4] + 2)[:-2]
            with socket.create_connection(("127.0.0.1", self._port)) as server:
                client.sendall(b"\5\0\0\1\0\0\0\0\0\0")
                back = threading.Thread(target=_carry, args=(server, client), daemon=True)
                back.start()
                _carry(client, server)
                back.join(5)


def _carry(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.mark.parametrize("login", ["", "me:secret@"])
def test_socks_proxy_carries_everything(
    hub: LocalHub,
    card: ModelCard,
    store: Store,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    login: str,
) -> None:
    """The proxy looks up names, with or without a login."""
    proxy = Proxy(int(hub.address.rpartition(":")[2]), b"\1\2me\6secret" if login else b"")
    monkeypatch.setattr(
        transfer.urllib.request, "getproxies", lambda: {"all": f"socks5h://{login}127.0.0.1:{proxy.port}"}
    )
    small = replace(card, weights=card.weights[1:])
    far = replace(settings, hub="http://hub.example")
    assert pull(small, store, far).read_bytes() == CONFIG
    assert proxy.asked == b"hub.example"


def test_which_proxy_counts() -> None:
    """One for the scheme goes before that for all; others than SOCKS are not ours."""
    both = {"all": "socks5://a:1", "https": "http://b:2"}
    assert (socks.proxy_of(both, "http"), socks.proxy_of(both, "https")) == ("socks5://a:1", "")
    assert socks.proxy_of({}, "https") == ""


def test_companies_certificates_are_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's store, or a file that the environment names."""
    pytest.importorskip("truststore")
    assert type(transfer.trusted()).__module__.startswith("truststore")
    monkeypatch.setitem(sys.modules, "truststore", None)
    assert type(transfer.trusted()).__module__ == "ssl"
