"""``POST /v1/depth``: bodies in, formats out."""

from __future__ import annotations

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.registry import EXPORTS
from nearfar.service.answer.answers import HEADERS, OPTIONAL_HEADERS, formats
from pictures import draw, encoded

if TYPE_CHECKING:
    import httpx

    from nearfar.types import DepthMap


def _expected(body: bytes, **how: Any) -> DepthMap:
    return nearfar.load(engine="fake", **how).estimate(body)


def _pixels(answer: httpx.Response) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def _values(answer: httpx.Response) -> np.ndarray:
    return np.load(io.BytesIO(answer.content), allow_pickle=False)


def test_a_multipart_upload_gives_the_heat_map(service, jpeg) -> None:
    """The default answer is the library's heat map as PNG, as large as the photo."""
    answer = service.upload(jpeg)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert np.array_equal(_pixels(answer), nearfar.heatmap(_expected(jpeg)).pixels)


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "application/octet-stream", "IMAGE/JPEG; q=1"])
def test_a_raw_body_gives_the_same(service, jpeg, kind) -> None:
    """Any image type or plain bytes are taken; what they are is found out from them."""
    answer = service.post(jpeg, Content_Type=kind)
    assert answer.content == service.upload(jpeg).content


def test_a_body_without_type_is_taken(service, jpeg) -> None:
    """A client that says nothing of its body is understood."""
    request = service.client.build_request("POST", "/v1/depth", content=jpeg)
    request.headers.pop("Content-Type", None)
    assert service.client.send(request).status_code == 200


def test_a_body_without_length_is_taken(service, jpeg) -> None:
    """A chunked body arrives whole."""
    pieces = (jpeg[i : i + 500] for i in range(0, len(jpeg), 500))
    answer = service.client.post("/v1/depth", content=pieces, headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 200


def test_npy_holds_the_values(service, jpeg) -> None:
    """The npy answer is the depth map, value by value."""
    answer = service.upload(jpeg, "?format=npy")
    assert answer.headers["Content-Type"] == "application/x-npy"
    assert np.array_equal(_values(answer), _expected(jpeg).values)


def test_png16_is_the_export(service, jpeg) -> None:
    """The 16-bit PNG is what the library's export writes."""
    answer = service.upload(jpeg, "?format=png16")
    assert _pixels(answer).dtype.itemsize == 2
    plugin = EXPORTS.load("png16")
    assert answer.content == plugin.write(None, _expected(jpeg), plugin.options())


def test_every_format_answers(service, jpeg) -> None:
    """Each format of the table, and so each export of the registry, gives its media type."""
    for name, row in formats().items():
        answer = service.upload(jpeg, f"?format={name}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, row.media_type), name
        assert answer.headers["Content-Disposition"] == f'inline; filename="depth{row.suffix}"'


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "image/png"),
        ("image/*", "image/png"),
        ("image/png", "image/png"),
        ("application/x-npy", "application/x-npy"),
        ("application/json", "application/json"),
        ("text/html, application/json;q=0.5", "application/json"),
        ("image/png;q=0.1, application/x-npy", "application/x-npy"),
        ("image/png;q=0, */*", "application/json"),
        ("*/*;q=0.1, image/png;q=0.2", "image/png"),
    ],
)
def test_accept_chooses_the_format(service, jpeg, accept, kind) -> None:
    """Without ?format the Accept header decides, by quality and by how specific it is."""
    assert service.upload(jpeg, Accept=accept).headers["Content-Type"] == kind


def test_format_goes_before_accept(service, jpeg) -> None:
    """A format that is named is answered whatever is accepted."""
    answer = service.upload(jpeg, "?format=npy", Accept="image/png")
    assert answer.headers["Content-Type"] == "application/x-npy"


@pytest.mark.parametrize("accept", ["text/html", "image/heic", "image/png;q=0", "nonsense", "image/png;q=x"])
def test_nothing_acceptable_is_406(service, jpeg, accept) -> None:
    """A client that accepts none of our answers hears which there are."""
    answer = service.upload(jpeg, Accept=accept)
    assert answer.status_code == 406
    assert "application/x-npy" in answer.json()["hint"]


def test_headers_say_what_the_values_mean(service, jpeg) -> None:
    """Every header of the table is there, on every format, and agrees with the library."""
    depth = _expected(jpeg)
    for name in formats():
        headers = service.upload(jpeg, f"?format={name}").headers
        assert set(HEADERS) - OPTIONAL_HEADERS <= {key.title() for key in headers}
        assert headers["Nearfar-Kind"] == depth.kind.value
        assert headers["Nearfar-Unit"] == depth.unit
        assert headers["Nearfar-Model"] == depth.provenance.model
        assert headers["Nearfar-Weights-Sha256"] == depth.provenance.weights_sha256
        assert np.float32(headers["Nearfar-Range-Min"]) == np.float32(depth.value_range[0])
        assert np.float32(headers["Nearfar-Range-Max"]) == np.float32(depth.value_range[1])
        assert headers["Nearfar-Near-Is-Large"] == "true"
        assert (headers["Nearfar-Width"], headers["Nearfar-Height"]) == ("128", "96")
        assert (headers["Nearfar-Photo-Width"], headers["Nearfar-Photo-Height"]) == ("128", "96")
        assert headers["Nearfar-Input-Size"] == "256x192"
        assert "Nearfar-Warning" not in headers


