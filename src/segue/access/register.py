"""Creates, limits, revokes and lists keys."""

from __future__ import annotations

import itertools
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from segue.access.keys import ID_PLACE, PREFIX, Key, digest_of, drawn_secret, folded
from segue.access.limits import LARGEST_LIMIT, KeyLimits
from segue.access.roles import Role
from segue.access.state import created, limited, revoked
from segue.kernel.errors import InvalidRequest, Unavailable
from segue.rollout.ports.store import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segue.access.follower import KeyFollower
    from segue.access.roles import Api
    from segue.access.state import KeyState
    from segue.kernel.ports.clock import Clock, Entropy
    from segue.rollout.ports.store import Event, EventLog

T = TypeVar("T")

MOST_NAME_CHARS = 64
SERVICE_ACTORS = frozenset({"judge", "environment", "file"})
"""The actors that the history names for what the service does itself."""

RESERVED_NAMES = SERVICE_ACTORS | {
    "segue",
    "nobody",
    "anyone",
    "operator",
    "admin-token",
    "(other)",
    "(no key)",
    "total",
}
"""Names that no key may have, because the history and the log use them for others."""

_TRIES = 50
UNSEEN = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""Printable characters without a sign of their own: two names that differ only in them look the same."""


def visible(text: str) -> str:
    """The text without what nobody sees, or sees as something else."""
    return "".join(char for char in UNSEEN.sub("", text) if char.isprintable()).strip()


class NameTaken(InvalidRequest):
    """A key that was not revoked has this name, so the history would not tell them apart."""


class NoSuchKey(InvalidRequest):
    """No key has this id."""


class WantedKey(NamedTuple):
    """A key to be created. ``characters`` are keys of the catalogue."""

    name: str
    role: Role
    characters: tuple[str, ...] | None = None
    apis: tuple[Api, ...] | None = None
    expires_at_s: float | None = None
    limits: KeyLimits = KeyLimits()


class KeyRegister:
    """Writes the history of keys. Every method can raise ``Unavailable`` if the store is out of reach."""

    def __init__(self, log: EventLog, follower: KeyFollower, clock: Clock, entropy: Entropy) -> None:
        self._events = log
        self._follower = follower
        self._clock = clock
        self._entropy = entropy

    async def create(self, wanted: WantedKey, actor: str, actor_source: str = "") -> tuple[Key, str]:
        """The key, and its secret, which is not kept. The key is valid in this process at once.

        Raises:
            InvalidRequest: the name or the expiry cannot be used; ``NameTaken`` if a key that was not
                revoked has the name.
        """
        name, now_s = _checked_name(wanted.name), self._clock.now_s()
        if wanted.role is Role.ADMIN and (wanted.characters is not None or wanted.apis is not None):
            raise InvalidRequest(
                "a key with the role admin cannot be limited to characters or APIs, because it can create keys "
                "without limits; choose another role",
                field="role",
            )
        _check_limits(wanted.role, wanted.limits)
        if wanted.expires_at_s is not None and wanted.expires_at_s <= now_s:
            raise InvalidRequest("the expiry is in the past; give a later one", field="expires_at_s")

        def added(state: KeyState) -> tuple[Event, tuple[Key, str]]:
            _refuse_taken(name, state.keys, now_s)
            key, secret = self._drawn(wanted._replace(name=name), state.keys)
            key = msgspec.structs.replace(
                key, created_at_s=now_s, created_by=actor, created_by_source=actor_source
            )
            return created(key, state.revision + 1), (key, secret)

        return await self._changed(added)

    async def limit(self, key_id: str, limits: KeyLimits, actor: str, actor_source: str = "") -> Key:
        """The key, which has these limits from now on, and no others.

        Raises:
            NoSuchKey: no key has this id.
            InvalidRequest: it was revoked, or cannot have limits.
        """

        def changed(state: KeyState) -> tuple[Event | None, Key]:
            key = _found(state, key_id)
            if key.revoked_at_s is not None:
                raise InvalidRequest("the key was revoked, so its limits have no effect", field="id")
            _check_limits(key.role, limits)
            event = limited(key_id, limits, state.revision + 1, self._clock.now_s(), actor, actor_source)
            return (None if limits == key.limits else event), msgspec.structs.replace(key, limits=limits)

        return await self._changed(changed)

    async def revoke(self, key_id: str, actor: str, actor_source: str = "") -> Key:
        """The key, which is no longer valid in this process. Revoking it again changes nothing.

        Raises:
            NoSuchKey: no key has this id.
        """

        def ended(state: KeyState) -> tuple[Event | None, Key]:
            key = _found(state, key_id)
            if key.revoked_at_s is not None:
                return None, key
            event = revoked(key_id, state.revision + 1, self._clock.now_s(), actor, actor_source)
            return event, msgspec.structs.replace(
                key, revoked_at_s=event.at_s, revoked_by=actor, revoked_by_source=actor_source
            )

        return await self._changed(ended)

    async def listed(self) -> list[Key]:
        """All keys, also expired and revoked ones, in the order of their creation."""
        return list((await self._follower.catch_up()).keys.values())

    def _drawn(self, wanted: WantedKey, taken: Mapping[str, Key]) -> tuple[Key, str]:
        """A key without its origin, and its secret."""
        while True:
            secret = drawn_secret(self._entropy)
            key_id = secret[ID_PLACE]
            if key_id not in taken:
                break
        key = Key(
            id=key_id,
            digest=digest_of(secret.encode()).hex(),
            created_at_s=0.0,
            created_by="",
            **wanted._asdict(),
        )
        return key, secret

    async def _changed(self, change: Callable[[KeyState], tuple[Event | None, T]]) -> T:
        """Writes the event that ``change`` makes of the latest keys, and again if another was written first."""
        for attempt in itertools.count(1):
            event, result = change(await self._follower.catch_up())
            if event is None:
                return result
            try:
                await self._events.append(event)
            except Conflict:
                if attempt >= _TRIES:
                    raise
                continue
            try:
                await self._follower.catch_up()
            except Unavailable:  # it is written, and the follower tries again
                await self._follower.wrote(event)
            return result
        raise AssertionError("unreachable")


def _found(state: KeyState, key_id: str) -> Key:
    key = state.keys.get(key_id)
    if key is None:
        raise NoSuchKey("no key has this id; `segue keys list` shows them all", field="id")
    return key


def _check_limits(role: Role, limits: KeyLimits) -> None:
    sizes = dict(limits.sizes())
    if sizes and role is Role.ADMIN:
        raise InvalidRequest(
            "a key with the role admin cannot have limits, because it can create keys without limits; choose "
            "another role",
            field="role",
        )
    for limit, size in sizes.items():
        if not 1 <= size <= LARGEST_LIMIT:
            raise InvalidRequest(f"{limit} must be from 1 to {LARGEST_LIMIT:,}, but is {size:,}", field=limit)


def _refuse_taken(name: str, keys: Mapping[str, Key], now_s: float) -> None:
    """Only a revoked key gives its name free: an expired one is valid again if a clock is set back."""
    for key in keys.values():
        if key.revoked_at_s is None and folded(key.name) == folded(name):
            state = " and has expired" if key.fault(now_s) else ""
            raise NameTaken(
                f"the key {key.id} is named {key.name!r} already{state}; choose another name, or revoke it first",
                field="name",
            )


def _checked_name(name: str) -> str:
    name = unicodedata.normalize("NFC", name).strip()
    if not name or len(name) > MOST_NAME_CHARS or not name.isprintable() or UNSEEN.search(name):
        raise InvalidRequest(f"a key's name has 1 to {MOST_NAME_CHARS} characters that can be seen", field="name")
    if folded(name) in RESERVED_NAMES:
        raise InvalidRequest(f"{name!r} is a name that Segue uses itself; choose another", field="name")
    if name.startswith(PREFIX):
        raise InvalidRequest(f"a name that begins with {PREFIX} looks like a secret; choose another", field="name")
    return name
