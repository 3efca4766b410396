"""The dependencies of every endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.access.limits import LimitReached
from segue.access.roles import Api
from segue.api.caller import check_character, current_caller, refund_text
from segue.api.client import client_address
from segue.kernel.errors import InvalidRequest
from segue.speech.core.text.written import TextFormat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.access.limiter import KeyLimiter
    from segue.api.asgi import Scope
    from segue.api.bodies import Bodies
    from segue.api.callers import Callers
    from segue.api.identity import Identity
    from segue.api.links import Links
    from segue.kernel.errors import SegueError
    from segue.kernel.ports.clock import Clock
    from segue.kernel.ports.recorder import Recorder
    from segue.speech.core.catalogue import Catalogue
    from segue.speech.core.speech import SpeechRequest
    from segue.speech.ports.cache import AudioCache
    from segue.speech.service.pipeline import Pipeline
    from segue.speech.service.router import Route
    from segue.speech.service.threads import Threads


@dataclass(frozen=True, slots=True)
class Context:
    """The service as the endpoints see it. Without a ``public_url``, URLs use the address that the client used.

    ``max_input_chars`` is the longest text in the dialects of other vendors. ``text_format`` is how plain text is
    read if a request does not set it. ``callers`` None: no keys are required. ``limiter``: what keeps keys within
    their limits.
    """

    pipeline: Pipeline
    catalogue: Catalogue
    cache: AudioCache
    clock: Clock
    threads: Threads
    recorder: Recorder
    identity: Identity
    bodies: Bodies
    request_timeout_s: float
    max_body_bytes: int
    cache_max_age_s: float
    public_url: str
    max_input_chars: int
    links: Links
    callers: Callers | None = None
    text_format: TextFormat = TextFormat.AUTO
    limiter: KeyLimiter | None = None

    @property
    def literal_format(self) -> TextFormat:
        """``text_format`` in Google's dialect, where plain text is literal unless Markdown is set."""
        return TextFormat.PLAIN if self.text_format is TextFormat.AUTO else self.text_format

    def base_url(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        """The configured public URL, otherwise the one that the client used."""
        host = headers.get(b"host", b"").decode("latin-1")
        return self.public_url or (f"{scope['scheme']}://{host}" if host else "")

    def allowed(self, request: SpeechRequest) -> SpeechRequest:
        """The request with the name of its caller, who may use the character. For any thread.

        Raises:
            NotPermitted: the caller's key is limited to other characters.
            InvalidRequest: the catalogue has no such character.
        """
        check_character(self.catalogue, request.character_key)
        caller = current_caller()
        return request if caller is None else request._replace(key_name=caller.name)

    def enter(self, request: SpeechRequest) -> Route:
        """Decides how the request will be answered, if its caller may make it. For any thread.

        Raises:
            NotPermitted: the caller's key is limited to other characters.
            InvalidRequest: no arm could ever answer it.
        """
        return self.pipeline.enter(self.allowed(request))

    def note_refusal(self, dialect: str, error: SegueError) -> None:
        """Counts a request refused for the client's mistake, or because its key has reached a limit.

        Other failures are counted where they occur. None of them uses up the limits of a key.
        """
        refund_text()
        if isinstance(error, LimitReached) and self.callers is not None:
            caller = current_caller()
            self.callers.note_limit(Api(dialect), client_address(), "" if caller is None else caller.name)
        if isinstance(error, InvalidRequest):
            self.recorder.rejected(dialect, error.code)
