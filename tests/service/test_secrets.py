"""What a service knows of its clients and does not tell: keys, pictures, EXIF, file names."""

from __future__ import annotations

import io
import os
import signal
import subprocess

import httpx
import pytest
from PIL import Image

from command_line import command, environment
from nearfar.keys import KeyFile
from pictures import draw
from serving import until

EXIF = "taken-by-a-private-person-at-home"
NAME = "holiday-with-a-friend.jpg"


def _photo() -> bytes:
    """A JPEG whose EXIF says more than its owner may think."""
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = EXIF  # description, artist
    out = io.BytesIO()
    Image.fromarray(draw(128, 96)).save(out, "JPEG", exif=exif)
    assert EXIF.encode() in out.getvalue()
    return out.getvalue()


@pytest.fixture
def file(tmp_path) -> KeyFile:
    """A file with one key."""
    return KeyFile(tmp_path / "keys.json")


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_the_logs_of_a_service_at_its_most_talkative_hold_no_secret(file, tmp_path) -> None:
    """Good and bad requests at the level debug, keys that come and go by SIGHUP, the end: nothing is told."""
    _, key = file.add("one", ["infer"])
    told = environment(NEARFAR_HOME=str(tmp_path), NEARFAR_LOG_LEVEL="debug", NEARFAR_LOG_FORMAT="json")
    words = command("serve", "--port", "0", "--keys", file.path)
    with (tmp_path / "log").open("w+") as log:
        process = subprocess.Popen(words, env=told, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            address = next(word for word in process.stdout.readline().split() if word.startswith("http"))
            with httpx.Client(base_url=address, timeout=60) as client:
                second = _ask(client, process, file, key)
        finally:
            process.terminate()
            rest, _ = process.communicate(timeout=60)
        log.seek(0)
        output = log.read() + rest
    assert '"path": "/v1/depth"' in output
    assert '"caller": "key:' in output
    wrong = key[:-4]
    for secret in (wrong, second[:-4], "wrong-key", EXIF, NAME, "0.123,0.456", "JFIF", "Bearer"):
        assert secret not in output, secret


def _ask(client: httpx.Client, process: subprocess.Popen[str], file: KeyFile, key: str) -> str:
    """Every kind of request; gives the key that came while the service ran."""
    photo = _photo()
    query = "/v1/depth?range=0.123,0.456"

    def post(body: bytes, **headers: str) -> int:
        return client.post(query, files={"image": (NAME, body, "image/jpeg")}, headers=headers).status_code

    bearer = {"Authorization": f"Bearer {key}"}
    assert post(photo, **bearer) == 200
    assert post(photo[:-400], **bearer) == 400
    assert post(photo) == 401
    assert post(photo, **{"X-API-Key": "wrong-key" + key}) == 401
    assert client.get("/metrics", headers=bearer).status_code == 403
    assert (
        client.get(f"/v1/models?key={key}", headers={"Referer": f"https://a.example/{key}"}).status_code
        == 401
    )
    file.revoke("one")
    _, second = file.add("two", ["infer"])
    process.send_signal(signal.SIGHUP)
    until(lambda: post(photo, **{"X-API-Key": second}) == 200)
    assert post(photo, **bearer) == 401
    file.path.write_text(f'{{"keys": "{second}"')  # damaged, by somebody who does not know better
    process.send_signal(signal.SIGHUP)
    assert post(photo, **{"X-API-Key": second}) == 200
    return second
