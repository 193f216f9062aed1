"""Videos as jobs: made in slices, with progress, limits, cancelling, behind the wall as well."""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile

import av
import numpy as np
import pytest

from moving_pictures import Shape, write_clip
from nearfar.service.jobs import videos, worker
from pictures import draw, encoded
from serving import running
from solids import a_glb

FRAMES = 40
PIPELINE = {"effects": ["heatmap"], "video": {"mode": "offline", "look_ahead": 3}}


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> bytes:
    """A short clip."""
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", Shape(frames=FRAMES)).read_bytes()


@pytest.fixture(scope="module")
def sounding(tmp_path_factory) -> bytes:
    """A clip with a tone."""
    folder = tmp_path_factory.mktemp("sound")
    silent, whole = write_clip(folder / "silent.mp4", Shape(frames=FRAMES)), folder / "whole.mp4"
    with av.open(str(silent)) as given, av.open(str(whole), "w") as out:
        pictures = out.add_stream_from_template(given.streams.video[0])
        tone = out.add_stream("aac", rate=48_000, layout="mono")
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.stream = pictures
                out.mux(packet)
        wave = np.sin(np.arange(1024) * 0.06).astype(np.float32)[None]
        for number in range(48_000 * FRAMES // 25 // 1024):
            frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48_000, number * 1024
            out.mux(tone.encode(frame))
        out.mux(tone.encode())
    return whole.read_bytes()


def frames_in(data: bytes) -> int:
    """Frames of a video file."""
    with av.open(io.BytesIO(data)) as file:
        return sum(1 for _ in file.decode(video=0))


def result(service, id, file="") -> bytes:
    """A file of the first result."""
    answer = service.client.get(f"/v1/jobs/{id}/results/1", params={"file": file} if file else {})
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.parametrize(
    "wall",
    [
        "off",
        pytest.param(
            "on", marks=pytest.mark.skipif(sys.platform != "linux", reason="the wall is made of Linux")
        ),
    ],
)
def test_a_video_becomes_videos(start, send, finished, clip, wall) -> None:
    """One for each effect, and depth without loss; what it means stands beside them."""
    service = start(wall=wall)
    pipeline = {"effects": ["heatmap", "overlay"], "video": {"depth": "mkv", "stereo": "half-sbs"}}
    id = send(service, clip, pipeline=json.dumps(pipeline)).json()["id"]
    job = finished(service, id)
    (picture,) = job["pictures"]
    assert picture["state"] == "done", picture
    names = [file["name"] for file in picture["files"]]
    assert names == ["heatmap.mp4", "overlay.mp4", "stereo_LR.mp4", "depth.mkv"]
    assert {frames_in(result(service, id, name)) for name in names} == {FRAMES}
    assert (picture["depth"]["kind"], picture["depth"]["frames"]) == ("relative_inverse", FRAMES)
    assert picture["progress"]["done"] == FRAMES


@pytest.mark.parametrize("wall", ["off", "on"])
def test_a_mesh_stands_in_a_video(start, finished, clip, wall) -> None:
    """The file of an option goes into each frame: another video than with words."""
    service, made = start(wall=wall), []
    for files in ([], [("glb", ("cube.glb", a_glb()))]):
        images = [("images", ("clip.mp4", clip)), *files]
        pipeline = json.dumps({"effects": [{"name": "occlude", "options": {"tall": 60, "text": "o"}}]})
        answer = service.client.post("/v1/jobs", files=images, data={"pipeline": pipeline})
        job = finished(service, answer.json()["id"])
        assert job["counts"]["done"] == 1, job["pictures"]
        made.append(result(service, job["id"]))
    assert frames_in(made[1]) == FRAMES
    assert made[0] != made[1]


@pytest.mark.skipif(sys.platform != "linux", reason="the wall is made of Linux")
def test_behind_the_wall_the_heat_map_is_the_same(start, send, finished, sounding) -> None:
    """Bit for bit, and as many packets of sound."""
    made = []
    for wall in ("off", "on"):
        service = start(wall=wall)
        job = finished(service, send(service, sounding, pipeline=json.dumps(PIPELINE)).json()["id"])
        assert job["pictures"][0]["depth"]["notes"] == []
        made.append(result(service, job["id"]))
    pictures, sounds = zip(*(packets_of(data) for data in made), strict=True)
    assert pictures[0] == pictures[1]
    assert sounds[0] == sounds[1]
    assert len(sounds[0]) > 10


def packets_of(data: bytes) -> tuple[list[bytes], list[bytes]]:
    """The packets of pictures, and those of sound."""
    found: dict[str, list[bytes]] = {"video": [], "audio": []}
    with av.open(io.BytesIO(data)) as file:
        for packet in file.demux():
            found[packet.stream.type] += [bytes(packet)] if packet.size else []
    return found["video"], found["audio"]


def test_what_cannot_be_made_of_a_video_is_refused_at_once(start, send, clip) -> None:
    """An effect that makes a clip of a photo; the same of photos alone is taken."""
    service = start()
    pipeline = json.dumps({"effects": [{"name": "wiggle", "options": {"frames": 2, "size": 32}}]})
    refused = send(service, clip, pipeline=pipeline)
    assert (refused.status_code, refused.json()["parameter"]) == (422, "effect")
    assert send(service, zipped(clip), pipeline=pipeline).status_code == 422
    assert send(service, encoded(draw(32, 24)), pipeline=pipeline).status_code == 202


def zipped(clip: bytes) -> bytes:
    """A ZIP of one video, packed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.mp4", clip)
    return file.getvalue()


def test_what_is_called_a_video_and_is_none_is_refused_at_once(start, clip) -> None:
    """By its first bytes."""
    service = start()
    for data, status in ((b"a text\n", 415), (b"", 415), (clip, 202)):
        answer = service.client.post("/v1/jobs", files=[("images", ("clip.mp4", data))])
        assert answer.status_code == status, answer.text


def test_a_part_of_a_result(start, send, finished, clip) -> None:
    """By a range, as players ask."""
    service = start()
    id = send(service, clip).json()["id"]
    finished(service, id)
    whole = result(service, id)
    part = service.client.get(f"/v1/jobs/{id}/results/1", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])


def test_progress_comes_as_events(start, send, finished, clip, monkeypatch) -> None:
    """Frames done, of how many, at which rate."""
    monkeypatch.setattr(videos, "_NOTE_S", 0.0)
    service = start()
    id = send(service, clip).json()["id"]
    with service.client.stream("GET", f"/v1/jobs/{id}/events") as events:
        lines = [line for line in events.iter_lines() if line.startswith("data: ")]
    rows = [json.loads(line.removeprefix("data: ")) for line in lines]
    told = [row["progress"] for row in rows if row.get("progress")]
    assert told[-1]["done"] == told[-1]["total"] == FRAMES
    assert {"done", "total", "rate", "seconds", "left_s"} <= set(told[0])


def test_slices_and_one_go_give_the_same_file(start, send, finished, clip, monkeypatch) -> None:
    """Where other work waits a video gives way after each segment, and goes on."""
    service = start()
    whole = finished(service, send(service, clip, pipeline=json.dumps(PIPELINE)).json()["id"])
    paused: list[int] = []
    monkeypatch.setattr(videos, "SLICE_S", 0.0)
    monkeypatch.setattr(videos, "SEGMENT", 30)
    monkeypatch.setattr(worker.Jobs, "_work_on", _counting(worker.Jobs._work_on, paused))
    sliced = finished(service, send(service, clip, pipeline=json.dumps(PIPELINE)).json()["id"])
    assert len(paused) >= 2
    assert result(service, whole["id"]) == result(service, sliced["id"])


def _counting(work_on, paused):
    async def counted(self, claim, opened):
        paused.append(claim.position)
        found = await work_on(self, claim, opened)
        spool, tools, watch = found.args[1:4]
        always = videos.VideoWatch(watch.note, watch.is_closing, lambda: True)
        return type(found)(found.func, claim, spool, tools, always)

    return counted


def test_cancelling_ends_the_work(start, send, clip, gate) -> None:
    """Nothing is left of it on the disk but the job's own words."""
    service = start(loader=_slow_loader())
    id = send(service, clip).json()["id"]
    until = time.monotonic() + 30
    while not service.client.get(f"/v1/jobs/{id}").json()["pictures"][0].get("progress"):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert service.client.post(f"/v1/jobs/{id}/cancel").json()["state"] == "cancelled"
    while service.app.state.service.pool.running if hasattr(service.app.state, "service") else False:
        time.sleep(0.05)
    assert service.client.get(f"/v1/jobs/{id}/results/1").status_code == 404


def _slow_loader():
    """A network that takes its time."""
    from nearfar import api
    from nearfar.engines.fake import FakeSession
    from nearfar.pipeline import Estimator
    from nearfar.settings import Settings
    from nearfar.zoo import catalogue

    class Slow(FakeSession):
        def run(self, batch):
            time.sleep(0.2)
            return super().run(batch)

    card = catalogue.card("embedded")
    return lambda *_, **__: api.Model(card, Estimator(card, Slow(), "fake"), Settings())


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"video_pixels": 1000}, "pixels"),
        ({"video_frames": 10}, "frames"),
        ({"video_seconds": 1}, "long"),
    ],
)
def test_limits_are_checked_before_any_work(start, send, finished, clip, limits, text) -> None:
    """The video fails with its reason; nothing is made."""
    service = start(**limits)
    job = finished(service, send(service, clip).json()["id"])
    (picture,) = job["pictures"]
    assert picture["state"] == "failed"
    assert picture["problem"]["status"] == 413
    assert text in picture["problem"]["detail"]


