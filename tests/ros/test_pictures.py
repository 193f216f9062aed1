"""Messages of cameras become photos and cameras."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from nearfar.errors import BrokenImageError, ParameterError, UnsupportedFormatError
from nearfar.ros.pictures import camera_of, is_distorted, own_info, photo_of
from nearfar.types import Photo
from pictures import draw, encoded

RED = (200, 20, 40)


def _message(encoding: str, pixels: np.ndarray, *, fill: int = 0, big: bool = False) -> SimpleNamespace:
    """An Image of (H, W, N) numbers; ``fill``: bytes at the end of each row."""
    height, width = pixels.shape[:2]
    data = pixels.astype(pixels.dtype.newbyteorder(">" if big else "<")).tobytes()
    rows = np.frombuffer(data, np.uint8).reshape(height, -1)
    step = rows.shape[1] + fill
    rows = np.pad(rows, ((0, 0), (0, fill)))
    return SimpleNamespace(
        height=height, width=width, encoding=encoding, is_bigendian=int(big), step=step, data=rows.tobytes()
    )


def _flat(*channels: int, kind: type = np.uint8) -> np.ndarray:
    return np.tile(np.array(channels, kind), (4, 6, 1))


@pytest.mark.parametrize(
    ("encoding", "pixels", "expected"),
    [
        ("rgb8", _flat(*RED), RED),
        ("bgr8", _flat(*RED[::-1]), RED),
        ("rgba8", _flat(*RED, 255), RED),
        ("bgra8", _flat(*RED[::-1], 255), RED),
        ("mono8", _flat(77), (77, 77, 77)),
        ("rgb16", _flat(*(257 * n for n in RED), kind=np.uint16), tuple(257 * n for n in RED)),
        ("bgr16", _flat(*(257 * n for n in RED[::-1]), kind=np.uint16), tuple(257 * n for n in RED)),
        ("mono16", _flat(7700, kind=np.uint16), (7700, 7700, 7700)),
        ("bayer_rggb8", _flat(90), (90, 90, 90)),
    ],
)
@pytest.mark.parametrize("big", [False, True])
def test_each_encoding_gives_red_green_blue(encoding: str, pixels, expected, big: bool) -> None:
    """Also with bytes that fill up the rows, and with numbers whose high byte comes first."""
    photo = photo_of(_message(encoding, pixels, fill=6, big=big))
    assert photo.pixels.shape == (4, 6, 3)
    assert tuple(int(n) for n in photo.pixels[1, 2]) == expected


@pytest.mark.parametrize(
    ("encoding", "place"), [("bayer_rggb8", (0, 0)), ("bayer_bggr8", (1, 1)), ("bayer_gbrg8", (1, 0))]
)
def test_a_bayer_mosaic_has_red_where_its_name_says(encoding: str, place: tuple[int, int]) -> None:
    """Only red sensors lit: the picture is red."""
    mosaic = np.zeros((8, 8, 1), np.uint8)
    mosaic[place[0] :: 2, place[1] :: 2] = 200
    red, green, blue = photo_of(_message(encoding, mosaic)).pixels[3:5, 3:5].reshape(-1, 3).mean(0)
    assert red > 150
    assert max(green, blue) < 20


@pytest.mark.parametrize(("encoding", "order"), [("uyvy", (128, 200)), ("yuyv", (200, 128))])
def test_colour_differences_shared_by_two_pixels(encoding: str, order: tuple[int, int]) -> None:
    """Grey in both orders."""
    photo = photo_of(_message(encoding, _flat(*order)))
    assert np.ptp(photo.pixels[1, 1].astype(int)) <= 3
    assert photo.pixels[1, 1, 0] > 180


@pytest.mark.parametrize("data", [bytes, list, lambda raw: np.frombuffer(raw, np.uint8)])
def test_bytes_in_any_form(data) -> None:
    """As rclpy, rosbags and tests hold them."""
    message = _message("rgb8", _flat(*RED))
    message.data = data(message.data)
    assert tuple(photo_of(message).pixels[0, 0]) == RED


def test_a_compressed_picture_is_decoded() -> None:
    """JPEG, as image_transport sends it; depth that was compressed is no picture."""
    message = SimpleNamespace(format="rgb8; jpeg compressed bgr8", data=encoded(draw(64, 48), "JPEG"))
    assert photo_of(message).pixels.shape == (48, 64, 3)
    message.format = "16UC1; compressedDepth png"
    with pytest.raises(UnsupportedFormatError, match="depth already"):
        photo_of(message)


def test_what_is_no_picture_is_refused() -> None:
    """Depth as floats, and fewer bytes than the fields say."""
    with pytest.raises(UnsupportedFormatError, match="32FC1"):
        photo_of(_message("32FC1", _flat(1, kind=np.float32)))
    short = _message("rgb8", _flat(*RED))
    short.data = short.data[:-1]
    with pytest.raises(BrokenImageError, match="71 bytes"):
        photo_of(short)


def _info(**changes: object) -> SimpleNamespace:
    roi = SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0, do_rectify=False)
    row = {
        "width": 6,
        "height": 4,
        "distortion_model": "plumb_bob",
        "d": [0.0] * 5,
        "k": [5.0, 0, 2.5, 0, 6.0, 1.5, 0, 0, 1],
        "r": [1.0, 0, 0, 0, 1, 0, 0, 0, 1],
        "p": [4.0, 0, 2.0, 0, 0, 4.0, 1.0, 0, 0, 0, 1, 0],
        "binning_x": 0,
        "binning_y": 0,
        "roi": roi,
    }
    return SimpleNamespace(**row | changes)


PHOTO = Photo(_flat(*RED))


def test_the_middle_of_the_picture_lies_at_one_half() -> None:
    """ROS counts from the centre of the first pixel, nearfar from its edge."""
    camera = camera_of(_info(), PHOTO)
    assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px) == (5, 6, 3, 2)
    rectified = camera_of(_info(), PHOTO, is_rectified=True)
    assert (rectified.fx_px, rectified.cx_px, rectified.cy_px) == (4, 2.5, 1.5)


def test_a_part_of_the_sensor_and_a_smaller_picture() -> None:
    """The principal point moves with the region of interest; binning scales all."""
    roi = SimpleNamespace(x_offset=2, y_offset=1, width=12, height=8, do_rectify=False)
    camera = camera_of(_info(width=40, height=30, k=[20.0, 0, 8.5, 0, 20.0, 5.5, 0, 0, 1], roi=roi), PHOTO)
    assert (camera.fx_px, camera.cx_px, camera.cy_px) == pytest.approx((10, 3.5, 2.5))


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"k": [0.0] * 9}, "not calibrated"), ({"width": 9, "height": 9}, "9×9"), ({"width": 0}, "no size")],
)
def test_a_camera_that_cannot_be(changes: dict, said: str) -> None:
    """It is said why."""
    with pytest.raises(ParameterError, match=said):
        camera_of(_info(**changes), PHOTO)


def test_ros_1_writes_capitals() -> None:
    """The same fields by their other names."""
    info = _info()
    for name in "dkrp":
        setattr(info, name.upper(), getattr(info, name))
        delattr(info, name)
    assert camera_of(info, PHOTO).fx_px == 5
    assert own_info(info)["k"].tolist()[:3] == [5, 0, 2.5]
    assert not is_distorted(info)
    assert is_distorted(_info(d=[0.1, 0, 0, 0, 0]))
