"""``GET /v1/models``: the catalogue."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from nearfar.service.answer.openapi import models_operation
from nearfar.weights import open_store
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from nearfar.cards import ModelCard
    from nearfar.service.context import Service
    from nearfar.weights import Store


def router(service: Service) -> APIRouter:
    """The routes of this noun."""
    routes = APIRouter(tags=["models"])

    @routes.get("/v1/models", **models_operation())
    async def list_models() -> dict[str, Any]:
        default = service.settings.model
        store = open_store(service.settings)
        rows = [describe(card, store) for card in catalogue.cards().values()]
        return {"default": default, "models": rows}

    return routes


def describe(card: ModelCard, store: Store) -> dict[str, Any]:
    """A card as plain values, and whether its weights are on this machine."""
    row = asdict(card)
    del row["input"]["shape"]  # of loaded files, never of cards
    own = {"kind": card.kind.value, "unit": card.unit, "near_is_large": card.kind.is_near_large}
    here = {"speed": card.speed_class, "is_installed": store.is_installed(card)}
    return row | own | here | {"details": dict(card.details)}
