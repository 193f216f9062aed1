"""The app for a Space: its folder, and, where Gradio is installed, the page itself."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nearfar
from pictures import draw
from scripts import script

FOLDER = Path(__file__).parents[2] / "integrations" / "gradio"
LACKING = "gradio is not installed: sh tools/gradio.sh PYTHON runs these in an environment of their own"


@pytest.fixture(scope="module")
def app():
    """``app.py`` as a module."""
    pytest.importorskip("gradio", reason=LACKING)
    return script("integrations/gradio/app.py")


def test_the_readme_begins_as_a_space_wants_it() -> None:
    """Front matter with the file that is run; its short description is short enough."""
    text = (FOLDER / "README.md").read_text("utf-8")
    front = dict(re.findall(r"^(\w+): (.+)$", text.split("---")[1], re.MULTILINE))
    assert front["sdk"] == "gradio"
    assert (FOLDER / front["app_file"]).is_file()
    assert re.fullmatch(r"\d+\.\d+\.\d+", front["sdk_version"])
    assert len(front["short_description"]) <= 60
    assert front["license"] == "apache-2.0"


def test_the_wheel_is_of_this_version() -> None:
    """The one that ``pip wheel`` makes now."""
    named = (FOLDER / "requirements.txt").read_text("utf-8").strip()
    assert named == f"./nearfar-{nearfar.__version__}-py3-none-any.whl"


def test_a_photo_is_looked_at(app) -> None:
    """Three pictures of its size and a file that says what its values mean."""
    heat, blurred, cut, values = app.look(draw(128, 96), "embedded", "turbo", 3.0, 40.0)
    assert heat.shape == blurred.shape == (96, 128, 3)
    assert cut.shape == (96, 128, 4)
    assert (cut[..., 3] > 127).mean() == pytest.approx(0.4, abs=0.08)
    assert nearfar.read_depth(values).values.shape == (96, 128)


def test_files_of_an_hour_ago_are_removed(app, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Space that runs for weeks keeps the newest alone."""
    monkeypatch.setattr(app, "FOLDER", tmp_path)
    first = app.look(draw(64, 48), "embedded", "turbo", 3.0, 40.0)[3]
    os.utime(Path(first).parent, (1.0, 1.0))
    second = app.look(draw(64, 48), "embedded", "turbo", 3.0, 40.0)[3]
    assert not Path(first).exists()
    assert Path(second).exists()


def test_without_a_photo_it_says_so(app) -> None:
    """In place of a trace."""
    with pytest.raises(app.gr.Error, match="Choose a photo"):
        app.look(None, "embedded", "turbo", 3.0, 40.0)


def test_the_page_answers(app, tmp_path: Path) -> None:
    """A running page, asked over its own API."""
    client = pytest.importorskip("gradio_client", reason=LACKING)
    Image.fromarray(draw(128, 96)).save(tmp_path / "photo.png")
    made = app.page()
    made.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    try:
        asked = client.Client(made.local_url, verbose=False)
        photo = client.handle_file(str(tmp_path / "photo.png"))
        answers = asked.predict(photo, "embedded", "grey", 1.2, 30, api_name="/look")
    finally:
        made.close()
    with Image.open(answers[0]) as heat:
        assert np.asarray(heat).shape[:2] == (96, 128)
    assert nearfar.read_depth(answers[3]).values.shape == (96, 128)
