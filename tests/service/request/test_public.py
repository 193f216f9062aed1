"""Texts for clients tell nothing of the server's disk."""

from __future__ import annotations

import pytest

from nearfar.service.request.problems import public
from serving import running


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "The job database /srv/near/jobs/jobs.sqlite is damaged: no.",
            "The job database jobs.sqlite is damaged: no.",
        ),
        ("/var/lib/nearfar/weights/a.onnx is damaged: cut off.", "a.onnx is damaged: cut off."),
        (r"The folder C:\Users\me\near far\jobs cannot be used.", "The folder jobs cannot be used."),
        ("Load model from '/opt/x/y.onnx' failed", "Load model from 'y.onnx' failed"),
        (
            "GET /v1/jobs lists yours; see /docs for what is.",
            "GET /v1/jobs lists yours; see /docs for what is.",
        ),
        ("Send image/* or application/octet-stream.", "Send image/* or application/octet-stream."),
        ("Give it to http://localhost:4318/v1/traces.", "Give it to http://localhost:4318/v1/traces."),
    ],
)
def test_of_a_path_the_name_is_left(text, told) -> None:
    """Folders go; addresses of the service and media types stay."""
    assert public(text) == told


def test_a_home_with_spaces_goes_as_well() -> None:
    """The folder of the settings is known by name."""
    assert public("The folder /srv/my near far/jobs rests.", "/srv/my near far") == "The folder jobs rests."


def test_a_store_that_is_broken_is_told_without_its_place(tmp_path, caplog) -> None:
    """The client learns what is broken and what helps, the log where it is."""
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "jobs.sqlite").write_bytes(b"no database" * 1000)
    with running(home=str(tmp_path)) as service:
        answer = service.client.get("/v1/jobs")
    assert answer.status_code == 503
    assert "jobs.sqlite is damaged" in answer.json()["detail"]
    assert str(tmp_path) not in answer.text
    assert str(tmp_path) in caplog.text
