"""Which requests are Google's: its four addresses. Of ``/v1/voices`` it has what is not ElevenLabs'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.api.asgi import Response
from segue.api.google.request import Reader
from segue.api.google_rest import synthesize, voices

if TYPE_CHECKING:
    from segue.api.asgi import App, Receive, Scope, Send
    from segue.api.context import Context
    from segue.api.google.voices import Voices


class GoogleRest:
    """The whole dialect."""

    def __init__(self, context: Context, known: Voices) -> None:
        reader, listing = Reader(context, known), voices.VoicesDoor(context, known)
        self._doors: dict[str, tuple[str, App]] = {
            synthesize.PATH: ("POST", synthesize.SynthesizeDoor(context, reader)),
            synthesize.BETA_PATH: ("POST", synthesize.SynthesizeDoor(context, reader, beta=True)),
            voices.PATH: ("GET", listing),
            voices.BETA_PATH: ("GET", listing),
        }

    def door_for(self, scope: Scope) -> App | None:
        """Who answers; None where the request is another's."""
        found = self._doors.get(scope["path"])
        if found is None:
            return None
        method, door = found
        return door if scope["method"] == method else _OTHER_METHOD[method]


def _refusing(method: str) -> App:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await Response(405, [(b"allow", method.encode())], b"")(send)

    return refuse


_OTHER_METHOD = {method: _refusing(method) for method in ("GET", "POST")}
