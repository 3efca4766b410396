"""``/api/v1/voices``: the characters and their voices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from pydantic import BaseModel

from segue.kernel.arms import Arm

if TYPE_CHECKING:
    from segue.speech.core.catalogue import Catalogue


class CharacterVoices(BaseModel):
    """A character and its possible voices on each arm, in order of preference."""

    key: str
    name: str
    baseline: list[str]
    candidate: list[str]


def catalogue_routes(catalogue: Catalogue) -> APIRouter:
    routes = APIRouter(prefix="/api/v1", tags=["audio"])
    characters = [
        CharacterVoices(
            key=character.key,
            name=character.name,
            baseline=[delivery.voice for delivery in character.deliveries[Arm.BASELINE]],
            candidate=[delivery.voice for delivery in character.deliveries[Arm.CANDIDATE]],
        )
        for character in catalogue.characters.values()
    ]

    @routes.get("/voices", summary="The characters and their voices")
    async def get_voices() -> list[CharacterVoices]:
        return characters

    return routes
