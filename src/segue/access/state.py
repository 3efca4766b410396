"""All keys, derived from their history: one stream of events, in which each creation, change of limits, and
revocation is one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from segue.access.keys import Key, folded
from segue.access.limits import KeyLimits
from segue.access.roles import Api, Role
from segue.kernel.errors import Unavailable
from segue.rollout.ports.store import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STREAM = "keys"
CREATED = "key_created"
REVOKED = "key_revoked"
LIMITED = "key_limited"


class UnknownEvent(Unavailable):
    """The store is in reach, but a later version has written to it."""


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """The data of a creation. Who created it, and when, is in the event itself."""

    id: str
    name: str
    role: Role
    digest: str
    characters: tuple[str, ...] | None = None
    apis: tuple[Api, ...] | None = None
    expires_at_s: float | None = None
    actor_source: str = ""
    limits: KeyLimits = KeyLimits()


class Limited(msgspec.Struct, frozen=True, kw_only=True):
    """The data of a change: these are the limits of the key from now on."""

    id: str
    limits: KeyLimits
    actor_source: str = ""


class Revoked(msgspec.Struct, frozen=True):
    """The data of a revocation."""

    id: str
    actor_source: str = ""


_CREATED = msgspec.json.Decoder(Created)
_LIMITED = msgspec.json.Decoder(Limited)
_REVOKED = msgspec.json.Decoder(Revoked)


@dataclass(frozen=True, slots=True)
class KeyState:
    """The keys by id after the event ``last``; None before the first."""

    keys: Mapping[str, Key] = field(default_factory=dict)
    last: Event | None = None

    @property
    def revision(self) -> int:
        return 0 if self.last is None else self.last.revision

    def after(self, events: Iterable[Event]) -> KeyState:
        """The keys after these events, which follow ``last``.

        Raises:
            UnknownEvent: this version does not know an event. It is treated like a store out of reach.
        """
        keys, last = dict(self.keys), self.last
        named = {folded(key.name): key.id for key in keys.values() if key.revoked_at_s is None}
        for event in events:
            _apply(keys, named, event)
            last = event
        return KeyState(keys, last)


def created(key: Key, revision: int) -> Event:
    """The event that adds the key."""
    data = Created(
        id=key.id,
        name=key.name,
        role=key.role,
        digest=key.digest,
        characters=key.characters,
        apis=key.apis,
        expires_at_s=key.expires_at_s,
        actor_source=key.created_by_source,
        limits=key.limits,
    )
    return Event(STREAM, revision, key.created_at_s, key.created_by, CREATED, _written(data))


def revoked(key_id: str, revision: int, at_s: float, actor: str, actor_source: str = "") -> Event:
    """The event that ends the key."""
    return Event(STREAM, revision, at_s, actor, REVOKED, _written(Revoked(key_id, actor_source)))


def limited(key_id: str, limits: KeyLimits, revision: int, at_s: float, actor: str, actor_source: str) -> Event:
    """The event that gives the key these limits."""
    data = Limited(id=key_id, limits=limits, actor_source=actor_source)
    return Event(STREAM, revision, at_s, actor, LIMITED, _written(data))


def _apply(keys: dict[str, Key], named: dict[str, str], event: Event) -> None:
    """``named``: the ids of the keys that were not revoked, by name."""
    try:
        if event.kind == CREATED:
            key = _key_of(_CREATED.decode(event.data), event)
            # Earlier versions gave the name of an expired key to another: that ended the expired one for good.
            _end(keys, named.get(folded(key.name)), event, key.created_by_source)
            keys[key.id] = key
            _number(keys, key.id)
            named[folded(key.name)] = key.id
        elif event.kind == LIMITED:
            change = _LIMITED.decode(event.data)
            keys[change.id] = msgspec.structs.replace(keys[change.id], limits=change.limits)
            _number(keys, change.id)
        elif event.kind == REVOKED:
            data = _REVOKED.decode(event.data)
            key_id = data.id
            _end(keys, key_id, event, data.actor_source)
            if named.get(folded(keys[key_id].name)) == key_id:
                del named[folded(keys[key_id].name)]
        else:
            raise _unknown(event, f"its kind is {event.kind!r}")
    except (msgspec.DecodeError, KeyError) as error:
        raise _unknown(event, str(error)) from None


def _number(keys: dict[str, Key], key_id: str) -> None:
    """Gives the key the next number, if it has limits for the first time."""
    key = keys[key_id]
    if key.limits_number is None and any(key.limits.sizes()):
        taken = sum(other.limits_number is not None for other in keys.values())
        keys[key_id] = msgspec.structs.replace(key, limits_number=taken)


def _end(keys: dict[str, Key], key_id: str | None, event: Event, actor_source: str) -> None:
    if key_id is not None:
        keys[key_id] = msgspec.structs.replace(
            keys[key_id], revoked_at_s=event.at_s, revoked_by=event.actor, revoked_by_source=actor_source
        )


def _key_of(data: Created, event: Event) -> Key:
    fields = msgspec.structs.asdict(data)
    source = fields.pop("actor_source")
    return Key(**fields, created_at_s=event.at_s, created_by=event.actor, created_by_source=source)


def _unknown(event: Event, why: str) -> UnknownEvent:
    return UnknownEvent(
        f"revision {event.revision} of {event.stream} cannot be read by this version of Segue ({why}); run the "
        "version that wrote it, or a later one. Until then the keys that this process knows stay valid, if it "
        "knows any"
    )


def _written(data: msgspec.Struct) -> str:
    return msgspec.json.encode(data).decode()
