"""The OpenAPI document of the plain ASGI endpoints, generated from their types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from segue.api import links
from segue.api.elevenlabs import described as elevenlabs
from segue.api.google_rest import described as google
from segue.api.native import described as jobs
from segue.api.native import synthesize as native
from segue.api.native.wire import ErrorAnswer, SynthesizeAnswer, SynthesizeBody
from segue.api.openai import speech as openai
from segue.api.openai.wire import ErrorBody, SpeechBody
from segue.speech.core.speech import CONTENT_TYPES, Container

if TYPE_CHECKING:
    from collections.abc import Callable

_REF = "#/components/schemas/{name}"
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_IDENTITY_HEADERS = [
    {
        "name": name,
        "in": "header",
        "required": False,
        "schema": {"type": "string", "maxLength": 256},
        "description": text,
    }
    for name, text in (
        ("X-User-ID", "The listener, if the body names none"),
        ("X-End-User", "The app's end user, if no listener is named; the header's name is a setting"),
        ("X-Session-ID", "The session, if neither is named"),
        ("X-Request-ID", "The client's id for this request; it is returned in the response"),
    )
]


def with_hot_doors(document: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """FastAPI's document, extended by the plain ASGI endpoints."""

    def merged() -> dict[str, Any]:
        whole = document()
        bodies, components = msgspec.json.schema_components(
            [SynthesizeBody, SynthesizeAnswer, ErrorAnswer, SpeechBody, ErrorBody], ref_template=_REF
        )
        whole.setdefault("components", {}).setdefault("schemas", {}).update(components)
        whole["paths"].update(_paths(*bodies))
        for dialect in (jobs, elevenlabs, google):
            paths, components = dialect.described(_REF, _IDENTITY_HEADERS)
            whole["components"]["schemas"].update(components)
            whole["paths"].update(paths)
        return whole

    return merged


def _paths(
    synthesize: dict[str, Any],
    answer: dict[str, Any],
    error: dict[str, Any],
    speech: dict[str, Any],
    openai_error: dict[str, Any],
) -> dict[str, Any]:
    audio = dict.fromkeys(sorted(set(CONTENT_TYPES.values())), _BINARY)
    events = {"text/event-stream": {"schema": {"type": "string"}}}
    return {
        native.PATH: {
            "post": _operation(
                "synthesize",
                "Synthesize a text in a character's voice",
                ["audio"],
                synthesize,
                _json(answer),
                _json(error),
            )
        },
        links.AUDIO_PATH + "/{id}.{ext}": {
            "parameters": _AUDIO_ADDRESS,
            "get": _get_audio(audio, _json(error)),
            "delete": _delete_audio(_json(error)),
        },
        openai.PATH: {
            "post": _operation(
                "createSpeech", "OpenAI's speech API", ["openai"], speech, audio | events, _json(openai_error)
            )
        },
    }


def _operation(
    name: str,
    summary: str,
    tags: list[str],
    body: dict[str, Any],
    content: dict[str, Any],
    error: dict[str, Any],
) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "tags": tags,
        "parameters": _IDENTITY_HEADERS,
        "requestBody": {"required": True, "content": _json(body)},
        "responses": {
            "200": {"description": "Speech", "content": content},
            "400": {"description": "The request is invalid", "content": error},
            "413": {"description": "The body is too large", "content": error},
            "415": {"description": "The body's Content-Encoding is not gzip or deflate", "content": error},
            "429": {
                "description": "Too many wrong keys from this address; in OpenAI's API also: the quotas of all "
                "arms are used up",
                "content": error,
            },
            "503": {"description": "No arm can answer now; try again later", "content": error},
        },
    }


_AUDIO_ADDRESS: list[dict[str, Any]] = [
    {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{32,64}$"}},
    {"name": "ext", "in": "path", "required": True, "schema": {"enum": [str(item) for item in Container]}},
    {"name": "expires", "in": "query", "required": True, "schema": {"type": "integer"}},
    {"name": "signature", "in": "query", "required": True, "schema": {"type": "string"}},
]


def _get_audio(audio: dict[str, Any], error: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": "getAudio",
        "summary": "Get stored audio",
        "tags": ["audio"],
        "parameters": [{"name": "Range", "in": "header", "required": False, "schema": {"type": "string"}}],
        "responses": {
            "200": {"description": "The audio", "content": audio},
            "206": {"description": "The requested part", "content": audio},
            "304": {"description": "Not modified"},
            "404": {
                "description": "The audio does not exist or is no longer stored, or the URL has expired",
                "content": error,
            },
            "416": {"description": "The requested range is outside the file"},
        },
    }


def _delete_audio(error: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": "deleteAudio",
        "summary": "Delete stored audio from every process of the service",
        "tags": ["audio"],
        "responses": {
            "204": {"description": "The audio is deleted, or was deleted before"},
            "404": {"description": "The URL is not from this service, or has expired", "content": error},
            "503": {"description": "The audio could not be deleted; try again", "content": error},
        },
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
