"""An OpenID Connect issuer on loopback, with keys of its own, that can fail as it is told to."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from support.http_server import serving_http

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

AUDIENCE = "segue"
DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair, by its id."""

    kid: str
    algorithm: str
    private: Any

    @property
    def published(self) -> dict[str, Any]:
        public = self.private.public_key()
        kinds: dict[str, Any] = {"R": RSAAlgorithm, "P": RSAAlgorithm, "E": ECAlgorithm}
        kind = OKPAlgorithm if self.algorithm == "EdDSA" else kinds[self.algorithm[0]]
        found: dict[str, Any] = kind.to_jwk(public, as_dict=True)
        return found | {"kid": self.kid, "alg": self.algorithm, "use": "sig"}

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        return jwt.encode(claims, self.private, self.algorithm, headers={"kid": self.kid} | header)


@cache
def key(kid: str, algorithm: str = "RS256") -> SigningKey:
    """The key with this id: the same throughout a run of the tests."""
    private: PrivateKeyTypes
    if algorithm == "EdDSA":
        private = ed25519.Ed25519PrivateKey.generate()
    elif algorithm.startswith("ES"):
        private = ec.generate_private_key({"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1()}[algorithm])
    else:
        private = rsa.generate_private_key(65537, 2048)
    return SigningKey(kid, algorithm, private)


@dataclass(slots=True)
class Issuer:
    """``published`` is what it answers for its keys. ``answers`` replaces what a path answers: status and body.

    A status of 0 is no answer until the issuer is closed.
    """

    url: str = ""
    published: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def publish(self, *keys: SigningKey) -> None:
        self.published = [each.published for each in keys]

    def claims(self, **change: Any) -> dict[str, Any]:
        """Claims of somebody who may operate; those that are changed to None are left out."""
        now_s = int(time.time())
        usual = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "00u1",
            "email": "ann@example.com",
            "email_verified": True,
            "groups": ["sre", "everyone"],
            "iat": now_s,
            "exp": now_s + 300,
        }
        return {name: value for name, value in (usual | change).items() if value is not None}

    def answer(self, path: str) -> tuple[int, bytes]:
        if path in self.answers:
            return self.answers[path]
        if path == DISCOVERY:
            return 200, json.dumps({"issuer": self.url, "jwks_uri": f"{self.url}{KEYS}"}).encode()
        return (200, json.dumps({"keys": self.published}).encode()) if path == KEYS else (404, b"")


@contextmanager
def issuing(*keys: SigningKey) -> Iterator[Issuer]:
    issuer = Issuer()
    issuer.publish(*keys)
    with serving_http(_handler(issuer)) as issuer.url:
        try:
            yield issuer
        finally:
            issuer.closing.set()


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            status, body = issuer.answer(self.path)
            if status == 0:
                issuer.closing.wait(30)
                return
            self.send_response(status)
            for name, value in issuer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - the library's name

    return Handler
