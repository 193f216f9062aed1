"""Settings from the environment."""

from __future__ import annotations

import dataclasses

import pytest

from nearfar.errors import SettingsError
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
