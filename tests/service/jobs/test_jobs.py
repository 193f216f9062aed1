"""``/v1/jobs`` from the outside: handing in, progress, results, cancelling, who may see what."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import ExifTags, Image

from jobbing import make_zip
from nearfar.keys import open_keys
from pictures import draw, encoded, taken
from serving import loader_of, until
from solids import a_glb

FORM, ZIP = {"Content-Type": "multipart/form-data; boundary=x"}, {"Content-Type": "application/zip"}
BOTH = json.dumps({"effects": ["heatmap"], "exports": ["npy"]})


def events_of(service, id, last=""):
    """The events of a job: (name, number, data)."""
    headers = {"Last-Event-ID": last} if last else {}
    answer = service.client.get(f"/v1/jobs/{id}/events", headers=headers)
    assert answer.headers.get("content-type", "").startswith("text/event-stream") or answer.status_code == 204
    blocks = [block for block in answer.text.split("\n\n") if block.startswith("event: ")]
    rows = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [(row["event"], int(row["id"]), json.loads(row["data"])) for row in rows]


def test_a_job_from_its_body_to_its_results(service, send, finished, jpeg) -> None:
    """Accepted, done, and what it made is what the other routes make; a broken picture fails alone."""
    answer = send(service, jpeg, b"no picture", pipeline=BOTH)
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    id = answer.json()["id"]
    assert answer.headers["Location"] == answer.json()["links"]["self"] == f"/v1/jobs/{id}"
    job = finished(service, id)
    assert (job["state"], job["counts"]["done"], job["counts"]["failed"]) == ("done", 1, 1)
    first, second = job["pictures"]
    assert [file["name"] for file in first["files"]] == ["heatmap.png", "npy.npy"]
    assert (first["depth"]["kind"], first["depth"]["width"]) == ("relative_inverse", 128)
    assert second["problem"]["type"].endswith("not-an-image")
    assert second["problem"]["status"] == 415
    heat = service.client.get(f"/v1/jobs/{id}/results/1")
    direct = service.upload(jpeg)
    assert heat.headers["content-type"] == "image/png"
    assert np.array_equal(*(np.asarray(Image.open(io.BytesIO(one.content))) for one in (heat, direct)))
    values = service.client.get(f"/v1/jobs/{id}/results/1?file=npy.npy").content
    assert values == service.upload(jpeg, "?format=npy").content


def hand_in(service, files, pipeline):
    """The answer to a job with fields of any name."""
    return service.client.post("/v1/jobs", files=files, data={"pipeline": json.dumps(pipeline)})


OCCLUDE = {"effects": [{"name": "occlude", "options": {"tall": 40}}, "heatmap"]}


@pytest.mark.parametrize("wall", ["off", "on"])
def test_files_of_options_come_beside_the_pictures(start, finished, jpeg, wall) -> None:
    """A mesh goes into every photo, as POST /v1/effects/occlude puts it; the job names it with its bytes."""
    service = start(wall=wall)
    images = [("images", (f"{n}.jpg", jpeg)) for n in range(2)]
    answer = hand_in(service, [("glb", ("cube.glb", a_glb())), *images], OCCLUDE)
    assert answer.status_code == 202, answer.text
    job = finished(service, answer.json()["id"])
    assert (job["counts"]["total"], job["counts"]["done"]) == (2, 2)
    assert job["pipeline"]["files"] == {"glb": {"name": "cube.glb", "bytes": len(a_glb())}}
    fields = {"image": ("a.jpg", jpeg), "glb": ("cube.glb", a_glb())}
    alone = service.client.post("/v1/effects/occlude?tall=40", files=fields).content
    for picture in (1, 2):
        found = service.client.get(f"/v1/jobs/{job['id']}/results/{picture}?file=occlude.png").content
        assert np.array_equal(*(np.asarray(Image.open(io.BytesIO(one))) for one in (found, alone)))


@pytest.mark.parametrize(
    ("files", "pipeline", "said"),
    [
        ([("glb", ("a.glb", b"x"))], {"effects": ["fog"]}, "takes a file 'glb'"),
        ([("glb", ("a.glb", b"x")), ("glb", ("b.glb", b"y"))], OCCLUDE, "given twice"),
        ([("mesh", ("a.glb", b"x"))], OCCLUDE, "field 'mesh', which is not taken"),
        ([], {"effects": [{"name": "occlude", "options": {"glb": "a.glb"}}]}, "multipart field 'glb'"),
        ([], {**OCCLUDE, "files": {"glb": {"offset": 0}}}, "no member 'files'"),
    ],
)
def test_files_that_nothing_takes(service, jpeg, files, pipeline, said) -> None:
    """Are refused with the job, which leaves nothing behind."""
    before = {job["id"] for job in service.client.get("/v1/jobs").json()["jobs"]}
    answer = hand_in(service, [("images", ("a.jpg", jpeg)), *files], pipeline)
    assert answer.status_code == 422
    assert said in answer.json()["detail"] + answer.json().get("hint", "")
    assert {job["id"] for job in service.client.get("/v1/jobs").json()["jobs"]} == before


def test_a_file_that_holds_something_else_fails_the_pictures(service, finished, jpeg) -> None:
    """With the file's own problem, as alone."""
    answer = hand_in(service, [("images", ("a.jpg", jpeg)), ("glb", ("a.glb", b"no mesh"))], OCCLUDE)
    job = finished(service, answer.json()["id"])
    assert job["counts"]["failed"] == 1
    assert "binary glTF" in job["pictures"][0]["problem"]["detail"]


