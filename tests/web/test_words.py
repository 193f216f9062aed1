"""What the page says of effects and formats fits what there is: in Chinese, and in ready settings."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from nearfar.options import describe, parse
from nearfar.registry import EFFECTS, EXPORTS

SOURCES = Path(__file__).resolve().parents[2] / "web" / "src"
PLUGINS = [registry.load(name) for registry in (EFFECTS, EXPORTS) for name in registry.names()]
PRESETS = json.loads((SOURCES / "presets.json").read_text(encoding="utf-8"))


def chinese(table: str) -> set[str]:
    """The names that a table of names.ts has in Chinese."""
    text = (SOURCES / "names.ts").read_text(encoding="utf-8")
    part = text[text.index(f"const {table}") :]
    part = part[: part.index("\n};")]
    if "  zh: {" in part:
        part = part[part.index("  zh: {") :]
    return {name.strip('"') for name in re.findall(r'^ +([\w"-]+): ".*[\u4e00-\u9fff]', part, re.MULTILINE)}


def test_every_option_has_its_help_in_chinese() -> None:
    """No sentence is missing, and none is left over."""
    helps = json.loads((SOURCES / "helps.json").read_text(encoding="utf-8"))
    assert set(helps) == {info.help for plugin in PLUGINS for info in describe(plugin.options)}
    assert all(re.search("[\u4e00-\u9fff]", words) for words in helps.values())


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("SUMMARIES", {plugin.name for plugin in PLUGINS}),
        ("OPTIONS", {info.name for plugin in PLUGINS for info in describe(plugin.options)}),
    ],
)
def test_every_name_is_chinese_in_chinese(table, names) -> None:
    """Summaries of effects and formats, and names of options."""
    assert names - chinese(table) == set()


@pytest.mark.parametrize("effect", PRESETS["presets"])
def test_presets_are_settings_of_their_effect(effect) -> None:
    """Each is taken by the effect, and has a name in both languages."""
    plugin = next(plugin for plugin in PLUGINS if plugin.name == effect)
    for preset in PRESETS["presets"][effect]:
        assert set(preset["names"]) == {"en", "zh"}
        parse(plugin.options, preset["values"])


def test_folded_options_exist() -> None:
    """No option stands behind the fold that nobody has."""
    assert set(PRESETS["advanced"]) <= {info.name for plugin in PLUGINS for info in describe(plugin.options)}
