"""Builds what recognizes people by the tokens of their issuer, as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import httpx

from segue.access.roles import PERSONS_ROLES, Role
from segue.kernel.errors import ConfigurationError
from segue.wiring.front import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from segue.access.issuer import IssuerKeys
    from segue.access.people import People
    from segue.config.schema import Settings
    from segue.kernel.ports.clock import Clock

_MISSING = "SEGUE_OIDC_ISSUER: the package 'pyjwt' is missing; run: pip install 'segue[oidc]'"
_ROLES = "view, operate or admin"


class PeopleParts(NamedTuple):
    """Who is recognized, and the keys of their issuer."""

    people: People
    keys: IssuerKeys


def people_parts(settings: Settings, clock: Clock, is_taken: Callable[[str], bool]) -> PeopleParts | None:
    """None without an issuer.

    Raises:
        ConfigurationError: the settings do not fit together, or a package is missing.
    """
    check_people(settings)
    if settings.oidc_issuer is None:
        return None
    from segue.access.issuer import IssuerKeys
    from segue.access.people import People, PeopleRules

    keys = IssuerKeys(settings.oidc_issuer, httpx.AsyncClient(), clock, settings.auth_stale_s)
    rules = PeopleRules(
        settings.oidc_issuer,
        settings.oidc_audience or "",
        settings.oidc_roles_claim,
        _roles(settings.oidc_roles),
        settings.oidc_name_claim,
    )
    return PeopleParts(People(rules, keys, is_taken), keys)


def check_people(settings: Settings) -> None:
    """Raises ConfigurationError for the same faults as ``people_parts``."""
    faults = list(_faults(settings))
    if faults:
        raise ConfigurationError(faults)
    if settings.oidc_issuer is not None:
        try:
            import jwt  # noqa: F401 - only whether it is there
        except ModuleNotFoundError as error:
            raise ConfigurationError([_MISSING]) from error


def _faults(settings: Settings) -> Iterator[str]:
    if settings.oidc_issuer is None:
        for name in ("oidc_audience", "oidc_roles"):
            if getattr(settings, name):
                yield f"SEGUE_{name.upper()}: has no effect without SEGUE_OIDC_ISSUER; set that, or unset this"
        return
    if not _is_issuer(settings.oidc_issuer):
        yield (
            f"SEGUE_OIDC_ISSUER: {settings.oidc_issuer!r} is not an https:// URL without a query; take the value "
            "of 'issuer' in your provider's discovery document"
        )
    if not settings.oidc_audience:
        yield "SEGUE_OIDC_AUDIENCE: is missing; without it, tokens for other services would be valid here"
    if not settings.oidc_roles:
        yield f"SEGUE_OIDC_ROLES: is missing, so nobody may do anything; write group=role, with the role {_ROLES}"
    for pair in settings.oidc_roles:
        group, _, role = pair.rpartition("=")
        if not group.strip() or role.strip() not in PERSONS_ROLES:
            yield f"SEGUE_OIDC_ROLES: {pair!r} is not group=role, with the role {_ROLES}"


def _is_issuer(url: str) -> bool:
    """Loopback needs no TLS, for trials and tests."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    return is_safe and bool(host) and not (parts.query or parts.fragment or parts.username)


def _roles(pairs: tuple[str, ...]) -> Mapping[str, Role]:
    split = (pair.rpartition("=") for pair in pairs)
    return {group.strip(): Role(role.strip()) for group, _, role in split}
