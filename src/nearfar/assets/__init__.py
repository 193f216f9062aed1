"""What the package brings along: the embedded network with its card, and three photos to try."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
"""Where the files are. (importlib.resources would load the code of temporary files and zips as well.)"""
SAMPLES = FOLDER / "samples"
"""Drawn photos: the page offers them, and int8 files are calibrated on them."""
