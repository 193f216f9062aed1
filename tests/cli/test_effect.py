"""``nearfar effect``, ``export`` and their kin: what is written where, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import ExifTags, Image

import nearfar
from command_line import names
from pictures import png, taken
from solids import a_glb

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


def test_effect_beside_the_photo(run: Run, photo_jpeg: Path) -> None:
    """The result lies beside the photo and is named after the effect."""
    code, out, _ = run("effect", "bokeh", photo_jpeg, "--strength", "3", "--shape", "hexagon")
    assert (code, out.strip()) == (0, str(photo_jpeg.with_name("photo.bokeh.png")))
    with Image.open(photo_jpeg.with_name("photo.bokeh.png")) as image:
        assert image.size == (128, 96)


def test_suffix_chooses_the_clip(run: Run, photo_jpeg: Path) -> None:
    """A name with .webp gives a WebP animation."""
    target = photo_jpeg.with_name("a.webp")
    assert run("effect", "wiggle", photo_jpeg, "--frames", "2", "-o", target)[0] == 0
    assert target.read_bytes()[8:12] == b"WEBP"


def test_files_and_switches(run: Run, photo_jpeg: Path, photo_png: Path) -> None:
    """A file of an option is read from its path, and what is on by default can be switched off."""
    code, _, err = run("effect", "cutout", photo_jpeg, "--picture", photo_png, "--no-refine")
    assert (code, err) == (0, "")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("effect",), "No effect was named"),
        (("effect", "boke", "a.jpg"), "Did you mean 'bokeh'"),
        (("effect", "bokeh"), "No photo was named"),
        (("effect", "bokeh", "a.jpg", "--strength", "99"), "0 to 10"),
        (("effect", "fog", "a.jpg", "--strength", "1"), "There is no option 'strength'"),
        (("effect", "wiggle", "a.jpg", "-o", "a.png"), "writes .gif, .webp"),
        (("export", "glb", "a.jpg", "--faces", "x"), "a whole number was expected"),
        (("calibrate", "a.jpg"), "known distances are needed"),
        (("calibrate", "a.jpg", "1,2"), "x,y=metres"),
        (("fuse", "a.jpg"), "a mask are needed"),
    ],
)
def test_wrong_command_lines(run: Run, words: tuple[str, ...], text: str) -> None:
    """Nothing is done, and the message says what to do."""
    code, _, err = run(*words)
    assert code == 2
    assert text in err


def test_one_bad_photo_of_two(run: Run, photo_jpeg: Path, tmp_path: Path) -> None:
    """The good one is done and the exit code says that one failed."""
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    code, _, err = run("effect", "tint", tmp_path / "bad.jpg", photo_jpeg)
    assert code == 1
    assert "bad.jpg" in err
    assert photo_jpeg.with_name("photo.tint.png").exists()


def test_existing_files_stay(run: Run, photo_jpeg: Path) -> None:
    """Without --overwrite a file is kept."""
    kept = photo_jpeg.with_name("photo.fog.png")
    kept.write_bytes(b"mine")
    assert run("effect", "fog", photo_jpeg)[0] == 1
    assert kept.read_bytes() == b"mine"
    assert run("effect", "fog", photo_jpeg, "--overwrite")[0] == 0


def test_export_with_sidecar_is_read_back(run: Run, photo_jpeg: Path, tmp_path: Path) -> None:
    """A PFM with its sidecar comes back with all it means, and an effect can use it."""
    assert run("export", "pfm", photo_jpeg, "--sidecar")[0] == 0
    assert {"photo.depth.pfm", "photo.depth.pfm.json"} <= names(tmp_path)
    assert nearfar.read_depth(tmp_path / "photo.depth.pfm").provenance.model == "embedded"
    assert run("effect", "normals", photo_jpeg, "--depth", tmp_path / "photo.depth.pfm")[0] == 0


def test_calibration_gives_metres(run: Run, photo_jpeg: Path, tmp_path: Path) -> None:
    """Two clicks, a profile, and depth in metres."""
    code, out, err = run("calibrate", photo_jpeg, "64,90=1.5", "64,5=8", "--fov", "70")
    assert code == 0
    assert "off by" in err
    profile = out.strip()
    assert run("export", "tiff", photo_jpeg, "--calibration", profile)[0] == 0
    depth = nearfar.read_depth(tmp_path / "photo.depth.tiff")
    assert (depth.unit, depth.values[90, 64]) == ("m", pytest.approx(1.5, rel=0.05))


def test_fuse_tells_distances(run: Run, photo_jpeg: Path, tmp_path: Path) -> None:
    """The table says which object is nearer, and the depth is written."""
    labels = np.zeros((96, 128), np.uint8)
    labels[5:25, 10:60], labels[70:90, 10:60] = 1, 2
    Image.fromarray(labels).save(tmp_path / "labels.png")
    code, out, _ = run("fuse", photo_jpeg, tmp_path / "labels.png", "--json", "-o", tmp_path / "d.npz")
    assert code == 0
    assert [row["index"] for row in json.loads(out)["objects"]] == [1, 0]
    assert nearfar.read_depth(tmp_path / "d.npz").width == 128
    assert "median" in run("fuse", photo_jpeg, tmp_path / "labels.png")[1]


@pytest.mark.parametrize("verb", ["effects", "exports"])
def test_lists(run: Run, verb: str) -> None:
    """Everything of the registry is listed with its options, for people and programs."""
    rows = json.loads(run(verb, "--json")[1])
    text = run(verb)[1]
    assert len(rows) >= 10
    assert all(
        row["name"] in text and all(o["name"].replace("_", "-") in text for o in row["options"])
        for row in rows
    )
    assert len(json.loads(run(verb, rows[0]["name"], "--json")[1])) == 1


def test_intrinsics_from_a_file_travel(run: Run, photo_jpeg: Path, tmp_path: Path) -> None:
    """A matrix in a file becomes the camera of the depth file, and of a calibration."""
    matrix = tmp_path / "camera.txt"
    matrix.write_text("150 0 64\n0 151 48\n0 0 1\n", encoding="utf-8")
    target = tmp_path / "depth.npz"
    assert run("export", "npz", photo_jpeg, "--intrinsics", matrix, "-o", target)[0] == 0
    camera = nearfar.read_depth(target).camera
    assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px) == (150, 151, 64, 48)
    profile = tmp_path / "profile.json"
    points = ("10,10=9", "64,90=1")
    assert run("calibrate", photo_jpeg, *points, "--intrinsics", "150,151,64,48", "-o", profile)[0] == 0
    assert json.loads(profile.read_text(encoding="utf-8"))["camera"]["fy_px"] == 151


def test_intrinsics_of_another_size_are_refused(run: Run, photo_jpeg: Path) -> None:
    """Numbers of a larger picture are told."""
    code, _, err = run("export", "ply", photo_jpeg, "--intrinsics", "900,900,960,540")
    assert code != 0
    assert "outside the picture" in err


def test_depth_files_of_others(run: Run, photo_jpeg: Path, tmp_path: Path) -> None:
    """Millimetres in a 16-bit PNG without words become metres where the flags say what they are."""
    numbers = np.linspace(1000, 5000, 96 * 128).astype(np.uint16).reshape(96, 128)
    Image.fromarray(numbers).save(tmp_path / "mm.png")
    words = ("export", "npz", photo_jpeg, "--depth", tmp_path / "mm.png", "-o", tmp_path / "m.npz")
    code, _, err = run(*words)
    assert code == 1
    assert "--depth-kind" in err
    assert run(*words, "--depth-kind", "metric", "--depth-scale", "0.001")[0] == 0
    depth = nearfar.read_depth(tmp_path / "m.npz")
    assert (depth.unit, depth.value_range) == ("m", pytest.approx((1, 5)))
    assert "depth_kind is 'metres'" in run(*words, "--depth-kind", "metres", "--overwrite")[2]


def test_an_assumed_camera_is_told(run: Run, photo_jpeg: Path) -> None:
    """Whoever asks for a mesh without telling the camera hears what was assumed; others hear nothing."""
    assert "60° is assumed" in run("export", "glb", photo_jpeg)[2]
    assert run("export", "glb", photo_jpeg, "--fov", "50", "--overwrite")[2] == ""
    assert run("export", "glb", photo_jpeg, "--intrinsics", "150,150,64,48", "--overwrite")[2] == ""
    assert run("export", "tiff", photo_jpeg)[2] == ""


def test_an_exact_fit_is_told_as_one(run: Run, photo_jpeg: Path) -> None:
    """Two points fit exactly: no rounding of the machine is shown."""
    err = run("calibrate", photo_jpeg, "64,90=1.5", "64,5=8")[2]
    assert err.count("off by +0 m") == 2


def test_smaller_depth_file_is_enlarged_and_said(run: Run, photo_jpeg: Path, tmp_path: Path) -> None:
    """Depth of half the photo's size, with holes, makes the effect; resizing and holes are told."""
    values = np.tile(np.linspace(0.5, 9, 64, dtype=np.float32), (48, 1))
    values[3:9, 3:9] = 0
    np.save(tmp_path / "small.npy", values)
    given = ("--depth", tmp_path / "small.npy", "--depth-kind", "metric")
    code, _, err = run("effect", "heatmap", photo_jpeg, *given)
    assert code == 0, err
    assert "brought to the photo's 128×96" in err
    assert "36 of 3,072 values" in err
    code, _, err = run("effect", "fog", photo_jpeg, *given, "--depth-invalid", "none")
    assert "no distance" not in err


