"""The OpenAPI document's part about long texts."""

from __future__ import annotations

from typing import Any

import msgspec

from segue.api.native.jobs import PATH
from segue.api.native.wire import ErrorAnswer, JobAnswer, JobBody

_TAGS = ["audio"]
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}


def described(ref: str, headers: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Paths and the schemas that they name; ``headers`` are the parameters that all doors for speech read."""
    bodies, components = msgspec.json.schema_components([JobBody, JobAnswer, ErrorAnswer], ref_template=ref)
    body, job, error = (_json(schema) for schema in bodies)
    gone = {"404": {"description": "No such job, or no longer kept", "content": error}}
    submit = {
        "requestBody": {"required": True, "content": body},
        "parameters": headers,
        "responses": {
            "202": {"description": "Taken in; `location` is its place", "content": job},
            "400": {"description": "The text cannot be said as it is", "content": error},
            "413": {"description": "The body is too large", "content": error},
            "503": {"description": "Too many wait, or no arm can answer", "content": error},
        },
    }
    told = {"200": {"description": "As far as it is", "content": job}} | gone
    events = {"200": {"description": "Every change", "content": {"text/event-stream": {"schema": _STRING}}}} | gone
    audio = {
        "200": {"description": "The file", "content": {"*/*": {"schema": _STRING}}},
        "206": {"description": "The part asked for", "content": {"*/*": {"schema": _STRING}}},
        "409": {"description": "The job is not done", "content": error},
    } | gone
    paths = {
        PATH: {"post": _operation("submitJob", "A text of up to 100,000 characters, made into a file", submit)},
        PATH + "/{id}": {
            "get": _operation("getJob", "How far a job is", _of_one(told)),
            "delete": _operation("cancelJob", "Stop the work on it", _of_one(told)),
        },
        PATH + "/{id}/events": {"get": _operation("followJob", "How far it is, as it goes", _of_one(events))},
        PATH + "/{id}/audio": {"get": _operation("getJobAudio", "The file of a job that is done", _of_one(audio))},
    }
    return paths, components


_STRING = {"type": "string"}


def _operation(name: str, summary: str, rest: dict[str, Any]) -> dict[str, Any]:
    return {"operationId": name, "summary": summary, "tags": _TAGS, **rest}


def _of_one(responses: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": [_ID], "responses": responses}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
