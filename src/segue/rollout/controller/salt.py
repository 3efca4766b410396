"""The salt for assigning listeners: one per rollout, shared by all replicas and secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.rollout.controller.secrets import StoredSecret
    from segue.rollout.ports.store import EventLog


class Salt:
    """The salt of a rollout.

    If the history is older than the secret, the rollout keeps its id as salt, so that no listener changes voices.
    """

    def __init__(self, log: EventLog, rollout_id: str, secret: StoredSecret) -> None:
        self._events = log
        self._rollout_id = rollout_id
        self._secret = secret

    def known(self) -> str:
        """The salt of the last start on this machine; the rollout's id if there was none."""
        return self._secret.kept() or self._rollout_id

    async def find(self) -> str:
        """The salt in force. Call this before the rollout's history begins.

        Raises:
            Unavailable: the store is out of reach.
        """
        # The order matters: the replica that begins the history has drawn the salt before.
        has_begun = await self._events.latest(f"rollout/{self._rollout_id}") is not None
        drawn = await self._secret.drawn()
        if has_begun and not drawn:
            return self._rollout_id
        return drawn or await self._secret.find()
