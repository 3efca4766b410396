"""Authenticates operators of the control API, and tells the history who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import structlog
from fastapi import Header, HTTPException, Request

from segue.access.register import SERVICE_ACTORS
from segue.access.roles import Api, Permission, Refusal
from segue.api.credentials import bearer
from segue.api.refusals import CallerRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from segue.access.roles import Caller
    from segue.api.callers import Callers

    OperatorCheck: TypeAlias = Callable[..., Awaitable[str]]

_MAX_ACTOR_CHARS = 128
_READING = ("GET", "HEAD")


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
        believed. The name and the token are read as UTF-8, although servers decode headers as Latin-1.
        """

        async def check(
            request: Request,
            authorization: Annotated[str, Header()] = "",  # noqa: ARG001 - shown in the API's description
            x_segue_actor: Annotated[str, Header(max_length=_MAX_ACTOR_CHARS)] = "operator",
        ) -> str:
            caller = await self._admitted(request, permission)
            actor = _actor(x_segue_actor) if caller.is_token and self._believed else caller.name
            if request.method not in _READING:
                self._log.info(
                    "operator", actor=actor, method=request.method, path=request.url.path, client=_client(request)
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


_WHY = {Refusal.MISSING: "no token", Refusal.UNKNOWN: "wrong token"}


def _secret(request: Request) -> bytes:
    """If the header is repeated, its last value counts, as for all APIs."""
    return bearer(dict(request.scope["headers"]))


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


def _actor(said: str) -> str:
    name = said.encode("latin-1", "replace").decode(errors="replace")
    name = "".join(char for char in name if char.isprintable()).strip() or "operator"
    if name.lower() in SERVICE_ACTORS:
        raise HTTPException(400, f"X-Segue-Actor: {name!r} is reserved for the service; use a person's name")
    return name
