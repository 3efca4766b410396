"""``/v1/models``, and ``/v1/audio/models`` and ``/v1/audio/voices``, which OpenAI-compatible servers have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from fastapi import APIRouter, Request, Response

from segue.api.openai.errors import NoSuchModel, refused
from segue.api.openai.wire import AudioModel, AudioModelList, Model, ModelList, VoiceEntry, VoiceList
from segue.speech.core.catalogue import ARM_NAMES

if TYPE_CHECKING:
    from segue.api.context import Context

OPENAI_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15")
"""Models that apps name; the rollout decides which arm answers for them."""

OPENAI_LISTS = ("/v1/models", "/v1/audio/")
"""Path prefixes of the lists."""

OPENAI_VOICES = "alloy ash ballad cedar coral echo fable marin nova onyx sage shimmer verse".split()
"""OpenAI's voices; each is listed if it is an alias in the catalogue."""


def openai_lists(context: Context) -> APIRouter:
    """The lists that clients of OpenAI and of compatible servers request."""
    routes = APIRouter(tags=["openai"])
    catalogue = context.catalogue
    created = int(context.clock.now_s())
    arms = dict.fromkeys((*(spec.model for spec in catalogue.arms.values()), *ARM_NAMES))
    owners = {**dict.fromkeys(OPENAI_MODELS, "openai"), **dict.fromkeys(arms, "segue")}
    models = {name: Model(name, created, owner) for name, owner in owners.items()}
    voices = [VoiceEntry(key, character.name) for key, character in catalogue.characters.items()]
    voices += [VoiceEntry(name, name.title()) for name in OPENAI_VOICES if name in catalogue.aliases]

    @routes.get("/v1/models", summary="List the values of `model`")
    async def get_models() -> Response:
        return _json(ModelList(list(models.values())))

    @routes.get(
        "/v1/models/{model}", summary="Get a model", responses={404: {"description": "The model does not exist"}}
    )
    async def get_model(model: str, request: Request) -> Response:
        found = models.get(model)
        if found is not None:
            return _json(found)
        error = NoSuchModel(f"The model '{model[:64]}' does not exist; GET /v1/models lists them", field="model")
        answer = refused(error, context.identity.request_id(dict(request.headers.raw)))
        headers = {name.decode(): value.decode() for name, value in answer.headers}
        return Response(answer.body, answer.status, headers)

    @routes.get("/v1/audio/models", summary="List the values of `model`, as OpenAI-compatible servers do")
    async def get_audio_models() -> Response:
        return _json(AudioModelList([AudioModel(name, name) for name in models]))

    @routes.get("/v1/audio/voices", summary="List the values of `voice`")
    async def get_voices() -> Response:
        return _json(VoiceList(voices))

    return routes


def _json(content: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
