"""Masks of objects by Segment Anything, for :func:`nearfar.ops.fuse.fuse` and ``--mask``.

The network is run by ``transformers`` (extra ``sam``); its weights are the user's: a folder in the layout of
``save_pretrained``, or a name on the hub. Source: A. Kirillov et al., "Segment Anything", ICCV 2023.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import MissingExtraError, ParameterError, TooLargeError, WeightsError
from nearfar.types.shape import check_shape

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from nearfar.types import Photo

    Masks = npt.NDArray[np.bool_]
    Point = tuple[float, float]
    Box = tuple[float, float, float, float]

MOST_PROMPTS = 1024
"""Points or boxes at once, each of which becomes a mask of the photo's size."""
MOST_PIXELS = 2**33
"""Of all masks together, a byte each."""
_AT_ONCE = 32  # prompts in one run of the mask decoder: memory stays bounded
_SAME = 0.7  # two masks that overlap this much are one object


@dataclass(frozen=True, slots=True)
class Everything:
    """How objects are looked for where none is pointed at.

    ``side``: points of a grid along each side. ``least_score``: the network's own estimate of a mask.
    ``least_share``: of the picture, below which a mask is a speck.
    """

    side: int = 12
    least_score: float = 0.8
    least_share: float = 0.001


@dataclass(frozen=True, slots=True, eq=False)
class Segmenter:
    """A loaded network; made by :func:`load_segmenter`."""

    model: Any
    processor: Any

    def look(self, photo: Photo) -> Any:
        """What the network sees in a photo: the slow part, which serves any number of prompts on it."""
        import torch

        check_shape(photo.width, photo.height, "The photo")
        with torch.inference_mode():
            sizes = self.processor(images=photo.rgb8(), return_tensors="pt")
            return self.model.get_image_embeddings(sizes["pixel_values"])

    def at_points(self, photo: Photo, points: Sequence[Point], seen: Any = None) -> Masks:
        """(N, H, W) bool: the object at each pixel x,y. ``seen``: what :meth:`look` gave for this photo.

        Raises:
            ParameterError: no point, or one outside the picture.
            TooLargeError: more masks than are made at once.
        """
        for x, y in points:
            if not (0 <= x < photo.width and 0 <= y < photo.height):
                raise ParameterError(
                    f"The point {x:g},{y:g} lies outside the {photo.width}×{photo.height} picture."
                )
        prompts = [{"input_points": [[[[float(x), float(y)]]]]} for x, y in points]
        return self._masks(photo, prompts, seen)[0]

    def in_boxes(self, photo: Photo, boxes: Sequence[Box]) -> Masks:
        """(N, H, W) bool: the object in each box left, top, right, bottom in pixels.

        Raises:
            ParameterError: no box, or one that is empty.
        """
        for left, top, right, bottom in boxes:
            if not (left < right and top < bottom):
                raise ParameterError(f"The box {left:g},{top:g},{right:g},{bottom:g} is empty.")
        return self._masks(photo, [{"input_boxes": [[list(map(float, box))]]} for box in boxes])[0]

    def everything(self, photo: Photo, how: Everything | None = None) -> Masks:
        """(N, H, W) bool, largest first: objects found from a grid of points, each once.

        Raises:
            ParameterError: nothing was found.
        """
        how = how or Everything()
        steps = (np.arange(how.side) + 0.5) / how.side
        grid = [(x * photo.width, y * photo.height) for y in steps for x in steps]
        masks, scores = self._masks(photo, [{"input_points": [[[[float(x), float(y)]]]]} for x, y in grid])
        good = [
            np.asarray(masks[i])
            for i in np.argsort(-scores)
            if scores[i] >= how.least_score and masks[i].mean() >= how.least_share
        ]
        found = _distinct(good)
        if not found:
            raise ParameterError("No object was found in the picture.", "Point at one, or lower the score.")
        return np.stack(sorted(found, key=lambda mask: -int(np.count_nonzero(mask))))

    def _masks(
        self, photo: Photo, prompts: list[dict[str, Any]], seen: Any = None
    ) -> tuple[Masks, npt.NDArray[np.float32]]:
        """The best mask of each prompt, and its score. The picture is looked at once."""
        import torch

        if not prompts:
            raise ParameterError("Nothing was pointed at.", "Give a point or a box.")
        check_shape(photo.width, photo.height, "The photo")
        if len(prompts) > MOST_PROMPTS or len(prompts) * photo.width * photo.height > MOST_PIXELS:
            raise TooLargeError(
                f"{len(prompts):,} masks of {photo.width}×{photo.height} pixels were asked for, but at most "
                f"{MOST_PROMPTS:,} masks and {MOST_PIXELS / 1e6:,.0f} million pixels together were expected.",
                "Point at fewer things, or scale the photo down.",
            )
        seen = self.look(photo) if seen is None else seen
        with torch.inference_mode():
            parts = [
                self._run(photo, prompts[i : i + _AT_ONCE], seen) for i in range(0, len(prompts), _AT_ONCE)
            ]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def _run(self, photo: Photo, prompts: list[dict[str, Any]], seen: Any) -> tuple[Any, Any]:
        import torch

        kind = next(iter(prompts[0]))
        joined = {kind: [[part for prompt in prompts for part in prompt[kind][0]]]}
        inputs = self.processor(images=photo.rgb8(), return_tensors="pt", **joined)
        found = self.model(image_embeddings=seen, multimask_output=True, **{kind: inputs[kind]})
        best = found.iou_scores[0].argmax(dim=1)
        rows = torch.arange(len(best))
        masks = self.processor.image_processor.post_process_masks(
            found.pred_masks[:, rows, best][:, :, None],
            inputs["original_sizes"],
            inputs["reshaped_input_sizes"],
        )
        return masks[0][:, 0].numpy(), found.iou_scores[0, rows, best].numpy()


