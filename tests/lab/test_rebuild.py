"""From seeds to what is shipped, in small."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from nearfar.errors import ParameterError  # noqa: E402
from nearfar.models.embedded import card_from_json  # noqa: E402
from nearfar_lab import finish, rebuild, recipes  # noqa: E402
from nearfar_lab.checkpoint import load_state  # noqa: E402
from nearfar_lab.committee import CommitteeOptions  # noqa: E402
from nearfar_lab.errors import DeviceMissingError, ExportError  # noqa: E402
from nearfar_lab.lite import LiteOptions  # noqa: E402
from nearfar_lab.net import NetOptions  # noqa: E402
from nearfar_lab.predictors import InputRule, find_predictor  # noqa: E402
from nearfar_lab.quantize import FEWEST_SCENES, PICTURES, Loss, calibration, check, spread  # noqa: E402
from nearfar_lab.recipes import Recipe, Stage, recipe  # noqa: E402
from nearfar_lab.scenes.shards import Rendering  # noqa: E402
from nearfar_lab.settings import LabSettings  # noqa: E402
from nearfar_lab.shards import VALIDATION_PER_SHARD  # noqa: E402
from nearfar_lab.team import Team  # noqa: E402
from nearfar_lab.train import Order, carry_out  # noqa: E402
from scene_shards import write_shard  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

NET = NetOptions((8, 8, 16, 16, 24), (0, 0, 0, 0, 0), (1, 0, 0, 0), 1, 2)
STAGES = (Stage(1.0, ((32, 64, 2, 1.0),)),)
FIRST = Recipe("first_tiny", {"scenes": 1.0}, STAGES, net=NET, warm_up_steps=2)
SECOND = replace(
    FIRST,
    name="second_tiny",
    starts_from="first_tiny",
    card_name="tiny",
    net=replace(NET, attention_blocks=2),
)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabSettings:
    """Folders of a lab that knows two tiny recipes, and renders ramps for scenes."""
    known = {**recipes.recipes(), "first_tiny": FIRST, "second_tiny": SECOND}
    monkeypatch.setattr(recipes, "recipes", lambda: known)
    made = LabSettings(data=tmp_path / "no data", scenes=tmp_path / "scenes", runs=tmp_path / "runs")

    def shards(scenes: Rendering, *_: object) -> None:
        scenes.folder.mkdir(exist_ok=True)
        for name in "abcd":
            write_shard(scenes.folder, name)

    monkeypatch.setattr(rebuild.shards, "render_shards", shards)
    monkeypatch.setattr(finish, "int8_losses", lambda *_: [Loss("ramps", "beyond", 0.1, 0.1)])
    return made


@pytest.mark.slow
def test_two_recipes_end_in_two_files_and_a_card(settings: LabSettings, tmp_path: Path) -> None:
    """The second goes on from the first, and the card names both; the same command again trains nothing."""
    order = rebuild.Rebuild(tmp_path / "tiny.onnx", "second_tiny", FEWEST_SCENES, (0.02, 0.02), figures=())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter warns of itself
        path = rebuild.rebuild(order, settings)
        steps = _steps(settings)
        rebuild.rebuild(order, settings)
    row = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert card_from_json(row).name == "tiny"
    assert [weights["engine"] for weights in row["weights"]] == ["onnxruntime", "onnxruntime-int8"]
    assert row["training"]["went_on_from"]["recipe"] == "first_tiny"
    assert _steps(settings) == steps
    rgb = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    float32, int8 = (
        find_predictor(str(p), InputRule(64)).nearness(rgb) for p in sorted(tmp_path.glob("*.onnx"))[::-1]
    )
    assert np.corrcoef(float32.ravel(), int8.ravel())[0, 1] > 0.9


@pytest.mark.slow
def test_a_finished_pupil_needs_its_teacher_no_more(
    settings: LabSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The teacher is trained first, is named in the state of its pupil, and may be gone afterwards."""
    pupil = replace(FIRST, name="pupil_tiny", teacher="first_tiny")
    known = {**recipes.recipes(), "pupil_tiny": pupil}
    monkeypatch.setattr(recipes, "recipes", lambda: known)
    order = rebuild.Rebuild(tmp_path / "tiny.onnx", "pupil_tiny", 3, (0.02, 0.02), figures=())
    assert [row.name for row in rebuild.train_all(order, settings)] == ["first_tiny", "pupil_tiny"]
    state = torch.load(settings.runs / "pupil_tiny" / "last.pt", weights_only=True)
    assert state["taught_by"]["recipe"] == "first_tiny"
    assert "optimiser" not in state
    (settings.runs / "first_tiny" / "last.pt").unlink()
    rebuild.train_all(order, settings)
    assert not (settings.runs / "first_tiny" / "last.pt").exists()


