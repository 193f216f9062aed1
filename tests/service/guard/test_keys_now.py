"""What the layers before the routes remember."""

from __future__ import annotations

import asyncio

from nearfar.keys import KeyFile
from nearfar.service.guard.keys_now import Keys


def test_a_key_is_known_as_soon_as_it_is_added(tmp_path) -> None:
    """Who was given a key just now is not sent away, however lately the file was looked at."""
    file = KeyFile(tmp_path / "keys.json")
    keys = Keys(file, is_required=True)
    assert asyncio.run(keys.find_now("nf-guess")) is None
    for name in ("first", "second"):
        text = file.add(name, ["infer"])[1]
        found = asyncio.run(keys.find_now(text))
        assert found is not None
        assert found.name == name
