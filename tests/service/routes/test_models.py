"""One model over HTTP: its card, fetching it, progress, who may and where."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from hub import LocalHub, Repository
from nearfar.keys import ADMIN, INFER, JOBS, KeyFile
from nearfar.settings import Settings
from nearfar.zoo import manage
from nearfar.zoo.pulls import Pulls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "dpt-large"
SIZE = 3_000_000


@pytest.fixture
def local() -> Iterator[LocalHub]:
    """A hub with the ONNX file of one row; its bytes are no network, and nobody opens them here."""
    with LocalHub() as running:
        running.repositories["Xenova/dpt-large"] = Repository({"onnx/model.onnx": bytes(SIZE)})
        yield running


def changes(local: LocalHub, home: Path, **more: Any) -> dict[str, Any]:
    """Settings of a service that fetches from that hub."""
    return {"home": str(home), "hub": local.address, "hub_cache": "-", "downloader": "own", **more}


def ended(service: Any, name: str = NAME, **how: Any) -> dict[str, Any]:
    """The model once its pull is over."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        row: dict[str, Any] = service.client.get(f"/v1/models/{name}", **how).json()
        if row["pull"] and row["pull"]["state"] in {"done", "failed", "cancelled"}:
            return row
        time.sleep(0.05)
    pytest.fail("it does not end")


def test_model_is_shown(service) -> None:
    """The card, where its weights are, and that nobody fetches it."""
    row = service.client.get("/v1/models/embedded").json()
    assert (row["name"], row["state"], row["can_be_pulled"], row["pull"]) == (
        "embedded",
        "package",
        False,
        None,
    )
    assert service.client.get("/v1/models/leres-resnet50").json()["state"] == "to_import"
    assert service.client.get("/v1/models/nothing").status_code == 422


def test_measured_time_is_that_of_real_photos(start, jpeg, tmp_path: Path) -> None:
    """None before, then the median of what was looked at; tiles and sizes of others do not disturb it."""
    service = start(home=str(tmp_path))
    assert service.client.get("/v1/models/embedded").json()["measured"] is None
    for query in ("", "?tiles=true", ""):
        assert service.client.post(f"/v1/depth{query}", content=jpeg).status_code == 200
    measured = service.client.get("/v1/models/embedded").json()["measured"]
    assert (measured["photos"], measured["engine"]) == (2, "fake")
    assert (measured["input_width"] % 32, measured["input_height"] % 32) == (0, 0)
    assert 0 < measured["seconds"] < 60
    rows = {row["name"]: row["measured"] for row in service.client.get("/v1/models").json()["models"]}
    assert rows["embedded"] == measured
    assert rows["dpt-large"] is None


def test_pull_brings_the_model(start, local: LocalHub, tmp_path: Path) -> None:
    """202 at once; the events tell of it until its end; then the model is here."""
    service = start(**changes(local, tmp_path))
    begun = service.client.post(f"/v1/models/{NAME}/pull?engine=onnxruntime")
    assert (begun.status_code, begun.headers["Location"]) == (202, f"/v1/models/{NAME}")
    lines = service.client.get(f"/v1/models/{NAME}/pull/events").text.splitlines()
    kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert (kinds[-1], set(kinds[:-1]) <= {"progress"}) == ("end", True)
    assert (told[-1]["state"], told[-1]["bytes"]) == ("done", SIZE)
    assert ended(service)["state"] == "here"


def test_failure_is_told(start, local: LocalHub, tmp_path: Path) -> None:
    """In the record, with what to do."""
    local.repositories.clear()
    service = start(**changes(local, tmp_path))
    service.client.post(f"/v1/models/{NAME}/pull?engine=onnxruntime")
    row = ended(service)
    assert (row["state"], row["pull"]["state"]) == ("to_fetch", "failed")
    assert "no such repository" in row["pull"]["error"]


