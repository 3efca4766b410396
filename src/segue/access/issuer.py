"""The public keys of an OpenID Connect issuer: found by its discovery document, and read again as they change."""

from __future__ import annotations

import asyncio
import json
import math
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import structlog
from jwt import PyJWK, PyJWTError

from segue.kernel.background import BackgroundTasks

if TYPE_CHECKING:
    from segue.kernel.ports.clock import Clock

ALGORITHMS = tuple("RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA".split())
"""With a key pair: whoever knows what an issuer publishes cannot sign. A key belongs to one of them."""

READ_EVERY_S = 600.0
"""A key that the issuer withdrew is refused after this time at the latest, if the issuer can be reached."""

AGAIN_AFTER_S = 10.0
"""Between two reads, however many tokens name a key that is not known."""

FETCH_S = 5.0
MOST_BYTES = 262_144
_MOST_KEYS = 100
_DISCOVERY = "/.well-known/openid-configuration"


class _Unreadable(Exception):  # noqa: N818 - a condition of another service
    """The issuer did not answer, or not with what an issuer answers. The message is for the log."""


class IssuerKeys:
    """The keys of one issuer, in memory.

    ``lasts_s``: how long they stay valid after they were last read. The keys are read in the background; a request
    waits for them only if its token names a key that is not known, and then for ``fetch_s`` twice at most.
    """

    def __init__(
        self,
        issuer: str,
        client: httpx.AsyncClient,
        clock: Clock,
        lasts_s: float,
        fetch_s: float = FETCH_S,
    ) -> None:
        self._issuer = issuer
        self._client = client
        self._clock = clock
        self._lasts_s = lasts_s
        self._fetch_s = fetch_s
        self._keys: tuple[PyJWK, ...] = ()
        self._read_s = -math.inf
        self._tried_s = -math.inf
        self._reading = asyncio.Lock()
        self._tasks = BackgroundTasks()
        self._log = structlog.get_logger("segue.access")
        self._is_lost = False
        self.fault = "its keys were not read yet"
        """Why the latest attempt failed; empty if it did not."""

    def start(self) -> None:
        self._tasks.start(self._follow(), "read the issuer's keys")

    async def close(self) -> None:
        await self._tasks.close()
        await self._client.aclose()

    @property
    def is_usable(self) -> bool:
        """Whether keys were read, and not too long ago."""
        return self.age_s() <= self._lasts_s

    def age_s(self) -> float:
        """How long ago the keys were last read; infinite if they never were."""
        return self._clock.monotonic_s() - self._read_s

    def find(self, kid: str | None) -> PyJWK | None:
        """The key with this id. A token without an id can only mean the single key of its issuer."""
        if not self.is_usable:
            return None
        if kid is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.key_id == kid), None)

    async def look_again(self) -> None:
        """Reads the keys, because one is missing, unless they were read or tried a moment ago."""
        async with self._reading:
            if self._clock.monotonic_s() - self._tried_s >= AGAIN_AFTER_S:
                await self._read()

    async def _follow(self) -> None:
        while True:
            async with self._reading:
                await self._read()
            await self._clock.sleep(AGAIN_AFTER_S * 3 if self.fault else READ_EVERY_S)

    async def _read(self) -> None:
        try:
            self._keys = await self._published()
        except _Unreadable as error:
            self.fault = str(error)
            if not self._is_lost:
                self._log.warning("issuer_unread", issuer=self._issuer, error=self.fault, effect=self._effect())
            self._is_lost = True
        else:
            self._read_s, self.fault, self._is_lost = self._clock.monotonic_s(), "", False
        self._tried_s = self._clock.monotonic_s()

    def _effect(self) -> str:
        return "the last known keys stay valid" if self.is_usable else "nobody can use a token of this issuer"

    async def _published(self) -> tuple[PyJWK, ...]:
        document = await self._fetched(self._issuer.rstrip("/") + _DISCOVERY)
        if document.get("issuer") != self._issuer:
            raise _Unreadable(f"the discovery document is of the issuer {document.get('issuer')!r}")
        address = document.get("jwks_uri")
        if not isinstance(address, str) or urlsplit(address).scheme not in (
            "https",
            urlsplit(self._issuer).scheme,
        ):
            raise _Unreadable("the discovery document names no address of keys that may be used (jwks_uri)")
        return _usable(await self._fetched(address))

    async def _fetched(self, url: str) -> dict[str, Any]:
        """A JSON object. It is read unpacked, so that a small response cannot become a large one."""
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        body = bytearray()
        try:
            async with (
                asyncio.timeout(self._fetch_s),
                self._client.stream("GET", url, headers=headers, timeout=None) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    raise _Unreadable(f"{url} answered {answer.status_code}")
                async for piece in answer.aiter_raw():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise _Unreadable(f"{url} answered more than {MOST_BYTES} bytes")
            found = json.loads(body)
        except TimeoutError as error:
            raise _Unreadable(f"{url} did not answer within {self._fetch_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _Unreadable(f"{url} cannot be reached ({type(error).__name__})") from error
        except (ValueError, RecursionError) as error:
            raise _Unreadable(f"{url} did not answer with JSON") from error
        if not isinstance(found, dict):
            raise _Unreadable(f"{url} did not answer with an object")
        return found


def _usable(document: dict[str, Any]) -> tuple[PyJWK, ...]:
    """The keys for signatures by an accepted algorithm. One that names none is for the usual one of its type."""
    listed = document.get("keys")
    found = [_key(each) for each in listed[:_MOST_KEYS]] if isinstance(listed, list) else []
    keys = tuple(key for key in found if key is not None)
    if not keys:
        raise _Unreadable("its list of keys has none for signatures by an accepted algorithm")
    return keys


def _key(listed: Any) -> PyJWK | None:
    """The key; None if it is of no use here, or nonsense."""
    try:
        key = PyJWK(listed)
    except (PyJWTError, AttributeError, TypeError, ValueError):
        return None
    is_usable = key.algorithm_name in ALGORITHMS and key.public_key_use in (None, "sig")
    return key if is_usable else None
