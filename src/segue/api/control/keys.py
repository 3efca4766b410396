"""``/api/v1/keys``: creates, limits, lists and revokes API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path
from pydantic import BaseModel, ConfigDict, Field

from segue.access.bodies import KeyBody, NewKeyBody, key_body
from segue.access.keys import ID_PATTERN
from segue.access.limits import LARGEST_LIMIT, KeyLimits
from segue.access.register import MOST_NAME_CHARS, NameTaken, NoSuchKey, WantedKey
from segue.access.roles import Api, Permission, Role
from segue.api.auth import Actor
from segue.api.control.bodies import ERRORS, refused
from segue.api.refusals import NotFound

if TYPE_CHECKING:
    from segue.access.register import KeyRegister
    from segue.api.auth import Operators
    from segue.kernel.ports.clock import Clock
    from segue.speech.core.catalogue import Catalogue

_LATEST_S = 253_402_300_799.0
"""The end of the year 9999."""

_ERRORS: dict[int | str, dict[str, Any]] = {
    **ERRORS,
    404: refused("No key has this id"),
    409: refused("A key that was not revoked has this name"),
}


_Size = Annotated[int | None, Field(ge=1, le=LARGEST_LIMIT)]


class LimitsRequest(BaseModel):
    """The limits of a key; those that are not given are unlimited. A month is one of the calendar, in UTC."""

    model_config = ConfigDict(extra="forbid")

    requests_per_minute: _Size = None
    chars_per_minute: _Size = None
    chars_per_month: _Size = None
    concurrent_requests: _Size = None


class KeyRequest(BaseModel):
    """A key to create. Characters and apis that are not given: all. ``expires_at_s`` is Unix time."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MOST_NAME_CHARS)
    role: Role
    characters: list[str] | None = Field(default=None, min_length=1, max_length=1000)
    apis: list[Api] | None = Field(default=None, min_length=1)
    expires_at_s: float | None = Field(default=None, gt=0, le=_LATEST_S)
    limits: LimitsRequest = Field(default_factory=LimitsRequest)


def key_routes(register: KeyRegister, catalogue: Catalogue, clock: Clock, operators: Operators) -> APIRouter:
    """The routes, for admins."""
    routes = APIRouter(prefix="/api/v1/keys", tags=["keys"], responses=_ERRORS)
    admin: Any = Depends(operators.may(Permission.ADMIN))

    @routes.get("", summary="List the API keys, without their secrets")
    async def get_keys(_: Actor = admin) -> list[KeyBody]:
        now_s = clock.now_s()
        return [key_body(key, now_s) for key in await register.listed()]

    @routes.post("", status_code=201, summary="Create an API key; the secret is shown only in this response")
    async def post_key(body: KeyRequest, actor: Actor = admin) -> NewKeyBody:
        try:
            key, secret = await register.create(_wanted(body, catalogue), *actor)
        except NameTaken as error:
            raise HTTPException(409, str(error)) from None
        return NewKeyBody(key_body(key, clock.now_s()), secret)

    @routes.post("/{key_id}/limits", summary="Replace the limits of an API key; they apply within seconds")
    async def post_limits(
        body: LimitsRequest, key_id: Annotated[str, Path(pattern=f"^{ID_PATTERN}$")], actor: Actor = admin
    ) -> KeyBody:
        try:
            return key_body(await register.limit(key_id, _limits(body), *actor), clock.now_s())
        except NoSuchKey as error:
            raise NotFound(str(error)) from None

    @routes.post("/{key_id}/revoke", summary="Revoke an API key; it is refused everywhere within seconds")
    async def post_revoke(
        key_id: Annotated[str, Path(pattern=f"^{ID_PATTERN}$")], actor: Actor = admin
    ) -> KeyBody:
        try:
            return key_body(await register.revoke(key_id, *actor), clock.now_s())
        except NoSuchKey as error:
            raise NotFound(str(error)) from None

    return routes


def _wanted(body: KeyRequest, catalogue: Catalogue) -> WantedKey:
    """The key, with each character by its key in the catalogue instead of an alias."""
    characters = None
    if body.characters is not None:
        characters = tuple(dict.fromkeys(catalogue.character(name).key for name in body.characters))
    apis = None if body.apis is None else tuple(dict.fromkeys(body.apis))
    return WantedKey(body.name, body.role, characters, apis, body.expires_at_s, _limits(body.limits))


def _limits(body: LimitsRequest) -> KeyLimits:
    return KeyLimits(**body.model_dump())
