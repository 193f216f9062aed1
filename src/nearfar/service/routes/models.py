"""``GET /v1/models``: the catalogue."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from nearfar import catalogue
from nearfar.service.openapi import models_operation

if TYPE_CHECKING:
    from nearfar.cards import ModelCard
    from nearfar.service.app import Service


def router(service: Service) -> APIRouter:
    """The routes of this noun."""
    routes = APIRouter(tags=["models"])

    @routes.get("/v1/models", **models_operation())
    async def list_models() -> dict[str, Any]:
        default = service.settings.model
        return {"default": default, "models": [describe(card) for card in catalogue.cards().values()]}

    return routes


def describe(card: ModelCard) -> dict[str, Any]:
    """A card as plain values."""
    row = asdict(card)
    own = {"kind": card.kind.value, "unit": card.unit, "near_is_large": card.kind.is_near_large}
    return row | own | {"details": dict(card.details)}
