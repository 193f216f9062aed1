"""Bodies that are no photo, too large, too slow or not what they say."""

from __future__ import annotations

import json
import socket
import time
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from pictures import encoded

BOUNDARY = "frontier"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"

HEAD = "POST /v1/depth HTTP/1.1\r\nHost: localhost\r\n"


def _part(data: bytes, name: str = "image") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="a.jpg"\r\n\r\n'
    return head.encode() + data + b"\r\n"


def _end() -> bytes:
    return f"--{BOUNDARY}--\r\n".encode()


def _connect(url: str) -> socket.socket:
    place = urlsplit(url)
    return socket.create_connection((place.hostname, place.port), timeout=20)


def _read(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of an answer with a Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(r.split(b":")[1]) for r in head.split(b"\r\n") if r.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return int(head.split()[1]), body


@pytest.mark.parametrize(
    ("name", "status", "slug"),
    [
        ("empty", 400, "empty-image"),
        ("cut", 400, "broken-image"),
        ("text", 415, "not-an-image"),
        ("huge", 413, "too-large"),
    ],
)
@pytest.mark.parametrize("way", ["post", "upload"])
def test_what_is_no_photo_is_refused(service, jpeg, name, status, slug, way) -> None:
    """An empty, cut or false picture gets its own problem, raw or in multipart."""
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\x02\0\0\0"
    body = {"empty": b"", "cut": jpeg[: len(jpeg) // 2], "text": b"not a picture", "huge": header}[name]
    answer = getattr(service, way)(body)
    assert answer.status_code == status
    assert answer.json()["type"].endswith(slug)
    assert answer.json()["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/x-www-form-urlencoded"])
def test_a_body_of_another_type_is_415(service, jpeg, kind) -> None:
    """What says that it is no image is not looked at, and the hint says how to send one."""
    answer = service.post(jpeg, Content_Type=kind)
    assert answer.status_code == 415
    assert "curl -F image=@photo.jpg" in answer.json()["hint"]


def test_a_compressed_body_is_415(service, jpeg) -> None:
    """A body with a Content-Encoding is not unpacked: it could be a bomb."""
    assert service.post(jpeg, Content_Encoding="gzip").status_code == 415


def test_multipart_without_image_is_422(service, jpeg) -> None:
    """The problem names the field that was expected."""
    answer = service.upload(jpeg, field="file")
    assert (answer.status_code, answer.json()["parameter"]) == (422, "image")


def test_two_images_are_422(service, jpeg) -> None:
    """One photo a request: which of two is meant is not guessed."""
    body = _part(jpeg) + _part(jpeg) + _end()
    answer = service.post(body, Content_Type=MULTIPART)
    assert answer.status_code == 422
    assert "2 fields" in answer.json()["detail"]


def test_other_fields_are_refused(service, jpeg) -> None:
    """What a form holds besides the photo is told, never passed over."""
    body = _part(b"hello", "note") + _part(jpeg) + _part(b"", "empty") + _end()
    answer = service.post(body, Content_Type=MULTIPART)
    assert (answer.status_code, answer.json()["parameter"]) == (422, "note")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", _part(b"x") + _end()),
        (MULTIPART, b""),
        (MULTIPART, b"no boundary at all"),
        (MULTIPART, _part(b"x")),
        (MULTIPART, f"--{BOUNDARY}\r\nbroken header\r\n\r\nx".encode()),
        ("multipart/form-data; boundary=" + "x" * 300, b"--" + b"x" * 300),
    ],
)
def test_damaged_multipart_is_400(service, kind, body) -> None:
    """Multipart that is not is told apart from a damaged picture."""
    answer = service.post(body, Content_Type=kind)
    assert (answer.status_code, answer.json()["type"][-17:]) == (400, "malformed-request")


