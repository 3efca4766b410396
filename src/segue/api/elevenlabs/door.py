"""Which requests are ElevenLabs'.

Two of its addresses are others' as well: ``/v1/models`` is OpenAI's, ``/v1/voices`` Google's. There the caller is
known by ``xi-api-key``, which nobody else sends, or by what its client says of itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.api.elevenlabs import speech
from segue.api.elevenlabs.lists import VOICE_PREFIX, ListsDoor
from segue.api.elevenlabs.speech import SpeechDoor

if TYPE_CHECKING:
    from segue.api.asgi import App, Scope
    from segue.api.context import Context

_OWN = frozenset({"/v2/voices", "/v1/user", "/v1/user/subscription"})
_SHARED = frozenset({"/v1/models", "/v1/voices"})


class ElevenLabs:
    """The whole dialect."""

    def __init__(self, context: Context) -> None:
        self._speech = SpeechDoor(context)
        self._lists = ListsDoor(context)

    def door_for(self, scope: Scope) -> App | None:
        """Who answers; None where the request is another's."""
        path: str = scope["path"]
        if path.startswith(speech.PREFIX):
            return self._speech
        if path in _OWN or path.startswith(VOICE_PREFIX) or (path in _SHARED and _is_its_client(scope)):
            return self._lists
        return None


def _is_its_client(scope: Scope) -> bool:
    return any(
        name == b"xi-api-key" or (name == b"x-fern-sdk-name" and value == b"elevenlabs")
        for name, value in scope["headers"]
    )
