"""Sends a notice as a message to Slack, Teams and the other services of apprise (``pip install
'segue[notify]'``).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from apprise import Apprise, NotifyType

from segue.kernel.errors import Unavailable
from segue.rollout.notify.names import name_of
from segue.rollout.ports.notice import NoticeKind

if TYPE_CHECKING:
    from segue.rollout.ports.notice import Notice

_KINDS = {NoticeKind.TRANSITION: NotifyType.INFO, NoticeKind.APPROVAL_WANTED: NotifyType.WARNING}


class ChatTarget:
    """Implements ``segue.rollout.ports.notice.Target``. The library reports only success or failure.

    Messages name the target by ``place``, its place among the settings, because the URL can contain a secret.
    """

    kind = "chat"

    def __init__(self, url: str, *, place: str = "the chat", timeout_s: float = 30.0) -> None:
        self.name = name_of(self.kind, url)
        self._told = f"{place} ({self.name})"
        self._timeout_s = timeout_s
        self._carrier = Apprise()
        self.understood = bool(self._carrier.add(url))
        """Whether the library knows this kind of URL."""

    async def send(self, notice: Notice) -> None:
        kind = NotifyType.WARNING if notice.trigger else _KINDS.get(notice.kind, NotifyType.FAILURE)
        try:
            async with asyncio.timeout(self._timeout_s):
                arrived = await self._carrier.async_notify(
                    title=notice.title, body=notice.why or notice.title, notify_type=kind
                )
        except TimeoutError as error:
            raise Unavailable(f"{self._told} did not answer within {self._timeout_s:g} s") from error
        if not arrived:
            raise Unavailable(f"{self._told} did not accept the notice; check its URL and its permissions")
