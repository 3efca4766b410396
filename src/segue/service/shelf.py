"""What was made well is kept, and its size written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.ports.cache import CacheEntry

if TYPE_CHECKING:
    from segue.core.speech import EncodedAudio
    from segue.ports.cache import AudioCache
    from segue.ports.clock import Clock
    from segue.ports.recorder import Recorder
    from segue.service.router import Leg


class Shelf:
    """The cache, as those see it who have made something."""

    def __init__(self, cache: AudioCache, clock: Clock, recorder: Recorder) -> None:
        self._cache = cache
        self._clock = clock
        self._recorder = recorder

    async def put(self, audio_id: str, leg: Leg, character_key: str, audio: EncodedAudio) -> None:
        """Keeps the audio of a leg under this name; under none where that is empty."""
        way = leg.way
        if audio_id:
            await self._cache.put(audio_id, CacheEntry(audio, way.voice.label, way.model, self._clock.now_s()))
        self._recorder.kept(way.model, character_key, len(audio.data))
