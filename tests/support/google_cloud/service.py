"""What the stand-in serves and allows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.google_cloud.voices import DEFAULT_VOICES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.google_cloud.voices import Family, ServedVoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """``retired`` names are not listed, yet answered without a word by the voice they are mapped to.

    ``max_sentence_chars`` binds Chirp's and Neural2's voices; Google does not publish it.
    ``requests_per_minute`` overrides a family's own. ``max_calls`` and ``max_message_bytes`` bound what the
    server takes on at once. ``torn_pieces``: those of streams end in the middle of a sample.
    """

    voices: tuple[ServedVoice, ...] = DEFAULT_VOICES
    retired: Mapping[str, str] = field(default_factory=dict)
    max_input_bytes: int = 5000
    max_sentence_chars: int = 400
    requests_per_minute: Mapping[Family, int] = field(default_factory=dict)
    concurrent_streams: int = 100
    max_calls: int = 64
    max_message_bytes: int = 2**20
    natural_rate_hz: int = 24_000
    piece_s: float = 0.2
    torn_pieces: bool = False

    def voice(self, name: str) -> ServedVoice | None:
        heard = self.retired.get(name, name)
        return next((voice for voice in self.voices if voice.name == heard), None)
