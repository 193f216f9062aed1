"""``POST /v1/effects/NAME`` and ``POST /v1/exports/NAME``: the registry over HTTP."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image

from nearfar.registry import EFFECTS, EXPORTS
from nearfar.service.answer.answers import SHARED
from pictures import draw, encoded, taken

SHORT = {"wiggle": "?frames=2&size=64", "parallax": "?frames=2&size=64"}


def send(service, address: str, jpeg: bytes, **files: bytes):
    """The answer to a photo and other files in multipart fields."""
    fields = {"image": jpeg, **files}
    return service.client.post(address, files={name: (name, data) for name, data in fields.items()})


@pytest.mark.parametrize("name", EFFECTS.names())
def test_every_effect_answers(service, jpeg, name) -> None:
    """Each effect gives a file of its media type with what the depth means in its headers."""
    plugin = EFFECTS.load(name)
    found = send(service, f"/v1/effects/{plugin.name}{SHORT.get(name, '')}", jpeg)
    assert found.status_code == 200, found.text
    assert found.headers["content-type"].split("/")[0] in {"image", "video"}
    assert found.headers["nearfar-kind"] == "relative_inverse"
    assert plugin.name + plugin.suffixes[0] in found.headers["content-disposition"]


@pytest.mark.parametrize("name", EXPORTS.names())
def test_every_export_answers(service, jpeg, name) -> None:
    """Each format gives its media type, from a raw body too."""
    body = {"content": jpeg, "headers": {"Content-Type": "image/jpeg"}}
    found = service.client.post(f"/v1/exports/{EXPORTS.load(name).name}", **body)
    assert (found.status_code, found.headers["content-type"].split(";")[0]) == (
        200,
        EXPORTS.load(name).media_type,
    )


def test_a_list_tells_what_a_page_needs(service) -> None:
    """Names, what is written, and of each option type, default, range, choices, help and form."""
    rows = {row["name"]: row for row in service.client.get("/v1/effects").json()}
    options = {row["name"]: row for row in rows["bokeh"]["options"]}
    assert rows["wiggle"]["suffixes"] == [".gif", ".webp"]
    assert (options["strength"]["low"], options["strength"]["high"]) == (0, 10)
    assert (options["focus"]["form"], options["mask"]["type"]) == ("PIXEL", "file")
    exports = service.client.get("/v1/exports").json()
    assert {row["name"] for row in exports} == {EXPORTS.load(name).name for name in EXPORTS.names()}


def test_options_shape_the_answer(service, jpeg) -> None:
    """A clip comes in the format asked for, a stereo pair in the width asked for."""
    clip = send(service, "/v1/effects/wiggle?format=webp&frames=2&size=32", jpeg)
    assert (clip.headers["content-type"], clip.content[8:12]) == ("image/webp", b"WEBP")
    pair = send(service, "/v1/effects/stereo?half=true", jpeg)
    assert Image.open(io.BytesIO(pair.content)).size == (128, 96)


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("", "*/*", "png"),
        ("", "image/jpeg", "jpeg"),
        ("", "image/png;q=0.5, image/webp", "webp"),
        ("?format=jpeg", "image/png", "jpeg"),
        ("?format=webp", "*/*", "webp"),
    ],
)
@pytest.mark.parametrize("name", ["fog", "cutout"])
def test_format_or_accept_chooses_the_kind_of_picture(service, jpeg, name, query, accept, kind) -> None:
    """By name, else by Accept; the header, the bytes and the file's name agree."""
    body = {"content": jpeg, "headers": {"Content-Type": "image/jpeg", "Accept": accept}}
    found = service.client.post(f"/v1/effects/{name}{query}", **body)
    kinds = EFFECTS.load(name).media_types
    if f"image/{kind}" not in kinds:
        assert found.status_code == (422 if query else 406)
        return
    assert found.headers["content-type"] == f"image/{kind}"
    assert Image.open(io.BytesIO(found.content)).format == kind.upper()
    suffix = {"jpeg": "jpg"}.get(kind, kind)
    assert found.headers["content-disposition"] == f'inline; filename="{name}.{suffix}"'


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [("", "*/*", "gif"), ("", "image/webp", "webp"), ("format=gif&", "image/webp", "gif")],
)
def test_accept_chooses_the_kind_of_clip(service, jpeg, query, accept, kind) -> None:
    """Where the option says nothing; what nobody accepts is 406."""
    body = {"content": jpeg, "headers": {"Content-Type": "image/jpeg", "Accept": accept}}
    found = service.client.post(f"/v1/effects/wiggle?{query}frames=2&size=32", **body)
    assert found.headers["content-type"] == f"image/{kind}"
    body["headers"]["Accept"] = "text/html"
    assert service.client.post("/v1/effects/wiggle?frames=2&size=32", **body).status_code == 406