def test_pull_can_be_cancelled(start, local: LocalHub, tmp_path: Path) -> None:
    """It ends soon, what came is kept, and the next pull ends well."""
    local.failures += [(503, {"Retry-After": "1"})] * 2
    service = start(**changes(local, tmp_path))
    assert service.client.delete(f"/v1/models/{NAME}/pull").json() is None
    service.client.post(f"/v1/models/{NAME}/pull?engine=onnxruntime")
    assert service.client.delete(f"/v1/models/{NAME}/pull").json()["model"] == NAME
    assert ended(service)["pull"]["state"] == "cancelled"
    service.client.post(f"/v1/models/{NAME}/pull?engine=onnxruntime")
    assert ended(service)["pull"]["state"] == "done"


def test_model_that_nobody_hosts_is_refused(start, local: LocalHub, tmp_path: Path) -> None:
    """There is no address: 503 with the way to import it."""
    answer = start(**changes(local, tmp_path)).client.post("/v1/models/leres-resnet50/pull")
    assert (answer.status_code, answer.json()["type"]) == (503, "/docs#problem-weights")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"model_downloads": "off"}, 403),
        ({"host": "0.0.0.0", "without_keys": True}, 403),  # noqa: S104 - what is tested
        ({"proxies": "10.0.0.0/8", "without_keys": True}, 403),
        ({"host": "0.0.0.0", "without_keys": True, "model_downloads": "on"}, 202),  # noqa: S104
    ],
)
def test_setting_says_where_models_are_fetched(
    start, local: LocalHub, tmp_path: Path, more: dict[str, str], status: int
) -> None:
    """Where the service listens to others, only if that is set."""
    service = start(**changes(local, tmp_path, **more))
    answer = service.client.post(f"/v1/models/{NAME}/pull?engine=onnxruntime")
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["type"] == "/docs#problem-downloads-off"
        assert service.client.get(f"/v1/models/{NAME}").json()["can_be_pulled"] is False
    else:
        ended(service)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_fetching_needs_the_admin_scope_where_keys_are(
    start, local: LocalHub, tmp_path: Path, method: str
) -> None:
    """Nobody without a key, nobody whose key lacks the scope; who has it begins and cancels."""
    file = KeyFile(tmp_path / "keys")
    secrets = {scope: file.add(scope, (scope,))[1] for scope in (INFER, JOBS, ADMIN)}
    service = start(keys=str(file.path), **changes(local, tmp_path / "home"))
    found = {}
    for who in ("", INFER, JOBS, ADMIN):
        headers = {"Authorization": f"Bearer {secrets[who]}"} if who else {}
        answer = service.client.request(method, f"/v1/models/{NAME}/pull?engine=onnxruntime", headers=headers)
        found[who] = answer.status_code
        if who in {INFER, JOBS}:
            assert (answer.json()["scope"], "nearfar keys add" in answer.text) == (ADMIN, True)
    assert found == {"": 401, INFER: 403, JOBS: 403, ADMIN: 202 if method == "POST" else 200}
    if method == "POST":
        ended(service, headers={"Authorization": f"Bearer {secrets[INFER]}"})


def test_pull_is_gone_on_with_after_an_end(local: LocalHub, tmp_path: Path) -> None:
    """A record that an ended process left under way is taken up."""
    settings = Settings(**changes(local, tmp_path))
    left = Pulls(settings)
    left._write(left.record(NAME) or _under_way())
    assert Pulls(settings).resume() == (NAME,)
    until = time.monotonic() + 20
    while time.monotonic() < until and not (left.record(NAME) or _under_way()).is_ended:
        time.sleep(0.05)
    found = left.record(NAME)
    assert found is not None
    assert found.state == "done"
    assert manage.path(NAME, settings).stat().st_size == SIZE


def _under_way() -> Any:
    from nearfar.zoo.pulls import RUNNING, PullRecord

    return PullRecord(NAME, "onnxruntime", RUNNING)
