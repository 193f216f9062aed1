"""What the package brings along: the embedded network and its card."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
"""Where the files are. (importlib.resources would load the code of temporary files and zips as well.)"""