@pytest.mark.slow
def test_members_end_in_their_mean(
    settings: LabSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs with seeds of their own, on the CPU whatever was asked for, then one network between them.

    What is finished is left alone, and a lost mean is taken again without training.
    """
    double = replace(
        FIRST,
        name="double_tiny",
        starts_from="first_tiny",
        keeps_statistics=True,
        members=2,
        device="cpu",
        seed=7,
    )
    known = {**recipes.recipes(), "double_tiny": double}
    monkeypatch.setattr(recipes, "recipes", lambda: known)
    rebuild.train_all(rebuild.Rebuild(tmp_path / "tiny.onnx", "first_tiny", 3, (0.02,)), settings)
    order = rebuild.Rebuild(tmp_path / "tiny.onnx", "double_tiny", 3, (0.02, 0.02), device="cuda", figures=())
    rebuild.train_all(order, settings)
    folder = settings.runs / "double_tiny"
    paths = [folder / part / "last.pt" for part in ("", "member-0", "member-1")]
    mean, first, second = (load_state(path) for path in paths)
    assert [row["seed"] for row in mean["members"]] == [7, 8]
    assert not torch.equal(first["average"]["head.weight"], second["average"]["head.weight"])
    halfway = (first["average"]["head.weight"] + second["average"]["head.weight"]) / 2
    assert torch.allclose(mean["average"]["head.weight"], halfway)
    times = [path.stat().st_mtime_ns for path in paths]
    rebuild.train_all(order, settings)
    assert [path.stat().st_mtime_ns for path in paths] == times
    paths[0].unlink()
    rebuild.train_all(order, settings)
    assert load_state(paths[0])["members"] == mean["members"]
    assert [path.stat().st_mtime_ns for path in paths[1:]] == times[1:]


def _steps(settings: LabSettings) -> list[int]:
    states = [torch.load(p, weights_only=True) for p in sorted(settings.runs.glob("*/last.pt"))]
    return [state["progress"]["step"] for state in states]


def _see_more(path: Path) -> None:
    """As if a finished run had been trained anew, for longer."""
    state = load_state(path)
    state["progress"]["pictures"] = 1_000_000
    torch.save(state, path)


def test_every_recipe_needs_a_budget(settings: LabSettings, tmp_path: Path) -> None:
    """Said before anything is rendered."""
    order = rebuild.Rebuild(tmp_path / "tiny.onnx", "second_tiny", FEWEST_SCENES, (1.0,))
    with pytest.raises(ParameterError, match="first_tiny, second_tiny"):
        rebuild.rebuild(order, settings)


def test_an_int8_file_that_measures_worse_is_refused() -> None:
    """More than one in a hundred of any figure, in the direction that is worse."""
    check([Loss("nyu", "beyond", 0.2, 0.201), Loss("nyu", "order", 0.85, 0.843)])
    check([Loss("nyu", "order", 0.85, 0.95)])
    with pytest.raises(ExportError, match=r"loses 3\.5% of order on nyu"):
        check([Loss("nyu", "beyond", 0.2, 0.2), Loss("nyu", "order", 0.85, 0.82)])


def test_calibration_needs_scenes(tmp_path: Path) -> None:
    """And says where they were looked for."""
    with pytest.raises(ExportError, match="Render some first"):
        calibration(LabSettings(tmp_path, tmp_path, tmp_path), recipe("embedded"))


def test_a_card_that_is_not_there_is_told_with_the_way_without(tmp_path: Path) -> None:
    """Before anything is rendered or trained."""
    if torch.cuda.is_available():
        pytest.skip("there is a graphics card")
    order = rebuild.Rebuild(tmp_path / "a.onnx", "fine", FEWEST_SCENES, (1.0,), device="cuda")
    with pytest.raises(DeviceMissingError, match="--device cpu"):
        rebuild.rebuild(order, LabSettings(tmp_path, tmp_path / "scenes", tmp_path / "runs"))
    assert not (tmp_path / "scenes").exists()


def test_a_chain_names_each_recipe_once_and_what_it_needs_first() -> None:
    """The labelled network goes on from one that the same finer network taught."""
    names = [row.name for row in rebuild.chain("embedded_lite_labelled")]
    assert names == ["fine", "embedded_lite_taught", "embedded_lite_labelled"]


def test_a_committee_is_put_together_from_its_members(
    settings: LabSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Budgets are for those that are trained; put together again only when a member changed.

    Training the committee itself is refused with the way out.
    """
    wide = LiteOptions(widths=(8, 8, 16, 16, 24), decoder_blocks=(1, 0, 0, 0), attention_blocks=1, heads=2)
    members = [replace(FIRST, name=f"{n}_tiny", net=wide, seed=n) for n in (1, 2)]
    both = replace(
        FIRST,
        name="both_tiny",
        net=CommitteeOptions((wide, wide), ((0, 8), (1, 4))),
        committee_of=("1_tiny", "2_tiny"),
        shares={},
        stages=(),
    )
    known = {**recipes.recipes(), **{row.name: row for row in (*members, both)}}
    monkeypatch.setattr(recipes, "recipes", lambda: known)
    with pytest.raises(ParameterError, match="1_tiny, 2_tiny"):
        rebuild.train_all(rebuild.Rebuild(tmp_path / "t.onnx", "both_tiny", 3, (0.02,) * 3), settings)
    rebuild.train_all(rebuild.Rebuild(tmp_path / "t.onnx", "both_tiny", 3, (0.02, 0.02)), settings)
    state = load_state(settings.runs / "both_tiny" / "last.pt")
    assert [row["seed"] for row in state["committee"]] == [1, 2]
    written = (settings.runs / "both_tiny" / "last.pt").stat().st_mtime_ns
    order = rebuild.Rebuild(tmp_path / "t.onnx", "both_tiny", 3, (0.02, 0.02))
    rebuild.train_all(order, settings)
    assert (settings.runs / "both_tiny" / "last.pt").stat().st_mtime_ns == written
    _see_more(settings.runs / "2_tiny" / "last.pt")
    rebuild.train_all(order, settings)
    assert load_state(settings.runs / "both_tiny" / "last.pt")["committee"][1]["pictures_seen"] == 1_000_000
    with pytest.raises(ParameterError, match="assemble"):
        carry_out(Team(), Order("both_tiny", tmp_path / "run", 1.0), settings)


def test_calibration_takes_few_pictures_from_all_over() -> None:
    """Evenly from the first on; all where there are fewer, or where nothing is said."""
    rows = list(range(10))
    assert spread(rows, 4) == [0, 2, 5, 7]
    assert spread(rows, 20) == spread(rows, 0) == rows


def test_too_few_scenes_are_refused_before_the_work(settings: LabSettings, tmp_path: Path) -> None:
    """Training would end without an int8 file; what is asked for is the least that will do."""

    def left(count: int) -> int:
        parts = Rendering(tmp_path, count).parts()
        return sum(min(VALIDATION_PER_SHARD, part.count) for part in parts if part.size[1] > part.size[0])

    assert left(FEWEST_SCENES) == PICTURES // 4 > left(FEWEST_SCENES - 1)
    order = rebuild.Rebuild(tmp_path / "tiny.onnx", "first_tiny", FEWEST_SCENES - 1, (0.02,))
    with pytest.raises(ParameterError, match="--scenes 260"):
        rebuild.rebuild(order, settings)
    assert not settings.runs.exists()
