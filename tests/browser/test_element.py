"""The package for npm in somebody else's page: the element draws, the function tells what Python tells."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import nearfar
from browser.drive import REPOSITORY, wait_until
from browser.static_studio import built, given_out
from nearfar.ops.reduce import reduced_depth

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.slow]

ROOM = REPOSITORY / "src" / "nearfar" / "assets" / "samples" / "room.jpg"
BESIDE = 0.02
"""Mean distance in shares of the range, as for the studio."""
SMALL = 320
"""The longer side of the maps that are compared."""
LOOK = f"""async (name) => {{
  const {{ estimate }} = await import("./nearfar/nearfar.js");
  const photo = await (await fetch(name)).blob();
  const {{ values, width, height }} = await estimate(photo, {{ maxSide: {SMALL} }});
  return {{ values: [...values], width, height }};
}}"""
PAGE = """<!doctype html><title>A page</title><link rel="icon" href="data:,">
<script type="module">
  import { estimate } from "./nearfar/nearfar.js";
  const shown = document.querySelector("nearfar-depth");
  shown.addEventListener("depth", () => { window.drawn = true; });
  document.body.append(shown);
  const bitmap = await createImageBitmap(await (await fetch("room.jpg")).blob());
  const { values, ...facts } = await estimate(bitmap, { maxSide: 100000 });
  const failure = await estimate(new Blob(["no picture"])).catch((error) => error.code);
  window.told = { values: [...values], facts, failure, isKept: bitmap.width > 0 };
</script>
<body><nearfar-depth src="room.jpg" colormap="viridis"></nearfar-depth></body>"""


def test_a_page_shows_depth_by_an_element_and_reads_it_by_a_function(tmp_path, open_page) -> None:
    """Values, kind, model and hash are Python's; the picture that was given stays its owner's."""
    folder = built("element")
    files = json.loads((folder / "package.json").read_text())["files"]
    assert sorted([*files, "package.json"]) == sorted(file.name for file in folder.iterdir())
    (tmp_path / "nearfar").symlink_to(folder, target_is_directory=True)
    (tmp_path / "index.html").write_text(PAGE)
    shutil.copy(ROOM, tmp_path)
    truth = nearfar.load("embedded", precision="int8").estimate(ROOM)
    with given_out(tmp_path) as (address, _):
        page = open_page(address)
        wait_until(page, "window.drawn === true && window.told !== undefined", 120)
        told = page.evaluate("window.told")
        sizes = "(({ width, height }) => [width, height])"
        drawn = page.evaluate(
            f"{sizes}(document.querySelector('nearfar-depth').shadowRoot.querySelector('canvas'))"
        )
    facts = told["facts"]
    assert [facts["height"], facts["width"]] == list(truth.values.shape)
    assert drawn == [facts["width"], facts["height"]]
    found = np.asarray(told["values"], np.float32).reshape(truth.values.shape)
    span = float(np.ptp(truth.values))
    assert np.abs(found - truth.values).mean() < BESIDE * span
    told_of = truth.provenance
    assert (facts["kind"], facts["model"], facts["weightsSha256"]) == (
        truth.kind.value,
        told_of.model,
        told_of.weights_sha256,
    )
    assert abs(facts["low"] - truth.values.min()) < BESIDE * 3 * span
    assert told["failure"] == "not_image"
    assert told["isKept"]


def test_the_ten_photos_are_told_as_python_tells_them(tmp_path, open_page, shared) -> None:
    """Mean distance of the values below a hundredth of the range, whatever each decoder made of the JPEG."""
    photos = sorted((shared / "photos").glob("*.jpg"))
    assert len(photos) == 10
    model = nearfar.load("embedded", precision="int8")
    (tmp_path / "nearfar").symlink_to(built("element"), target_is_directory=True)
    (tmp_path / "index.html").write_text(
        '<!doctype html><title>A page</title><link rel="icon" href="data:,">'
    )
    distances = {}
    with given_out(tmp_path) as (address, _):
        page = open_page(address)
        for photo in photos:
            shutil.copy(photo, tmp_path)
            told = page.evaluate(LOOK, photo.name)
            depth = model.estimate(photo)
            truth = reduced_depth(depth, SMALL).values
            found = np.asarray(told["values"], np.float32).reshape(told["height"], told["width"])
            assert found.shape == truth.shape
            distances[photo.name] = float(np.abs(found - truth).mean() / np.ptp(depth.values))
    assert max(distances.values()) < 0.01, distances
