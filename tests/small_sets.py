"""Small data sets in the layouts in which large ones are published, for tests to read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEIGHT, WIDTH = 48, 64
Depth = np.ndarray[Any, Any]


def depth_of(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> Depth:
    """Metres, float32: a slope with a box before it; the upper left corner is unknown (NaN)."""
    rng = np.random.default_rng(seed)
    slope = np.linspace(6, 2, height)[:, None] * np.ones((height, width))
    slope += rng.uniform(0, 0.2, slope.shape)
    slope[height // 3 : height // 2, width // 4 : width // 2] = 1.5
    slope[:4, :6] = np.nan
    return slope.astype(np.float32)


def photo_of(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray[Any, Any]:
    """uint8 (H, W, 3), a blurred noise."""
    rng = np.random.default_rng(100 + seed)
    noise = rng.integers(0, 256, (height, width, 3), np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (5, 5), 0), np.uint8)


def write_photo(path: Path, seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> None:
    """A picture file, its folders with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = cv2.imencode(path.suffix.lower(), photo_of(seed, height, width)[:, :, ::-1])[1]
    path.write_bytes(data.tobytes())


def write_codes(path: Path, depth_m: Depth, per_metre: float) -> None:
    """A 16-bit PNG of depth, 0 where it is unknown."""
    path.parent.mkdir(parents=True, exist_ok=True)
    codes = np.nan_to_num(np.round(depth_m * per_metre), nan=0).astype(np.uint16)
    path.write_bytes(cv2.imencode(".png", codes)[1].tobytes())


