"""What ``docs/how-to/run-folders.md`` tells people to do works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from command_line import environment
from pictures import draw, encoded

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "run-folders.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The blocks of code of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_commands_run_in_their_order(tmp_path: Path) -> None:
    """On a small folder; what names a bucket, or never ends, stands in blocks that are no shell's."""
    (tmp_path / "photos" / "sub").mkdir(parents=True)
    for number in range(4):
        (tmp_path / "photos" / "sub" / f"{number}.png").write_bytes(encoded(draw(40 + number, 30)))
    (tmp_path / "photos" / "sub" / "beach.jpg").write_bytes(encoded(draw(40, 30), "JPEG"))
    (tmp_path / "pipeline.toml").write_text(blocks("toml")[0], encoding="utf-8")
    bin = tmp_path / "bin"
    bin.mkdir()
    (bin / "nearfar").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nearfar "$@"\n')
    (bin / "nearfar").chmod(0o755)
    path = f"{bin}{os.pathsep}{os.environ['PATH']}"
    script = "set -e\n" + "".join(blocks("sh"))
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=tmp_path,
        env=environment(PATH=path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "5 of 5 done, 0 failed" in done.stdout
    assert "1000000000 photos on 40 machine(s)" in done.stdout
    assert (tmp_path / "depth" / "sub" / "beach.jpg.heatmap.png").exists()
    (code,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "5\n"