@pytest.fixture
def picture(service, send, finished, jpeg):
    """The address of a finished picture, and its bytes."""
    id = send(service, jpeg).json()["id"]
    finished(service, id)
    address = f"/v1/jobs/{id}/results/1"
    return address, service.client.get(address).content


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        *(("bytes=0-5", 0, 5), ("bytes=5-5", 5, 5), ("bytes=10-", 10, None), ("bytes=-7", -7, None)),
        *(("bytes=-99999999", 0, None), ("bytes=3-99999999", 3, None), ("BYTES = 2 - 4", 2, 4)),
    ],
)
def test_a_part_of_a_finished_picture(service, picture, text, first, last) -> None:
    """206 with the bytes that were asked for, and their place in the whole."""
    address, whole = picture
    answer = service.client.get(address, headers={"Range": text})
    wanted = whole[first : None if last is None else last + 1]
    assert (answer.status_code, answer.content) == (206, wanted)
    begin = whole.rindex(wanted) if first < 0 else first
    assert answer.headers["Content-Range"] == f"bytes {begin}-{begin + len(wanted) - 1}/{len(whole)}"


@pytest.mark.parametrize(
    "behind", ["bytes={size}-", "bytes={more}-{more}", "bytes=999999999999999-", "bytes=-0"]
)
def test_a_part_behind_the_end_of_a_finished_picture(service, picture, behind) -> None:
    """416 as a problem, with the size; once more after that, the whole is there."""
    address, whole = picture
    text = behind.format(size=len(whole), more=len(whole) + 5)
    answer = service.client.get(address, headers={"Range": text})
    assert (answer.status_code, answer.json()["title"]) == (416, "The file has no such part")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["Content-Range"] == f"bytes */{len(whole)}"
    assert service.client.get(address).content == whole


@pytest.mark.parametrize(
    "headers",
    [
        *({"Range": text} for text in ("bytes=x,,-", "bytes=0-1,3-4", "bytes=" + "0-,1-," * 20, "lines=0-5")),
        *({"Range": text} for text in ("bytes=9-3", "bytes=--5", "bytes=1" + "0" * 60 + "-", "")),
        {"Range": "bytes=0-5", "If-Range": '"another"'},
        {"Range": "bytes=999999999-", "If-Range": '"another"'},
    ],
)
def test_what_is_no_part_of_a_finished_picture_is_all_of_it(service, picture, headers) -> None:
    """Several parts, nonsense, a part of what the file was before: 200 with the whole."""
    address, whole = picture
    answer = service.client.get(address, headers=headers)
    assert (answer.status_code, answer.content) == (200, whole)


