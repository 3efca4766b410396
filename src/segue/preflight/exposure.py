"""Finds settings that expose the service more than was probably intended: weak tokens, fault injection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.errors import ConfigurationError
from segue.wiring.front import is_loopback
from segue.wiring.wyoming import wyoming_auth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.config.schema import Settings

_OPEN = (
    "{variable}=off on {host}: everyone who reaches that address could have texts spoken. Set SEGUE_AUTH=keys "
    "and create keys with `segue keys create`; or, if something else guards the port, set "
    "SEGUE_AUTH_OFF_BEYOND_LOOPBACK=true"
)
_LEAST_CHARS = 16
_LEAST_KINDS = 6
_A_STRONG_ONE = "create a strong one with: openssl rand -hex 32"


def check_token(settings: Settings) -> None:
    """Raises ConfigurationError for a token that no client can send."""
    token = _token(settings)
    if token != token.strip():
        raise ConfigurationError(
            ["SEGUE_ADMIN_TOKEN: begins or ends with white space, which HTTP strips from headers; remove it"]
        )
    if not all(char.isprintable() for char in token):
        raise ConfigurationError(
            ["SEGUE_ADMIN_TOKEN: contains an unprintable character, which no header can carry; set another token"]
        )


def check_open_ports(settings: Settings) -> None:
    """Raises ConfigurationError if others than this machine can reach a port that requires no keys."""
    if settings.auth_off_beyond_loopback:
        return
    ports = {"SEGUE_AUTH": (settings.auth, settings.host)}
    if settings.wyoming_port is not None:
        ports["SEGUE_WYOMING_AUTH"] = (wyoming_auth(settings), settings.wyoming_host or settings.host)
    faults = [
        _OPEN.format(variable=variable, host=host)
        for variable, (auth, host) in ports.items()
        if auth == "off" and not is_loopback(host)
    ]
    if faults:
        raise ConfigurationError(faults)


def exposure_doubts(settings: Settings) -> Iterator[str]:
    """One warning for each setting that others could abuse, with what to do about it."""
    token, is_open = _token(settings), not is_loopback(settings.host)
    weakness = _weakness(token) if token else ""
    reached = f" by anyone who can reach {settings.host}" if is_open else ""
    if weakness:
        yield f"SEGUE_ADMIN_TOKEN {weakness}: it can be guessed{reached}; {_A_STRONG_ONE}"
    if is_open and settings.fault_injection:
        yield (
            f"SEGUE_FAULT_INJECTION=true on {settings.host}: anyone with the admin token can make the engines "
            "fail; it is for staging only, so unset it in production"
        )


def _token(settings: Settings) -> str:
    return settings.admin_token.get_secret_value() if settings.admin_token else ""


def _weakness(token: str) -> str:
    if len(token) < _LEAST_CHARS:
        return f"has {len(token)} character(s), fewer than {_LEAST_CHARS}"
    if len(set(token)) < _LEAST_KINDS:
        return f"has only {len(set(token))} different character(s)"
    return ""
