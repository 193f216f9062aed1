"""What the page says of effects and formats fits what there is: in Chinese, and in ready settings."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nearfar.options import describe, parse
from nearfar.registry import EFFECTS, EXPORTS
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = Path(__file__).resolve().parents[2] / "web" / "src"
PLUGINS = [registry.load(name) for registry in (EFFECTS, EXPORTS) for name in registry.names()]
PRESETS = json.loads((SOURCES / "presets.json").read_text(encoding="utf-8"))

PACKAGE = SOURCES.parents[1] / "src" / "nearfar"
TOLD_TO_THE_PAGE = (
    *("decode/_gate*.py", "decode/_pnm.py", "decode/_raster.py", "decode/_heif.py", "decode/_libheif.py"),
    *("decode/_tiff*.py", "decode/_stereo.py", "decode/photo.py", "decode/own_depth.py", "decode/masks.py"),
    *("decode/_glb.py", "decode/mesh.py", "types/solid.py"),
    *("effects/*.py", "exports/*.py", "options.py", "plugins.py", "types/shape.py", "types/ranges.py"),
    *(
        "encode/__init__.py",
        "encode/place.py",
        "encode/tiff.py",
        "jobs/*.py",
        "wall/errors.py",
        "wall/nursery.py",
        "types/moving.py",
    ),
    *("registry.py", "one_photo.py", "outputs.py", "ops/colormap.py", "pipeline/*.py", "sessions/*.py"),
    *("engines/__init__.py", "engines/onnxruntime.py", "zoo/manage.py", "zoo/pulls.py"),
    *("scale/serve_network.py", "scale/serve_session.py"),
    *(f"weights/{name}.py" for name in ("fetch", "hub", "store", "transfer")),
    *(
        f"service/{room}/*.py"
        for room in ("answer", "guard", "http", "jobs", "live", "request", "routes", "work")
    ),
    *(
        f"video/{name}.py"
        for name in ("_about", "_source", "behind", "depth_files", "drawing", "limits", "look")
    ),
    *(f"video/{name}.py" for name in ("pipeline", "read", "run", "segments", "write")),
)
"""Where the sentences come from that reach the page: of photos, videos, options, models, a busy service."""
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
    """The texts of every error that is made there, and of problems written out, values as {}."""
    files = {file for pattern in TOLD_TO_THE_PAGE for file in PACKAGE.glob(pattern)}
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    places = {name: place for tree in trees for name, place in takes_hint(tree)}
    return {text for tree in trees for text in told(tree, places) if " " in text}


def takes_hint(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The functions that are handed a hint to tell, by name, and which argument it is."""
    for node in ast.walk(tree):
        for made in node.body if isinstance(node, ast.ClassDef) else [node]:
            if not isinstance(made, ast.FunctionDef) or made.name.startswith("__") is not (node is not made):
                continue
            taken = [each.arg for each in made.args.args if each.arg != "self"]
            if "hint" in taken:
                yield (node.name if isinstance(node, ast.ClassDef) else made.name), taken.index("hint")


def told(tree: ast.Module, places: dict[str, int]) -> Iterator[str]:
    """The first two texts of each error, what stands under "detail" and "hint", and what is called a hint."""
    named = assigned(tree)
    hints = [text for name, texts in named.items() if name.lower().endswith("hint") for text in texts]
    yield from (template(text) for text in hints)
    for node in ast.walk(tree):
        for value in given(node, places):
            texts = named.get(value.id, []) if isinstance(value, ast.Name) else [value]
            yield from (template(text) for text in texts)


def given(node: ast.AST, places: dict[str, int]) -> list[ast.expr]:
    """What a call or a table hands on to be told."""
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return [value for key, value in pairs if key and template(key) in {"detail", "hint"}]
    if makes_error(node):
        return node.args[:2]
    if not isinstance(node, ast.Call):
        return []
    place = places.get(node.func.id if isinstance(node.func, ast.Name) else "")
    handed = [each.value for each in node.keywords if each.arg == "hint"]
    return handed + (node.args[place : place + 1] if place is not None else [])


def assigned(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """The texts that a name stands for, also those of a table it is taken from."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            inner = {
                id(part)
                for text in ast.walk(node.value)
                if isinstance(text, ast.JoinedStr)
                for part in text.values
            }
            texts = [text for text in ast.walk(node.value) if isinstance(text, ast.JoinedStr | ast.Constant)]
            found.setdefault(node.targets[0].id, []).extend(t for t in texts if id(t) not in inner)
    return found


def makes_error(node: ast.AST) -> bool:
    """Whether it is a call such as ParameterError(…). Settings are wrong at a start, before any page."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    return node.func.id.endswith("Error") and node.func.id != "SettingsError"


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


def test_what_the_studio_says_of_an_option_has_its_chinese() -> None:
    """It carries its own few sentences, not those of the service."""
    known = json.loads((SOURCES.parent / "studio/details.json").read_text(encoding="utf-8"))["sentences"]
    sources = [file.read_text(encoding="utf-8") for file in (SOURCES.parent / "studio").rglob("*.ts")]
    told = r'(?:refused\(\w+|refused\("\w+"|new Failure\("\w+"), [`"](.+?)[`"]\)(?=[;,]|$)'
    texts = re.sub(r"\$\{.+?\}", "{}", "\n".join(re.findall(told, "\n".join(sources), re.MULTILINE)))
    said = {text.replace("{} to {} was", "{} was") for text in re.split(r"\n|(?<=\.) ", texts)}
    assert len(said) > 4
    assert said - set(known) == set()


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