@pytest.mark.parametrize("text", ["bytes=0-5", "bytes=999999999-"])
def test_heads_have_no_parts(service, picture, text) -> None:
    """HEAD with a Range is HEAD."""
    address, whole = picture
    answer = service.client.head(address, headers={"Range": text})
    assert (answer.status_code, answer.headers["Content-Length"]) == (200, str(len(whole)))


def test_all_results_as_a_zip(service, send, finished, jpeg) -> None:
    """The manifest says what became of every picture; names in it are ours."""
    id = send(service, make_zip({"../x".replace("../", "a b/"): jpeg, "ü.jpg": jpeg}), b"1").json()["id"]
    job = finished(service, id)
    answer = service.client.get(f"/v1/jobs/{id}/results")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        assert archive.namelist() == ["manifest.json", "00001-x/heatmap.png", "00002/heatmap.png"]
    assert [row["name"] for row in manifest["pictures"]] == ["a b/x", "ü.jpg", "photo1.jpg"]
    assert [row["folder"] for row in manifest["pictures"]] == ["00001-x", "00002", None]
    assert manifest["counts"] == job["counts"]


def test_a_zip_as_the_body(service, finished, jpeg) -> None:
    """With its pipeline in the query."""
    zipped = {"content": make_zip({"a.jpg": jpeg}), "headers": ZIP}
    query = {"pipeline": '{"effects": [{"name": "fog", "options": {"density": 2}}]}'}
    answer = service.client.post("/v1/jobs", params=query, **zipped)
    assert answer.status_code == 202
    job = finished(service, answer.json()["id"])
    assert job["pictures"][0]["files"][0]["name"] == "fog.png"


def test_every_effect_of_a_large_pipeline(service, send, finished, jpeg) -> None:
    """Several files of one picture, made of one depth."""
    pipeline = {"effects": ["bokeh", "fog", "edges"], "exports": ["png16", "tiff", "sidecar", "glb"]}
    job = finished(service, send(service, jpeg, pipeline=json.dumps(pipeline)).json()["id"])
    assert (job["state"], len(job["pictures"][0]["files"])) == ("done", 7)


def test_results_keep_what_is_safe_of_the_photo(service, send, finished) -> None:
    """Pictures of a job name the camera, never the place; depth files stay as they are."""
    pipeline = json.dumps({"effects": ["heatmap"], "exports": ["png16"]})
    id = finished(service, send(service, taken(), pipeline=pipeline).json()["id"])["id"]
    heat, deep = (
        Image.open(io.BytesIO(service.client.get(f"/v1/jobs/{id}/results/1?file={name}").content)).getexif()
        for name in ("heatmap.png", "png16.png")
    )
    assert heat.get(0x0110) == "Model 5"
    assert not heat.get_ifd(ExifTags.IFD.GPSInfo)
    assert not dict(deep)


def test_progress_as_events(service, send, jpeg) -> None:
    """Each picture, the job, the end; a client that comes back hears the rest alone."""
    id = send(service, jpeg, b"broken").json()["id"]
    events = events_of(service, id)
    assert events[-1][0] == "end"
    assert events[-1][2]["counts"]["failed"] == 1
    states = [data["state"] for name, _, data in events if name == "picture" and data["picture"] == 2]
    assert states[-1] == "failed"
    numbers = [number for _, number, _ in events]
    assert numbers == sorted(numbers)
    later = events_of(service, id, str(numbers[0]))
    assert later[-1][:2] == events[-1][:2]
    assert all(number > numbers[0] for _, number, _ in later)
    assert events_of(service, id, str(numbers[-1])) == []