def load_segmenter(weights: str | os.PathLike[str], *, offline: bool = False) -> Segmenter:
    """A Segment Anything network, ready to run on the processor.

    Args:
        weights: a folder with ``config.json`` and weights, or a name on the hub.
        offline: never pull; the name must be a folder or in the hub's cache.

    Raises:
        MissingExtraError: transformers or torch is not installed.
        WeightsError: the folder holds no such network, or it cannot be pulled.
    """
    try:
        from transformers import SamModel, SamProcessor
    except ImportError as exc:
        raise MissingExtraError(
            "Segment Anything needs transformers and torch.", 'Install them: pip install "nearfar[sam]"'
        ) from exc
    local = offline or Path(weights).is_dir()
    try:
        model = SamModel.from_pretrained(weights, local_files_only=local, use_safetensors=True)
        processor = SamProcessor.from_pretrained(weights, local_files_only=local)
    except Exception as exc:  # transformers, safetensors and the hub each have errors of their own
        raise WeightsError(
            f"No Segment Anything network can be loaded from '{weights}': {exc}.",
            "Give a folder written by save_pretrained, or a name on the hub such as facebook/sam-vit-base.",
        ) from exc
    model.train(mode=False)
    return Segmenter(model, processor)


def labelled(masks: Masks) -> npt.NDArray[np.uint16]:
    """(H, W) labels from 1, 0 where there is no object; where masks overlap the smaller one is on top."""
    out = np.zeros(masks.shape[1:], np.uint16)
    for i in np.argsort([-int(mask.sum()) for mask in masks], kind="stable"):
        out[masks[i]] = i + 1
    return out


def _distinct(masks: Iterable[npt.NDArray[np.bool_]]) -> list[npt.NDArray[np.bool_]]:
    found: list[npt.NDArray[np.bool_]] = []
    for mask in masks:
        if all((mask & other).sum() < _SAME * (mask | other).sum() for other in found):
            found.append(mask)
    return found
