"""Reads a replica's secrets from the settings, else from the store, for the components that use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.api.links import Links
from segue.rollout.controller.salt import Salt
from segue.rollout.controller.secrets import StoredSecret
from segue.system.clock import SystemClock, SystemEntropy

if TYPE_CHECKING:
    from segue.config.schema import Settings
    from segue.rollout.ports.store import Store
    from segue.speech.service.current import Current


class Secrets:
    """The salt for the assignment of listeners, and the key that signs ``links``.

    Until the store has been read, those from the last start on this machine apply. If there are none, listeners
    are assigned by the rollout's id, and signed URLs are valid in this process only.
    """

    def __init__(self, settings: Settings, store: Store, current: Current) -> None:
        self._current = current
        self._url_key = _secret("audio-urls", settings, store)
        self._salt: Salt | None = None
        self.links = Links(SystemClock(), settings.audio_url_s, self._url_key.kept() or SystemEntropy().token())
        if settings.assignment_salt:
            current.deal_by(settings.assignment_salt.get_secret_value())
            return
        rollout = settings.rollout_id
        self._salt = Salt(store.events, rollout, _secret(f"salt-{rollout}", settings, store))
        current.deal_by(self._salt.known())

    async def find(self) -> None:
        """Reads the secrets from the store and applies them. Call it before the rollout's history begins.

        Raises:
            Unavailable: the store cannot be reached.
        """
        self.links.sign_by(await self._url_key.find())
        if self._salt is not None:
            self._current.deal_by(await self._salt.find())


def _secret(name: str, settings: Settings, store: Store) -> StoredSecret:
    return StoredSecret(store.events, name, SystemClock(), SystemEntropy(), settings.data_dir / name)
