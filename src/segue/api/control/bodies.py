"""Bodies of the control API's requests, and its refusals. Responses are in ``segue.rollout.ports.control``."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_LARGEST_REVISION = 2**31 - 1


class FaultEntry(BaseModel):
    """An error. ``code``: ``conflict`` (someone else made a change first), ``not_now``, or another error code."""

    detail: str
    code: str = ""


_FAULT = {"application/json": {"schema": {"$ref": "#/components/schemas/FaultEntry"}}}


def refused(description: str) -> dict[str, Any]:
    """An error of a route, for the OpenAPI document."""
    return {"content": _FAULT, "description": description}


ERRORS: dict[int | str, dict[str, Any]] = {
    400: refused("The change is invalid"),
    401: refused("The token or key is missing, wrong, expired or revoked"),
    403: {"model": FaultEntry, "description": "The key may not do this, or the control API is disabled"},
    409: refused("Another change was first, or the state or the environment forbids this one"),
    503: refused("The store is unreachable; the last known state stays in force"),
}
"""The errors of every route.

Only one has the model, which adds its schema to the document. FastAPI compiles a model again for each route and
status, and that took a third of the time to build the API.
"""


class OrderBody(BaseModel):
    """The reason, and the revision that the command is based on; it fails if there is a newer one."""

    model_config = ConfigDict(extra="forbid")

    why: str = Field(default="", max_length=1000)
    seen: int | None = Field(default=None, ge=0, le=_LARGEST_REVISION)


class MoveBody(OrderBody):
    """A command with the expected place: stage ``from_stage``, step ``from_step``, counted from 0.

    If the rollout is elsewhere, nothing is done, so that the command can safely be sent again.
    """

    from_stage: int | None = Field(default=None, ge=0, le=_LARGEST_REVISION)
    from_step: int | None = Field(default=None, ge=0, le=_LARGEST_REVISION)


class RoutingPatch(OrderBody):
    """A change of the given fields; other fields stay as they are."""

    enabled: bool | None = None
    share_percent: float | None = Field(default=None, ge=0, le=100, strict=True)
    characters: list[str] | None = Field(default=None, max_length=1000)
    held_back: list[str] | None = Field(default=None, max_length=1000)
    fallback: bool | None = None


class StartBody(OrderBody):
    """``plan`` is the plan file (YAML). ``at`` is the stage to start at, by name or by number from 0."""

    plan: str = Field(min_length=1, max_length=200_000)
    at: int | str | None = None


class CharacterBody(OrderBody):
    character: str = Field(min_length=1, max_length=128)