@pytest.mark.parametrize("address", ["/v1/depth", "/v1/jobs"])
def test_thousands_of_empty_parts_are_not_gone_through(start, address) -> None:
    """Each takes time, so there may be so many; the rest of the body is not looked at."""
    running = start(job_pictures=10)
    body = b"--frontier\r\n\r\n\r\n" * 20_000 + b"--frontier--\r\n"
    answer = running.client.post(address, content=body, headers={"Content-Type": MULTIPART})
    assert answer.status_code == 400
    assert answer.json()["detail"] in {
        "The multipart body has more than 100 parts.",
        "A part of the multipart body has no name.",
    }


def test_a_picture_in_multipart_may_hold_the_boundary_s_beginning(service) -> None:
    """Bytes that look like the boundary belong to the picture."""
    picture = encoded(np.zeros((9, 9, 3), np.uint8), "PNG") + b"\r\n--frontie\r\n--frontier"[:-1]
    assert service.post(_part(picture) + _end(), Content_Type=MULTIPART).status_code == 200


def test_a_length_over_the_limit_is_413_before_a_byte_is_read(start) -> None:
    """The announced length is enough to refuse."""
    with _connect(start(max_bytes=1000).url) as connection:
        head = f"{HEAD}Content-Type: image/jpeg\r\nContent-Length: 1001\r\n\r\n"
        connection.sendall(head.encode())
        assert _read(connection)[0] == 413


def test_a_stream_over_the_limit_is_413_while_it_arrives(start) -> None:
    """A body without length is cut off at the limit, before its end."""
    with _connect(start(max_bytes=1000).url) as connection:
        head = f"{HEAD}Content-Type: image/png\r\nTransfer-Encoding: chunked"
        connection.sendall(head.encode() + b"\r\n\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n")
        status, body = _read(connection)
    assert status == 413
    assert "NEARFAR_MAX_BYTES" in json.loads(body)["hint"]


@pytest.mark.parametrize("excess", [0, 1])
def test_the_limit_counts_the_image_not_the_form(start, jpeg, excess) -> None:
    """A picture of exactly the limit passes in multipart too; one byte more does not."""
    limited = start(max_bytes=len(jpeg) - excess)
    assert limited.upload(jpeg).status_code == (413 if excess else 200)
    assert limited.post(jpeg).status_code == (413 if excess else 200)


def test_pixels_over_the_limit_are_413(start, jpeg) -> None:
    """The photo's size counts, not its bytes."""
    answer = start(max_pixels=1000).upload(jpeg)
    assert answer.status_code == 413
    assert "128×96" in answer.json()["detail"]


def test_a_slow_upload_is_408_and_the_connection_ends(start) -> None:
    """A client that trickles does not hold its place for ever."""
    with _connect(start(upload_timeout=1).url) as connection:
        head = f"{HEAD}Content-Type: image/png\r\nContent-Length: 99\r\n\r\nx"
        begin = time.monotonic()
        connection.sendall(head.encode())
        assert _read(connection)[0] == 408
        assert connection.recv(1) == b""
    assert time.monotonic() - begin < 15


def test_uploads_together_have_a_limit(start) -> None:
    """Many half-sent bodies cannot fill the memory: the next one gets a 503."""
    limited = start(max_bytes=20_000)
    head = f"{HEAD}Content-Type: image/png\r\nContent-Length: 19999\r\n\r\n".encode()
    connections = [_connect(limited.url) for _ in range(8)]
    for connection in connections:
        connection.sendall(head + b"x" * 19_990)
    room = limited.app.state.service.uploads.room
    end = time.monotonic() + 10
    while room.used < 8 * 19_990 and time.monotonic() < end:
        time.sleep(0.01)
    answer = httpx.post(
        f"{limited.url}/v1/depth", content=b"x" * 10_000, headers={"Content-Type": "image/png"}
    )
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    for connection in connections:
        connection.close()
    while room.used and time.monotonic() < end:
        time.sleep(0.01)
    assert room.used == 0


def test_fields_that_are_no_files_are_refused(service, jpeg) -> None:
    """An option as a form field is told where it belongs, never passed over."""
    answer = service.client.post("/v1/depth", files={"image": jpeg}, data={"colormap": "turbo"})
    assert (answer.status_code, answer.json()["parameter"]) == (422, "colormap")
    assert "query" in answer.json()["hint"]