def test_sixteen_bits_become_eight_in_jpeg(service) -> None:
    """A picture made of a photo of 16 bits is answered in a format that holds 8."""
    deep = cv2.imencode(".png", draw(48, 32).astype(np.uint16) * 257)[1].tobytes()
    found = service.client.post(
        "/v1/effects/fog?format=jpeg", content=deep, headers={"Content-Type": "image/png"}
    )
    assert (found.status_code, found.headers["content-type"]) == (200, "image/jpeg")


@pytest.mark.parametrize(
    "address", ["/v1/effects/fog", "/v1/effects/fog?format=webp", "/v1/depth?format=jpeg&max_side=16"]
)
def test_pictures_keep_what_the_photo_says_but_never_its_place(service, address) -> None:
    """The camera is in the answer, GPS is not, also where the answer is smaller than the photo."""
    body = {"content": taken(), "headers": {"Content-Type": "image/jpeg"}}
    found = Image.open(io.BytesIO(service.client.post(address, **body).content)).getexif()
    assert found.get(0x0110) == "Model 5"
    assert not found.get_ifd(ExifTags.IFD.GPSInfo)


def test_files_come_in_fields_of_their_own(service, jpeg) -> None:
    """A mask and a picture are uploaded beside the photo."""
    mask = np.zeros((96, 128), np.uint8)
    mask[20:60, 30:90] = 255
    found = send(service, "/v1/effects/cutout?refine=false", jpeg, mask=encoded(mask))
    alpha = np.asarray(Image.open(io.BytesIO(found.content)))[..., 3]
    assert np.array_equal(alpha, mask)


@pytest.mark.parametrize(
    ("address", "parameter"),
    [
        ("/v1/effects/bokeh?strength=99", "strength"),
        ("/v1/effects/bokeh?colormap=inferno", "colormap"),
        ("/v1/effects/cutout?picture=/etc/passwd", "picture"),
        ("/v1/effects/bokeh?focus=1", "focus"),
        ("/v1/exports/glb?faces=1", "faces"),
    ],
)
def test_bad_options_are_refused(service, jpeg, address, parameter) -> None:
    """A wrong option is a 422 that names it; no text ever names a file of the server."""
    found = send(service, address, jpeg)
    assert (found.status_code, found.json()["parameter"]) == (422, parameter)


@pytest.mark.parametrize(
    "numbers", ["fov=5e-324", "intrinsics=1e300,1e300,0,0", "intrinsics=1e-300,1e-300,0,0"]
)
def test_cameras_that_there_cannot_be_are_refused(service, jpeg, numbers) -> None:
    """Numbers that are allowed one by one, but fit no camera, are a 422 and not an overflow."""
    assert send(service, f"/v1/exports/ply?{numbers}", jpeg).status_code == 422


def test_an_answer_in_json_is_documented_as_one(service) -> None:
    """Of the description alone; all other files are bytes."""
    paths = service.client.get("/openapi.json").json()["paths"]
    found = paths["/v1/exports/sidecar"]["post"]["responses"]["200"]["content"]
    assert found == {"application/json": {"schema": {"type": "object"}}}


def test_unknown_names_and_models(service, jpeg) -> None:
    """An effect that there is not is a 404, a model that there is not a 422."""
    assert send(service, "/v1/effects/bokehh", jpeg).status_code == 404
    assert send(service, "/v1/effects/fog?model=none", jpeg).status_code == 422


@pytest.mark.parametrize("noun", ["effects", "exports"])
def test_lists(service, noun) -> None:
    """Everything is listed with its options, and has an address in the OpenAPI document."""
    rows = service.client.get(f"/v1/{noun}").json()
    paths = service.client.get("/openapi.json").json()["paths"]
    assert {f"/v1/{noun}/{row['name']}" for row in rows} <= set(paths)
    for row in rows:
        parameters = paths[f"/v1/{noun}/{row['name']}"]["post"]["parameters"]
        named = {p["name"] for p in parameters if p["in"] == "query"}
        kind = {"format"} if noun == "effects" else set()
        assert named == {*SHARED, *kind, *(o["name"] for o in row["options"] if o["type"] != "file")}


def test_effects_take_tiles(service) -> None:
    """Finer depth serves effects too: the heat map by tiles is another one."""
    big = encoded(np.asarray(draw(640, 480)))
    once, tiled = (send(service, f"/v1/effects/heatmap{query}", big) for query in ("", "?tiles=true"))
    assert once.status_code == tiled.status_code == 200
    assert once.content != tiled.content


def test_intrinsics_reach_the_answer(service, jpeg) -> None:
    """The camera of the query is in the file; numbers of another size are refused."""
    body = {"content": jpeg, "headers": {"Content-Type": "image/jpeg"}}
    cloud = service.client.post("/v1/exports/ply?intrinsics=90,91,30,20", **body)
    assert b"focal length 90.0 px (given intrinsics)" in cloud.content
    told = service.client.post("/v1/depth?format=json&parts=&intrinsics=90,91,30,20", **body)
    assert told.json()["camera"]["fy_px"] == 91
    for wrong in ("1,2", "90,91,9000,20"):
        assert service.client.post(f"/v1/depth?intrinsics={wrong}", **body).status_code == 422
