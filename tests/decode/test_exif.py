"""Which side is up, and how long the lens is."""

from __future__ import annotations

import numpy as np
import pytest

import nearfar
from pictures import encoded, exif, tiff, turned

DIAGONAL_MM = np.hypot(36, 24)


def camera(
    drawing: np.ndarray, tags: dict[int, object] | None = None, **details: object
) -> nearfar.Camera | None:
    """The camera that a 128×96 picture with this EXIF is read with."""
    return nearfar.read(encoded(drawing, "PNG", exif=exif(tags, **details))).camera


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(drawing: np.ndarray, format: str, orientation: int) -> None:
    """Each orientation is turned upright, exact to the pixel."""
    block = exif({274: orientation})
    how = {"WEBP": {"lossless": True, "exif": block}, "TIFF": {"tiffinfo": {274: orientation}}}
    data = encoded(drawing, format, **how.get(format, {"exif": block}))
    assert np.array_equal(nearfar.read(data).pixels, turned(drawing, orientation))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_jpeg(drawing: np.ndarray, orientation: int) -> None:
    """The turned JPEG is the plain JPEG's pixels, turned."""
    plain = nearfar.read(encoded(drawing, "JPEG", quality=90)).pixels
    found = nearfar.read(encoded(drawing, "JPEG", quality=90, exif=exif({274: orientation})))
    assert np.array_equal(found.pixels, turned(plain, orientation))


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation_of_avif(drawing: np.ndarray, orientation: int) -> None:
    """An AVIF is turned as it says."""
    plain = nearfar.read(encoded(drawing, "AVIF")).pixels
    found = nearfar.read(encoded(drawing, "AVIF", exif=exif({274: orientation})))
    assert np.array_equal(found.pixels, turned(plain, orientation))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_of_one_scene_give_equal_maps(drawing: np.ndarray, orientation: int) -> None:
    """However the camera was held, the depth of the scene is the same."""
    back = {6: 8, 8: 6}.get(orientation, orientation)  # the turn that undoes it
    stored = np.ascontiguousarray(turned(drawing, back))
    found = nearfar.estimate(encoded(stored, "PNG", exif=exif({274: orientation})))
    assert np.array_equal(found.values, nearfar.estimate(drawing).values)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_unknown_orientation_is_left_alone(drawing: np.ndarray, orientation: int) -> None:
    """A number that is no orientation turns nothing."""
    found = nearfar.read(encoded(drawing, "PNG", exif=exif({274: orientation})))
    assert np.array_equal(found.pixels, drawing)


def test_alpha_is_turned_with_the_colours(drawing: np.ndarray) -> None:
    """Alpha stays over its pixels."""
    rgba = np.dstack([drawing, drawing[..., 0]])
    found = nearfar.read(encoded(rgba, "PNG", exif=exif({274: 6})))
    assert np.array_equal(found.alpha, found.pixels[..., 0])


def test_no_exif_no_camera(drawing: np.ndarray) -> None:
    """Without a focal length no camera is made up."""
    assert camera(drawing) is None


def test_focal_length_as_35_mm_equivalent(drawing: np.ndarray) -> None:
    """The equivalent over the diagonal of film is the focal length over the diagonal of the picture."""
    found = camera(drawing, FocalLengthIn35mmFilm=28)
    assert found is not None
    assert found.fx_px == pytest.approx(28 * 160 / DIAGONAL_MM)
    assert (found.fy_px, found.cx_px, found.cy_px) == (found.fx_px, 64, 48)
    assert "35 mm" in found.source


@pytest.mark.parametrize(("unit", "mm"), [(2, 25.4), (3, 10.0), (4, 1.0), (5, 0.001)])
def test_focal_length_with_focal_plane_resolution(drawing: np.ndarray, unit: int, mm: float) -> None:
    """Pixels per unit on the sensor times focal length is the focal length in pixels."""
    per_unit = 4 * mm  # four pixels a millimetre
    details = {"FocalPlaneXResolution": per_unit, "FocalPlaneYResolution": per_unit / 2}
    found = camera(drawing, FocalLength=35.0, FocalPlaneResolutionUnit=unit, **details)
    assert found is not None
    assert (found.fx_px, found.fy_px) == (pytest.approx(140, rel=1e-3), pytest.approx(70, rel=1e-3))


def test_focal_plane_of_a_resized_photo(drawing: np.ndarray) -> None:
    """A photo that was ten times as large when it was taken has a tenth of the focal length in pixels."""
    taken = {"ExifImageWidth": 1280, "ExifImageHeight": 960}
    found = camera(drawing, FocalPlaneResolutionUnit=4, FocalPlaneXResolution=40.0, FocalLength=35.0, **taken)
    assert found is not None
    assert found.fx_px == pytest.approx(140)


def test_focal_plane_of_a_turned_photo(drawing: np.ndarray) -> None:
    """Horizontal and vertical change places with the picture."""
    details = {"FocalPlaneXResolution": 4.0, "FocalPlaneYResolution": 2.0}
    found = camera(drawing, {274: 6}, FocalLength=35.0, FocalPlaneResolutionUnit=4, **details)
    assert found is not None
    assert (found.fx_px, found.fy_px) == (pytest.approx(70), pytest.approx(140))
    assert (found.cx_px, found.cy_px) == (48, 64)


def test_equivalent_goes_before_focal_plane(drawing: np.ndarray) -> None:
    """Where both stand there, the equivalent is taken: it knows of digital zoom."""
    found = camera(drawing, FocalLengthIn35mmFilm=28, FocalLength=35.0, FocalPlaneXResolution=400.0)
    assert found is not None
    assert "35 mm" in found.source


@pytest.mark.parametrize("focal", [0, 1, 65535])
def test_focal_length_without_sense_is_left_out(drawing: np.ndarray, focal: int) -> None:
    """Zero means unknown; one and 65535 mm are no lenses."""
    assert camera(drawing, FocalLengthIn35mmFilm=focal) is None


@pytest.mark.parametrize("block", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + b"\xff" * 60])
def test_damaged_exif_is_left_out(drawing: np.ndarray, block: bytes) -> None:
    """A photo with damaged EXIF is read all the same."""
    photo = nearfar.read(encoded(drawing, "JPEG", exif=block))
    assert (photo.width, photo.camera) == (128, None)


def test_exif_that_ends_early_is_left_out(drawing: np.ndarray) -> None:
    """Neither a warning nor an error comes of EXIF that is cut off."""
    block = exif({271: "maker", 272: "model" * 9}, FocalLengthIn35mmFilm=28)
    photo = nearfar.read(encoded(drawing, "JPEG", exif=block[: len(block) // 2]))
    assert photo.width == 128


def test_focal_length_of_a_tiff(drawing: np.ndarray) -> None:
    """A TIFF keeps its EXIF in a directory of its own; turned by Pillow, its camera is turned as well."""
    data = encoded(drawing, "TIFF", exif=exif({274: 6}, FocalLengthIn35mmFilm=28))
    found = nearfar.read(data).camera
    assert found is not None
    assert (found.cx_px, found.cy_px) == (48, 64)


def test_plain_tiff_has_no_camera(drawing: np.ndarray) -> None:
    """A TIFF without EXIF is read without a camera."""
    assert nearfar.read(tiff(drawing)).camera is None
