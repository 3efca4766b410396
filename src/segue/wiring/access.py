"""Who may call: the keys of this replica, as the settings say."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from segue.access.copies import KeyCopies, moment
from segue.access.copy_file import CopyFile
from segue.access.counts import SharedCounts
from segue.access.follower import KeyFollower
from segue.access.known import KnownKeys
from segue.access.limiter import KeyLimiter
from segue.access.register import KeyRegister
from segue.access.roles import Api
from segue.access.state import UnknownEvent
from segue.api.auth import Operators
from segue.api.callers import Callers
from segue.kernel.errors import SegueError
from segue.kernel.guesses import Guesses
from segue.kernel.ports.health import HealthLevel, PartHealth
from segue.speech.service.disk_threads import DiskThreads
from segue.system.clock import SystemEntropy
from segue.system.daemon_pool import DaemonPool
from segue.transport.refusals import Refusals
from segue.wiring.people import people_parts
from segue.wiring.rollout import store_url
from segue.wiring.transport import proxies_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.api.callers import Note
    from segue.config.schema import Settings
    from segue.kernel.ports.clock import Clock
    from segue.kernel.ports.recorder import Recorder
    from segue.rollout.ports.store import Store

_OLD_S = 60.0
"""From this age on, the keys are told to be old."""

_COPY_WITHIN_S = 2.0
"""A revocation waits this long for a disk that hangs, and later ones not at all until it responds."""


_KEYS_OF_COPY = "until the store can be read, the keys in this machine's copy are valid, if there is a usable copy"
_NO_KEYS = "no API key is valid until the keys can be read from the store; the copy is not used"


class Access:
    """The keys, what follows them in the store, and what recognizes callers by them.

    ``counts``: the memory for the limits of keys, if several workers share it.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        recorder: Recorder,
        counts: SharedCounts | None = None,
    ) -> None:
        self.is_required = settings.auth == "keys"
        self.known = KnownKeys(clock, settings.auth_stale_s)
        self._copying = DaemonPool(1, "key-copy")
        copies = _copies(settings, self._copying, clock) if self.is_required else None
        self.follower = KeyFollower(store.events, self.known, copies=copies)
        self.register = KeyRegister(store.events, self.follower, clock, SystemEntropy())
        token = settings.admin_token.get_secret_value() if settings.admin_token else None
        guesses = Guesses(proxies_of(settings))
        self._people = people_parts(settings, clock, self.known.has_name)
        people = None if self._people is None else self._people.people
        self.callers = Callers(self.known, token, guesses, clock, _noted(recorder), people)
        self.limiter = KeyLimiter(counts or SharedCounts(), store, clock) if self.is_required else None
        is_closed = token is None and not self.is_required and people is None
        self.operators = Operators(self.callers, is_closed=is_closed, believed=not self.is_required)
        self._is_token_set = token is not None
        self._log = structlog.get_logger("segue.access")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Reads the keys, and follows them; the store must be open."""
        try:
            state = await self.follower.catch_up()
        except SegueError as error:
            of_later_version = isinstance(error, UnknownEvent)
            effect = _NO_KEYS if of_later_version else _KEYS_OF_COPY
            self._log.warning("keys_unread", error=str(error), effect=effect)
            if not of_later_version:
                await self.follower.use_copy()
        else:
            if self.is_required and not state.keys and not self._is_token_set:
                self._log.warning("no_keys", effect="nobody can call; set SEGUE_ADMIN_TOKEN to create keys")
        self.follower.start()
        if self.limiter is not None:
            self.limiter.start()
        if self._people is not None:
            self._people.keys.start()
        try:
            yield
        finally:
            if self._people is not None:
                await self._people.keys.close()
            if self.limiter is not None:
                await self.limiter.close()
            await self.follower.close()
            self._copying.shutdown()

    def health(self) -> list[PartHealth]:
        """The parts of the service's health: keys, if they are required, and the issuer, if there is one."""
        return [*self._health_of_keys(), *self._health_of_issuer()]

    def _health_of_issuer(self) -> list[PartHealth]:
        if self._people is None:
            return []
        keys = self._people.keys
        if not keys.fault:
            return [PartHealth("issuer", HealthLevel.OK, "its keys were read")]
        valid = "the last known keys are valid" if keys.is_usable else "nobody can use its tokens; API keys work"
        return [PartHealth("issuer", HealthLevel.DEGRADED, f"{keys.fault}; {valid}")]

    def _health_of_keys(self) -> list[PartHealth]:
        if not self.is_required:
            return []
        age_s = self.known.age_s()
        if not self.known.is_usable:
            told = "the keys are not known, because they could not be read from the store; callers get 503"
            return [PartHealth("keys", HealthLevel.UNAVAILABLE, told)]
        if self.known.copied_at_s is not None:
            told = (
                "the store has been out of reach since the start; the keys of "
                f"{moment(self.known.copied_at_s)} are valid, also those that were revoked since then"
            )
            return [PartHealth("keys", HealthLevel.DEGRADED, told)]
        if age_s is not None and age_s > _OLD_S:
            told = f"the store is out of reach; the keys of {age_s:.0f} s ago are valid"
            return [PartHealth("keys", HealthLevel.DEGRADED, told)]
        return [PartHealth("keys", HealthLevel.OK, "as in the store")]


def _copies(settings: Settings, pool: DaemonPool, clock: Clock) -> KeyCopies:
    """The copy of the keys, which belongs to the store, whoever connects to it."""
    url = urlsplit(store_url(settings))
    place = f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"
    name = blake2b(place.encode(), digest_size=16, person=b"segue key store").hexdigest()
    disk = DiskThreads(pool, places=1, limit_s=_COPY_WITHIN_S)
    return KeyCopies(CopyFile(settings.data_dir / "keys-copy"), disk, clock, name, settings.auth_stale_s)


def _noted(recorder: Recorder) -> Note:
    """Counts refusals, and logs some of them; those of the control API are logged where they happen."""
    by_door = {api: Refusals(str(api), recorder.turned_away, time.monotonic) for api in Api}

    def note(api: Api, reason: str, client: str, caller: str) -> None:
        if api is Api.CONTROL:
            recorder.turned_away(api, "token" if reason == "key" else reason)
        else:
            by_door[api].note(reason, client, caller)

    return note
