"""The part of the OpenAPI document about jobs for long texts."""

from __future__ import annotations

from typing import Any

import msgspec

from segue.api.native.jobs import PATH
from segue.api.native.wire import ErrorAnswer, JobAnswer, JobBody

_TAGS = ["audio"]
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}


def described(ref: str, headers: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Paths and the schemas that they use; ``headers`` are the parameters of all speech endpoints."""
    bodies, components = msgspec.json.schema_components([JobBody, JobAnswer, ErrorAnswer], ref_template=ref)
    body, job, error = (_json(schema) for schema in bodies)
    gone = {"404": {"description": "The job does not exist or is no longer stored", "content": error}}
    submit = {
        "requestBody": {"required": True, "content": body},
        "parameters": headers,
        "responses": {
            "202": {"description": "The job is accepted; the `Location` header has its URL", "content": job},
            "400": {"description": "The request is invalid", "content": error},
            "413": {"description": "The body is too large", "content": error},
            "415": {"description": "The body's Content-Encoding is not gzip or deflate", "content": error},
            "503": {"description": "Too many jobs are waiting, or no arm can answer", "content": error},
        },
    }
    told = {"200": {"description": "The job's current state", "content": job}} | gone
    events = {
        "200": {"description": "An event for every change", "content": {"text/event-stream": {"schema": _STRING}}}
    } | gone
    audio = {
        "200": {"description": "The file", "content": {"*/*": {"schema": _STRING}}},
        "206": {"description": "The requested part", "content": {"*/*": {"schema": _STRING}}},
        "409": {"description": "The job is not finished", "content": error},
    } | gone
    paths = {
        PATH: {
            "post": _operation("submitJob", "Synthesize a text of up to 100,000 characters into a file", submit)
        },
        PATH + "/{id}": {
            "get": _operation("getJob", "Get a job's state", _of_one(told)),
            "delete": _operation("cancelJob", "Cancel a job", _of_one(told)),
        },
        PATH + "/{id}/events": {"get": _operation("followJob", "Follow a job's progress", _of_one(events))},
        PATH + "/{id}/audio": {
            "get": _operation("getJobAudio", "Get the audio of a finished job", _of_one(audio))
        },
    }
    return paths, components


_STRING = {"type": "string"}


def _operation(name: str, summary: str, rest: dict[str, Any]) -> dict[str, Any]:
    return {"operationId": name, "summary": summary, "tags": _TAGS, **rest}


def _of_one(responses: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": [_ID], "responses": responses}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
