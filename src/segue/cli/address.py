"""Validates the addresses that operators give."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from segue.cli import exits
from segue.cli.terminal import CommandFailed


def web_address(url: str) -> httpx.URL:
    """The parsed address.

    Raises:
        CommandFailed: it is not a valid http or https URL.
    """
    try:
        urlsplit(url)  # stricter than httpx about brackets
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise CommandFailed(f"invalid URL {url!r}: {error}", exits.USAGE) from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise CommandFailed(f"invalid URL {url!r}: it must begin with http:// or https://", exits.USAGE)
    return parsed
