"""Authenticates operators of the control API, and tells the history who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import structlog
from fastapi import Header, HTTPException, Request

from segue.access.keys import folded
from segue.access.register import RESERVED_NAMES, visible
from segue.access.roles import AccessRefusal, Api, Permission
from segue.api.credentials import bearer
from segue.api.refusals import CallerRefused
from segue.rollout.ports.store import ActorSource

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from segue.access.roles import Caller
    from segue.api.callers import Callers

    OperatorCheck: TypeAlias = Callable[..., Awaitable["Actor"]]

_MAX_ACTOR_CHARS = 128
_READING = ("GET", "HEAD")
_UNNAMED = "operator"


class Actor(NamedTuple):
    """Who acts, and how the service knows it."""

    name: str
    source: ActorSource


class Operators:
    """Authenticates operators and returns their names.

    ``is_closed``: the control API is disabled. ``believed``: the holder of the admin token may give any name.
    """

    def __init__(self, callers: Callers, *, is_closed: bool, believed: bool) -> None:
        self._callers = callers
        self._is_closed = is_closed
        self._believed = believed
        self._log = structlog.get_logger("segue.api")

    def may(self, permission: Permission) -> OperatorCheck:
        """FastAPI dependency that authenticates an operator with this permission; returns the name.

        It is the key's name. For the admin token it is ``X-Segue-Actor``, by default "operator", if that is
        believed, and no name of a key. The name and the token are read as UTF-8, although servers decode headers
        as Latin-1.
        """

        async def check(
            request: Request,
            authorization: Annotated[str, Header()] = "",  # noqa: ARG001 - shown in the API's description
            x_segue_actor: Annotated[str, Header(max_length=_MAX_ACTOR_CHARS)] = _UNNAMED,
        ) -> Actor:
            caller = await self._admitted(request, permission)
            actor = self._actor(caller, x_segue_actor)
            if request.method not in _READING:
                self._log.info(
                    "operator",
                    actor=actor.name,
                    source=str(actor.source),
                    method=request.method,
                    path=request.url.path,
                    client=_client(request),
                )
            return actor

        return check

    async def authenticate(self, request: Request) -> None:
        """Refuses a request without a valid key before its body is read.

        Raises:
            HTTPException: the control API is disabled.
            CallerRefused: it has no valid key.
        """
        await self._admitted(request, None)

    def still_admits(self, request: Request) -> Callable[[], bool]:
        """A function that says whether the sender of this request would be recognized again."""
        secret = _secret(request)
        return lambda: self._callers.is_still_known(secret)

    def _actor(self, caller: Caller, said: str) -> Actor:
        if not caller.is_token:
            return Actor(caller.name, ActorSource.PERSON if caller.is_person else ActorSource.KEY)
        if not self._believed:
            return Actor(caller.name, ActorSource.TOKEN)
        name = _read(said)
        if self._callers.is_name_of_key(name):
            raise HTTPException(
                400,
                f"X-Segue-Actor: {name!r} is the name of an API key, perhaps a revoked one; send that key if it "
                "is still valid, or use another name (--actor of `segue rollout`)",
            )
        return Actor(name, ActorSource.TOKEN if name == _UNNAMED else ActorSource.CLAIMED)

    async def _admitted(self, request: Request, permission: Permission | None) -> Caller:
        if self._is_closed:
            raise HTTPException(
                403, "the control API is disabled; to enable it, set SEGUE_ADMIN_TOKEN and restart"
            )
        secret, client = _secret(request), _client(request)
        try:
            if permission is None:
                return await self._callers.recognize(secret, Api.CONTROL, client)
            return await self._callers.admit(secret, Api.CONTROL, permission, client)
        except CallerRefused as error:
            name = self._callers.name_of(secret)
            self._log.warning(
                "operator_refused",
                client=client,
                method=request.method,
                path=request.url.path,
                why=_WHY.get(error.reason, error.reason),
                **({"caller": name} if name else {}),
            )
            raise


_WHY = {AccessRefusal.MISSING: "no token", AccessRefusal.UNKNOWN: "wrong token"}


def _secret(request: Request) -> bytes:
    """If the header is repeated, its last value counts, as for all APIs."""
    return bearer(dict(request.scope["headers"]))


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


def _read(said: str) -> str:
    name = said.encode("latin-1", "replace").decode(errors="replace")
    name = visible(name) or _UNNAMED
    if folded(name) in RESERVED_NAMES - {_UNNAMED}:
        raise HTTPException(
            400,
            f"X-Segue-Actor: {name!r} is reserved for the service; use another name (--actor of `segue rollout`)",
        )
    return name
