"""Several replicas of the service: what they share, what each has for itself, and how they become more."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from nearfar.keys import SCOPES, KeyFile
from pictures import draw, encoded
from serving import until
from serving_on_ray import behind_ray, processes, replicas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serving_on_ray import Behind

pytest.importorskip("ray.serve", reason="Ray Serve is not installed")
pytestmark = [pytest.mark.xdist_group("ray"), pytest.mark.timeout(300)]
BODY = encoded(draw(160, 120), "JPEG")
BURST = 20


@pytest.fixture(scope="module")
def behind(ray, tmp_path_factory) -> Iterator[Behind]:
    """Two replicas of the service with one folder; a network whose replicas become more at once."""
    network = {"cpus": 0.3, "most": 3, "ongoing": 0.5, "batch": 4, "up_s": 0, "down_s": 600}
    changes = {"settings": {"engine": "fake", "rate_burst": BURST}}
    given = {"replicas": 2, "cpus": 0.3, "networks": {"embedded": network}} | changes
    with behind_ray(tmp_path_factory.mktemp("home"), **given) as found:
        yield found


def test_jobs_are_known_to_all_of_them(behind) -> None:
    """They lie in the folder that all share, whichever took them."""
    assert len(processes("service")) == 2
    files = [("images", ("a.jpg", BODY, "image/jpeg"))]
    ids = [behind.client.post("/v1/jobs", files=files).json()["id"] for _ in range(4)]
    states = [behind.client.get(f"/v1/jobs/{id}") for id in ids for _ in range(4)]
    assert [answer.status_code for answer in states] == [200] * 16
    until(lambda: all(behind.client.get(f"/v1/jobs/{id}").json()["state"] == "done" for id in ids), 60)


def test_a_kept_photo_is_that_replicas(behind) -> None:
    """The others do not know it, and say so: the page then sends the photo itself."""
    name = behind.client.post("/v1/photos", content=BODY, headers={"Content-Type": "image/jpeg"}).json()[
        "photo"
    ]
    asked = [behind.client.post("/v1/depth", headers={"Nearfar-Photo": name}).status_code for _ in range(20)]
    assert set(asked) == {200, 404}


def test_limits_are_counted_by_each(behind) -> None:
    """Two replicas let twice as much through; a caller is refused all the same."""
    key = KeyFile(behind.home / "keys.json").add("other", SCOPES, rate=1)[1]
    headers = {"Authorization": f"Bearer {key}"}

    def ask(_: int = 0) -> int:
        return behind.client.get("/v1/jobs/none", headers=headers).status_code

    until(lambda: ask() == 404)
    asked = Counter(map(ask, range(3 * BURST)))
    assert set(asked) == {404, 429}
    assert BURST + 2 < asked[404] <= 2 * BURST + 1


def test_photos_that_come_together_are_each_answered(behind) -> None:
    """Gathered into batches or not, each gets its own depth."""
    bodies = [encoded(draw(160 + 8 * place, 120), "JPEG") for place in range(8)]
    alone = [behind.depth(body, "?format=npy").content for body in bodies]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda body: behind.depth(body, "?format=npy").content, bodies))
    assert together == alone


@pytest.mark.soak
def test_more_calls_bring_more_replicas(behind) -> None:
    """Under load the network's replicas become more than the least, up to the most that was asked for."""
    with ThreadPoolExecutor(4) as pool:

        def is_spread() -> bool:
            list(pool.map(behind.depth, [BODY] * 8))
            return replicas("embedded") == 3

        until(is_spread, 120)
    assert len(processes("embedded")) == 3
