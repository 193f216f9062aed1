"""What all tests share: small pictures that we draw ourselves, and the way to the shared material."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import skips
from nearfar_lab.figures import Figure, block, renew
from pictures import draw, encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED_VARIABLE = "NEARFAR_LAB_SHARED"


FIGURES = pytest.StashKey[dict[str, list[Figure]]]()
PAGE_VARIABLE = "NEARFAR_LAB_PAGE"


@pytest.fixture
def note_figure(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Writes down a figure that a long test measured: told at the end, by block (soak, fuzz)."""
    found = request.config.stash.setdefault(FIGURES, {})
    return lambda name, *figure: found.setdefault(name, []).append(Figure(*figure))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell the figures; where NEARFAR_LAB_PAGE names a page, renew its blocks. Keep what was skipped."""
    skips.pytest_terminal_summary(terminalreporter)
    for name, figures in config.stash.get(FIGURES, {}).items():
        text = block(f"make {name}", figures, date.today())  # noqa: DTZ011 - the day of whoever runs it
        terminalreporter.section(f"figures: {name}")
        terminalreporter.write_line(text)
        if page := os.environ.get(PAGE_VARIABLE):
            renew(Path(page), name, text)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out, unless ``-m`` names them."""
    if "soak" in config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("soak")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="session", autouse=True)
def user_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home for all tests and the processes they start, so that nobody's own is read or written."""
    folder = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
            patch.setenv(name, os.fspath(folder))
        for name in [name for name in os.environ if name.startswith("XDG_")]:
            patch.delenv(name)
        # else the first cluster of a process makes a token in that home, and asks for it ever after
        patch.setenv("RAY_AUTH_MODE", "disabled")
        yield folder


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No setting of the person who runs the tests changes what they see."""
    for name in list(os.environ):
        if name.startswith("NEARFAR_") and not name.startswith("NEARFAR_LAB_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NEARFAR_HOME", os.fspath(tmp_path_factory.getbasetemp() / "home"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared material (photos, data, conformance vectors), else the test is skipped."""
    folder = Path(os.environ.get(SHARED_VARIABLE, REPOSITORY.parent / "shared"))
    if not (folder / "README.md").is_file():
        pytest.skip(f"no shared material at {folder}: set {SHARED_VARIABLE} to its folder")
    return folder


@pytest.fixture(scope="session")
def drawing() -> np.ndarray:
    """A drawn scene, 96×128×3 uint8: pale sky, ground that darkens towards us, a red post, a blue box."""
    return draw(128, 96)


@pytest.fixture
def photo_jpeg(tmp_path: Path, drawing: np.ndarray) -> Path:
    """The drawn scene as ``photo.jpg`` in a folder of the test's own."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(drawing, "JPEG", quality=95))
    return path


@pytest.fixture
def photo_png(tmp_path: Path, drawing: np.ndarray) -> Path:
    """The drawn scene, exact to the pixel, as ``photo.png``."""
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(drawing, "PNG"))
    return path
