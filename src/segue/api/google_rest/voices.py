"""``GET /v1/voices`` and ``GET /v1beta1/voices``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from segue.api.asgi import Response, headers_of
from segue.api.google.delivery import NATURAL_RATE_HZ
from segue.api.google.request import DIALECT
from segue.api.google.wire import ListedVoice, ListVoicesResponse
from segue.api.google_rest.errors import refused
from segue.api.google_rest.query import GoogleQuery
from segue.kernel.errors import SegueError

if TYPE_CHECKING:
    from segue.api.asgi import Receive, Scope, Send
    from segue.api.context import Context
    from segue.api.google.voices import GoogleVoices

PATH = "/v1/voices"
BETA_PATH = "/v1beta1/voices"
_JSON = (b"content-type", b"application/json; charset=UTF-8")


class VoicesEndpoint:
    """The endpoint as a plain ASGI application."""

    def __init__(self, context: Context, voices: GoogleVoices) -> None:
        self._context = context
        self._voices = voices

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        request_id = self._context.identity.request_id(headers_of(scope))
        try:
            query = GoogleQuery(scope)
        except SegueError as error:
            self._context.note_refusal(DIALECT, error)
            await refused(error, request_id)(send)
            return
        listed = [
            ListedVoice(list(named.languages), named.name, query.enum(named.gender), NATURAL_RATE_HZ)
            for named in self._voices.listed(query.language)
        ]
        body = msgspec.json.encode(ListVoicesResponse(listed))
        await Response(200, [_JSON, (b"x-request-id", request_id.encode())], body)(send)