def test_too_many_bytes_are_refused_as_they_arrive(start, send, clip) -> None:
    """A video has a limit of its own, not that of photos."""
    taken = send(start(max_bytes=len(clip) - 1000, video_bytes=10**6), clip)
    assert taken.status_code == 202, taken.text
    refused = send(start(video_bytes=1000), clip)
    assert refused.status_code == 413
    assert "NEARFAR_VIDEO_BYTES" in refused.json()["hint"]


def test_a_damaged_video_fails_alone(service, send, finished, clip, jpeg) -> None:
    """The photo beside it is done."""
    job = finished(service, send(service, clip[:400], jpeg).json()["id"])
    assert [picture["state"] for picture in job["pictures"]] == ["failed", "done"]


@pytest.mark.parametrize(
    "video",
    [{"mode": "sideways"}, {"start": 5, "end": 1}, {"speed": 2}, {"every": 0}, {"start": {"a": 1}}, []],
)
def test_wrong_options_are_refused_before_the_work(service, send, clip, video) -> None:
    """422, whatever it is."""
    answer = send(service, clip, pipeline=json.dumps({"effects": ["heatmap"], "video": video}))
    assert answer.status_code == 422


def test_a_preview_while_it_is_worked_on(start, send, clip) -> None:
    """The newest picture as a JPEG; nothing before there is one."""
    service = start(loader=_slow_loader())
    id = send(service, clip).json()["id"]
    until, answer = time.monotonic() + 30, None
    while answer is None or answer.status_code != 200:
        assert time.monotonic() < until
        answer = service.client.get(f"/v1/jobs/{id}/results/1?file=preview.jpg")
        assert answer.status_code in {200, 204}
        time.sleep(0.05)
    assert answer.content[:2] == b"\xff\xd8"
    service.client.delete(f"/v1/jobs/{id}")


def test_a_service_that_stops_goes_on_with_the_video(tmp_path, send, finished, clip) -> None:
    """From the last whole segment, and the file is that of one go."""
    with running(home=str(tmp_path / "a")) as service:
        whole = finished(service, send(service, clip, pipeline=json.dumps(PIPELINE)).json()["id"])
        calm = result(service, whole["id"])
    with running(home=str(tmp_path / "b"), loader=_slow_loader()) as service:
        id = send(service, clip, pipeline=json.dumps(PIPELINE)).json()["id"]
        until = time.monotonic() + 60
        while (service.client.get(f"/v1/jobs/{id}").json()["pictures"][0].get("progress") or {"done": 0})[
            "done"
        ] < 32:
            assert time.monotonic() < until
            time.sleep(0.05)
    with running(home=str(tmp_path / "b"), loader=_slow_loader()) as service:
        finished(service, id)
        assert result(service, id) == calm
