"""Recognizes Google requests by four paths. ``/v1/voices`` is shared; ElevenLabs' requests there are excluded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.api.google.request import GoogleRequestReader
from segue.api.google_rest import synthesize, voices
from segue.api.google_rest.errors import refused
from segue.api.methods import only

if TYPE_CHECKING:
    from segue.api.asgi import App, Scope
    from segue.api.context import Context
    from segue.api.google.voices import GoogleVoices


class GoogleRest:
    """The whole dialect."""

    def __init__(self, context: Context, known: GoogleVoices) -> None:
        reader, listing = GoogleRequestReader(context, known), voices.VoicesEndpoint(context, known)
        self._doors: dict[str, tuple[str, App]] = {
            synthesize.PATH: ("POST", synthesize.GoogleSynthesizeEndpoint(context, reader)),
            synthesize.BETA_PATH: ("POST", synthesize.GoogleSynthesizeEndpoint(context, reader, beta=True)),
            voices.PATH: ("GET", listing),
            voices.BETA_PATH: ("GET", listing),
        }

    def door_for(self, scope: Scope) -> App | None:
        """The endpoint for the request; None if it belongs to another dialect."""
        found = self._doors.get(scope["path"])
        if found is None:
            return None
        method, door = found
        return door if scope["method"] == method else _OTHER_METHOD[method]


_OTHER_METHOD = {method: only(method, refused) for method in ("GET", "POST")}
