"""Responses of the control API about keys: the API serves these values, and the commands decode them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.access.keys import Key


@dataclass(frozen=True, slots=True)
class KeyLimitsBody:
    """The limits of a key; None: unlimited. A month is one of the calendar, in UTC."""

    requests_per_minute: int | None = None
    chars_per_minute: int | None = None
    chars_per_month: int | None = None
    concurrent_requests: int | None = None


@dataclass(frozen=True, slots=True)
class KeyBody:
    """A key. Times are Unix seconds. ``state``: valid, expired, revoked. ``characters`` and ``apis`` None: all.

    The sources say how the service knows who created and revoked it: key, token, person, or claimed.
    """

    id: str
    name: str
    role: str
    state: str
    characters: tuple[str, ...] | None
    apis: tuple[str, ...] | None
    created_at_s: float
    created_by: str
    expires_at_s: float | None
    revoked_at_s: float | None
    revoked_by: str
    created_by_source: str = ""
    revoked_by_source: str = ""
    limits: KeyLimitsBody = KeyLimitsBody()


@dataclass(frozen=True, slots=True)
class NewKeyBody:
    """A key that was just created, with its secret, which is shown only here."""

    key: KeyBody
    secret: str


def key_body(key: Key, now_s: float) -> KeyBody:
    """The key without its digest."""
    fault = key.fault(now_s)
    return KeyBody(
        id=key.id,
        name=key.name,
        role=key.role,
        state="valid" if fault is None else fault,
        characters=key.characters,
        apis=key.apis,
        created_at_s=key.created_at_s,
        created_by=key.created_by,
        expires_at_s=key.expires_at_s,
        revoked_at_s=key.revoked_at_s,
        revoked_by=key.revoked_by,
        created_by_source=key.created_by_source,
        revoked_by_source=key.revoked_by_source,
        limits=KeyLimitsBody(**dict(key.limits.sizes())),
    )
