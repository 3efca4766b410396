"""Recognizes callers by their API key or the admin token. Failures are counted, and guessing is slowed down."""

from __future__ import annotations

import hmac
import math
from typing import TYPE_CHECKING

from segue.access.roles import PERMISSIONS, AccessRefusal, Api, Caller, Permission, Role
from segue.api.refusals import KeysUnread, NotAuthenticated, NotPermitted, TooManyGuesses

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from segue.access.known import KnownKeys
    from segue.access.people import People
    from segue.kernel.errors import SegueError
    from segue.kernel.guesses import Guesses
    from segue.kernel.ports.clock import Clock

    Note: TypeAlias = Callable[[Api, str, str, str], None]
    """Receives each refusal: the API, the reason, the client's address, and its key's name if that is known."""

TOKEN_HOLDER = Caller("admin-token", PERMISSIONS[Role.ADMIN], is_token=True)
_MOST_WAITING = 32
_HOW = {
    Api.ELEVENLABS: "in the header xi-api-key",
    Api.GOOGLE: "in the header or metadata x-goog-api-key",
    Api.WYOMING: 'as "api_key" in the event\'s data',
}
_BEARER = "as 'Authorization: Bearer ...'"
_TOLD = {
    AccessRefusal.UNKNOWN: "the API key is not valid; check that it is complete, or ask an admin for another",
    AccessRefusal.EXPIRED: "the API key has expired; ask an admin for a new one",
    AccessRefusal.REVOKED: "the API key was revoked; ask an admin for a new one",
}
_ROLES = {
    Permission.SYNTHESIZE: "synthesize, operate or admin",
    Permission.VIEW: "view, operate or admin",
    Permission.OPERATE: "operate or admin",
    Permission.ADMIN: "admin",
}
_NOTED = {401: "key", 403: "permission", 429: "guesses"}


