"""The OpenAPI document of the hot doors, from the types that they decode and encode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from segue.api.elevenlabs import described as elevenlabs
from segue.api.google_rest import described as google
from segue.api.native import described as jobs
from segue.api.native import synthesize as native
from segue.api.native.wire import ErrorAnswer, SynthesizeAnswer, SynthesizeBody
from segue.api.openai import speech as openai
from segue.api.openai.wire import ErrorBody, SpeechBody
from segue.core.speech import CONTENT_TYPES, Container

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
        ("X-User-ID", "The listener, where the body names none"),
        ("X-End-User", "The app's end user, where no listener is named; the header's name is a setting"),
        ("X-Session-ID", "The session, where neither is named"),
        ("X-Request-ID", "The caller's name for this request; returned"),
    )
]


def with_hot_doors(document: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """FastAPI's document with the doors it does not know."""

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
                "Speak a text as a character",
                ["audio"],
                synthesize,
                _json(answer),
                _json(error),
            )
        },
        native.AUDIO_PATH + "/{id}.{ext}": {"get": _get_audio(audio, _json(error))},
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
            "400": {"description": "The request cannot be answered as it is", "content": error},
            "413": {"description": "The body is too large", "content": error},
            "429": {"description": "OpenAI's API alone: a quota is spent on every arm", "content": error},
            "503": {"description": "No arm can answer now; try again", "content": error},
        },
    }


def _get_audio(audio: dict[str, Any], error: dict[str, Any]) -> dict[str, Any]:
    name = {"type": "string", "pattern": "^[0-9a-f]{32,64}$"}
    return {
        "operationId": "getAudio",
        "summary": "Audio made earlier",
        "tags": ["audio"],
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": name},
            {
                "name": "ext",
                "in": "path",
                "required": True,
                "schema": {"enum": [str(item) for item in Container]},
            },
            {"name": "Range", "in": "header", "required": False, "schema": {"type": "string"}},
        ],
        "responses": {
            "200": {"description": "The audio", "content": audio},
            "206": {"description": "The part asked for", "content": audio},
            "304": {"description": "Not modified"},
            "404": {"description": "No such audio, or no longer kept", "content": error},
            "416": {"description": "No such part"},
        },
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
