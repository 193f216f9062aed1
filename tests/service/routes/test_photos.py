"""``/v1/photos``: a photo sent once and named by its id, by who sent it alone."""

from __future__ import annotations

import pytest

from nearfar.keys import INFER, KeyFile

RAW = {"Content-Type": "image/jpeg"}


def keep(service, jpeg: bytes, **headers: str) -> str:
    """The id of a photo that is held now."""
    found = service.client.post("/v1/photos", content=jpeg, headers={**RAW, **headers})
    assert found.status_code == 201, found.text
    assert found.headers["cache-control"] == "no-store"
    return found.json()["photo"]


@pytest.mark.parametrize("address", ["/v1/depth?format=npy", "/v1/effects/fog?density=3", "/v1/exports/ply"])
def test_a_held_photo_answers_as_the_photo_does(service, jpeg, address) -> None:
    """The same bytes, without a body, as often as it is asked for."""
    sent = service.client.post(address, content=jpeg, headers=RAW)
    name = keep(service, jpeg)
    for _ in range(2):
        found = service.client.post(address, headers={"Nearfar-Photo": name})
        assert (found.status_code, found.content) == (200, sent.content)


def test_a_photo_that_is_not_held_is_told(service, jpeg) -> None:
    """An id that was made up, and one that was forgotten."""
    name = keep(service, jpeg)
    assert service.client.delete(f"/v1/photos/{name}").status_code == 204
    for unknown in (name, "guess"):
        found = service.client.post("/v1/effects/fog", headers={"Nearfar-Photo": unknown})
        assert (found.status_code, found.json()["type"]) == (404, "/docs#problem-no-such-photo")


def test_one_key_does_not_open_anothers_photo(start, jpeg, tmp_path) -> None:
    """The id is bound to who sent the photo."""
    keys = KeyFile(tmp_path / "keys.json")
    mine, other = (keys.add(name, [INFER])[1] for name in ("mine", "other"))
    service = start(keys=str(keys.path), require_keys=True)
    name = keep(service, jpeg, Authorization=f"Bearer {mine}")
    statuses = [
        service.client.post(
            "/v1/effects/fog", headers={"Nearfar-Photo": name, "Authorization": f"Bearer {key}"}
        ).status_code
        for key in (mine, other)
    ]
    assert statuses == [200, 404]


def test_only_photos_are_held(service) -> None:
    """What no route would take is refused at once."""
    found = service.client.post("/v1/photos", content=b"{}", headers={"Content-Type": "application/json"})
    assert found.status_code == 415