class Callers:
    """Recognizes callers. ``token`` is the admin token, which is valid like a key with the role admin.

    ``people``: who may use the control API with a token of their issuer; None if nobody may.
    """

    def __init__(
        self,
        known: KnownKeys,
        token: str | None,
        guesses: Guesses,
        clock: Clock,
        note: Note,
        people: People | None = None,
    ) -> None:
        self._known = known
        self._token = None if token is None else token.encode()
        self._guesses = guesses
        self._clock = clock
        self._note = note
        self._people = people
        self._waiting = 0

    async def admit(self, secret: bytes, api: Api, permission: Permission, client: str) -> Caller:
        """The caller with this secret, which may do that at this API. ``client`` is its address.

        Raises:
            NotAuthenticated, NotPermitted, TooManyGuesses, KeysUnread: it is refused.
        """
        found = await self.recognize(secret, api, client)
        refusal = found.refusal(api, permission)
        if refusal is None:
            return found
        self._note(api, _NOTED[403], client, found.name)
        raise NotPermitted(_not_permitted(refusal, api, permission, found), refusal)

    async def recognize(self, secret: bytes, api: Api, client: str) -> Caller:
        """The caller with this secret, whatever it may do.

        Raises:
            NotAuthenticated, TooManyGuesses, KeysUnread: there is none.
        """
        found = self._known.find(secret)
        return await self._without_key(secret, found, api, client) if isinstance(found, AccessRefusal) else found

    def is_still_known(self, secret: bytes) -> bool:
        """Whether the caller that was admitted with this secret would be recognized again. Counts nothing.

        Streams ask it for each part, because a key may be revoked or expire while they are open.
        """
        return self._lost(secret) is None

    def check_again(self, secret: bytes, api: Api, client: str) -> None:
        """Raises NotAuthenticated if the caller would no longer be recognized."""
        why = self._lost(secret)
        if why is not None:
            raise self._refused(why, api, client, secret)

    def note_limit(self, api: Api, client: str, caller: str) -> None:
        """A request was refused because the caller's key has reached a limit."""
        self._note(api, "limit", client, caller)

    def name_of(self, secret: bytes) -> str:
        """The name of the caller with this secret, also if it is refused; empty if nobody has it."""
        if self._is_token(secret):
            return TOKEN_HOLDER.name
        people = self._people_for(secret)
        return self._known.name_of(secret) or ("" if people is None else people.name_of(secret))

    def is_name_of_key(self, name: str) -> bool:
        """Whether a key has this name, or had it before it was revoked."""
        return self._known.has_name(name)

    def _lost(self, secret: bytes) -> AccessRefusal | None:
        """Why a caller that was admitted with this secret would be refused now; None if it would not.

        While the keys cannot be read, open streams go on.
        """
        found = self._known.find(secret)
        if not isinstance(found, AccessRefusal) or found is AccessRefusal.UNREAD or self._is_token(secret):
            return None
        people = self._people_for(secret)
        if people is None:
            return found
        person = people.find_known(secret)
        return None if isinstance(person, Caller) or person.reason is AccessRefusal.UNREAD else person.reason

    def _is_token(self, secret: bytes) -> bool:
        return self._token is not None and hmac.compare_digest(secret, self._token)

    def _people_for(self, secret: bytes) -> People | None:
        """Those who may know whose this is, if it has the form of a token of an issuer."""
        return self._people if self._people is not None and self._people.may_know(secret) else None

    async def _person(self, people: People, token: bytes, client: str) -> Caller:
        """The person with this token. A valid one cannot be guessed, so it is not locked out, as no key is."""
        found = await people.find(token)
        if isinstance(found, Caller):
            return found
        if found.is_guess:
            self._refuse_locked(Api.CONTROL, client)
            await self._wait(self._guesses.wrong(client, self._clock.monotonic_s()))
        is_unread = found.reason is AccessRefusal.UNREAD
        self._note(Api.CONTROL, "keys_unread" if is_unread else _NOTED[401], client, "")
        raise KeysUnread(found.told) if is_unread else NotAuthenticated(found.told, found.reason)

    async def _without_key(self, secret: bytes, why: AccessRefusal, api: Api, client: str) -> Caller:
        """A person, or the holder of the admin token. Nobody else is recognized here; wrong secrets are guesses.

        A valid key never comes here. It cannot be guessed, so it is not locked out when others behind its address
        send wrong ones.
        """
        if why in (AccessRefusal.EXPIRED, AccessRefusal.REVOKED):
            raise self._refused(why, api, client, secret)
        people = self._people_for(secret)
        if people is not None and api is Api.CONTROL and not self._is_token(secret):
            return await self._person(people, secret, client)
        self._refuse_locked(api, client)
        if self._is_token(secret):
            return TOKEN_HOLDER
        if why is AccessRefusal.UNREAD:
            self._note(api, "keys_unread", client, self._known.name_of(secret))
            raise KeysUnread(
                "API keys cannot be checked at present, because they could not be read from the store; try again"
            )
        if why is AccessRefusal.UNKNOWN:
            await self._wait(self._guesses.wrong(client, self._clock.monotonic_s()))
        raise self._refused(why, api, client, secret)

    def _refused(self, why: AccessRefusal, api: Api, client: str, secret: bytes) -> SegueError:
        self._note(api, _NOTED[401], client, self._known.name_of(secret))
        how = _HOW.get(api, _BEARER)
        others = "the admin token" if self._people is None else "the admin token, or a token of your issuer"
        thing = f"an API key or {others}" if api is Api.CONTROL else "an API key"
        return NotAuthenticated(_TOLD.get(why) or f"this service requires {thing}; send it {how}", why)

    def _refuse_locked(self, api: Api, client: str) -> None:
        wait_s = math.ceil(self._guesses.locked_for_s(client, self._clock.monotonic_s()))
        if wait_s > 0:
            self._note(api, _NOTED[429], client, "")
            raise TooManyGuesses(
                f"too many wrong keys or tokens from this address; try again in {wait_s} s", float(wait_s)
            )

    async def _wait(self, wait_s: float) -> None:
        """Delays a refusal. The number of waiting requests is limited, so that an attack costs little memory."""
        if not wait_s or self._waiting >= _MOST_WAITING:
            return
        self._waiting += 1
        try:
            await self._clock.sleep(wait_s)
        finally:
            self._waiting -= 1


def _not_permitted(refusal: AccessRefusal, api: Api, permission: Permission, caller: Caller) -> str:
    if refusal is AccessRefusal.API:
        return f"this API key may not be used with this API ({api}); use another key, or another API"
    if caller.is_person:
        groups = f"a group with the role {_ROLES[permission]} (SEGUE_OIDC_ROLES)"
        return f"{caller.name} may not do this; it needs {groups}"
    return f"this API key may not do this; it needs a key with the role {_ROLES[permission]}"
