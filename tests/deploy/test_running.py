"""Containerfile, compose, Kubernetes, systemd and Conda files: what they name exists, and they agree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from nearfar import settings
from nearfar.service.guard.keys_now import needs_keys
from nearfar.service.readings import READINGS

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]["nearfar"]
KUBERNETES = {
    row["kind"]: row
    for row in yaml.safe_load_all((DEPLOY / "kubernetes" / "nearfar.yaml").read_text(encoding="utf-8"))
}
POD = KUBERNETES["Deployment"]["spec"]["template"]["spec"]
CONTAINER = POD["containers"][0]
UNIT = (DEPLOY / "systemd" / "nearfar.service").read_text(encoding="utf-8")
NAMED = {
    "Containerfile": dict(re.findall(r"(NEARFAR_[A-Z_]+)=(\S+)", CONTAINERFILE)),
    "compose": COMPOSE["environment"],
    "kubernetes": {row["name"]: row["value"] for row in CONTAINER["env"]},
    "systemd": dict(re.findall(r"^Environment=(NEARFAR_[A-Z_]+)=(\S+)$", UNIT, re.MULTILINE)),
}


@pytest.mark.parametrize("place", sorted(NAMED))
def test_the_settings_that_are_named_exist_and_fit(place) -> None:
    """Each file sets something, and the service would start with all of it."""
    assert NAMED[place]
    found = settings.load(NAMED[place])
    assert found != settings.Settings()


def test_settings_in_comments_exist() -> None:
    """What a comment offers can be switched on."""
    known = {f"NEARFAR_{field.name.upper()}" for field in fields(settings.Settings)}
    files = [path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix != ".whl"]
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"\bNEARFAR_[A-Z][A-Z_]*[A-Z]\b", text)) <= known, path


def test_ports_agree() -> None:
    """The service listens where the image, compose, Kubernetes and its probes look."""
    port = settings.load(NAMED["Containerfile"]).port
    assert f"EXPOSE {port}" in CONTAINERFILE
    assert COMPOSE["ports"] == [f"127.0.0.1:8080:{port}"]
    ports = {row["name"]: row["containerPort"] for row in CONTAINER["ports"]}
    assert ports == {"http": port}
    probes = [CONTAINER[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")]
    assert [(probe["path"], probe["port"]) for probe in probes] == [
        ("/readyz", "http"),
        ("/readyz", "http"),
        ("/healthz", "http"),
    ]
    assert KUBERNETES["Service"]["spec"]["ports"][0]["targetPort"] == "http"


def test_it_is_scaled_by_a_metric_that_there_is() -> None:
    """The name is that of a reading, and it is the number of those who wait."""
    metric = KUBERNETES["HorizontalPodAutoscaler"]["spec"]["metrics"][0]["pods"]["metric"]["name"]
    assert metric in {reading.name for reading in READINGS}
    assert metric == "nearfar_queue_waiting"


def test_selectors_find_the_pods() -> None:
    """Every object is about the same pods."""
    labels = KUBERNETES["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert KUBERNETES["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert KUBERNETES["Service"]["spec"]["selector"] == labels
    assert KUBERNETES["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert KUBERNETES["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert KUBERNETES["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == "nearfar"


def test_it_is_given_time_to_drain() -> None:
    """Every supervisor waits longer than the service takes to finish."""
    drain = settings.load(NAMED["kubernetes"]).drain_timeout
    assert POD["terminationGracePeriodSeconds"] > drain + 5
    assert int(COMPOSE["stop_grace_period"].rstrip("s")) > settings.load(NAMED["compose"]).drain_timeout
    stop = int(re.search(r"^TimeoutStopSec=(\d+)$", UNIT, re.MULTILINE)[1])
    assert stop > settings.load(NAMED["systemd"]).drain_timeout


def test_no_rights_are_left() -> None:
    """Nobody's user, nothing to write but data and temporary files, no capability, everywhere."""
    assert "USER 10001:10001" in CONTAINERFILE
    assert POD["securityContext"]["runAsUser"] == 10001
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert (COMPOSE["read_only"], COMPOSE["cap_drop"]) == (True, ["ALL"])
    for line in ("DynamicUser=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "NoNewPrivileges=yes"):
        assert f"\n{line}\n" in UNIT


def test_every_pod_has_its_share() -> None:
    """Processors and memory are limited, and the streams are the processors asked for."""
    assert CONTAINER["resources"]["limits"].keys() == {"cpu", "memory"}
    assert str(settings.load(NAMED["kubernetes"]).streams) == CONTAINER["resources"]["requests"]["cpu"]


def test_it_is_closed_where_others_reach_it() -> None:
    """Image, compose and pods need keys from the start; pods take them from a Secret that must be there."""
    assert needs_keys(settings.load(NAMED["Containerfile"]))
    assert settings.load(NAMED["compose"]).require_keys
    chosen = settings.load(NAMED["kubernetes"])
    assert chosen.require_keys
    (mount,) = [row for row in CONTAINER["volumeMounts"] if row["name"] == "keys"]
    assert chosen.keys == f"{mount['mountPath']}/keys.json"
    (volume,) = [row for row in POD["volumes"] if row["name"] == "keys"]
    assert volume["secret"] == {"secretName": "nearfar-keys", "defaultMode": 0o400}


def test_the_base_is_named_by_its_digest() -> None:
    """What a tag means may change; a digest cannot."""
    assert re.search(r"^ARG BASE=\S+/debian@sha256:[0-9a-f]{64}$", CONTAINERFILE, re.MULTILINE)


@pytest.mark.parametrize("answer", ["", "echo 5f7d > /dev/null; exit 1"])
def test_a_base_without_a_digest_is_not_written_down(tmp_path, answer) -> None:
    """A registry that says nothing leaves the Containerfile as it is."""
    for name in ("tools", "deploy"):
        (tmp_path / name).mkdir()
    shutil.copy(REPOSITORY / "tools" / "base.sh", tmp_path / "tools")
    shutil.copy(DEPLOY / "Containerfile", tmp_path / "deploy")
    registry = tmp_path / "skopeo"
    registry.write_text(f"#!/bin/sh\n{answer}\n")
    registry.chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", tmp_path / "tools/base.sh"], env=path, capture_output=True, check=False)
    assert done.returncode == 1
    assert (tmp_path / "deploy" / "Containerfile").read_text(encoding="utf-8") == CONTAINERFILE


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_the_unit(tmp_path) -> None:
    """Every line is known to systemd (the program itself is not installed where tests run)."""
    unit = tmp_path / "nearfar.service"
    unit.write_text(UNIT.replace("/opt/nearfar/bin/nearfar", sys.executable), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False, env=os.environ
    )
    assert "nearfar.service" not in done.stderr, done.stderr


@pytest.mark.parametrize(
    "script",
    [
        "tools/audit.sh",
        "deploy/container/install.sh",
        "deploy/container/rootfs.sh",
        "tools/container.sh",
        "tools/manifests.sh",
        "tools/base.sh",
    ],
)
def test_scripts_are_shell(script) -> None:
    """A shell reads each to its end."""
    subprocess.run(["sh", "-n", REPOSITORY / script], check=True)


def test_the_image_takes_what_the_build_copies() -> None:
    """Each path that is copied is there, and is let through by .containerignore."""
    ignored = (REPOSITORY / ".containerignore").read_text(encoding="utf-8").split()
    allowed = [row[1:] for row in ignored if row.startswith("!")]
    words = [
        word
        for line in re.findall(r"^COPY (?!--from)(.*)$", CONTAINERFILE, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    for word in (word for word in words if "[" not in word):
        assert (REPOSITORY / word).exists(), word
        assert any(word.rstrip("/").startswith(path) for path in allowed), word
