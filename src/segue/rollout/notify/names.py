"""Names of targets, which must not reveal their URLs, because those are often secrets."""

from __future__ import annotations

from hashlib import blake2b


def name_of(kind: str, url: str) -> str:
    """The same name for the same URL; it does not reveal the URL."""
    return f"{kind}-{blake2b(url.encode(), digest_size=5, person=b'segue-target').hexdigest()}"
