"""Lets only callers with a key through to the endpoints, if the service requires keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from segue.api.asgi import headers_of
from segue.api.caller import called_by, counting
from segue.api.client import client_address
from segue.kernel.errors import SegueError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segue.access.limiter import KeyLimiter
    from segue.access.roles import Api, Permission
    from segue.api.app import Dialect
    from segue.api.asgi import App, Receive, Response, Scope, Send
    from segue.api.callers import Callers
    from segue.api.identity import Identity


class GuardRule(NamedTuple):
    """One API at the guard: where its clients send keys, and how it reports errors."""

    api: Api
    secret_in: Callable[[Mapping[bytes, bytes], bytes], bytes]
    refused: Callable[[SegueError, str], Response]


class Guard:
    """Admits requests. Without ``callers`` no keys are required, and every endpoint is returned as it is.

    Without a ``limiter``, the limits of keys are ignored.
    """

    def __init__(self, callers: Callers | None, identity: Identity, limiter: KeyLimiter | None = None) -> None:
        self._callers = callers
        self._limiter = limiter
        self._identity = identity

    @property
    def is_open(self) -> bool:
        return self._callers is None

    def guarded(self, app: App, rule: GuardRule, permission: Permission) -> App:
        """The endpoint, for callers with this permission."""
        return app if self.is_open else partial(self.through, app, rule, permission)

    def guarded_dialect(
        self, dialect: Dialect, rule: GuardRule, permission_for: Callable[[Scope], Permission]
    ) -> Dialect:
        """The dialect, for callers with the permission that each request needs."""
        return dialect if self.is_open else _GuardedDialect(self, dialect, rule, permission_for)

    async def through(
        self, app: App, rule: GuardRule, permission: Permission, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Admits the request or refuses it."""
        assert self._callers is not None, "an open guard guards nothing"
        try:
            secret = rule.secret_in(dict(scope["headers"]), scope["query_string"])
            caller = await self._callers.admit(secret, rule.api, permission, _client(scope))
        except SegueError as error:
            await rule.refused(error, self._identity.request_id(headers_of(scope)))(send)
            return
        called_by(caller)
        if caller.limits is None:  # as most; this is the hot path, and entering a context takes longer
            await app(scope, receive, send)
            return
        with counting(self._limiter, caller):
            await app(scope, receive, send)


class _GuardedDialect:
    def __init__(
        self,
        guard: Guard,
        dialect: Dialect,
        rule: GuardRule,
        permission_for: Callable[[Scope], Permission],
    ) -> None:
        self._guard = guard
        self._dialect = dialect
        self._rule = rule
        self._permission_for = permission_for

    def door_for(self, scope: Scope) -> App | None:
        app = self._dialect.door_for(scope)
        return app if app is None else self._guard.guarded(app, self._rule, self._permission_for(scope))


def _client(scope: Scope) -> str:
    peer = scope.get("client")
    return client_address() or (peer[0] if peer else "")
