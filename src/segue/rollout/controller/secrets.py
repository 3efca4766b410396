"""Secrets that all replicas share: drawn by the first replica, stored in the store."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

import msgspec
import structlog

from segue.rollout.ports.store import Conflict, Event

if TYPE_CHECKING:
    from segue.kernel.ports.clock import Clock, Entropy
    from segue.rollout.ports.store import EventLog

_NOT_KEPT = (
    "if this machine starts while the store is out of reach, it cannot use this secret: signed audio URLs may be "
    "refused (file audio-urls), or listeners may change voices (file salt-...); make the file writable"
)


class _Drawn(msgspec.Struct, frozen=True):
    secret: str


class StoredSecret:
    """One secret, 32 hex digits. A copy in the file ``kept`` is used while the store is out of reach."""

    def __init__(self, log: EventLog, name: str, clock: Clock, entropy: Entropy, kept: Path) -> None:
        self._events = log
        self._stream = f"secret/{name}"
        self._clock = clock
        self._entropy = entropy
        self._kept = kept
        self._log = structlog.get_logger("segue.rollout")

    def kept(self) -> str:
        """The secret of the last start on this machine; "" if there was none."""
        try:
            return self._kept.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    async def drawn(self) -> str:
        """The secret in the store; "" if none was drawn.

        Raises:
            Unavailable: the store is out of reach.
        """
        found = await self._events.latest(self._stream)
        return "" if found is None else self._keep(_secret_of(found))

    async def find(self) -> str:
        """The secret; it is drawn now if there is none yet.

        Raises:
            Unavailable: the store is out of reach.
        """
        return await self.drawn() or self._keep(await self._draw())

    async def _draw(self) -> str:
        data = msgspec.json.encode(_Drawn(self._entropy.token())).decode()
        event = Event(self._stream, 1, self._clock.now_s(), "segue", "drawn", data)
        try:
            await self._events.append(event)
        except Conflict as other:
            return _secret_of(other.winner)
        return _secret_of(event)

    def _keep(self, secret: str) -> str:
        if self.kept() == secret:
            return secret
        try:
            self._replace(secret)
        except OSError as error:
            effect = _NOT_KEPT
            self._log.warning("secret_not_kept", file=str(self._kept), error=str(error), effect=effect)
        return secret

    def _replace(self, secret: str) -> None:
        """Replaces the file atomically: other processes may be reading it, and this process can end at any
        moment.
        """
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        file, fresh = mkstemp(prefix=f"{self._kept.name}.", dir=self._kept.parent)
        try:
            with os.fdopen(file, "w", encoding="utf-8") as writing:
                writing.write(secret)
            Path(fresh).replace(self._kept)
        except OSError:
            Path(fresh).unlink(missing_ok=True)
            raise


def _secret_of(event: Event) -> str:
    return msgspec.json.decode(event.data, type=_Drawn).secret
