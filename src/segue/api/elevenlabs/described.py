"""The dialect's part of the OpenAPI document."""

from __future__ import annotations

from typing import Any

import msgspec

from segue.api.elevenlabs.formats import OUTPUTS
from segue.api.elevenlabs.lists import SEARCH, VOICE_PREFIX
from segue.api.elevenlabs.search import DIRECTIONS, MOST_ON_A_PAGE, PARAMETERS, SORTS, TYPES
from segue.api.elevenlabs.speech import PREFIX
from segue.api.elevenlabs.wire import (
    ElevenLabsFaultsAnswer,
    ElevenLabsSettings,
    ElevenLabsSpeechBody,
    ElevenLabsTroubleAnswer,
    ElevenLabsVoice,
    ElevenLabsVoiceList,
)

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_TAGS = ["elevenlabs"]
_SEVERAL = {"type": "array", "items": {"type": "string"}, "maxItems": MOST_ON_A_PAGE}
_PARAMETERS = {
    "page_size": {"type": "integer", "minimum": 1, "maximum": MOST_ON_A_PAGE, "default": MOST_ON_A_PAGE},
    "sort": {"type": "string", "enum": list(SORTS)},
    "sort_direction": {"type": "string", "enum": list(DIRECTIONS)},
    "voice_type": {"type": "string", "enum": list(TYPES)},
    "high_quality": {"type": "boolean"},
    **dict.fromkeys(("voice_ids", "language", "use_cases"), _SEVERAL),
}
_VOICE_ID = {"name": "voice_id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def described(ref: str, headers: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Paths and the schemas that they use; ``headers`` are the parameters of all speech endpoints."""
    bodies, components = msgspec.json.schema_components(
        [
            ElevenLabsSpeechBody,
            ElevenLabsFaultsAnswer,
            ElevenLabsTroubleAnswer,
            ElevenLabsVoiceList,
            ElevenLabsVoice,
            ElevenLabsSettings,
        ],
        ref_template=ref,
    )
    speech, faults, trouble, voices, voice, settings = bodies
    post = _speech(headers, speech, faults, trouble)
    paths = {
        PREFIX + "{voice_id}": {"post": post | {"operationId": "elevenLabsSpeech"}},
        PREFIX + "{voice_id}/stream": {"post": post | {"operationId": "elevenLabsStream"}},
        SEARCH: {"get": _search(voices, faults)},
        VOICE_PREFIX + "{voice_id}": {
            "get": _of_one("elevenLabsVoice", "Get a character as a voice", voice, trouble)
        },
        VOICE_PREFIX + "{voice_id}/settings": {
            "get": _of_one("elevenLabsSettings", "Get a voice's settings", settings, trouble)
        },
        VOICE_PREFIX + "settings/default": {
            "get": _listing("elevenLabsDefaultSettings", "Get the default settings", settings)
        },
        "/v1/user": {
            "get": _listing(
                "elevenLabsUser", "Get a placeholder account; the service has no accounts", {"type": "object"}
            )
        },
    }
    return paths, components


def _speech(
    headers: list[dict[str, Any]], body: dict[str, Any], faults: dict[str, Any], trouble: dict[str, Any]
) -> dict[str, Any]:
    wanted = {
        "name": "output_format",
        "in": "query",
        "required": False,
        "schema": {"type": "string", "enum": sorted(OUTPUTS), "default": "mp3_44100_128"},
    }
    return {
        "summary": "ElevenLabs' text-to-speech API",
        "tags": _TAGS,
        "parameters": [_VOICE_ID, wanted, *headers],
        "requestBody": {"required": True, "content": _json(body)},
        "responses": {
            "200": {"description": "Speech", "content": {"audio/*": _BINARY}},
            "400": {
                "description": "The text is too long, or the function is not supported",
                "content": _json(trouble),
            },
            "404": {"description": "The voice does not exist", "content": _json(trouble)},
            "413": {"description": "The body is too large", "content": _json(trouble)},
            "415": {
                "description": "The body's Content-Encoding is not gzip or deflate",
                "content": _json(trouble),
            },
            "422": {"description": "The request is invalid", "content": _json(faults)},
            "429": {
                "description": "The quotas of all arms are used up, or too many wrong keys came from this address",
                "content": _json(trouble),
            },
            "503": {"description": "No arm can answer now; try again later", "content": _json(trouble)},
        },
    }


def _listing(name: str, summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "tags": _TAGS,
        "responses": {"200": {"description": "The list", "content": _json(schema)}},
    }


def _search(voices: dict[str, Any], faults: dict[str, Any]) -> dict[str, Any]:
    listing = _listing("elevenLabsVoices", "Search the characters like ElevenLabs' voices", voices)
    wrong = {"422": {"description": "A parameter is invalid", "content": _json(faults)}}
    parameters = [
        {"name": name, "in": "query", "required": False, "schema": _PARAMETERS.get(name, {"type": "string"})}
        for name in PARAMETERS
    ]
    return listing | {"parameters": parameters, "responses": listing["responses"] | wrong}


def _of_one(name: str, summary: str, schema: dict[str, Any], trouble: dict[str, Any]) -> dict[str, Any]:
    listing = _listing(name, summary, schema)
    gone = {"404": {"description": "The voice does not exist", "content": _json(trouble)}}
    return listing | {"parameters": [_VOICE_ID], "responses": listing["responses"] | gone}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
