"""``POST /v1/effects/NAME``: a photo in, a picture or a clip out; ``GET /v1/effects``: what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from nearfar.encode import CLIP_TYPES, MEDIA_TYPES
from nearfar.plugins import outline
from nearfar.registry import EFFECTS
from nearfar.service.answer.openapi import plugins_operation
from nearfar.service.routes._plugin import Maker, add_route

if TYPE_CHECKING:
    from nearfar.service.answer.answers import Result
    from nearfar.service.context import Service


def router(service: Service) -> APIRouter:
    """The routes of this noun."""
    routes = APIRouter(tags=["effects"])

    @routes.get("/v1/effects", **plugins_operation("effects"))
    async def list_effects() -> list[dict[str, Any]]:
        return [outline(EFFECTS.load(name)) for name in EFFECTS.names()]

    for name in EFFECTS.names():
        plugin = EFFECTS.load(name)
        types = {suffix: _media_type(suffix, plugin) for suffix in plugin.suffixes}
        shown = types.values() if _is_clip(plugin) else [types[plugin.suffixes[0]]]
        add_route(routes, service, Maker(plugin, "effects", tuple(dict.fromkeys(shown)), _suffix, _apply))
    return routes


def _is_clip(plugin: Any) -> bool:
    return "format" in plugin.options.__dataclass_fields__


def _media_type(suffix: str, plugin: Any) -> str:
    return (CLIP_TYPES if _is_clip(plugin) else MEDIA_TYPES)[suffix]


def _suffix(plugin: Any, options: Any) -> tuple[str, str]:
    """(suffix, media type) of the answer that the options ask for."""
    suffix = f".{options.format}" if _is_clip(plugin) else plugin.suffixes[0]
    return suffix, _media_type(suffix, plugin)


def _apply(plugin: Any, result: Result, options: Any) -> bytes:
    return bytes(plugin.apply(result.photo, result.depth, options).encoded(_suffix(plugin, options)[0]))
