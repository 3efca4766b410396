"""Recognizes ElevenLabs requests.

Two of its paths belong to other APIs as well: ``/v1/models`` to OpenAI's, ``/v1/voices`` to Google's. There a
request is ElevenLabs' if it has the header ``xi-api-key``, which no other client sends, or the name of its SDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.api.elevenlabs import speech
from segue.api.elevenlabs.lists import SEARCH, VOICE_PREFIX, ListsEndpoint
from segue.api.elevenlabs.speech import ElevenLabsSpeechEndpoint

if TYPE_CHECKING:
    from segue.api.asgi import App, Scope
    from segue.api.context import Context

_OWN = frozenset({SEARCH, "/v1/user", "/v1/user/subscription"})
_SHARED = frozenset({"/v1/models", "/v1/voices"})


class ElevenLabs:
    """The whole dialect."""

    def __init__(self, context: Context) -> None:
        self._speech = ElevenLabsSpeechEndpoint(context)
        self._lists = ListsEndpoint(context)

    def door_for(self, scope: Scope) -> App | None:
        """The endpoint for the request; None if it belongs to another dialect."""
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
