"""What a source holds: the same photos however they are packed."""

from __future__ import annotations

import base64
import csv
import json
import pickle
import tarfile
import zipfile
from pathlib import Path

import pytest

from nearfar.errors import MissingExtraError, ParameterError, SourceError
from nearfar.runs import Source
from nearfar.runs.items import safe_name

NAMES = [
    "000.png",
    "002.png",
    "004.png",
    "006.png",
    "sub/001.png",
    "sub/003.png",
    "sub/005.png",
    "sub/007.png",
]


@pytest.fixture
def whole(photos: Path) -> Path:
    """A folder of good photos, and of what is none."""
    (photos / "bad.jpg").unlink()
    (photos / ".hidden.png").write_bytes(b"hidden")
    (photos / "notes.md").write_text("notes")
    return photos


def held(source: Source) -> dict[str, bytes]:
    """Names and bytes; the same when they are gone through again, and carried to another process."""
    first, second = list(source), list(source)
    assert [(item.name, item.stamp) for item in first] == [(item.name, item.stamp) for item in second]
    return {item.name: pickle.loads(pickle.dumps(item)).read() for item in first}  # noqa: S301 - our own


def expected(folder: Path, before: str = "") -> dict[str, bytes]:
    """What the folder holds."""
    return {before + name: (folder / name).read_bytes() for name in NAMES}


def test_a_folder(whole) -> None:
    """With the folders in it; what is hidden or no photo is left out."""
    assert held(Source(str(whole))) == expected(whole)
    assert Source(str(whole)).count() == 8


def test_a_pattern(whole) -> None:
    """Names are below what is fixed of it, so that two of one name stay apart."""
    (whole / "000.png").rename(whole / "001.png")
    found = held(Source(f"{whole}/**/001.png"))
    assert found.keys() == {"001.png", "sub/001.png"}
    with pytest.raises(SourceError, match="No file matches"):
        list(Source(f"{whole}/*.gif"))


def test_a_pattern_matches_no_results(whole) -> None:
    """Though the target lies where it looks."""
    (whole / "out").mkdir()
    (whole / "out" / "000.png.heatmap.png").write_bytes(b"a result")
    found = held(Source(f"{whole}/**/*.png", but=str(whole / "out")))
    assert found.keys() == set(NAMES)


def test_a_list(whole) -> None:
    """Paths beside it; remarks and empty lines are none."""
    (whole / "list.txt").write_text(
        f"# photos\nfile://{whole}/000.png\n\nsub/001.png\nabsent.png\n", encoding="utf-8"
    )
    items = {item.name: item for item in Source(str(whole / "list.txt"))}
    assert items["sub/001.png"].read() == (whole / "sub/001.png").read_bytes()
    assert items[f"{whole}/000.png"].read() == (whole / "000.png").read_bytes()
    with pytest.raises(SourceError, match="does not exist"):
        items["absent.png"].read()


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_table(whole, kind) -> None:
    """A column of paths, by its usual name or any other; named by another column where that is asked for."""
    rows = [{"id": f"row {k}", "photo": name} for k, name in enumerate(NAMES)]
    path = whole / f"table.{kind}"
    with path.open("w", newline="") as file:
        if kind == "csv":
            writer = csv.DictWriter(file, ["id", "photo"])
            writer.writeheader()
            writer.writerows(rows)
        else:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    assert held(Source(str(path))) == expected(whole)
    assert held(Source(str(path), "photo", "id")).keys() == {row["id"] for row in rows}
    with pytest.raises(ParameterError, match=r"no column 'phot'.*Did you mean 'photo'"):
        list(Source(str(path), "phot"))