def test_a_black_photo_carries_its_warnings(service) -> None:
    """Each warning is a header of its own, a code and a sentence, and stands in the JSON."""
    black = encoded(np.zeros((40, 60, 3), np.uint8), "PNG")
    answer = service.upload(black, "?format=json&parts=")
    warnings = answer.headers.get_list("Nearfar-Warning")
    assert [warning.partition(":")[0] for warning in warnings] == ["dark", "flat"]
    assert [f"{w['code']}: {w['message']}" for w in answer.json()["warnings"]] == warnings


def test_json_describes_and_holds_the_heat_map(service, jpeg) -> None:
    """JSON says what the headers say and holds the heat map unless told otherwise."""
    row = service.upload(jpeg, "?format=json").json()
    depth = _expected(jpeg)
    assert row.items() >= depth.describe().items()
    assert row["colors"] == {"colormap": "inferno", "min": row["min"], "max": row["max"]}
    assert list(row["parts"]) == ["heatmap"]
    assert base64.b64decode(row["parts"]["heatmap"]["base64"]) == service.upload(jpeg).content


def test_json_holds_the_parts_that_were_asked_for(service, jpeg) -> None:
    """Pictures and exports come together in one answer."""
    row = service.upload(jpeg, "?format=json&parts=overlay,npy,png16").json()
    assert list(row["parts"]) == ["overlay", "npy", "png16"]
    for name, query in {"overlay": "?overlay=0.4", "npy": "?format=npy", "png16": "?format=png16"}.items():
        alone = service.upload(jpeg, query)
        assert base64.b64decode(row["parts"][name]["base64"]) == alone.content
        assert row["parts"][name]["media_type"] == alone.headers["Content-Type"]


def test_colours_and_range_are_the_library_s(service, jpeg) -> None:
    """Colour map and range reach the heat map."""
    answer = service.upload(jpeg, "?colormap=turbo&range=0.2,0.7")
    expected = nearfar.heatmap(_expected(jpeg), "turbo", (0.2, 0.7))
    assert np.array_equal(_pixels(answer), expected.pixels)


def test_an_opacity_gives_the_overlay(service, jpeg) -> None:
    """The heat map lies over the photo when an opacity is given."""
    answer = service.upload(jpeg, "?overlay=0.25")
    expected = nearfar.overlay(jpeg, _expected(jpeg), 0.25)
    assert np.array_equal(_pixels(answer), expected.pixels)


def test_size_and_model_reach_the_network(service, jpeg) -> None:
    """The network's input is as long as asked for."""
    answer = service.upload(jpeg, "?size=128&model=embedded&format=npy")
    assert answer.headers["Nearfar-Input-Size"] == "128x96"
    assert np.array_equal(_values(answer), _expected(jpeg, size=128).values)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("?colormap=rainbow", "colormap"),
        ("?range=5,1", "range"),
        ("?range=near", "range"),
        ("?overlay=1.5", "overlay"),
        ("?overlay=nan", "overlay"),
        ("?size=1", "size"),
        ("?size=100000", "size"),
        ("?size=12.5", "size"),
        ("?format=bmp", "format"),
        ("?format=json&parts=heatmap,gif", "parts"),
        ("?colourmap=inferno", "colourmap"),
    ],
)
def test_a_bad_parameter_is_422_and_named(service, jpeg, query, parameter) -> None:
    """The problem names the parameter at fault."""
    answer = service.upload(jpeg, query)
    assert (answer.status_code, answer.json()["parameter"]) == (422, parameter)


def test_an_unknown_model_is_422_with_a_suggestion(service, jpeg) -> None:
    """A model that there is not is answered with one that there is."""
    answer = service.upload(jpeg, "?model=embeded")
    assert answer.status_code == 422
    assert "Did you mean 'embedded'?" in answer.json()["hint"]


@pytest.mark.parametrize("name", ["model", "format"])
def test_an_empty_name_is_422(service, jpeg, name) -> None:
    """What names nothing is left out, as the document says; parts may be empty, and then there are none."""
    answer = service.upload(jpeg, f"?{name}=")
    assert (answer.status_code, answer.json()["parameter"]) == (422, name)
    assert service.upload(jpeg, "?format=json&parts=").json()["parts"] == {}


def test_a_parameter_given_twice_is_422(service, jpeg) -> None:
    """Two values for one name are not guessed between."""
    assert service.upload(jpeg, "?colormap=turbo&colormap=grey").status_code == 422


