"""Settings from the environment."""

from __future__ import annotations

import dataclasses

import pytest

from nearfar.errors import SettingsError, SourceError
from nearfar.options import describe
from nearfar.settings import PREFIX, Settings, load


def test_defaults() -> None:
    """An empty environment gives the defaults, as promised in the documentation."""
    found = load({})
    assert found == Settings()
    assert (found.max_bytes, found.max_pixels) == (64 * 2**20, 100_000_000)
    assert (found.host, found.port, found.model) == ("127.0.0.1", 8080, "embedded")


def test_values_are_read() -> None:
    """Numbers become numbers, texts stay texts; other programs' variables are left alone."""
    given = {"NEARFAR_MAX_BYTES": "1000", "NEARFAR_ENGINE": "fake", "PATH": "/bin", "NEARFAR_LAB_SHARED": "x"}
    assert load(given) == Settings(max_bytes=1000, engine="fake")


def test_unknown_setting_fails() -> None:
    """A misspelt setting must not be silently without effect."""
    with pytest.raises(SettingsError, match="Did you mean 'NEARFAR_MAX_BYTES'"):
        load({"NEARFAR_MAX_BYTE": "1000"})


@pytest.mark.parametrize(
    ("name", "text"),
    [("PORT", "70000"), ("PORT", "eighty"), ("MAX_PIXELS", "0"), ("LOG_LEVEL", "loud"), ("THREADS", "-1")],
)
def test_value_out_of_range_fails(name: str, text: str) -> None:
    """A value out of its range is an error that repeats it."""
    with pytest.raises(SettingsError, match=text):
        load({PREFIX + name: text})


def test_every_setting_is_described() -> None:
    """One row a setting: each has its help."""
    rows = describe(Settings)
    assert [row.name for row in rows] == [field.name for field in dataclasses.fields(Settings)]
    assert all(row.help.endswith(".") for row in rows)


def _file(folder, text: str) -> str:
    path = folder / "nearfar.toml"
    path.write_text(text)
    return str(path)


def test_a_file_of_settings(tmp_path) -> None:
    """Each kind of value; a list is one text with commas; NEARFAR_CONFIG names it too."""
    path = _file(tmp_path, 'port = 9000\noffline = true\nmodel = "m"\nproxies = ["10.0.0.0/8", "::1"]\n')
    expected = Settings(port=9000, offline=True, model="m", proxies="10.0.0.0/8,::1")
    assert load({}, config=path) == expected
    assert load({"NEARFAR_CONFIG": path}) == expected


def test_the_order_of_precedence(tmp_path) -> None:
    """Flag, then environment, then file, then default."""
    path = _file(tmp_path, "port = 1\nqueue = 1\nthreads = 1\n")
    found = load({"NEARFAR_PORT": "2", "NEARFAR_QUEUE": "2"}, config=path, flags={"port": 3})
    assert (found.port, found.queue, found.threads, found.streams) == (3, 2, 1, 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prot = 1", "Did you mean 'port'"),
        ("[service]\nport = 1", "'service' is not a setting"),
        ("port = 70000", "70000"),
        ('port = "80"', "a whole number was expected"),
        ("port = true", "a whole number was expected"),
        ("offline = 1", "true or false was expected"),
        ("hosts = [1]", "a text was expected"),
        ("port = ", "not TOML"),
        ("port = 1\nport = 2", "not TOML"),
    ],
)
def test_a_file_that_is_wrong_is_told(tmp_path, text, told) -> None:
    """With its name, and what was expected."""
    with pytest.raises(SettingsError, match=told) as caught:
        load({}, config=_file(tmp_path, text))
    assert "nearfar.toml" in caught.value.message


def test_a_file_that_is_not_there_is_told(tmp_path) -> None:
    """It must not be silently without effect."""
    with pytest.raises(SourceError, match=r"none\.toml"):
        load({"NEARFAR_CONFIG": str(tmp_path / "none.toml")})


@pytest.mark.parametrize("path", ["depth", "/depth/", "/"])
def test_a_root_path_begins_with_a_slash_and_ends_without(path) -> None:
    """Else addresses would not fit together."""
    with pytest.raises(SettingsError, match="root_path"):
        Settings(root_path=path)


def test_what_kubernetes_sets_beside_a_service_of_our_name_is_passed_over() -> None:
    """NEARFAR_PORT is then an address, not a port, and the rest are no settings; a real port still counts."""
    links = {
        "NEARFAR_SERVICE_HOST": "10.0.0.7",
        "NEARFAR_SERVICE_PORT_HTTP": "80",
        "NEARFAR_PORT": "tcp://10.0.0.7:80",
        "NEARFAR_PORT_80_TCP_ADDR": "10.0.0.7",
    }
    assert load(links) == Settings()
    assert load({**links, "NEARFAR_PORT": "9000"}).port == 9000