def write_bytes(path: Path, data: bytes) -> None:
    """A file, its folders with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """A text file, its folders with it."""
    write_bytes(path, text.encode())


def nyu(root: Path, count: int = 4) -> None:
    """The labelled .mat of HDF5 and its split, as Matlab writes them: arrays transposed, numbers from 1."""
    import h5py
    import scipy.io

    photos = np.stack([photo_of(n).transpose(2, 1, 0) for n in range(count)])
    raw = np.stack([np.nan_to_num(depth_of(n)).T for n in range(count)])
    with h5py.File(root / "nyu_depth_v2_labeled.mat", "w") as file:
        file["images"] = photos
        file["rawDepths"] = raw
        file["depths"] = np.where(raw > 0, raw, np.float32(9))
    ends = {"trainNdxs": [[1]], "testNdxs": [[n] for n in range(2, count + 1)]}
    scipy.io.savemat(root / "splits.mat", ends)


def nyu_png(root: Path, count: int = 3) -> None:
    """NYU as BTS unpacks it."""
    for n in range(count):
        write_photo(root / "kitchen" / f"rgb_{n:05d}.jpg", n)
        write_codes(root / "kitchen" / f"sync_depth_{n:05d}.png", depth_of(n), 1000)


DATE, DRIVE = "2011_09_26", "2011_09_26_drive_0002_sync"


def kitti(root: Path, count: int = 3, size: tuple[int, int] = (HEIGHT, WIDTH)) -> None:
    """Raw pictures and annotated depth; the last frame has no depth."""
    for n in range(count):
        write_photo(root / DATE / DRIVE / "image_02" / "data" / f"{n:010d}.png", n, *size)
        if n < count - 1:
            place = root / "val" / DRIVE / "proj_depth" / "groundtruth" / "image_02" / f"{n:010d}.png"
            write_codes(place, depth_of(n, *size), 256)


def kitti_list(count: int = 3) -> str:
    """Lines as BTS lists them, the last without depth."""
    lines = []
    for n in range(count):
        depth = f"{DRIVE}/proj_depth/groundtruth/image_02/{n:010d}.png" if n < count - 1 else "None"
        lines.append(f"{DATE}/{DRIVE}/image_02/data/{n:010d}.png {depth} 721.5377")
    return "\n".join(lines)


FOCAL, CENTRE = 40.0, (31.0, 23.0)


def kitti_raw(root: Path) -> None:
    """One frame with a scan: 4 m ahead, 9 m at the same pixel, one behind, and 5 m to the left."""
    write_photo(root / DATE / DRIVE / "image_02" / "data" / "0000000000.png")
    points = np.array([[4, 0, 0, 0.5], [9, 0, 0, 0.5], [-3, 0, 0, 0.5], [5, 1, 0, 0.1]], "<f4")
    write_bytes(root / DATE / DRIVE / "velodyne_points" / "data" / "0000000000.bin", points.tobytes())
    projection = f"{FOCAL} 0 {CENTRE[0] + 1} 0 0 {FOCAL} {CENTRE[1] + 1} 0 0 0 1 0"
    cameras = f"calib_time: 09-Jan-2012\nR_rect_00: 1 0 0 0 1 0 0 0 1\nP_rect_02: {projection}\n"
    write_text(root / DATE / "calib_cam_to_cam.txt", cameras)
    write_text(root / DATE / "calib_velo_to_cam.txt", "R: 0 -1 0 0 0 -1 1 0 0\nT: 0 0 0\n")


def kitti_selection(root: Path) -> None:
    """The selected frames of the benchmark."""
    top = root / "depth_selection" / "val_selection_cropped"
    for n in range(2):
        write_photo(top / "image" / f"{DRIVE}_image_{n:010d}_image_02.png", n)
        write_codes(
            top / "groundtruth_depth" / f"{DRIVE}_groundtruth_depth_{n:010d}_image_02.png", depth_of(n), 256
        )


def make3d(root: Path) -> None:
    """A photo of 4:3, upright, and a grid of 55 × 305 positions."""
    import scipy.io

    write_photo(root / "Test134" / "img-math1-p-046t0.jpg", 0, 128, 96)
    positions = np.zeros((55, 305, 4))
    positions[:, :, 3] = np.nan_to_num(depth_of(0, 55, 305)) * 8
    (root / "Gridlaserdata").mkdir()
    scipy.io.savemat(
        root / "Gridlaserdata" / "depth_sph_corr-math1-p-046t0.mat", {"Position3DGrid": positions}
    )


def eth3d(root: Path) -> None:
    """Depth without a header; infinite is unknown."""
    write_photo(root / "courtyard" / "images" / "dslr_images" / "DSC_0286.JPG")
    depth = np.where(np.isnan(depth_of()), np.inf, depth_of()).astype("<f4")
    write_bytes(root / "courtyard" / "ground_truth_depth" / "dslr_images" / "DSC_0286.JPG", depth.tobytes())


def diode(root: Path) -> None:
    """A photo indoors and one outdoors."""
    for part, n in (("indoors", 0), ("outdoor", 1)):
        stem = root / part / "scene_00019" / "scan_00183" / f"0001{n}_{part}"
        write_photo(stem.with_suffix(".png"), n)
        np.save(f"{stem}_depth.npy", np.nan_to_num(depth_of(n))[:, :, None])
        np.save(f"{stem}_depth_mask.npy", (~np.isnan(depth_of(n))).astype(np.float32))


def sintel(root: Path, count: int = 3) -> None:
    """A scene with depth and cameras; the camera moves to the right by a tenth."""
    tag = np.float32(202021.25).tobytes()
    for n in range(1, count + 1):
        name = f"alley_1/frame_{n:04d}"
        write_photo(root / "training" / "final" / f"{name}.png", n)
        depth = np.nan_to_num(depth_of(n)).astype("<f4")
        sides = np.array([WIDTH, HEIGHT], "<i4").tobytes()
        write_bytes(root / "training" / "depth" / f"{name}.dpt", tag + sides + depth.tobytes())
        intrinsics = np.array([FOCAL, 0, CENTRE[0], 0, FOCAL, CENTRE[1], 0, 0, 1], "<f8")
        pose = np.hstack([np.eye(3), [[-0.1 * n], [0], [0]]]).astype("<f8")
        data = tag + intrinsics.tobytes() + pose.tobytes()
        write_bytes(root / "training" / "camdata_left" / f"{name}.cam", data)


def tum(root: Path, count: int = 3) -> None:
    """A sequence whose depth comes 5 ms later; the last colour frame has none."""
    folder = root / "rgbd_dataset_freiburg1_desk"
    rows: dict[str, list[str]] = {"rgb": ["# color"], "depth": ["# depth"], "groundtruth": ["# path"]}
    for n in range(count):
        seconds = 100 + n / 10
        write_photo(folder / "rgb" / f"{seconds:.6f}.png", n)
        rows["rgb"].append(f"{seconds:.6f} rgb/{seconds:.6f}.png")
        rows["groundtruth"].append(f"{seconds:.6f} {n / 10} 0 0 0 0 0 1")
        if n < count - 1:
            later = f"{seconds + 0.005:.6f}"
            write_codes(folder / "depth" / f"{later}.png", depth_of(n), 5000)
            rows["depth"].append(f"{later} depth/{later}.png")
    for name, lines in rows.items():
        write_text(folder / f"{name}.txt", "\n".join(lines))


def ibims(root: Path) -> None:
    """Two rooms; a mask takes the lowest row of the second away."""
    for n, name in enumerate(("corridor_01", "kitchen_02")):
        write_photo(root / "rgb" / f"{name}.png", n)
        write_codes(root / "depth" / f"{name}.png", depth_of(n), 65535 / 50)
        mask = np.full((HEIGHT, WIDTH), 255, np.uint8)
        mask[-1] = 0 if n else 255
        write_bytes(root / "mask_transp" / f"{name}.png", cv2.imencode(".png", mask)[1].tobytes())
    write_text(root / "imagelist.txt", "corridor_01\nkitchen_02\n")


def da2k(root: Path) -> None:
    """Two photos with pairs; the first point is the nearer one, once the second."""
    rows = {}
    for n, scene in enumerate(("indoor", "outdoor")):
        write_photo(root / "images" / scene / f"{n}.jpg", n)
        rows[f"images/{scene}/{n}.jpg"] = [
            {"point1": [40, 10], "point2": [5, 50], "closer_point": "point1"},
            {"point1": [2, 10], "point2": [30, 50], "closer_point": "point2"},
        ]
    write_text(root / "annotations.json", json.dumps(rows))


def middlebury(root: Path) -> None:
    """A scene with disparity from the bottom row up, as PFM is, infinite where unknown."""
    scene = root / "Motorcycle-perfect"
    write_photo(scene / "im0.png")
    disparity = FOCAL * 0.2 / depth_of() - 1.5
    disparity[np.isnan(depth_of())] = np.inf
    head = f"Pf\n{WIDTH} {HEIGHT}\n-1.0\n".encode()
    write_bytes(scene / "disp0.pfm", head + disparity[::-1].astype("<f4").tobytes())
    matrix = f"[{FOCAL} 0 {CENTRE[0]}; 0 {FOCAL} {CENTRE[1]}; 0 0 1]"
    text = f"cam0={matrix}\ncam1={matrix}\ndoffs=1.5\nbaseline=200\nwidth={WIDTH}\nheight={HEIGHT}\n"
    write_text(scene / "calib.txt", text)


def _matrix(values: Depth) -> str:
    return "\n".join(" ".join(f"{n:.8g}" for n in row) for row in values)


def scannet(root: Path, count: int = 3) -> None:
    """A scene, frames numbered without noughts; the camera of frame 2 is lost."""
    scene = root / "scans" / "scene0707_00"
    intrinsics = np.eye(4)
    intrinsics[0, 0] = intrinsics[1, 1] = FOCAL
    intrinsics[:2, 2] = CENTRE
    write_text(scene / "intrinsic" / "intrinsic_depth.txt", _matrix(intrinsics))
    for n in range(count):
        write_photo(scene / "color" / f"{n * 5}.jpg", n, 2 * HEIGHT, 2 * WIDTH)
        write_codes(scene / "depth" / f"{n * 5}.png", depth_of(n), 1000)
        pose = np.eye(4)
        pose[0, 3] = n / 10
        write_text(scene / "pose" / f"{n * 5}.txt", _matrix(pose if n != 2 else np.full((4, 4), -np.inf)))


def hammer(root: Path, count: int = 2) -> None:
    """A sequence of the polarisation camera."""
    sensor = root / "scene12_traj1_1" / "polarization"
    write_text(sensor / "intrinsics.txt", _matrix(np.array([[FOCAL, 0, 31], [0, FOCAL, 23], [0, 0, 1]])))
    for n in range(count):
        write_photo(sensor / "rgb" / f"{n:06d}.png", n)
        write_codes(sensor / "_gt" / f"{n:06d}.png", depth_of(n), 1000)
        pose = np.eye(4)
        pose[0, 3] = n / 10
        write_text(sensor / "_pose" / f"{n:06d}.txt", _matrix(pose))


def _datum(kind: str, filename: str, turn: tuple[float, float, float, float]) -> dict[str, Any]:
    w, x, y, z = turn
    pose = {
        "translation": {"x": 1.0, "y": 2.0, "z": 0.0},
        "rotation": {"qw": w, "qx": x, "qy": y, "qz": z},
    }
    return {kind: {"filename": filename, "pose": pose}}


def ddad(root: Path) -> None:
    """A scene of one frame: points 20 and 30 m before the laser, along x, where the camera looks along z."""
    top = root / "ddad_train_val"
    scene = top / "000150"
    write_photo(scene / "rgb" / "CAMERA_01" / "15616458249936530.png")
    scan = scene / "point_cloud" / "LIDAR" / "15616458249936530.npz"
    scan.parent.mkdir(parents=True)
    np.savez(scan, data=np.array([[20, 0, 0, 7], [-8, 0, 0, 7], [30, 0, 0, 7]], np.float32))
    camera = _datum("image", "rgb/CAMERA_01/15616458249936530.png", (0.5, -0.5, 0.5, -0.5))
    lidar = _datum("point_cloud", "point_cloud/LIDAR/15616458249936530.npz", (1, 0, 0, 0))
    described = {
        "data": [
            {"key": "a", "id": {"name": "CAMERA_01"}, "datum": camera},
            {"key": "b", "id": {"name": "LIDAR"}, "datum": lidar},
        ],
        "samples": [{"datum_keys": ["a", "b"], "calibration_key": "cal"}],
    }
    write_text(scene / "scene_abc.json", json.dumps(described))
    intrinsics = {"fx": FOCAL, "fy": FOCAL, "cx": CENTRE[0], "cy": CENTRE[1]}
    calibration = {"names": ["CAMERA_01"], "intrinsics": [intrinsics]}
    write_text(scene / "calibration" / "cal.json", json.dumps(calibration))
    splits = {"0": {"filenames": []}, "1": {"filenames": ["000150/scene_abc.json"]}}
    write_text(top / "ddad.json", json.dumps({"scene_splits": splits}))


def folder(root: Path, count: int = 3) -> None:
    """Photos with 16-bit depth of millimetres beside them."""
    for n in range(count):
        write_photo(root / f"{n:04d}.jpg", n)
        write_codes(root / f"{n:04d}.png", depth_of(n), 1000)


WRITERS: dict[str, Callable[[Path], None]] = {
    "nyu": nyu,
    "nyu-filled": nyu,
    "nyu-png": nyu_png,
    "kitti": kitti,
    "kitti-raw": kitti_raw,
    "kitti-selection": kitti_selection,
    "make3d": make3d,
    "eth3d": eth3d,
    "diode": diode,
    "sintel": sintel,
    "tum": tum,
    "ibims": ibims,
    "da2k": da2k,
    "middlebury": middlebury,
    "scannet": scannet,
    "hammer": hammer,
    "ddad": ddad,
    "folder": folder,
}
"""What writes a set, by its name."""
