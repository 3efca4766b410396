"""Names of targets, which must not give their URLs away: those are often secrets."""

from __future__ import annotations

from hashlib import blake2b


def name_of(kind: str, url: str) -> str:
    """The same for the same URL; the URL cannot be told from it."""
    return f"{kind}-{blake2b(url.encode(), digest_size=5, person=b'segue-target').hexdigest()}"
