"""A page of depth for a Space, or for this machine: ``python app.py``."""

from __future__ import annotations

import shutil
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

import nearfar
from nearfar.assets import SAMPLES
from nearfar.errors import NearfarError

if TYPE_CHECKING:
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

MODELS = ("embedded", "embedded-fine")
COLOURS = ("inferno", "magma", "plasma", "viridis", "turbo", "spectral", "grey")
FOLDER = Path(tempfile.gettempdir()) / "nearfar-looks"
KEPT_S = 3600.0
TITLE = "# nearfar\nNear from far in any single photo. 从任意一张照片里分出远近。"


@cache
def _model(name: str) -> nearfar.Model:
    return nearfar.load(name)


def _place() -> Path:
    """A new folder for a file of values; those of more than an hour ago go, so that no disk fills up."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        if time.time() - old.stat().st_mtime > KEPT_S:
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=FOLDER))


def look(
    pixels: Pixels | None, model: str, colormap: str, strength: float, nearest: float
) -> tuple[Any, ...]:
    """What the page shows of a photo, uint8 (H, W, 3): heat map, blur, cut-out, and a file of the values.

    Raises:
        gr.Error: there is no photo, or it cannot be used.
    """
    if pixels is None:
        raise gr.Error("Choose a photo first. 请先选择照片。")
    try:
        photo = nearfar.read(pixels)
        depth = _model(model).estimate(photo)
        blurred = nearfar.effect("bokeh", photo, depth, strength=strength)
        cut = nearfar.effect("cutout", photo, depth, nearest=nearest)
    except NearfarError as exc:
        raise gr.Error(str(exc)) from exc
    values = _place() / "depth.png"
    depth.save(values)
    heat = nearfar.heatmap(depth, colormap=colormap)
    return np.asarray(heat), np.asarray(blurred), np.asarray(cut), str(values)


def page() -> gr.Blocks:
    """The page: a photo and four choices on the left, what comes of them on the right."""
    with gr.Blocks(title="nearfar", analytics_enabled=False) as made:
        gr.Markdown(TITLE)
        with gr.Row():
            with gr.Column():
                photo = gr.Image(label="Photo · 照片", type="numpy", image_mode="RGB")
                model = gr.Dropdown(list(MODELS), value=MODELS[0], label="Network · 网络")
                colormap = gr.Dropdown(list(COLOURS), value=COLOURS[0], label="Colours · 配色")
                strength = gr.Slider(0, 10, value=1.2, label="Blur · 虚化")
                nearest = gr.Slider(0, 100, value=30, label="Kept, percent · 保留百分比")
                button = gr.Button("Look · 看", variant="primary")
            with gr.Column():
                heat = gr.Image(label="Depth, warm is near · 深度，暖色为近", format="png")
                blurred = gr.Image(label="Blurred background · 背景虚化", format="jpeg")
                cut = gr.Image(label="Cut out · 抠图", image_mode="RGBA", format="png")
                values = gr.File(label="Values, 16 bits · 数值，16 位")
        given = [photo, model, colormap, strength, nearest]
        button.click(look, given, [heat, blurred, cut, values], api_name="look")
        gr.Examples([[str(file)] for file in sorted(SAMPLES.glob("*.jpg"))], [photo])
    return made


if __name__ == "__main__":
    page().launch()
