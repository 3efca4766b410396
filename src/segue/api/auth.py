"""Who may steer: a bearer token, compared in constant time."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Annotated

from fastapi import Header, HTTPException

if TYPE_CHECKING:
    from collections.abc import Callable

_SCHEME = "bearer "
_MAX_ACTOR_CHARS = 128


def operator_check(token: str | None) -> Callable[..., str]:
    """A dependency that lets operators in and names them: what they say in ``X-Segue-Actor``, else "operator".

    The name is read as UTF-8; servers hand headers on as Latin-1, byte by byte.

    Without a token configured nobody is let in.
    """

    def check(
        authorization: Annotated[str, Header()] = "",
        x_segue_actor: Annotated[str, Header(max_length=_MAX_ACTOR_CHARS)] = "operator",
    ) -> str:
        if token is None:
            raise HTTPException(403, "the control API is closed: set SEGUE_ADMIN_TOKEN and restart to open it")
        given = authorization[len(_SCHEME) :] if authorization.lower().startswith(_SCHEME) else ""
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise HTTPException(
                401,
                "send the admin token as 'Authorization: Bearer ...'",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return x_segue_actor.encode("latin-1").decode(errors="replace").strip() or "operator"

    return check
