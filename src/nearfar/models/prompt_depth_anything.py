"""Prompt Depth Anything: metres from the coarse depth of a sensor, depth up to scale and shift without it."""

from __future__ import annotations

from nearfar.cards import DepthKind, InputSpec, ModelCard
from nearfar.models import _hub

SIZE, PATCH = 756, 14
ROWS = (("small", "vits", 25_100_000), ("large", "vitl", 340_000_000))


def _card(size: str, encoder: str, parameters: int) -> ModelCard:
    return ModelCard(
        name=f"prompt-depth-anything-{size}",
        title=f"Prompt Depth Anything {size.capitalize()}",
        family="prompt_depth_anything",
        kind=DepthKind.AFFINE_DEPTH,
        input=InputSpec(SIZE, PATCH, fit="minimal", min_size=98, max_size=2044),
        weights=_hub.checkpoint(f"depth-anything/prompt-depth-anything-{encoder}-hf"),
        licence="unverified: ask its authors",
        is_commercial_use_allowed=False,
        parameters=parameters,
        summary="Fine metres from a sensor's coarse ones (prompt); without them relative depth.",
        paper="https://arxiv.org/abs/2412.14015",
        extra="transformers",
        network=_hub.NETWORK,
        not_converted="its library binds an export to the size it was made at",
        takes_prompt=True,
        source="transformers' prompt_depth_anything and its image processor: a prompt in metres",
    )


PLUGIN = tuple(_card(*row) for row in ROWS)
