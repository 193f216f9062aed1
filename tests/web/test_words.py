"""What the page says of effects and formats fits what there is: in Chinese, and in ready settings."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from nearfar.options import describe, parse
from nearfar.registry import EFFECTS, EXPORTS
from nearfar.zoo import catalogue

SOURCES = Path(__file__).resolve().parents[2] / "web" / "src"
PLUGINS = [registry.load(name) for registry in (EFFECTS, EXPORTS) for name in registry.names()]
PRESETS = json.loads((SOURCES / "presets.json").read_text(encoding="utf-8"))

PACKAGE = SOURCES.parents[1] / "src" / "nearfar"
TOLD_TO_THE_PAGE = (
    *("decode/_gate*.py", "decode/_pnm.py", "decode/_raster.py", "decode/_heif.py", "decode/_libheif.py"),
    *("decode/_tiff*.py", "decode/_stereo.py", "decode/photo.py", "decode/own_depth.py", "decode/masks.py"),
    *("effects/*.py", "exports/*.py", "options.py", "plugins.py", "types/shape.py", "types/ranges.py"),
    *("service/http/uploads.py", "service/http/held.py", "service/work/*.py", "service/guard/limits.py"),
)
"""Where the sentences come from that a photo, an option or a busy service bring to the page."""
NAMES = (
    "BTS NYU KITTI DenseNet ResNet ResNeXt Depth Anything V1 V2 Nearfar Distill Any Pro DPT MiDaS ViT L B S "
    "BEiT Swin Swin2 T Next LeViT GLPN LeReS Metric3D v2 MoGe EfficientNet Lite3 TIPSv2 "
    "ZoeDepth N K NK M12 32x8d"
)
"""What is a name in titles of models, and stays as it is."""


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


def sentences() -> set[str]:
    """The first two texts of every error that is made there, values as {}."""
    files = {file for pattern in TOLD_TO_THE_PAGE for file in PACKAGE.glob(pattern)}
    calls = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    texts = (template(given) for call in calls if makes_error(call) for given in call.args[:2])
    return {text for text in texts if text and " " in text}


def makes_error(node: ast.AST) -> bool:
    """Whether it is a call such as ParameterError(…)."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("Error")


def template(node: ast.expr) -> str:
    """A text, also one in pieces, with {} for what is put into it; empty for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def test_what_the_service_says_of_a_photo_or_an_option_is_there_in_chinese() -> None:
    """Each sentence of the modules that the page hears of has its own, in Chinese."""
    known = json.loads((SOURCES / "details.json").read_text(encoding="utf-8"))["sentences"]
    assert sentences() - set(known) == set()
    assert [words for words in known.values() if not re.search("[\u4e00-\u9fff]", words)] == []


def test_titles_of_models_have_no_english_words_in_chinese() -> None:
    """Names stay; every other word has its own."""
    text = (SOURCES / "names.ts").read_text(encoding="utf-8")
    rows = re.findall(r'^  \["([^"]+)", "([^"]+)"\],$', text[text.index("TITLE_WORDS") :], re.MULTILINE)
    for name in catalogue.cards():
        title = catalogue.card(name).title
        for words, _ in rows:
            title = re.sub(rf"(?<![A-Za-z]){re.escape(words)}(?![A-Za-z3])", " ", title)
        left = set(re.findall(r"[A-Za-z][A-Za-z0-9]*", title)) - set(NAMES.split())
        assert not left - {"x8d"}, (name, left)