def test_a_table_of_bytes(whole) -> None:
    """Of Parquet, bare or as Hugging Face's tables have them, and as base64."""
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    data = [(whole / name).read_bytes() for name in NAMES]
    parquet.write_table(arrow.table({"image": data, "id": NAMES}), whole / "bare.parquet")
    assert held(Source(str(whole / "bare.parquet"), names="id")) == expected(whole)
    rows = [{"bytes": one, "path": name} for one, name in zip(data, NAMES, strict=True)]
    parquet.write_table(arrow.table({"image": rows}), whole / "hub.parquet")
    assert list(held(Source(str(whole / "hub.parquet"))).values()) == data
    text = "base64:" + base64.b64encode(data[0]).decode()
    (whole / "text.jsonl").write_text(json.dumps({"image": text}))
    assert held(Source(str(whole / "text.jsonl"))) == {"000000000": data[0]}


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".zip"])
def test_an_archive(whole, tmp_path, suffix) -> None:
    """Of tars and ZIPs what is a photo in them."""
    path = tmp_path / f"shard{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in [*NAMES, "notes.md"]:
                archive.write(whole / name, name)
    else:
        with tarfile.open(path, "w:gz" if suffix.endswith("gz") else "w") as archive:
            for name in [*NAMES, "notes.md"]:
                archive.add(whole / name, name)
    assert held(Source(str(path))) == expected(whole)


def test_shards_by_numbers(whole, tmp_path) -> None:
    """As WebDataset writes them; what lies in each is named after it."""
    for number in range(2):
        with tarfile.open(tmp_path / f"s-{number:03d}.tar", "w") as archive:
            archive.add(whole / NAMES[number], "a.png")
    found = held(Source(f"{tmp_path}/s-{{000..001}}.tar"))
    assert found == {f"s-{number:03d}.tar/a.png": (whole / NAMES[number]).read_bytes() for number in range(2)}


def test_a_damaged_shard_of_many_is_one_that_fails(whole, tmp_path) -> None:
    """The others are gone through, and the damaged one says what is wrong when it is read."""
    for number in range(2):
        with tarfile.open(tmp_path / f"s-{number}.tar", "w") as archive:
            archive.add(whole / NAMES[number], "a.png")
    (tmp_path / "s-0.tar").write_bytes(b"no tar" * 200)
    found = {item.name: item for item in Source(f"{tmp_path}/s-*.tar")}
    assert found["s-1.tar/a.png"].read() == (whole / NAMES[1]).read_bytes()
    with pytest.raises(SourceError, match=r"s-0\.tar is damaged"):
        pickle.loads(pickle.dumps(found["s-0.tar"])).read()  # noqa: S301 - our own


@pytest.mark.parametrize("name", ["cut.tar", "cut.zip", "cut.parquet"])
def test_a_damaged_archive_is_told(tmp_path, name) -> None:
    """By its name."""
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    (tmp_path / name).write_bytes(b"PK\3\4 no archive" * 40)
    with pytest.raises(SourceError, match=name):
        list(Source(str(tmp_path / name)))


def test_what_is_not_there_is_told(tmp_path) -> None:
    """Before any work."""
    with pytest.raises(SourceError, match="does not exist"):
        list(Source(str(tmp_path / "absent")))


def test_what_needs_a_library_names_the_extra(tmp_path, monkeypatch) -> None:
    """A base install tells what brings it."""
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(MissingExtraError, match=r"nearfar\[run\]"):
        list(Source(str(tmp_path / "a.parquet")))


@pytest.mark.parametrize(
    ("name", "safe"),
    [("a/b.png", "a/b.png"), ("../../etc/b.png", "etc/b.png~"), ("https://h/a.png?x=1", "h/a.png_x=1~")],
)
def test_names_stay_below_the_target(name, safe) -> None:
    """Whatever a table calls its photos; two that differ stay apart."""
    assert safe_name(name).startswith(safe)
    assert safe_name(name) == name or len(safe_name(name)) == len(safe) + 10
    assert safe_name("../a.png") != safe_name("a.png") != safe_name("./a.png")
    assert ".." not in Path(safe_name("../" * 20 + "x" * 4000)).parts
    assert len(safe_name("x" * 4000).encode()) < 255