def test_sixteen_clients_get_their_own_maps(service) -> None:
    """Requests at the same time do not mix their pictures, sizes or formats."""
    photos = [encoded(draw(40 + 8 * i, 90 - 3 * i), "PNG") for i in range(16)]
    expected = [_expected(photo).values for photo in photos]

    def ask(number: int) -> bool:
        answers = (service.upload(photos[number], "?format=npy") for _ in range(4))
        return all(np.array_equal(_values(answer), expected[number]) for answer in answers)

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(ask, range(16)))


def test_the_embedded_network_answers(start, jpeg) -> None:
    """With its real engine the service gives what the library gives."""
    answer = start(engine="auto").upload(jpeg, "?format=npy")
    expected = nearfar.estimate(jpeg)
    np.testing.assert_allclose(_values(answer), expected.values, atol=1e-5 * np.ptp(expected.values))


@pytest.mark.parametrize("query", ["tiles=true", "tiles_length=400"])
def test_tiles(service, query) -> None:
    """A big picture is seen in parts where that is asked for; the answer says in how many."""
    body = encoded(draw(640, 480))
    tiles = 400 if "length" in query else True
    expected = nearfar.load(engine="fake").estimate(body, tiles=tiles)
    assert np.array_equal(_values(service.post(body, f"?{query}&format=npy")), expected.values)
    row = service.post(body, f"?{query}&format=json&parts=").json()
    assert row["tiles"] == expected.provenance.tiles > 1


def test_too_many_tiles_are_refused(service) -> None:
    """What would take too long is told as the parameter's fault."""
    answer = service.post(encoded(draw(6000, 40)), "?tiles_length=6000&size=32")
    assert (answer.status_code, answer.json()["parameter"]) == (422, "tiles_length")


def test_fast_answers_are_as_large_as_the_photo(service) -> None:
    """A JPEG is decoded smaller, the heat map has the photo's size and 256 colours; the engine is named."""
    body = encoded(draw(1024, 768), "JPEG")
    answer = service.upload(body, "?fast=true")
    image = Image.open(io.BytesIO(answer.content))
    assert (image.mode, image.size) == ("P", (1024, 768))
    assert answer.headers["Nearfar-Engine"] == "fake"
    assert service.upload(body, "?fast=true&format=json&parts=npy").json()["engine_why"] == "asked for"
    assert service.upload(body, "?fast=true&overlay=0.5").status_code == 200
    assert service.upload(body, "?fast=true&format=ply").status_code == 200


def test_a_smaller_answer_says_what_it_is_a_copy_of(service, jpeg) -> None:
    """Values of the whole map in the middles of larger pixels; headers keep its range, the photo's size."""
    whole, answer = _expected(jpeg), service.upload(jpeg, "?format=npy&max_side=32")
    assert np.array_equal(_values(answer), whole.values[2::4, 2::4])
    headers = answer.headers
    assert (headers["Nearfar-Width"], headers["Nearfar-Height"]) == ("32", "24")
    assert (headers["Nearfar-Photo-Width"], headers["Nearfar-Photo-Height"]) == ("128", "96")
    assert np.float32(headers["Nearfar-Range-Max"]) == np.float32(whole.value_range[1])
    assert headers["Nearfar-Weights-Sha256"] == whole.provenance.weights_sha256
    assert (
        service.upload(jpeg, "?format=npy&max_side=128").content
        == service.upload(jpeg, "?format=npy").content
    )


def test_a_smaller_picture_has_the_colours_of_the_whole(service, jpeg) -> None:
    """PNG, its range by rule or given, and JSON, which tells both sizes."""
    for rule in ("image", "percentile", "0.2,0.4"):
        whole = _pixels(service.upload(jpeg, f"?range={rule}"))
        assert np.array_equal(_pixels(service.upload(jpeg, f"?range={rule}&max_side=32")), whole[2::4, 2::4])
    row = service.upload(jpeg, "?format=json&parts=&max_side=32").json()
    assert (row["width"], row["height"], row["photo_width"], row["photo_height"]) == (32, 24, 128, 96)
    assert (row["min"], row["max"]) == _expected(jpeg).value_range


@pytest.mark.parametrize(
    "address", ["depth?overlay=0.5&", "effects/fog?", "effects/normals?", "effects/overlay?"]
)
def test_the_photo_shrinks_with_its_depth(service, jpeg, address) -> None:
    """What shows the photo is smaller as well; a side of 0 or a word is refused."""
    files = {"image": ("photo.jpg", jpeg, "image/jpeg")}
    answer = service.client.post(f"/v1/{address}max_side=64", files=files)
    assert _pixels(answer).shape == (48, 64, 3)
    for wrong in ("0", "big", ""):
        refused = service.client.post(f"/v1/{address}max_side={wrong}", files=files)
        assert (refused.status_code, refused.json()["parameter"]) == (422, "max_side")


def test_a_flat_map_can_be_made_smaller(service) -> None:
    """One value everywhere spans no range, and is no error."""
    flat = encoded(np.full((60, 80, 3), 90, np.uint8))
    assert _pixels(service.upload(flat, "?max_side=20")).shape == (15, 20, 3)
