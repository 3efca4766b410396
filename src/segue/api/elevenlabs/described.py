"""The dialect's part of the OpenAPI document."""

from __future__ import annotations

from typing import Any

import msgspec

from segue.api.elevenlabs.formats import OUTPUTS
from segue.api.elevenlabs.speech import PREFIX
from segue.api.elevenlabs.wire import FaultsAnswer, SpeechBody, TroubleAnswer, VoiceList

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_TAGS = ["elevenlabs"]


def described(ref: str, headers: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Paths and the schemas that they name; ``headers`` are the parameters that all doors for speech read."""
    bodies, components = msgspec.json.schema_components(
        [SpeechBody, FaultsAnswer, TroubleAnswer, VoiceList], ref_template=ref
    )
    components = {f"ElevenLabs{name}": schema for name, schema in components.items()}
    speech, faults, trouble, voices = (_renamed(body) for body in bodies)
    components = {name: _renamed(schema) for name, schema in components.items()}
    post = _speech(headers, speech, faults, trouble)
    paths = {
        PREFIX + "{voice_id}": {"post": post | {"operationId": "elevenLabsSpeech"}},
        PREFIX + "{voice_id}/stream": {"post": post | {"operationId": "elevenLabsStream"}},
        "/v2/voices": {"get": _listing("elevenLabsVoices", "The characters, as ElevenLabs lists voices", voices)},
        "/v1/user": {"get": _listing("elevenLabsUser", "There are no accounts: everyone may", {"type": "object"})},
    }
    return paths, components


def _renamed(schema: Any) -> Any:
    """References to schemas by the names that are this dialect's own in the whole document."""
    if isinstance(schema, dict):
        return {
            key: value.replace("/schemas/", "/schemas/ElevenLabs") if key == "$ref" else _renamed(value)
            for key, value in schema.items()
        }
    return [_renamed(item) for item in schema] if isinstance(schema, list) else schema


def _speech(
    headers: list[dict[str, Any]], body: dict[str, Any], faults: dict[str, Any], trouble: dict[str, Any]
) -> dict[str, Any]:
    voice = {"name": "voice_id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    wanted = {
        "name": "output_format",
        "in": "query",
        "required": False,
        "schema": {"type": "string", "enum": sorted(OUTPUTS), "default": "mp3_44100_128"},
    }
    return {
        "summary": "ElevenLabs' text to speech",
        "tags": _TAGS,
        "parameters": [voice, wanted, *headers],
        "requestBody": {"required": True, "content": _json(body)},
        "responses": {
            "200": {"description": "Speech", "content": {"audio/*": _BINARY}},
            "400": {"description": "Longer than is taken, or not offered here", "content": _json(trouble)},
            "404": {"description": "No such voice", "content": _json(trouble)},
            "413": {"description": "The body is too large", "content": _json(trouble)},
            "422": {"description": "The request cannot be answered as it is", "content": _json(faults)},
            "429": {"description": "A quota is spent on every arm", "content": _json(trouble)},
            "503": {"description": "No arm can answer now; try again", "content": _json(trouble)},
        },
    }


def _listing(name: str, summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "tags": _TAGS,
        "responses": {"200": {"description": "The list", "content": _json(schema)}},
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
