"""Addresses that operators name."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from segue.cli import exits
from segue.cli.terminal import CommandFailed


def web_address(url: str) -> httpx.URL:
    """The address, understood.

    Raises:
        CommandFailed: it is none of a web server's.
    """
    try:
        urlsplit(url)  # which is stricter about brackets
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise CommandFailed(f"{url!r} is no address: {error}", exits.USAGE) from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise CommandFailed(f"{url!r} is no address: it must begin with http:// or https://", exits.USAGE)
    return parsed
