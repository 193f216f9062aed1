"""The page's files: from memory, with the right caching."""

from __future__ import annotations

from importlib import resources

import pytest

from nearfar.service.http.static_files import ASK_AGAIN, FOREVER, read_folder


@pytest.fixture
def folder(tmp_path):
    """A built page."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<p>page</p>")
    (tmp_path / "assets" / "page-D4kX9_aZ.js").write_text("1")
    (tmp_path / "assets" / "plain.css").write_text("")
    (tmp_path / ".hidden").write_text("")
    return tmp_path


def test_a_folder_becomes_addresses(folder) -> None:
    """Every file below is found, hidden ones are not."""
    assert set(read_folder(folder)) == {"/index.html", "/assets/page-D4kX9_aZ.js", "/assets/plain.css"}


def test_no_folder_gives_no_addresses(tmp_path) -> None:
    """A page that is not built is no error."""
    assert read_folder(tmp_path / "absent") == {}


def test_types_and_caching_follow_the_name(folder) -> None:
    """A hash in the name makes a file last for ever; others are asked for again."""
    files = read_folder(folder)
    script, style = files["/assets/page-D4kX9_aZ.js"], files["/assets/plain.css"]
    assert (script.media_type, script.caching) == ("text/javascript", FOREVER)
    assert (style.media_type, style.caching) == ("text/css", ASK_AGAIN)


def test_the_page_and_each_of_its_files_are_served(service) -> None:
    """What is built is what is answered, byte for byte; ``/`` is the page."""
    files = read_folder(resources.files("nearfar.service").joinpath("static"))
    files["/"] = files.pop("/index.html")
    for address, file in files.items():
        answer = service.client.get(address)
        assert (answer.status_code, answer.content) == (200, file.body), address
        plain = service.client.head(address, headers={"Accept-Encoding": "identity"})
        assert plain.headers["Content-Length"] == str(len(file.body))


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP ; q=0.5", True),
        ("identity", False),
        ("", False),
        ("gzip;q=0, br", False),
        ("gzip;q=0.000", False),
        ("xgzip", False),
    ],
)
def test_texts_are_packed_for_whoever_takes_it(service, accepted, is_packed) -> None:
    """Under a tag of their own, and caches are told."""
    answer = service.client.get("/assets/page.js", headers={"Accept-Encoding": accepted})
    assert (answer.headers.get("Content-Encoding") == "gzip") is is_packed
    assert answer.headers["Vary"] == "Accept-Encoding"
    plain = service.client.get("/assets/page.js", headers={"Accept-Encoding": "identity"})
    assert answer.content == plain.content
    assert (answer.headers["ETag"] == plain.headers["ETag"]) is not is_packed
    if is_packed:
        assert int(answer.headers["Content-Length"]) < len(plain.content) / 2


def test_pictures_and_small_files_are_not_packed(service) -> None:
    """They would not become smaller."""
    for address in ("/icon-192.png", "/favicon.svg"):
        answer = service.client.get(address, headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in answer.headers, address


def test_an_unchanged_file_is_304(service) -> None:
    """A browser that has a file is not sent it again."""
    tag = service.client.get("/").headers["ETag"]
    for given in (tag, f'"other", W/{tag}'):
        answer = service.client.get("/", headers={"If-None-Match": given})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize(
    "path", ["/../pyproject.toml", "/%2e%2e/app.py", "/assets/..%2f..%2fapp.py", "/app.py"]
)
def test_nothing_else_is_reachable(service, path) -> None:
    """Only listed addresses answer: a path never becomes a file name."""
    assert service.client.get(path).status_code == 404