def test_array_of_an_archive_is_chosen(run: Run, photo_jpeg: Path, tmp_path: Path) -> None:
    """Of two arrays without a known name one is named on the command line."""
    slope = np.tile(np.linspace(1, 9, 128, dtype=np.float32), (96, 1))
    np.savez(tmp_path / "two.npz", left=slope, right=slope[:, ::-1])
    given = ("--depth", tmp_path / "two.npz", "--depth-kind", "metric", "--overwrite")
    code, _, err = run("export", "npy", photo_jpeg, *given)
    assert code != 0
    assert "--depth-array" in err
    code, out, _ = run("export", "npy", photo_jpeg, *given, "--depth-array", "right")
    assert code == 0
    assert np.array_equal(np.load(out.strip()), slope[:, ::-1])


def test_command_line_keeps_it(run: Run, tmp_path: Path) -> None:
    """An effect keeps what is safe; --keep-metadata says otherwise."""
    (tmp_path / "a.jpg").write_bytes(taken())
    for keep, count in (("", 0), ("all", 1), ("none", 0)):
        flags = ("--keep-metadata", keep) if keep else ()
        code, out, err = run("effect", "fog", "a.jpg", "-o", "b.jpg", "--overwrite", *flags)
        assert code == 0, err
        with Image.open(out.strip()) as image:
            found = image.getexif()
            place = found.get_ifd(ExifTags.IFD.GPSInfo)
        assert (found.get(0x0110) == "Model 5") == (keep != "none")
        assert bool(place) == bool(count)
    code, out, err = run("a.jpg", "-o", "heat.png")
    assert code == 0, err
    with Image.open("heat.png") as image:
        assert image.getexif().get(0x0110) == "Model 5"


