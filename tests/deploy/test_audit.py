"""``tools/audit.sh``: pinned versions against advisories out of a file."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import nearfar
from scripts import REPOSITORY, script

audit = script("tools/audit.py")
PINS = re.findall(
    r"^([\w.-]+)==(\S+)", (REPOSITORY / "requirements/base.txt").read_text(encoding="utf-8"), re.MULTILINE
)
PILLOW = dict(PINS)["pillow"]


def advisory(
    id: str, ecosystem: str, name: str, *events: dict[str, str], versions: tuple[str, ...] = ()
) -> dict:
    """One, with a range of these events."""
    spans = [{"type": "ECOSYSTEM", "events": list(events)}] if events else []
    package = {"ecosystem": ecosystem, "name": name}
    affected = [{"package": package, "ranges": spans, "versions": list(versions)}]
    return {"id": id, "summary": "It breaks.", "aliases": [f"CVE-{id}"], "affected": affected}


def run(*words: object) -> subprocess.CompletedProcess[str]:
    """The script with these words."""
    source = str(Path(nearfar.__file__).parents[1])
    command = ["sh", REPOSITORY / "tools/audit.sh", *words]
    surroundings = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": source}
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("events", "version", "is_affected"),
    [
        (({"introduced": "0"}, {"fixed": "2.0"}), "1.9", True),
        (({"introduced": "0"}, {"fixed": "2.0"}), "2.0", False),
        (({"introduced": "0"}, {"fixed": "2.0"}), "2.0rc1", True),
        (({"introduced": "1.5"}, {"fixed": "2.0"}), "1.4", False),
        (({"introduced": "1.5"}, {"last_affected": "1.10"}), "1.10", True),
        (({"introduced": "1.5"}, {"last_affected": "1.10"}), "1.10.1", False),
        (({"introduced": "1.0"}, {"fixed": "1.1"}, {"introduced": "2.0"}, {"fixed": "2.1"}), "1.5", False),
        (({"introduced": "2.0"}, {"fixed": "2.1"}, {"introduced": "1.0"}, {"fixed": "1.1"}), "2.0.5", True),
        (({"introduced": "0"},), "99", True),
    ],
)
def test_ranges_are_read_as_osv_means_them(events, version, is_affected) -> None:
    """Half-open ranges in any order; a candidate comes before its release; last_affected is affected."""
    affected = advisory("A", "PyPI", "x", *events)["affected"][0]
    assert audit.is_affected(audit.Pinned("PyPI", "x", version, ""), affected) is is_affected


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.2.3-beta.2", "1.2.3"),
        ("1.2.3-beta.2", "1.2.3-beta.10"),
        ("1.9.0", "1.10.0"),
        ("1.0.0-1", "1.0.0-a"),
    ],
)
def test_npm_versions_have_their_own_order(older, newer) -> None:
    """That of Semantic Versioning."""
    assert audit.npm_order(older) < audit.npm_order(newer)


@pytest.mark.parametrize("tag", ["OpenSSL_1_1_1k", "1.1.1k", "openssl-1.1.1k"])
def test_libraries_are_found_by_their_tags(tag) -> None:
    """As their projects write them; a range of such tags has no order and counts for nothing."""
    pin = audit.Pinned("OSS-Fuzz", "OpenSSL", "1.1.1k", "opencv")
    rows = [advisory("A", "OSS-Fuzz", "openssl", {"introduced": "0"}, versions=(tag,))]
    rows += [advisory("B", "OSS-Fuzz", "openssl", {"introduced": "0"}, versions=("OpenSSL_1_1_1l",))]
    assert [found.id for found in audit.findings([pin], rows)] == ["A"]


def test_names_are_compared_as_indexes_do_and_withdrawn_ones_left_out() -> None:
    """``Pi_Heif.Decoder`` is ``pi-heif-decoder``; another ecosystem's package of that name is another."""
    pin = audit.Pinned("PyPI", "pi-heif-decoder", "1.0", "lock")
    rows = [advisory("A", "PyPI", "Pi_Heif.Decoder", {"introduced": "0"})]
    rows += [{**rows[0], "id": "B", "withdrawn": "2026-01-01T00:00:00Z"}]
    rows += [advisory("C", "npm", "pi-heif-decoder", {"introduced": "0"})]
    assert [found.id for found in audit.findings([pin], rows)] == ["A"]


def test_a_pinned_version_with_an_advisory_is_told(tmp_path) -> None:
    """Exit code 1, with the way out; an advisory that was looked at can be left out."""
    rows = [advisory("BAD", "PyPI", "Pillow", {"introduced": "0"}, {"fixed": "9999"})]
    rows += [advisory("FINE", "PyPI", "pillow", {"introduced": "0"}, {"fixed": PILLOW})]
    (tmp_path / "a.json").write_text(json.dumps(rows), encoding="utf-8")
    done = run(tmp_path / "a.json")
    assert done.returncode == 1
    assert f"pillow {PILLOW} (requirements/base.txt): BAD, CVE-BAD: It breaks.; mended in 9999" in done.stdout
    assert "FINE" not in done.stdout
    assert run(tmp_path / "a.json", "--ignore", "CVE-BAD").returncode == 0


def test_a_zip_of_advisories_is_read_as_osv_publishes_it(tmp_path) -> None:
    """One file an advisory; the page's packages and libraries in wheels are compared too."""
    rows = [
        advisory("P", "npm", "vite", {"introduced": "0"}),
        advisory("Q", "PyPI", "nobody", {"introduced": "0"}),
    ]
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for row in rows:
            archive.writestr(f"{row['id']}.json", json.dumps(row))
    done = run(tmp_path / "all.zip", "--json")
    assert [(one["id"], one["pinned"]["where"]) for one in json.loads(done.stdout)] == [
        ("P", "web/package-lock.json")
    ]


@pytest.mark.parametrize("text", ["", "{}", "[1]", "no JSON"])
def test_what_is_no_advisory_is_an_error(tmp_path, text) -> None:
    """An empty answer of a download must not read as all well."""
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    done = run(tmp_path / "a.json")
    assert (done.returncode, "cannot be read" in done.stderr) == (2, True)


def test_everything_that_is_pinned_is_compared() -> None:
    """All locks, the page's packages, the libraries within wheels."""
    found = audit.everything()
    assert {(audit.PYPI, name, version) for name, version in PINS} <= {
        (p.ecosystem, p.name, p.version) for p in found
    }
    assert {pin.ecosystem for pin in found} == {"PyPI", "npm", "OSS-Fuzz"}
