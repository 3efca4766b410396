"""What every door is handed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.core.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.api.asgi import Scope
    from segue.api.bodies import Bodies
    from segue.api.identity import Identity
    from segue.core.catalogue import Catalogue
    from segue.core.errors import SegueError
    from segue.ports.cache import AudioCache
    from segue.ports.clock import Clock
    from segue.ports.recorder import Recorder
    from segue.service.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Context:
    """The service as the doors see it. ``public_url`` is empty where callers' own address will do.

    ``max_input_chars`` is the longest text that the doors of other vendors' dialects take.
    """

    pipeline: Pipeline
    catalogue: Catalogue
    cache: AudioCache
    clock: Clock
    recorder: Recorder
    identity: Identity
    bodies: Bodies
    request_timeout_s: float
    max_body_bytes: int
    cache_max_age_s: float
    public_url: str
    max_input_chars: int

    def base_url(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        """The configured public URL, else the one that the caller used."""
        host = headers.get(b"host", b"").decode("latin-1")
        return self.public_url or (f"{scope['scheme']}://{host}" if host else "")

    def note_refusal(self, dialect: str, error: SegueError) -> None:
        """Counts a request refused as the caller's mistake; failures of ours are counted where they happen."""
        if isinstance(error, InvalidRequest):
            self.recorder.rejected(dialect, error.code)
