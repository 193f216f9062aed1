"""``tools/sbom.py``: the bill of materials is CycloneDX, and has what is installed."""

from __future__ import annotations

import json
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from once import once
from scripts import REPOSITORY, script

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("cyclonedx")
sbom = script("tools/sbom.py")


def write(folder: Path) -> None:
    """Write the document of this environment, which checks it by the schema."""
    lock = str(REPOSITORY / "requirements/dev.txt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["sbom.py", "--output", str(folder / "nearfar.cdx.json"), "--lock", lock])
        sbom.main()


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The document of this environment."""
    return json.loads(
        (once(tmp_path_factory, "sbom", write) / "nearfar.cdx.json").read_text(encoding="utf-8")
    )


def by_name(document: dict) -> dict[str, dict]:
    """Components by their names."""
    return {row["name"].lower(): row for row in document["components"]}


def test_it_is_about_nearfar_and_what_it_needs(document) -> None:
    """The version, the packages that the base asks for, and who needs whom."""
    root = document["metadata"]["component"]
    assert (root["name"], root["version"]) == ("nearfar", metadata.version("nearfar"))
    rows = by_name(document)
    assert sbom.direct_names() <= {sbom.plain(name) for name in rows}
    needs = {row["ref"]: row.get("dependsOn", []) for row in document["dependencies"]}
    assert rows["pillow"]["bom-ref"] in needs[root["bom-ref"]]
    assert rows["starlette"]["bom-ref"] in needs[rows["fastapi"]["bom-ref"]]


def test_tools_of_the_workshop_are_not_in_it(document) -> None:
    """What only tests or builds does not run."""
    assert {"pytest", "ruff", "cyclonedx-bom"}.isdisjoint(by_name(document))


def test_packages_have_licences_and_hashes_of_the_lock(document) -> None:
    """The hashes that may be installed, and the licence as the package says it."""
    pillow = by_name(document)["pillow"]
    hashes = [one["content"] for row in pillow["externalReferences"] for one in row.get("hashes", [])]
    assert set(hashes) == set(sbom.pinned(REPOSITORY / "requirements/dev.txt")["pillow", pillow["version"]])
    assert pillow["licenses"]


def test_libraries_stand_below_their_wheels(document) -> None:
    """With licence, file and, where scanners know one, the name that they look for."""
    within = {row["name"]: row for row in by_name(document)["opencv-python-headless"]["components"]}
    assert within["FFmpeg"]["cpe"].startswith("cpe:2.3:a:ffmpeg:ffmpeg:")
    assert within["FFmpeg"]["licenses"]
    assert within["FFmpeg"]["properties"][0]["value"]


def test_what_builds_the_page_is_said_not_to_run(document) -> None:
    """Its packages are there, with their hashes, as excluded."""
    vite = by_name(document)["vite"]
    assert (vite["scope"], vite["purl"].partition("@")[0]) == ("excluded", "pkg:npm/vite")
    assert len(vite["hashes"][0]["content"]) == 128


def test_what_does_not_fit_the_schema_is_not_written() -> None:
    """Rather none than a wrong one."""
    broken = sbom.HashType(alg=sbom.HashAlgorithm.SHA_256, content="no digest")
    wrong = sbom.Component(type=sbom.ComponentType.LIBRARY, name="a", hashes=[broken])
    bom = sbom.Bom(components=[wrong])
    with pytest.raises(ValueError, match="CycloneDX"):
        sbom.checked(bom)
