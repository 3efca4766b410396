"""What a caller may do, and at which APIs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.access.limits import KeyLimits


class Permission(StrEnum):
    """One kind of request. ``list``: lists of voices and models, which cost nothing and change nothing."""

    LIST = "list"
    SYNTHESIZE = "synthesize"
    VIEW = "view"
    OPERATE = "operate"
    ADMIN = "admin"


class Role(StrEnum):
    """What a key is for. ``view`` does not synthesize, because a dashboard must not cost money."""

    SYNTHESIZE = "synthesize"
    VIEW = "view"
    OPERATE = "operate"
    ADMIN = "admin"


PERMISSIONS: Mapping[Role, tuple[Permission, ...]] = {
    Role.SYNTHESIZE: (Permission.SYNTHESIZE, Permission.LIST),
    Role.VIEW: (Permission.VIEW, Permission.LIST),
    Role.OPERATE: (Permission.SYNTHESIZE, Permission.LIST, Permission.VIEW, Permission.OPERATE),
    Role.ADMIN: (*Permission,),
}
"""Tuples, because every request looks into one: the hash of a member of an enumeration is slow."""


PERSONS_ROLES = (Role.VIEW, Role.OPERATE, Role.ADMIN)
"""The roles that people can have by their issuer, from the lowest on. To have texts spoken takes a key."""


class Api(StrEnum):
    """The APIs that a key can be limited to."""

    NATIVE = "native"
    OPENAI = "openai"
    ELEVENLABS = "elevenlabs"
    GOOGLE = "google"
    WYOMING = "wyoming"
    CONTROL = "control"


class AccessRefusal(StrEnum):
    """Why a caller is refused. The first five are about who it is, the others about what it may do.

    ``unread``: the keys are not known, or were last confirmed too long ago, so nobody can be recognized.
    """

    MISSING = "missing"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNREAD = "unread"
    ROLE = "role"
    API = "api"
    CHARACTER = "character"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. ``characters`` and ``apis`` None: all of them.

    ``is_token``: with the admin token, not a key. ``is_person``: with a token of the issuer. ``limits`` None:
    unlimited. Otherwise, ``limits_number`` is the place of the key ``key_id`` among those that ever had limits.
    """

    name: str
    permissions: tuple[Permission, ...]
    characters: frozenset[str] | None = None
    apis: tuple[Api, ...] | None = None
    is_token: bool = False
    is_person: bool = False
    key_id: str = ""
    limits: KeyLimits | None = None
    limits_number: int = 0

    def refusal(self, api: Api, permission: Permission) -> AccessRefusal | None:
        """Why this caller may not do that there; None if it may."""
        if self.apis is not None and api not in self.apis:
            return AccessRefusal.API
        return None if permission in self.permissions else AccessRefusal.ROLE
