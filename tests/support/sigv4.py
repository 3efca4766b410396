"""Version 4 of Amazon's signatures, checked from scratch: nothing here is botocore's.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
_MOST_SKEW_S = 300.0
_SAFE = "-_.~"
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^/]+)/(?P<day>\d{{8}})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<signed>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)
_MUST_BE_SIGNED = frozenset({"host", "x-amz-date"})


class Signed(NamedTuple):
    """A request as it came; ``path`` and ``query`` are decoded."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Account(NamedTuple):
    """Whose signatures are right. ``token`` is that of temporary credentials."""

    key: str
    secret: str
    token: str
    region: str
    service: str


def canonical(request: Signed, signed: Iterable[str]) -> str:
    """The request as it is signed, with these of its headers."""
    asked = sorted((quote(name, safe=_SAFE), quote(value, safe=_SAFE)) for name, value in request.query.items())
    names = sorted(signed)
    lines = [
        request.method,
        quote(quote(request.path, safe=f"/{_SAFE}"), safe=f"/{_SAFE}") or "/",
        "&".join(f"{name}={value}" for name, value in asked),
        *(f"{name}:{' '.join(request.headers[name].split())}" for name in names),
        "",
        ";".join(names),
        hashlib.sha256(request.body).hexdigest(),
    ]
    return "\n".join(lines)


def signature(account: Account, at: str, request: str) -> str:
    """The signature of a canonical request; ``at`` is as in ``x-amz-date``."""
    scope = (at[:8], account.region, account.service, "aws4_request")
    key = f"AWS4{account.secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    digest = hashlib.sha256(request.encode()).hexdigest()
    return hmac.digest(key, "\n".join((ALGORITHM, at, "/".join(scope), digest)).encode(), "sha256").hex()


def fault_of(request: Signed, account: Account) -> str:
    """The name of the error that Amazon would answer with; empty where the signature is right."""
    headers = request.headers
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None:
        return "MissingAuthenticationTokenException"
    if found["key"] != account.key or headers.get("x-amz-security-token", "") != account.token:
        return "UnrecognizedClientException"
    at = headers.get("x-amz-date", "")
    signed = found["signed"].split(";")
    must = _MUST_BE_SIGNED | ({"x-amz-security-token"} if account.token else set())
    scope = (found["region"], found["service"], found["day"])
    if scope != (account.region, account.service, at[:8]) or not must <= set(signed) or _is_stale(at):
        return "InvalidSignatureException"
    right = signature(account, at, canonical(request, signed))
    return "" if hmac.compare_digest(right, found["signature"]) else "InvalidSignatureException"


def _is_stale(at: str) -> bool:
    made = dt.datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    return abs((dt.datetime.now(dt.UTC) - made).total_seconds()) > _MOST_SKEW_S
