"""The network inside the package, taught by the finer one too: its labels on every real photo."""

from __future__ import annotations

from dataclasses import replace

from nearfar_lab.recipes.embedded_lite import RECIPE as SMALL

RECIPE = replace(SMALL, name="embedded_lite_taught", teacher="fine", seed=8)
