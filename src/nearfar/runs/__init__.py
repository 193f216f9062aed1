"""Runs over folders and buckets: photos, each made once, and a manifest of what became of them."""

from __future__ import annotations

from nearfar.runs.pipeline import Pipeline, pipeline_of, read_pipeline
from nearfar.runs.run import Report, Run, RunOptions
from nearfar.runs.runner import LocalRunner, Runner
from nearfar.runs.sources import Source

__all__ = [
    "LocalRunner",
    "Pipeline",
    "Report",
    "Run",
    "RunOptions",
    "Runner",
    "Source",
    "pipeline_of",
    "read_pipeline",
]
