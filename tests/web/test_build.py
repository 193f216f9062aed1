"""The page that is committed is the one its sources make, and its colours are the library's."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nearfar import assets
from nearfar.ops.colormap import COLORMAPS, colorize

REPOSITORY = Path(__file__).resolve().parents[2]
WEB = REPOSITORY / "web"
STATIC = REPOSITORY / "src" / "nearfar" / "service" / "static"
SOURCES = (
    "ar",
    "index.html",
    "obs",
    "package-lock.json",
    "package.json",
    "public",
    "src",
    "tsconfig.json",
    "vite.config.ts",
)


def source_hash() -> str:
    """SHA-256 over "path NUL sha256-of-file LF" of all sources in order of their paths."""
    files = [file for name in SOURCES for file in ([WEB / name] if "." in name else (WEB / name).rglob("*"))]
    digest = hashlib.sha256()
    for path in sorted(file.relative_to(WEB).as_posix() for file in files if file.is_file()):
        content = hashlib.sha256((WEB / path).read_bytes()).hexdigest()
        digest.update(f"{path}\0{content}\n".encode())
    return digest.hexdigest()


def test_the_committed_page_is_built_from_these_sources() -> None:
    """Whoever changes web/ runs ``make web`` and commits what comes out."""
    built = json.loads((STATIC / "build.json").read_text())
    assert built["source_sha256"] == source_hash(), "run: make web"


def test_the_page_asks_for_nothing_from_outside() -> None:
    """No file of the page holds an address of another server (the names of SVG and XHTML aside)."""
    for file in STATIC.rglob("*"):
        if file.suffix in {".html", ".js", ".css", ".svg"}:
            text = re.sub(r"http://www\.w3\.org/(2000/svg|1999/xhtml)", "", file.read_text())
            assert "http://" not in text, file.name
            assert "https://" not in text, file.name


def test_the_pages_policy_needs_no_exception() -> None:
    """No script or style stands within the HTML, so that a strict policy suits it."""
    html = (STATIC / "index.html").read_text()
    assert "<style" not in html
    assert " style=" not in html
    assert html.count("<script") == html.count(' src="./assets/page.js"') == 1


def test_every_style_sheet_is_in_the_build() -> None:
    """The one sheet of the page imports each component's, once, and the build is one file."""
    named = re.findall(r'@import "\./styles/(\w+)\.css";', (WEB / "src" / "style.css").read_text())
    assert sorted(named) == sorted(file.stem for file in (WEB / "src" / "styles").iterdir())
    assert sorted(file.name for file in STATIC.rglob("*.css")) == ["ar.css", "obs.css", "page.css"]
    assert "@import" not in (STATIC / "assets" / "page.css").read_text()


@pytest.mark.parametrize("name", COLORMAPS)
def test_the_pages_colours_are_the_librarys(name) -> None:
    """Every colour map of the library is in the page, colour by colour."""
    tables = json.loads((WEB / "src" / "colormaps.json").read_text())
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[None]
    assert bytes.fromhex(tables[name]) == colorize(ramp, name).tobytes()
    assert tuple(tables) == COLORMAPS


def test_the_colour_tables_are_what_their_script_writes() -> None:
    """``python web/tables.py`` would change nothing."""
    script = runpy.run_path(str(WEB / "tables.py"))
    assert script["tables"]() == json.loads(script["TABLES"].read_text())


def test_the_studio_offers_the_options_of_the_library() -> None:
    """``python web/tables.py`` would change nothing of the effects that are made in the browser."""
    script = runpy.run_path(str(WEB / "tables.py"))
    stored = json.loads(script["STUDIO_EFFECTS"].read_text())
    assert json.loads(json.dumps(script["studio_effects"]())) == stored


def test_the_studios_effects_are_tested_against_what_the_library_makes_now() -> None:
    """``python web/studio/pictures.py`` would change nothing but a level here and there."""
    script = runpy.run_path(str(WEB / "studio" / "pictures.py"))
    stored, made = json.loads(script["FILE"].read_text()), script["pictures"]()
    assert stored["photo"] == made["photo"]
    for old, new in zip(stored["cases"], made["cases"], strict=True):
        assert (old["name"], old["query"]) == (new["name"], new["query"])
        a, b = (np.frombuffer(base64.b64decode(case["pixels"]), np.uint8).astype(int) for case in (old, new))
        assert np.abs(a - b).max() <= 1, old["name"]


def test_the_studio_is_tested_against_what_the_library_makes_now() -> None:
    """``python web/studio/values.py`` would change nothing beyond the last digits of floats."""
    script = runpy.run_path(str(WEB / "studio" / "values.py"))
    stored, made = json.loads(script["FILE"].read_text()), json.loads(script["text"]())
    assert stored.keys() == made.keys()
    for name in ("photo", "shrunk", "halved", "sizes", "exposure"):
        assert stored[name] == made[name], name
    for name in ("depth", "grey", "sharpened", "enlarged"):
        np.testing.assert_allclose(stored[name], made[name], atol=2e-5, err_msg=name)


def test_the_help_is_what_its_script_writes() -> None:
    """``python web/help.py`` would change nothing: the help is the how-to page, in both languages."""
    script = runpy.run_path(str(WEB / "help.py"))
    assert script["page"]() == script["OUT"].read_text(encoding="utf-8")


def test_the_lock_names_no_registry() -> None:
    """Packages are pinned by version and hash, and come from whatever registry npm is set to."""
    packages = json.loads((WEB / "package-lock.json").read_text())["packages"]
    assert not [name for name, row in packages.items() if "resolved" in row]
    assert all("integrity" in row for name, row in packages.items() if name)


def test_what_is_built_in_has_its_licence_beside_it() -> None:
    """three.js is in a file of its own, loaded when it is asked for, with its licence."""
    assert "three.js authors" in (STATIC / "assets" / "space.LICENSE.txt").read_text()
    page = (STATIC / "assets" / "page.js").read_text()
    assert "space.js" in page
    assert len(page) < 250_000


def test_samples_are_small() -> None:
    """Three pictures of at most 60 KB each."""
    samples = sorted(assets.SAMPLES.iterdir())
    assert [file.name for file in samples] == ["closeup.jpg", "room.jpg", "street.jpg"]
    assert max(file.stat().st_size for file in samples) <= 60_000


@pytest.mark.slow
def test_the_pages_own_tests_pass() -> None:
    """The unit tests of the TypeScript, where Node and its packages are: ``make test`` brings both."""
    vitest = WEB / "node_modules" / "vitest" / "vitest.mjs"
    node = shutil.which("node", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if node is None or not vitest.is_file():
        missing = "no Node" if node is None else "no web/node_modules"
        pytest.skip(f"{missing} here, so the page's own tests did not run: sh tools/node.sh .venv-dev")
    done = subprocess.run(
        [node, vitest, "run"],
        cwd=WEB,
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