def test_the_same_request_twice_is_one_job(service, send, jpeg) -> None:
    """By its key; another body or another pipeline under the key is refused."""
    first, second = (send(service, jpeg, pipeline=BOTH, key="again") for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["id"] == second.json()["id"]
    for other in (send(service, jpeg, b"2", pipeline=BOTH, key="again"), send(service, jpeg, key="again")):
        assert (other.status_code, other.json()["type"].endswith("key-reused")) == (422, True)
    assert send(service, jpeg, key="no key").json()["parameter"] == "Idempotency-Key"


@pytest.mark.parametrize(
    ("status", "slug", "how"),
    [
        (415, "media-type", {"content": b"1", "headers": {"Content-Type": "image/jpeg"}}),
        (415, "media-type", {"content": b"1"}),
        (400, "bad-archive", {"content": b"no zip", "headers": ZIP}),
        (400, "bad-archive", {"content": b"", "headers": ZIP}),
        (400, "malformed-request", {"content": b"--x", "headers": FORM}),
        (400, "malformed-request", {"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}}),
        (422, "bad-parameter", {"files": [("other", b"1")]}),
        (422, "bad-parameter", {"files": [("images", b"1")], "data": {"pipeline": "{"}}),
        (422, "bad-parameter", {"files": [("images", b"1")], "params": {"pipe": "{}"}}),
        (422, "unknown-name", {"files": [("images", b"1")], "data": {"pipeline": '{"effects": ["no"]}'}}),
        (503, "weights", {"files": [("images", b"1")], "data": {"pipeline": '{"model": "midas-small"}'}}),
        (413, "too-large", {"content": make_zip({str(n): b"" for n in range(99)}), "headers": ZIP}),
        (413, "too-large", {"files": [("images", bytes(3 * 2**20))]}),
        (413, "too-large", {"files": [("other", bytes(5 * 2**20))]}),
    ],
)  # fmt: skip
def test_what_is_refused_leaves_nothing(limited, status, slug, how) -> None:
    """No job, no file."""
    answer = limited.client.post("/v1/jobs", **how)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/docs#problem-{slug}"), answer.text
    assert limited.client.get("/v1/jobs").json() == {"jobs": [], "next": None}
    spool = limited.app.state.service.jobs.open().store.spool
    assert not list(spool.jobs.iterdir())
    assert not list(spool.staging.iterdir())


def test_a_field_that_is_not_taken_is_refused_by_name(limited, jpeg) -> None:
    """Beside pictures too: a misspelt pipeline is never passed over."""
    answer = limited.client.post("/v1/jobs", files=[("images", jpeg)], data={"pipelin": BOTH})
    assert (answer.status_code, answer.json()["parameter"]) == (422, "pipelin")


@pytest.fixture(scope="module")
def limited(start):
    """A service that takes little."""
    return start(job_bytes=4 * 2**20, job_pictures=50, max_bytes=2 * 2**20)


def test_a_full_quota_is_507(start, send, finished, jpeg) -> None:
    """By Content-Length before the body is read; with room again the same is accepted."""
    service = start(job_quota_bytes=200_000)
    first = send(service, jpeg).json()["id"]
    finished(service, first)
    answer = send(service, jpeg + bytes(200_000))
    assert (answer.status_code, answer.json()["type"]) == (507, "/docs#problem-storage-full")
    assert service.client.delete(f"/v1/jobs/{first}").status_code == 204
    assert service.client.get(f"/v1/jobs/{first}").status_code == 404
    assert send(service, jpeg).status_code == 202


def test_cancelling_keeps_what_is_done(start, gate, send, finished, jpeg) -> None:
    """The picture under way is dropped, the others never begin; what is not there is told apart."""
    service = start(loader=loader_of(gate))
    gate.open.set()
    until(lambda: service.client.get("/readyz").status_code == 200)
    gate.open.clear()
    begun = gate.entered
    id = send(service, jpeg, jpeg).json()["id"]
    until(lambda: gate.entered == begun + 1)
    for path in ("", "/1", "/2"):
        assert service.client.get(f"/v1/jobs/{id}/results{path}").status_code == 409
    job = service.client.post(f"/v1/jobs/{id}/cancel").json()
    assert (job["state"], job["counts"]["cancelled"]) == ("cancelled", 2)
    gate.open.set()
    other = send(service, jpeg).json()["id"]
    assert finished(service, other)["state"] == "done"
    assert service.client.get(f"/v1/jobs/{id}/results/1").status_code == 404
    assert gate.entered == begun + 2
    assert service.client.post(f"/v1/jobs/{id}/cancel").json()["state"] == "cancelled"


def test_lists_have_pages(start, send, jpeg) -> None:
    """Of jobs, the newest first, and of pictures."""
    service = start()
    ids = [send(service, jpeg, jpeg, jpeg).json()["id"] for _ in range(3)]
    page = service.client.get("/v1/jobs?limit=2").json()
    rest = service.client.get(page["next"]).json()
    assert [job["id"] for job in page["jobs"] + rest["jobs"]] == ids[::-1]
    assert rest["next"] is None
    job = service.client.get(f"/v1/jobs/{ids[0]}?limit=2").json()
    last = service.client.get(job["next"]).json()
    assert [row["picture"] for row in job["pictures"] + last["pictures"]] == [1, 2, 3]
    assert last["next"] is None
    assert service.client.get("/v1/jobs?state=none").status_code == 422


@pytest.mark.parametrize(
    "path", ["", "/events", "/results", "/results/1", "/results/x", "/results/1?file=../../pack", "/cancel"]
)
def test_what_there_is_not(service, path) -> None:
    """An id that is none of ours, whatever it looks like."""
    for id in ("0" * 24, "..%2f..", "%00"):
        method = "POST" if path == "/cancel" else "GET"
        answer = service.client.request(method, f"/v1/jobs/{id}{path}")
        assert answer.status_code == 404
        assert answer.json()["status"] == 404


def test_with_keys_each_sees_its_own(start, send, finished, jpeg, tmp_path) -> None:
    """And an admin all; a key without the scope none."""
    home = str(tmp_path)
    service = start(home=home)
    keys = open_keys(service.app.state.service.settings)
    texts = [
        keys.add(name, scopes)[1]
        for name, scopes in (("a", ["jobs"]), ("b", ["jobs"]), ("c", ["jobs", "admin"]))
    ]
    service.app.state.service.guards.keys.refresh(now=True)
    mine, yours, admin = ({"X-API-Key": text} for text in texts)
    files = [("images", jpeg)]
    id = service.client.post("/v1/jobs", files=files, headers=mine).json()["id"]
    assert [
        len(service.client.get("/v1/jobs", headers=key).json()["jobs"]) for key in (mine, yours, admin)
    ] == [1, 0, 1]
    for method, path in (
        ("GET", ""),
        ("POST", "/cancel"),
        ("DELETE", ""),
        ("GET", "/events"),
        ("GET", "/results"),
    ):
        assert service.client.request(method, f"/v1/jobs/{id}{path}", headers=yours).status_code == 404
    assert service.client.get(f"/v1/jobs/{id}", headers=admin).status_code == 200
    assert service.client.get("/v1/jobs").status_code == 401


def test_ten_thousand_pictures_in_a_zip(start, send) -> None:
    """Accepted as a whole, paged, cancelled; one more is refused."""
    service = start()
    picture = encoded(draw(8, 8), "PNG")
    many = make_zip({f"{n}.png": picture for n in range(10_000)}, zipfile.ZIP_STORED)
    id = send(service, many).json()["id"]
    job = service.client.get(f"/v1/jobs/{id}?after=9990").json()
    assert (job["counts"]["total"], len(job["pictures"])) == (10_000, 10)
    assert service.client.delete(f"/v1/jobs/{id}").status_code == 204
    answer = send(service, make_zip({f"{n}.png": b"1" for n in range(10_001)}, zipfile.ZIP_STORED))
    assert (answer.status_code, "10000 pictures" in answer.json()["detail"]) == (413, True)