def test_depth_of_a_phone(run: Run, photo_jpeg: Path) -> None:
    """A phone's depth in place of a network's; both ways to say what numbers mean are one too many."""
    numbers = np.linspace(500, 4000, 64 * 48).reshape(48, 64).astype(np.uint16)
    (photo_jpeg.parent / "d.png").write_bytes(png(numbers[..., None], 0, 16))
    (photo_jpeg.parent / "c.bin").write_bytes(np.full((48, 64), 2, np.uint8).tobytes())
    (photo_jpeg.parent / "d.bin").write_bytes((numbers / 1000).astype("<f4").tobytes())
    words = ("export", "npy", photo_jpeg, "--depth", "d.bin", "--depth-sensor", "arkit")
    code, _, err = run(*words, "--depth-confidence", "c.bin", "--depth-size", "64x48", "-o", "out.npy")
    assert code == 0, err
    found = np.load(photo_jpeg.parent / "out.npy")
    assert found.shape == (96, 128)
    assert found.min() == pytest.approx(0.5, abs=0.01)
    code, _, err = run("effect", "fog", photo_jpeg, "--depth", "d.png", "--depth-sensor", "arcore",
                       "--depth-kind", "metric")  # fmt: skip
    assert code == 2
    assert "--depth-kind counts for nothing beside --depth-sensor" in err
    code, _, err = run(*words, "--depth-size", "64")
    assert code == 2
    assert "160x90" in err


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("--depth-sensor", "arkit"), "--depth-sensor counts for nothing without --depth."),
        (("--depth-confidence", "c.png"), "--depth-confidence counts for nothing without --depth."),
        (("--depth-kind", "metric"), "--depth-kind counts for nothing without --depth."),
        (("--depth-scale", "2"), "--depth-scale counts for nothing without --depth."),
        (("--depth", "d.npy", "--depth-least", "0.5"), "counts for nothing without --depth-sensor."),
        (("--depth", "d.npy", "--model", "embedded"), "--model counts for nothing beside --depth."),
        (("--depth", "d.npy", "--tiles"), "--tiles counts for nothing beside --depth."),
        (("--own-depth", "--depth", "d.npy"), "--depth counts for nothing beside --own-depth."),
        (("--own-depth", "--fine"), "--fine counts for nothing beside --own-depth."),
    ],
)
def test_flags_of_depth_that_count_for_nothing(
    run: Run, photo_jpeg: Path, words: tuple[str, ...], wanted: str
) -> None:
    """Are refused before anything is read, alike by every verb that takes a depth file."""
    for verb in (("effect", "fog", photo_jpeg), ("export", "npy", photo_jpeg), ("fuse", photo_jpeg, "m.png")):
        code, _, err = run(*verb, *words)
        assert code == 2
        assert wanted in err


def test_things_in_the_photo(run: Run, photo_jpeg: Path, photo_png: Path) -> None:
    """A picture and a mesh are read from their paths, words are given as they are."""
    photo_jpeg.with_name("cube.glb").write_bytes(a_glb())
    for number, words in enumerate((("--thing", photo_png), ("--glb", "cube.glb"), ("--text", "Hi"))):
        code, _, err = run("effect", "occlude", photo_jpeg, *words, "--nearness", 1, "-o", f"{number}.png")
        assert (code, err) == (0, "")
    pictures = [np.asarray(Image.open(photo_jpeg.with_name(f"{n}.png"))) for n in range(3)]
    assert not np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[1], pictures[2])


def test_a_mesh_that_is_none(run: Run, photo_jpeg: Path) -> None:
    """Is told before anything is estimated, and nothing is written."""
    code, _, err = run("effect", "occlude", photo_jpeg, "--glb", photo_jpeg)
    assert code == 1
    assert "no binary glTF" in err
