"""Google's endpoints in the OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from segue.api.google.wire import (
    GoogleError,
    ListVoicesResponse,
    SynthesizeSpeechRequest,
    SynthesizeSpeechResponse,
)
from segue.api.google_rest import synthesize, voices

if TYPE_CHECKING:
    from collections.abc import Sequence

_PARAMETERS = {
    "x-segue-character": ("header", "The character to use, if the voice's name does not identify it"),
    "$alt": ("query", "json, or json;enum-encoding=int for enums as numbers"),
    "key": ("query", "The client's API key, like X-Goog-Api-Key"),
}
_LANGUAGE = {"languageCode": ("query", "Only voices of this language")}
_INVALID = {400: "The request is invalid"}
_FAILURES = {
    429: "A quota of the service or of the vendor is used up",
    503: "No arm can answer now; try again later",
    504: "No arm answered in time",
}


class _Schemas(NamedTuple):
    request: dict[str, Any]
    answer: dict[str, Any]
    voices: dict[str, Any]
    error: dict[str, Any]


def described(ref_template: str, common: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Paths and schemas; ``common`` are the parameters of all speech endpoints."""
    found, components = msgspec.json.schema_components(
        [SynthesizeSpeechRequest, SynthesizeSpeechResponse, ListVoicesResponse, GoogleError],
        ref_template=ref_template,
    )
    schemas = _Schemas(*found)
    paths = {
        synthesize.PATH: {"post": _synthesis("googleV1Synthesize", schemas, common)},
        synthesize.BETA_PATH: {"post": _synthesis("googleV1Beta1Synthesize", schemas, common)},
        voices.PATH: {"get": _listing("googleV1Voices", schemas)},
        voices.BETA_PATH: {"get": _listing("googleV1Beta1Voices", schemas)},
    }
    return paths, components


def _synthesis(name: str, schemas: _Schemas, common: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": "Google's text-to-speech API",
        "tags": ["google"],
        "parameters": [*common, *_parameters(_PARAMETERS)],
        "requestBody": {"required": True, "content": _json(schemas.request)},
        "responses": _responses(schemas.answer, schemas.error, {**_INVALID, **_FAILURES}),
    }


def _listing(name: str, schemas: _Schemas) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": "Google's list of voices: the characters and their baseline's voices",
        "tags": ["google"],
        "parameters": _parameters({**_PARAMETERS, **_LANGUAGE}),
        "responses": _responses(schemas.voices, schemas.error, _INVALID),
    }


def _parameters(found: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": place, "required": False, "schema": {"type": "string"}, "description": text}
        for name, (place, text) in found.items()
    ]


def _responses(answer: dict[str, Any], error: dict[str, Any], refusals: dict[int, str]) -> dict[str, Any]:
    return {
        "200": {"description": "The response in Google's format", "content": _json(answer)},
        **{str(status): {"description": text, "content": _json(error)} for status, text in refusals.items()},
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
