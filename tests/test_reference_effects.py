"""``docs/reference/effects.md`` tells of every effect and format, with every option."""

from __future__ import annotations

from pathlib import Path

import pytest

from nearfar.options import describe
from nearfar.registry import EFFECTS, EXPORTS

TEXT = (Path(__file__).parents[1] / "docs" / "reference" / "effects.md").read_text(encoding="utf-8")
PLUGINS = [registry.load(name) for registry in (EFFECTS, EXPORTS) for name in registry.names()]


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_plugin_is_documented(plugin: object) -> None:
    """Its section names each option and what it does, word for word."""
    section = TEXT.split(f"\n### {plugin.name}\n", 1)[1].split("\n### ", 1)[0]
    assert plugin.summary in section
    for info in describe(plugin.options):
        row = next(line for line in section.splitlines() if line.startswith(f"| `{info.name}` |"))
        assert info.help in row
